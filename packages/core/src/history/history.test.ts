import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMachine, type Machine } from '../machine/machine.js';
import { defineDevice } from '../plugin/define-device.js';
import { toy, toyMachine, toyProgram } from '../testing/toy.js';
import { History } from './history.js';
import { stateOf } from './recording.js';
import { hostSidesOf, Replay } from './replay.js';
import { act, deed, ENGINES, ears, machines, one } from './test-deeds.js';

/** All that can be told of a machine and what its host has done to it. */
const whole = (machine: Machine) => ({ state: stateOf(machine), hosts: hostSidesOf(machine) });

describe.each(machines)('of %s', (_name, make) => {
  test.each(ENGINES)('in the %s, stepping back takes back steps, whatever the host did before', (engine) => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), (deeds, steps) => {
        const machine = make(engine);
        const history = new History(machine, { every: 50, memory: 0 });
        for (const one of deeds) act(machine, one);
        act(machine, step);
        const states = [];
        for (let count = 0; count < steps; count += 1) {
          const [state, { position }] = [whole(machine), history];
          act(machine, step);
          // It waits for input, or is done.
          if (history.position === position) break;
          states.push(state);
        }
        for (const state of states.reverse()) {
          expect(history.stepBack()).toBe(true);
          expect(whole(machine)).toEqual(state);
        }
      }),
      { numRuns: 12 },
    );
  });

  test('a recording made after going back is as good as any', () => {
    fc.assert(
      fc.property(
        fc.array(deed, { maxLength: 20 }),
        fc.array(deed, { maxLength: 10 }),
        fc.nat(),
        (deeds, later, place) => {
          const machine = make('evaluator');
          const history = new History(machine, { every: 50, memory: 0 });
          for (const one of deeds) act(machine, one);
          history.goTo(history.start + (place % (history.position - history.start + 1)));
          for (const one of later) act(machine, one);
          const replay = new Replay(make('interpreter'), history.recording());
          replay.runToEnd();
          expect(stateOf(replay.machine)).toEqual(stateOf(machine));
        },
      ),
      { numRuns: 12 },
    );
  });
});

const step = { do: 'step' } as never;

describe('a history', () => {
  const counter = 'loop: ADD #1\n ST $0400\n JMP loop';

  test('goes back to the last time an address was run, or a condition held', () => {
    const machine = toyMachine(counter);
    const history = new History(machine, { every: 100 });
    machine.run(10_000);
    expect(history.runBack(2)).toBe(true);
    expect(machine.cpu.programCounter).toBe(2);
    const { a } = machine.cpu.registers;
    expect(history.runBack(2)).toBe(true);
    expect(machine.cpu.registers.a).toBe(((a as number) - 1) & 0xff);
    const before = history.position;
    expect(history.runBack((past) => past.cycles <= 500)).toBe(true);
    expect(machine.cycles).toBeLessThanOrEqual(500);
    expect(machine.cycles).toBeGreaterThan(480);
    expect(history.position).toBeLessThan(before);
    expect(history.runBack(0x1234)).toBe(false);
    expect(history.position).toBe(history.start);
    expect(history.stepBack()).toBe(false);
    expect(history.runBack(0)).toBe(false);
  });

  test('knows who wrote last, and leads there', () => {
    const machine = toyMachine(`${counter}\n.org $20\n`);
    machine.run(3);
    const history = new History(machine, { every: 1000 });
    expect(history.lastWrite(0x400)).toBe(undefined);
    machine.run(10_000);
    const write = history.lastWrite(0x400);
    expect(write).toMatchObject({ cpu: 'main', programCounter: 2, value: machine.memory.peek(0x400) });
    expect(history.lastWrite(0x401)).toBe(undefined);
    history.goTo((write as { position: number }).position);
    expect(machine.cpu.programCounter).toBe(2);
    expect(machine.memory.peek(0x400)).not.toBe(write?.value);
    machine.step();
    expect(machine.memory.peek(0x400)).toBe(write?.value);
  });

  test('sees writes by another address, those of devices, and those to devices', () => {
    const mover = defineDevice({
      type: 'mover',
      version: 1,
      size: 1,
      create: ({ memory }) => ({ write: (_offset, value) => memory.write(0x500, value) }),
    });
    const machine = createMachine(
      {
        clock: 1_000_000,
        cpu: { type: 'toy' },
        devices: { mover: { type: 'mover' } },
        memory: [
          { at: 0, ram: '4K', image: 'program' },
          { at: 0x1000, mirror: 0, of: '4K', size: '4K' },
          { at: 0x8000, device: 'mover' },
        ],
      },
      { plugins: [toy, mover], images: { program: toyProgram('LD #5\n ST $1400\n ST $8000\n end: JMP end') } },
    );
    const history = new History(machine, { every: 10 });
    machine.run(1000);
    expect(history.lastWrite(0x400)).toMatchObject({ programCounter: 2, value: 5 });
    expect(history.lastWrite(0x1400)).toMatchObject({ programCounter: 2, value: 5 });
    expect(history.lastWrite(0x500)).toMatchObject({ programCounter: 5, value: 5 });
    expect(history.lastWrite(0x8000)).toMatchObject({ programCounter: 5, value: 5 });
  });

  test('gives the guest once more what it was given since', () => {
    const machine = ears(one, 'interpreter');
    machine.on('output', () => {});
    const history = new History(machine);
    const left = machine.channel('left');
    left.waits = true;
    left.write('A');
    machine.run(500);
    expect(left.queued).toBe(0);
    left.write('B');
    machine.run(500);
    const end = whole(machine);
    const { position } = history;
    history.goTo(10);
    expect(left.queued).toBe(2);
    machine.runTo(position, true);
    expect(whole(machine)).toEqual(end);
  });

  test('keeps fewer checkpoints, the older they are', () => {
    const machine = toyMachine(counter);
    const { layoutSize } = machine.parts;
    const history = new History(machine, { every: 100, memory: 20 * layoutSize });
    for (let slice = 0; slice < 1000; slice += 1) machine.run(100);
    expect(history.checkpoints).toBe(20);
    const state = whole(machine);
    machine.step();
    history.stepBack();
    expect(whole(machine)).toEqual(state);
    history.goTo(12_345);
    expect(machine.cycles).toBeGreaterThanOrEqual(12_345);
    expect(machine.cycles).toBeLessThan(12_350);
  });

  test('refuses what it could not go back from, and what is not in the past', () => {
    const machine = toyMachine(counter);
    machine.run(100);
    const checkpoint = machine.checkpoint();
    const history = new History(machine);
    expect(() => machine.restore(checkpoint)).toThrow('a history of this machine is kept; go back with it');
    expect(() => machine.loadSnapshot(machine.snapshot())).toThrow('a history of this machine is kept');
    expect(() => new History(machine)).toThrow('a history of this machine is kept already; close that one first');
    machine.run(100);
    for (const position of [99, 1000, Number.NaN]) {
      expect(() => history.goTo(position)).toThrow(`${position} is not in the past of this machine; choose a position`);
    }
    history.close();
    machine.restore(checkpoint);
    expect(machine.cycles).toBe(checkpoint.cycles);
  });
});
