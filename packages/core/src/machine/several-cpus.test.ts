import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { u8, u32 } from '../plugin/fields.js';
import { toy, toyProgram } from '../testing/toy.js';
import type { EngineChoice } from './build.js';
import type { MachineConfig } from './config.js';
import { createMachine } from './machine.js';

/** Two CPUs meet in it: what one writes the other reads, and every access leaves its mark. */
const mailbox = defineDevice({
  type: 'mailbox',
  version: 1,
  size: 2,
  state: () => ({ letter: u8(), marks: u32() }),
  create: ({ state, clock }) => ({
    read(offset) {
      state.marks = state.marks * 31 + clock.now() + 1;
      return offset === 0 ? state.letter : clock.now() & 0xff;
    },
    write(offset, value) {
      state.letter = value;
      state.marks = state.marks * 37 + clock.now() + offset;
    },
  }),
});

const sources = {
  one: 'loop: LD $8000\n ADD #1\n ST $8000\n IDLE\n JMP loop',
  two: 'loop: LD $8000\n ADD #3\n ST $8001\n JMP loop',
  three: 'loop: LD $8001\n JNZ loop\n ST $8000\n JMP loop',
};

function machineOf(config: Partial<MachineConfig> = {}, engine: EngineChoice = 'evaluator') {
  const images = Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, toyProgram(source)]));
  const cpu = (name: string, clock: number) => ({
    type: 'toy',
    clock,
    memory: [
      { at: 0, ram: 0x400, image: name },
      { at: 0x8000, device: 'mailbox' },
    ],
  });
  return createMachine(
    {
      clock: 1_000_000,
      cpus: { one: cpu('one', 1_000_000), two: cpu('two', 1_500_000), three: cpu('three', 700_000) },
      devices: { mailbox: { type: 'mailbox' } },
      quantum: 20,
      ...config,
    },
    { plugins: [toy, mailbox], images, engine },
  );
}

describe.each(['evaluator', 'interpreter'] as const)('in the %s', (engine) => {
  test.each([1, 20, 1000, 'instruction'] as const)(
    'with a quantum of %s, every split of a run is that run',
    (quantum) => {
      const slice = fc.oneof(fc.nat(10), fc.nat(1500));
      fc.assert(
        fc.property(fc.array(slice, { minLength: 1, maxLength: 8 }), fc.boolean(), (slices, viaCheckpoint) => {
          const whole = machineOf({ quantum }, engine);
          whole.run(slices.reduce((sum, one) => sum + one, 0));
          let split = machineOf({ quantum }, engine);
          for (const one of slices) {
            split.run(one);
            if (!viaCheckpoint) continue;
            const fresh = machineOf({ quantum }, engine);
            fresh.restore(split.checkpoint());
            split = fresh;
          }
          expect(split.snapshot()).toEqual(whole.snapshot());
        }),
        { numRuns: 25 },
      );
    },
  );

  test.each([1, 20, 'instruction'] as const)(
    'with a quantum of %s, a snapshot goes on as the machine does',
    (quantum) => {
      const machine = machineOf({ quantum }, engine);
      machine.run(333);
      const other = machineOf({ quantum }, engine);
      other.loadSnapshot(JSON.parse(JSON.stringify(machine.snapshot())));
      machine.run(500);
      other.run(500);
      expect(other.snapshot()).toEqual(machine.snapshot());
    },
  );
});

test('both engines give the same bits', () => {
  const machines = (['evaluator', 'interpreter'] as const).map((engine) => machineOf({}, engine));
  for (const machine of machines) machine.run(5000);
  expect(machines[1]?.snapshot()).toEqual(machines[0]?.snapshot());
});

test('CPUs run at their own clocks, and none gets further ahead than a turn', () => {
  const machine = machineOf();
  machine.run(10_000);
  const { one, two, three } = machine.cpus;
  const micros = [one?.cycles, (two?.cycles ?? 0) / 1.5, (three?.cycles ?? 0) / 0.7];
  for (const time of micros) {
    expect(time).toBeGreaterThan(9970);
    expect(time).toBeLessThan(10_030);
  }
});

test('turn by turn of one instruction, whoever is behind goes first', () => {
  const machine = machineOf({ quantum: 'instruction' });
  const order: string[] = [];
  machine.onCycle = ({ cpu }) => {
    if (order.at(-1) !== cpu) order.push(cpu);
  };
  for (let step = 0; step < 7; step += 1) machine.step();
  // Three resets of a cycle each: at 0, 0 and 0. The second CPU's is the shortest, the third's the longest.
  expect(order).toEqual(['one', 'two', 'three', 'two', 'one', 'three', 'two']);
});

test('the first CPU of the config is the main one: its cycles are counted, its memory is shown', () => {
  const machine = machineOf();
  expect(machine.cpu.name).toBe('one');
  const { cycles } = machine.run(100);
  expect(machine.cycles).toBe(cycles);
  expect(machine.memory.peek(3)).toBe(6);
  expect(machine.cpus.two?.memory.peek(4)).toBe(3);
});

test('a device with registers on the buses of two CPUs can be seen from both', () => {
  const machine = machineOf();
  machine.run(2000);
  expect(machine.cpus.one?.memory.peek(0x8000)).toBe(machine.cpus.three?.memory.peek(0x8000));
});

test('another CPU that jams does not end the run', () => {
  const machine = machineOf();
  machine.cpus.two?.memory.load(0, toyProgram('JAM'));
  expect(machine.run(1000).reason).toBe('cycles');
  expect(machine.runUntil({ halted: true }, { cycles: 1000 }).reason).toBe('cycles');
  expect(machine.cpus.two?.status).toBe('jammed');
});

test('a reset resets them all', () => {
  const machine = machineOf();
  machine.cpus.two?.memory.load(0, toyProgram('JAM'));
  machine.run(1000);
  machine.cpus.two?.memory.load(0, toyProgram(sources.two));
  machine.reset();
  machine.run(1000);
  expect(Object.values(machine.cpus).map(({ status }) => status)).toEqual(['running', 'running', 'running']);
});

test.each([
  [{ host: 'toy' }, {}, "cpus.host: 'host' is taken; choose another name"],
  [{ one: 'toy' }, { one: 'mailbox' }, "devices.one: 'one' is taken; choose another name"],
  [{ '1st': 'toy' }, {}, "cpus.1st: '1st' is no name; use letters, digits, - and _, a letter first"],
])('CPUs %j and devices %j: %s', (cpus, devices, message) => {
  const parts = (types: object) =>
    Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type: String(type) }]));
  const config = { clock: 1_000_000, cpus: parts(cpus), devices: parts(devices) };
  expect(() => createMachine(config, { plugins: [toy, mailbox] })).toThrow(
    expect.objectContaining({ code: 'config/name', message }),
  );
});
