/** Machines, and what a host may do to them, for the tests of recordings and histories. */
import fc from 'fast-check';
import { BackplaneError } from '../errors.js';
import type { MachineConfig } from '../machine/config.js';
import { createMachine, type Machine } from '../machine/machine.js';
import { defineDevice } from '../plugin/define-device.js';
import { machineOfEverything } from '../state/everything.js';
import { toy, toyProgram } from '../testing/toy.js';

export const ENGINES = ['evaluator', 'interpreter', 'translator'] as const;

/** Looks for bytes on two channels, and refuses some of what is written to it. */
const listener = defineDevice({
  type: 'listener',
  version: 1,
  size: 3,
  channels: ['left', 'right'],
  state: () => ({}),
  create({ channels, memory, refuse }) {
    return {
      read(offset) {
        channels[offset === 0 ? 'left' : 'right'].poll();
        return 0;
      },
      write(_offset, value) {
        if (value % 8 === 5) refuse('it is unlucky');
        channels.left.send(value);
      },
      channels: {
        left: (byte) => memory.write(0x300, memory.read(0x300) * 3 + byte),
        right: (byte) => memory.write(0x301, memory.read(0x301) * 5 + byte),
      },
    };
  },
});

const source = `
loop: LD $8000
      LD $8001
      LD $0302
      ADD #32
      ST $0302
      JNZ loop
      LD $0300
      ST $8002
      JMP loop`;

export const two: Partial<MachineConfig> = {
  cpus: {
    main: {
      type: 'toy',
      memory: [
        { at: 0, ram: '4K', image: 'program' },
        { at: 0x8000, device: 'ear' },
      ],
    },
    other: { type: 'toy', clock: 700_000, memory: [{ at: 0, ram: '4K', image: 'program' }] },
  },
  quantum: 20,
};

export const one: Partial<MachineConfig> = {
  cpu: { type: 'toy' },
  memory: [
    { at: 0, ram: '4K', image: 'program' },
    { at: 0x8000, device: 'ear' },
  ],
};

export const ears = (kind: Partial<MachineConfig>, engine: (typeof ENGINES)[number]): Machine =>
  createMachine(
    {
      clock: 1_000_000,
      devices: { ear: { type: 'listener' } },
      wires: [
        ['ear.left', 'host.left'],
        ['ear.right', 'host.right'],
      ],
      host: { left: { idle: 20, newline: 'crlf' }, right: { idle: 30 } },
      ...kind,
    } as MachineConfig,
    { plugins: [toy, listener], images: { program: toyProgram(source) }, engine },
  );

export const machines: readonly [string, (engine: (typeof ENGINES)[number]) => Machine][] = [
  ['one CPU', (engine) => ears(one, engine)],
  ['two CPUs', (engine) => ears(two, engine)],
  ['two CPUs, an instruction a turn', (engine) => ears({ ...two, quantum: 'instruction' }, engine)],
  [
    'a machine of everything',
    (engine) => {
      const machine = machineOfEverything();
      machine.setEngine(engine);
      return machine;
    },
  ],
];

/** What a host may do. */
export const deed = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('run'), cycles: fc.nat(400) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('step') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('until'), address: fc.nat(30), cycles: fc.nat(200) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('write'), channel: fc.nat(1), text: fc.string({ maxLength: 4 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('waits'), channel: fc.nat(1), waits: fc.boolean() }) },
  fc.record({ do: fc.constantFrom('end', 'discard'), channel: fc.nat(1) }),
  fc.record({ do: fc.constant('reset') }),
  fc.record({ do: fc.constant('register'), value: fc.nat(255) }),
  fc.record({ do: fc.constant('poke'), address: fc.integer({ min: 0x300, max: 0x304 }), value: fc.nat(255) }),
) as fc.Arbitrary<Deed>;

export interface Deed {
  readonly do: string;
  readonly cycles: number;
  readonly address: number;
  readonly channel: number;
  readonly text: string;
  readonly waits: boolean;
  readonly value: number;
}

export function act(machine: Machine, { do: what, cycles, address, channel, text, waits, value }: Deed): void {
  const host = machine.channel(machine.channels[channel] ?? (machine.channels[0] as string));
  try {
    if (what === 'run') machine.run(cycles);
    else if (what === 'step') machine.step();
    else if (what === 'until') machine.runUntil(address, { cycles });
    else if (what === 'write') host.write(`${text}\n`);
    else if (what === 'waits') host.waits = waits;
    else if (what === 'end') host.end();
    else if (what === 'discard') host.discard();
    else if (what === 'reset') machine.reset();
    else if (what === 'register') machine.cpu.registers.a = value;
    else machine.memory.load(address, Uint8Array.of(value, value + 1));
  } catch (error) {
    if (!(error instanceof BackplaneError) || error.code !== 'device/refused') throw error;
  }
}
