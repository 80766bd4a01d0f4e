import { describe, expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
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
    // The reset's idle cycle, and the opcode of each instruction.
    expect(cycles.flatMap(({ cycle, first }) => (first ? cycle : []))).toEqual([0, 1, 3, 7, 9, 12]);
  });

  test('tells of accesses in their order, those of devices too, however many cycles go by between them', () => {
    const log: string[] = [];
    const register = defineDevice({
      type: 'register',
      version: 1,
      size: 1,
      create: () => ({
        read: () => log.push('device') & 0xff,
        write: (_offset, value) => void log.push(`device ${value}`),
      }),
    });
    const m = toyMachine(
      'LD $9000\nagain: ADD #1\n JNZ again\n LD $9000\n ST $9000\n JMP again',
      { devices: { register: { type: 'register' } }, memory: [{ at: 0x9000, device: 'register' }] },
      [register],
      engine,
    );
    m.onCycle = ({ cycle, kind, address, value }) => log.push(`${cycle} ${kind} ${address} ${value}`);
    for (const cycles of [1, 7, 5000, 20_000, 3]) m.run(cycles);
    if (engine === 'interpreter') expect(m.stats().cycles.interpreter).toBeGreaterThan(20_000);
    const cycles = log.filter((line) => !line.startsWith('device'));
    expect(cycles.map((line) => Number.parseInt(line, 10))).toEqual(cycles.map((_, cycle) => cycle));
    const devices = log.flatMap((line, at) => (line.startsWith('device') ? [`${line}, ${log[at + 1]}`] : []));
    expect(devices.length).toBeGreaterThan(20);
    for (const line of devices) expect(line).toMatch(/^device( \d+)?, \d+ (read|write) 36864 \d+$/);
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
