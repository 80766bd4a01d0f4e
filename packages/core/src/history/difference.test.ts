import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Engine } from '../engine/engine.js';
import { interpreter } from '../engine/interpreter.js';
import { createMachine, type Machine } from '../machine/machine.js';
import { defineCpu } from '../plugin/define-cpu.js';
import { defineDevice } from '../plugin/define-device.js';
import { toy, toyMachine, toyProgram } from '../testing/toy.js';
import { firstDifference } from './difference.js';
import { History } from './history.js';
import { type Recording, signed } from './recording.js';
import { Replay } from './replay.js';
import { ears, one, two } from './test-deeds.js';

const source = 'loop: ADD #1\n ST $0400\n LD $0400\n JMP loop';
const END = 1_000_000;

const recorded = (machine: Machine, cycles = END): Recording => {
  const history = new History(machine);
  machine.run(cycles);
  return history.recording();
};

/** Most ways that a machine is run: 64 at first, then half of what is left each time. Each counts for both machines. */
const most = (recording: Recording) => 2 * (2 + 64 + Math.ceil(Math.log2(recording.end.at / 64)));

test('a poke in one of two recordings is found where it was done, in few runs', () => {
  const recording = recorded(toyMachine(source));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: END }), fc.integer({ min: 0x500, max: 0x5ff }), (at, address) => {
      const poke = { at, do: 'poke', cpu: 'main', space: 'memory', address, bytes: '\x01' } as const;
      const [first, second] = [recording, signed({ ...recording, actions: [poke] })].map(
        (each) => new Replay(toyMachine(source), each),
      ) as [Replay, Replay];
      const difference = firstDifference(first, second, recording.end.at);
      expect(difference).toMatchObject({
        fields: [
          { component: 'memory/main.memory[0]', field: `bytes[0x${address.toString(16)}]`, first: 0, second: 1 },
        ],
      });
      // At the first boundary there is; the loop takes 13 cycles, its longest instruction 4.
      expect((difference?.position ?? 0) - at).toBeGreaterThanOrEqual(0);
      expect((difference?.position ?? 0) - at).toBeLessThan(4);
      expect(difference?.runs).toBeLessThanOrEqual(most(recording));
    }),
    { numRuns: 25 },
  );
});

/** An interpreter that errs from a time on: it counts one too many. */
const erring = (from: number): Engine => ({
  ...interpreter,
  start(cpu, arena, scheduler) {
    const engine = interpreter.start(cpu, arena, scheduler);
    return {
      get cycles() {
        return engine.cycles;
      },
      translated: 0,
      regions: engine.regions,
      runWatched: engine.runWatched.bind(engine),
      run(until) {
        const before = cpu.cycles;
        if (before < from) engine.run(Math.min(until, from));
        if (before < from && cpu.cycles >= from) cpu.setRegister('irqs', cpu.register('irqs') + 1);
        if (cpu.cycles < until) engine.run(until);
      },
    };
  },
});

test('an engine that errs is found out at the instruction', () => {
  const make = (engine: Engine, choice: 'evaluator' | 'interpreter') =>
    createMachine(
      { clock: 1_000_000, cpu: { type: 'toy' }, memory: [{ at: 0, ram: '4K', image: 'program' }] },
      {
        plugins: [defineCpu({ ...toy.definition, engines: [engine] })],
        images: { program: toyProgram(source) },
        engine: choice,
      },
    );
  const recording = recorded(make(interpreter, 'evaluator'));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: END }), (from) => {
      const replays = [make(interpreter, 'evaluator'), make(erring(from), 'interpreter')].map(
        (machine) => new Replay(machine, recording),
      ) as [Replay, Replay];
      const difference = firstDifference(...replays, recording.end.at);
      expect(difference).toMatchObject({
        fields: [{ component: 'cpu/main', field: 'register.irqs', first: 0, second: 1 }],
      });
      expect((difference?.position ?? 0) - from).toBeGreaterThanOrEqual(0);
      expect((difference?.position ?? 0) - from).toBeLessThan(4);
      expect(difference?.runs).toBeLessThanOrEqual(most(recording));
      // The instruction that went wrong, not the one after it.
      const { programCounter, position } = difference as { programCounter: number; position: number };
      const machine = make(interpreter, 'evaluator');
      machine.run(Math.max(0, position - 20));
      let last = machine.cpu.programCounter;
      while (machine.cycles < position) {
        last = machine.cpu.programCounter;
        machine.step();
      }
      expect([machine.cycles, last]).toEqual([position, programCounter]);
    }),
    { numRuns: 25 },
  );
});

