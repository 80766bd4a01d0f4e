import { describe, expect, test } from 'vitest';
import { BackplaneError } from '../errors.js';
import type { MachineConfig } from '../machine/config.js';
import { createMachine } from '../machine/machine.js';
import { toy } from '../testing/toy.js';
import { machineOfEverything } from './everything.js';

const stateOf = (machine: ReturnType<typeof machineOfEverything>) => JSON.stringify(machine.snapshot());

describe('a checkpoint', () => {
  test('brings its machine back', () => {
    const machine = machineOfEverything();
    machine.run(1000);
    const checkpoint = machine.checkpoint();
    const state = stateOf(machine);
    machine.run(1000);
    const later = stateOf(machine);
    machine.restore(checkpoint);
    expect(stateOf(machine)).toBe(state);
    machine.run(1000);
    expect(stateOf(machine)).toBe(later);
  });

  test('is a value: what the machine does later does not reach it', () => {
    const machine = machineOfEverything();
    const checkpoint = machine.checkpoint();
    const kept = checkpoint.bytes.slice();
    machine.run(1000);
    expect(Buffer.compare(checkpoint.bytes, kept)).toBe(0);
    expect(checkpoint.cycles).toBe(0);
  });

  test('restores into a fresh machine of the same config', () => {
    const machine = machineOfEverything();
    machine.run(1234);
    const fresh = machineOfEverything();
    fresh.restore(machine.checkpoint());
    machine.run(100);
    fresh.run(100);
    expect(stateOf(fresh)).toBe(stateOf(machine));
    expect(Buffer.compare(fresh.checkpoint().bytes, machine.checkpoint().bytes)).toBe(0);
  });

  test('is the same at the same state, whatever slices led there', () => {
    const whole = machineOfEverything();
    whole.run(1000);
    const sliced = machineOfEverything();
    for (let slice = 0; slice < 100; slice += 1) sliced.run(10);
    expect(Buffer.compare(sliced.checkpoint().bytes, whole.checkpoint().bytes)).toBe(0);
  });

  test.each<[string, Partial<MachineConfig>]>([
    ['devices', { devices: { one: { type: 'everything' }, two: { type: 'everything' } } }],
    ['clock', { clock: 2_000_000 }],
    ['wires', { wires: [['one.serial', 'host.console']] }],
    ['RAM fill', { ramFill: 'random:2' }],
  ])('of a machine with other %s is refused and changes nothing', (_name, changes) => {
    const foreign = machineOfEverything(changes);
    foreign.run(10);
    const machine = machineOfEverything();
    machine.run(100);
    const before = stateOf(machine);
    expect(() => machine.restore(foreign.checkpoint())).toThrow(
      new BackplaneError('checkpoint/foreign', 'the checkpoint is of another machine', {
        mend: 'restore it into one of the same config',
      }),
    );
    expect(stateOf(machine)).toBe(before);
  });

  test('of another version of a plugin is refused', () => {
    const make = (version: number) =>
      createMachine(
        { clock: 1, cpu: { type: 'toy' } },
        { plugins: [{ ...toy, definition: { ...toy.definition, version } }] },
      );
    expect(() => make(1).restore(make(2).checkpoint())).toThrow('the checkpoint is of another machine');
  });
});
