import { expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { machineOfEverything } from '../state/everything.js';
import { toy, toyMachine, toyProgram } from '../testing/toy.js';
import { createMachine } from './machine.js';

/** Says what it hears, and at each write what it was given. */
const parrot = defineDevice({
  type: 'parrot',
  version: 1,
  size: 1,
  channels: ['serial'],
  create: ({ channels }) => ({
    read: () => {
      channels.serial.poll();
      return 0;
    },
    write: (_offset, value) => channels.serial.send(value),
    channels: { serial: (byte) => channels.serial.send(byte) },
  }),
});

const talker = (source: string) =>
  createMachine(
    {
      clock: '1 MHz',
      cpu: { type: 'toy' },
      devices: { parrot: { type: 'parrot' } },
      memory: [
        { at: 0, ram: '32K', image: 'program' },
        { at: 0x8000, device: 'parrot' },
      ],
      wires: [['parrot.serial', 'host.console']],
      host: { console: { idle: 10 } },
    },
    { plugins: [toy, parrot], images: { program: toyProgram(source) } },
  );

const heard = (machine: ReturnType<typeof talker>): number[] => {
  const bytes: number[] = [];
  machine.on('output', (event) => bytes.push(...event.bytes));
  return bytes;
};

test('a fork has the state of its machine, and each goes its own way', () => {
  const machine = toyMachine('loop: ADD #1\n ST $0400\n JMP loop');
  machine.run(100);
  const fork = machine.fork();
  expect(fork.cycles).toBe(machine.cycles);
  expect(fork.snapshot()).toEqual(machine.snapshot());
  const before = machine.snapshot();
  fork.run(50);
  expect(machine.snapshot()).toEqual(before);
  machine.run(50);
  expect(machine.snapshot()).toEqual(fork.snapshot());
});

test('a fork of a fork is one more machine', () => {
  const machine = toyMachine('loop: ADD #1\n JMP loop');
  const fork = machine.fork().fork();
  fork.run(10);
  machine.run(10);
  expect(fork.snapshot()).toEqual(machine.snapshot());
});

test('a fork has no listeners, and keeps its output until it has one', () => {
  const machine = talker('loop: ADD #1\n ST $8000\n JMP loop');
  const bytes = heard(machine);
  const fork = machine.fork();
  fork.run(100);
  expect(bytes).toEqual([]);
  const late = heard(fork);
  machine.run(100);
  expect(late.length).toBeGreaterThan(3);
  expect(late).toEqual(bytes);
  fork.run(100);
  machine.run(100);
  expect(late).toEqual(bytes);
});

test('a fork has no input, and what is written to one of the two does not reach the other', () => {
  const machine = talker('loop: LD $8000\n JMP loop');
  const bytes = heard(machine);
  machine.channel('console').write('A');
  const fork = machine.fork();
  const other = heard(fork);
  fork.channel('console').write('B');
  machine.run(1000);
  fork.run(1000);
  expect(bytes).toEqual([65]);
  expect(other).toEqual([66]);
});

test('a fork is run by the engine that its machine was told to use', () => {
  const machine = toyMachine('loop: ADD #1\n JMP loop');
  machine.setEngine('evaluator');
  expect(machine.fork().engine).toBe('evaluator');
  machine.setEngine('interpreter');
  expect(machine.fork().engine).toBe('interpreter');
});

test('a fork of a machine with every kind of state is the machine, and so is a fork of that', () => {
  for (const cycles of [0, 1, 777, 20_000]) {
    const machine = machineOfEverything();
    machine.run(cycles);
    const { bytes } = machine.checkpoint();
    const fork = machine.fork();
    expect(Buffer.compare(fork.checkpoint().bytes, bytes)).toBe(0);
    const second = fork.fork();
    for (const one of [machine, fork, second]) one.run(3000);
    expect(Buffer.compare(fork.checkpoint().bytes, machine.checkpoint().bytes)).toBe(0);
    expect(Buffer.compare(second.checkpoint().bytes, machine.checkpoint().bytes)).toBe(0);
  }
});

test('a machine made beside a fork is powered on', () => {
  const machine = machineOfEverything();
  const { bytes } = machine.checkpoint();
  machine.run(1000);
  machine.fork();
  expect(Buffer.compare(machine.fresh().checkpoint().bytes, bytes)).toBe(0);
});
