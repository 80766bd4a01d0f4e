/**
 * CP/M programs on a bare Z80 or 8080. There is no CP/M: at 5, where programs call it, OUT 1 has the host print, and at
 * 0, where they jump at their end, OUT 0 ends the run. Published counts of cycles are of the same stub, or of one in
 * which a call is a RET and the end a HALT.
 */
import { type CpuPlugin, createMachine, defineDevice, type Machine } from '@backplane/core';
import { eager } from '../eager.js';
import { expectRunBy, JUMPS, type ProgramEngine, readReference } from './harness.js';
import { programNamed } from './programs.js';

/** CPU cycles of `OUT n`, of a RET, and of a HALT. */
export interface StubCosts {
  readonly out: number;
  readonly halt: number;
}

/** What became of a run. */
export interface CpmRun {
  readonly text: string;
  /** Cycles from the first instruction on, by the stub in which a call is a RET and the end a HALT. */
  readonly cycles: number;
  /** The same with this stub. */
  readonly cyclesWithOut: number;
  /** The former, when each line was ended. */
  readonly lines: readonly number[];
}

const ENTRY = 0x0100;
const [WRITE_CHARACTER, WRITE_STRING] = [2, 9];

/**
 * Run a program of the reference data to its end.
 *
 * @param prepare may change it before
 * @param enough cycles after which it has failed
 */
export function runCpm(
  cpu: CpuPlugin,
  variant: string | undefined,
  program: string,
  engine: ProgramEngine,
  { out, halt }: StubCosts,
  enough: number,
  prepare: (machine: Machine) => void = () => {},
): CpmRun {
  let text = '';
  let calls = 0;
  const lines: number[] = [];
  const stub = defineDevice({
    type: 'stub',
    version: 1,
    // A Z80 has A on the upper half of the address bus, too.
    size: 2 ** (cpu.instructionSet(variant).declaration.ioAddressWidth ?? 0),
    create: ({ exit }) => ({
      write(offset) {
        const port = offset & 0xff;
        if (port === 0) exit(0);
        if (port !== 1) return;
        const printed = print(machine);
        text += printed;
        if (printed.includes('\n')) lines.push(machine.cycles - start - calls * out);
        calls += 1;
      },
    }),
  });
  const machine = createMachine(
    {
      clock: '1 MHz',
      cpu: { type: cpu.type, ...(variant === undefined ? {} : { variant }) },
      devices: { stub: { type: 'stub' } },
      memory: [{ at: 0, ram: '64K' }],
      io: [{ at: 0, device: 'stub' }],
    },
    { plugins: [eager(cpu, JUMPS), stub], engine },
  );
  machine.memory.load(ENTRY, readReference(`roms/${programNamed(program).file}`));
  machine.memory.load(0x0000, Uint8Array.of(0xd3, 0x00));
  machine.memory.load(0x0005, Uint8Array.of(0xd3, 0x01, 0xc9));
  prepare(machine);
  machine.cpu.registers.pc = ENTRY;
  const start = machine.cycles;
  const before = machine.stats();
  const { reason } = machine.run(enough);
  if (reason !== 'exit') throw new Error(`${program} goes on after ${enough} cycles: ${text}`);
  expectRunBy(engine, before, machine);
  const cyclesWithOut = machine.cycles - start;
  return { text, cycles: cyclesWithOut - calls * out - out + halt, cyclesWithOut, lines };
}

function print({ cpu, memory }: Machine): string {
  const [bc = 0, de = 0] = [cpu.registers.bc, cpu.registers.de];
  if ((bc & 0xff) === WRITE_CHARACTER) return String.fromCharCode(de & 0xff);
  if ((bc & 0xff) !== WRITE_STRING) return '';
  let text = '';
  for (let at = de; memory.peek(at) !== 0x24; at += 1) text += String.fromCharCode(memory.peek(at));
  return text;
}
