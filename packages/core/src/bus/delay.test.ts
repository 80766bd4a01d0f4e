import { describe, expect, test } from 'vitest';
import type { MachineConfig } from '../machine/config.js';
import type { BusCycle } from '../machine/cpu.js';
import { toyMachine } from '../testing/toy.js';
import { busOf } from './test-bus.js';

const delays = { slow: { period: 4, cycles: [3, 2, 1, 0] }, late: { period: 4, phase: 1, cycles: [3, 2, 1, 0] } };

/** The cycles a program takes from its first fetch on, as `kind address @cycle`. */
function trace(source: string, memory: NonNullable<MachineConfig['memory']>, count: number): string[] {
  const machine = toyMachine(source, { delays, memory });
  machine.cpu.registers.pc = 0;
  const seen: BusCycle[] = [];
  machine.onCycle = (cycle) => void seen.push(cycle);
  machine.run(200);
  return seen.slice(0, count).map(({ kind, address, cycle }) => `${kind} ${address.toString(16)} @${cycle}`);
}

describe('an access to a delayed region', () => {
  test('waits as the table says for the cycle it falls into', () => {
    // Cycle 3 waits 0, cycle 7 (3 of 4) waits 0 again; after a NOP the access is in cycle 8 and waits 3.
    const memory = [{ at: 0x8000, ram: 0x100, delay: 'slow' }];
    expect(trace('LD $8000\n LD $8001\n NOP\n LD $8002', memory, 13)).toEqual([
      'read 0 @0',
      'read 1 @1',
      'read 2 @2',
      'read 8000 @3',
      'read 3 @4',
      'read 4 @5',
      'read 5 @6',
      'read 8001 @7',
      'read 6 @8',
      'read 7 @9',
      'read 8 @10',
      'read 9 @11',
      'read 8002 @15',
    ]);
  });

  test('has its phase added to the time', () => {
    // Cycle 3 counts as cycle 4: it waits 3.
    expect(trace('ST $8000', [{ at: 0x8000, ram: 0x100, delay: 'late' }], 4).at(-1)).toBe('write 8000 @6');
  });

  test('waits for reads and writes of ROM, too', () => {
    const bus = busOf([{ at: 0, rom: 'rom', delay: 'late' }], { delays }, { images: { rom: new Uint8Array(0x100) } });
    expect([0, 1, 2, 3, 4].map((cycle) => bus.delayAt(0x10, cycle))).toEqual([2, 1, 0, 3, 2]);
  });
});

test('an idle cycle waits by the address on the bus', () => {
  // The program runs in delayed memory: fetches of 0 and 2 wait 3, the idle cycle with 8001 on the bus waits.
  const machine = toyMachine('JMP $8000', {
    delays,
    memory: [{ at: 0x8000, ram: 0x100, delay: 'slow' }],
  });
  machine.memory.load(0x8000, Uint8Array.of(7, 7));
  machine.cpu.registers.pc = 0;
  const seen: string[] = [];
  machine.onCycle = ({ kind, address, cycle }) => void seen.push(`${kind} ${address.toString(16)} @${cycle}`);
  machine.run(13);
  // Fetch at 3 waits 0; idle at 4 waits 3; fetch at 8 waits 3; idle at 12 waits 3.
  expect(seen.slice(3)).toEqual(['read 8000 @3', 'idle 8001 @7', 'read 8001 @11', 'idle 8002 @15']);
});

test('entries that the table lacks are 0', () => {
  const bus = busOf([{ at: 0, ram: 0x100, delay: 'short' }], { delays: { short: { period: 3, cycles: [9] } } });
  expect([0, 1, 2, 3].map((cycle) => bus.delayAt(0, cycle))).toEqual([9, 0, 0, 9]);
});

test('only the delayed bytes of a mixed page wait', () => {
  const bus = busOf(
    [
      { at: 0, ram: 0x80, delay: 'slow' },
      { at: 0x80, ram: 0x80 },
      { at: 0x10, device: 'dev', priority: 1 },
    ],
    { delays },
  );
  expect([0x0f, 0x10, 0x14, 0x7f, 0x80].map((address) => bus.delayAt(address, 0))).toEqual([3, 0, 3, 3, 0]);
});

test('what hides a delayed region does not wait', () => {
  const bus = busOf(
    [
      { at: 0, ram: 0x200, delay: 'slow' },
      { at: 0, ram: 0x100, priority: 1 },
    ],
    { delays },
  );
  expect([bus.delayAt(0, 0), bus.delayAt(0x100, 0)]).toEqual([0, 3]);
});

test('a mirror of delayed memory waits as the memory does', () => {
  const bus = busOf(
    [
      { at: 0, ram: 0x100, delay: 'slow' },
      { at: 0x100, mirror: 0, of: 0x100, size: 0x100 },
    ],
    { delays },
  );
  expect([0, 1, 2, 3].map((cycle) => bus.delayAt(0x180, cycle))).toEqual([3, 2, 1, 0]);
});