test.each([
  ['one CPU', one],
  ['two CPUs', two],
])('two engines do not differ: %s', (_name, kind) => {
  const machine = ears(kind, 'evaluator');
  const history = new History(machine);
  machine.channel('left').waits = true;
  machine.channel('left').write('ab');
  for (const cycles of [100, 2000, 50]) machine.run(cycles);
  const recording = history.recording();
  const [first, second] = (['evaluator', 'interpreter'] as const).map(
    (engine) => new Replay(ears(kind, engine), recording),
  ) as [Replay, Replay];
  expect(firstDifference(first, second, recording.end.at)).toBe(undefined);
  expect(second.machine.stats().cycles.interpreter).toBeGreaterThan(100);
});

test('machines that differ from the start, or in what they are made of, are told apart there', () => {
  const of = (kind: Parameters<typeof ears>[0]): Replay => {
    const machine = ears(kind, 'evaluator');
    return new Replay(ears(kind, 'evaluator'), recorded(machine, 1000));
  };
  expect(firstDifference(of(one), of({ ...one, ramFill: 'pattern:0x01' }), 1000)).toMatchObject({
    position: 0,
    programCounter: 0,
    fields: [{ component: 'memory/main.memory[0]', first: 0, second: 1 }],
  });
  const [, , more] = firstDifference(of(one), of({ ...two, cpu: undefined, memory: undefined } as never), 1000)
    ?.fields ?? [undefined, undefined, undefined];
  expect(more).toBeDefined();
});

test('what was put out is compared, though the states are the same again at once', () => {
  const speaker = defineDevice({
    type: 'speaker',
    version: 1,
    size: 1,
    channels: ['serial'],
    create: ({ channels }) => ({ write: (_offset, value) => channels.serial.send(value) }),
  });
  // What is at $0500 is put out, and then is what is at $0501.
  const program = toyProgram('loop: LD $0500\n ST $8000\n LD $0501\n ST $0500\n JMP loop');
  const make = () =>
    createMachine(
      {
        clock: 1_000_000,
        cpu: { type: 'toy' },
        devices: { speaker: { type: 'speaker' } },
        memory: [
          { at: 0, ram: '4K', image: 'program' },
          { at: 0x8000, device: 'speaker' },
        ],
        wires: [['speaker.serial', 'host.console']],
      },
      { plugins: [toy, speaker], images: { program } },
    );
  const recording = recorded(make());
  let found = 0;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: END - 100 }), (at) => {
      const poke = { at, do: 'poke', cpu: 'main', space: 'memory', address: 0x500, bytes: '\x07' } as const;
      const replays = [recording, signed({ ...recording, actions: [poke] })].map((each) => new Replay(make(), each));
      const [first, second] = replays as [Replay, Replay];
      const difference = firstDifference(first, second, recording.end.at);
      // Unless it was written over before it was put out.
      if (!difference) return;
      found += 1;
      expect(difference.position - at).toBeGreaterThanOrEqual(0);
      expect(difference.position - at).toBeLessThan(30);
      expect(difference.runs).toBeLessThanOrEqual(most(recording));
    }),
    { numRuns: 15 },
  );
  expect(found).toBeGreaterThan(0);
});
