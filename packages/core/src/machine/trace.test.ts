import { describe, expect, test } from 'vitest';
import { toyMachine } from '../testing/toy.js';
import type { BusCycle } from './cpu.js';

describe.each(['evaluator', 'interpreter'] as const)('in the %s, a trace', (engine) => {
  const machine = () =>
    toyMachine(
      'LD #5\n ST $0400\n IDLE\n OUT ($10)\n IN ($10)',
      {
        cpu: { type: 'toy', memory: [{ at: 0, ram: '2K', image: 'program' }], io: [{ at: 0, ram: 0x100 }] },
        memory: undefined,
      },
      [],
      engine,
    );

  test('tells every cycle with its kind, space, address and value', () => {
    const m = machine();
    const cycles: BusCycle[] = [];
    m.onCycle = (cycle) => void cycles.push(cycle);
    m.run(15);
    expect(cycles.map(({ cycle, kind, space, address, value }) => [cycle, kind, space, address, value])).toEqual([
      [0, 'idle', 'memory', 0, 0],
      [1, 'read', 'memory', 0, 1],
      [2, 'read', 'memory', 1, 5],
      [3, 'read', 'memory', 2, 3],
      [4, 'read', 'memory', 3, 4],
      [5, 'read', 'memory', 4, 0],
      [6, 'write', 'memory', 0x400, 5],
      [7, 'read', 'memory', 5, 7],
      [8, 'idle', 'memory', 6, 0],
      [9, 'read', 'memory', 6, 0x0c],
      [10, 'read', 'memory', 7, 0x10],
      [11, 'write', 'io', 0x10, 5],
      [12, 'read', 'memory', 8, 0x0b],
      [13, 'read', 'memory', 9, 0x10],
      [14, 'read', 'io', 0x10, 5],
    ]);
    expect(cycles.every(({ cpu, stalled }) => cpu === 'main' && !stalled)).toBe(true);
  });

  test('changes nothing', () => {
    const [seen, unseen] = [machine(), machine()];
    seen.onCycle = () => {};
    seen.run(500);
    unseen.run(500);
    expect(seen.snapshot()).toEqual(unseen.snapshot());
  });

  test('can be turned off, and one that throws leaves the machine to go on', () => {
    const m = machine();
    let count = 0;
    m.onCycle = () => {
      count += 1;
      if (count === 3) throw new Error('trace');
    };
    expect(() => m.run(15)).toThrow('trace');
    m.onCycle = null;
    expect(m.onCycle).toBeNull();
    expect(m.run(0).reason).toBe('cycles');
    expect(count).toBe(3);
  });
});
