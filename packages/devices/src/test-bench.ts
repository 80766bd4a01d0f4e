/**
 * A test bench: one device, a CPU of which the test says each bus cycle, and a probe on every line and port.
 *
 * Cycles are numbered from power-on; the CPU's reset takes none.
 */
import {
  createMachine,
  type DeviceLine,
  type DevicePlugin,
  type DevicePort,
  defineCpu,
  defineDevice,
  defineInstructionSet,
  rtl,
} from '@backplane/core';

const READ = 1;
const WRITE = 2;
const ACKNOWLEDGE = 3;
const RETURN = 4;

/** Each instruction is the one bus cycle that was put into the registers. */
export const pilot = defineCpu({
  type: 'pilot',
  version: 1,
  defaultVariant: 'pilot',
  variants: {
    pilot: () =>
      defineInstructionSet({
        name: 'pilot',
        addressWidth: 16,
        byteOrder: 'little',
        programCounter: 'pc',
        registers: { pc: 16, kind: 3, data: 8, told: 1 },
        shown: ['pc', 'kind', 'data', 'told'],
        inputs: { irq: { sense: 'level', daisyChain: true } },
        cycles: {
          read: { kind: 'read' },
          write: { kind: 'write' },
          idle: { kind: 'idle' },
          acknowledge: { kind: 'acknowledge' },
          endOfInterrupt: { kind: 'return' },
        },
        constants: { Read: READ, Write: WRITE, Acknowledge: ACKNOWLEDGE, Return: RETURN },
        // `told` is the IRQ input as a CPU samples it at the end of the cycle.
        step: rtl`
          if (kind == Read) { data = read(pc) }
          else if (kind == Write) { write(pc, data) }
          else if (kind == Acknowledge) { data = acknowledge(pc) }
          else {
            if (kind == Return) { endOfInterrupt() }
            idle(pc)
          }
          kind = 0
          told = irq
        `,
        reset: rtl`kind = 0`,
        rows: [{ encoding: '00000000', syntax: 'nop', code: rtl`idle(pc)` }],
      }),
  },
});

/** A change of a line's level: the cycle in which others first see it. */
export interface Edge {
  readonly line: string;
  readonly low: boolean;
  readonly cycle: number;
}

export interface Bench {
  /** Read a register; takes one cycle. */
  read(offset: number): number;
  /** Write a register; takes one cycle. */
  write(offset: number, value: number): void;
  /** What a debugger sees. */
  peek(offset: number): number;
  /** Take an interrupt: what the device puts on the data bus. Takes one cycle. */
  acknowledge(): number;
  /** Return from an interrupt. Takes one cycle. */
  endInterrupt(): void;
  /** Let cycles go by. */
  idle(cycles: number): void;
  /** Number of the next cycle. */
  readonly cycle: number;
  /** Whether the CPU saw IRQ low at the end of the last cycle. */
  readonly irqSeen: boolean;
  /** Edges of lines by whomsoever, as they come. */
  readonly edges: Edge[];
  /** The far ends of the lines. */
  readonly lines: Readonly<Record<string, DeviceLine>>;
  /** The far ends of the ports. */
  readonly ports: Readonly<Record<string, DevicePort>>;
  readonly machine: ReturnType<typeof createMachine>;
}

const BASE = 0x8000;

/**
 * Put a device on the bench.
 *
 * @param config the device's part of the config
 * @param clock frequency of the machine
 * @param images what is in its drives
 * @param unwired lines without a probe
 */
export function bench(
  device: DevicePlugin,
  config: Readonly<Record<string, unknown>> = {},
  clock = 1_000_000,
  images: Readonly<Record<string, Uint8Array>> = {},
  unwired: readonly string[] = [],
): Bench {
  const { definition } = device;
  const lineNames = (definition.lines ?? []).filter((line) => !unwired.includes(line));
  const portWidths: Readonly<Record<string, number>> = definition.ports ?? {};
  const channel = definition.channels?.[0];
  const edges: Edge[] = [];
  let ends: Pick<Bench, 'lines' | 'ports'> | undefined;
  const probe = defineDevice({
    type: 'probe',
    version: 1,
    lines: [...lineNames],
    ports: { ...portWidths },
    create({ lines, ports, clock: time }) {
      ends = { lines, ports };
      return {
        lines: Object.fromEntries(
          lineNames.map((line) => [line, (low: boolean) => void edges.push({ line, low, cycle: time.now() })]),
        ),
      };
    },
  });
  const machine = createMachine(
    {
      clock,
      cpu: { type: 'pilot', ...(definition.chain && { daisyChain: ['dut'] }) },
      devices: { dut: { ...config, type: device.type }, probe: { type: 'probe' } },
      memory: [
        { at: 0, ram: '32K' },
        { at: BASE, device: 'dut' },
      ],
      wires: [
        ...lineNames.map((line): [string, string] => [`dut.${line}`, `probe.${line}`]),
        ...Object.keys(portWidths).map((port): [string, string] => [`dut.${port}`, `probe.${port}`]),
        ...(lineNames.includes('irq') ? [['dut.irq', 'cpu.irq'] as [string, string]] : []),
        ...(channel ? [[`dut.${channel}`, 'host.console'] as [string, string]] : []),
      ],
      ...(channel ? { host: { console: { idle: 0 } } } : {}),
    },
    { plugins: [pilot, device, probe], images },
  );
  const { registers } = machine.cpu;
  const cycle = (kind: number, offset: number, value = 0): number => {
    registers.pc = BASE + offset;
    registers.kind = kind;
    registers.data = value;
    machine.step();
    return registers.data as number;
  };
  registers.pc = BASE;
  if (!ends) throw new Error('the probe was not created');
  const { lines, ports } = ends;
  return {
    read: (offset) => cycle(READ, offset),
    write: (offset, value) => void cycle(WRITE, offset, value),
    acknowledge: () => cycle(ACKNOWLEDGE, 0),
    endInterrupt: () => void cycle(RETURN, 0),
    peek: (offset) => machine.memory.peek(BASE + offset),
    idle: (cycles) => void machine.run(cycles),
    get cycle() {
      return machine.cycles;
    },
    get irqSeen() {
      return registers.told === 1;
    },
    edges,
    lines,
    ports,
    machine,
  };
}
