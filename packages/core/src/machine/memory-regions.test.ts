import { expect, test } from 'vitest';
import { probe, probeProgram } from '../testing/probe.js';
import type { MachineConfig } from './config.js';
import { createMachine } from './machine.js';

const machine = (config: Partial<MachineConfig>, images: Record<string, Uint8Array> = {}) =>
  createMachine({ clock: 1_000_000, cpu: { type: 'probe' }, ...config }, { plugins: [probe], images });

test('a snapshot tells apart two memories at one address', () => {
  const config = {
    memory: [
      { at: 0, ram: '1K' },
      { at: 0xe000, rom: 'rom', access: 'read' as const },
      { at: 0xe000, ram: 4, access: 'write' as const },
    ],
  };
  const images = { rom: Uint8Array.of(1, 2, 3, 4) };
  const snapshot = machine(config, images).snapshot();
  const ids = snapshot.components.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const other = machine(config, images);
  other.loadSnapshot(snapshot);
  expect(other.snapshot()).toEqual(snapshot);
});

test.each([
  [0, [0, 4, 5, 9, 10]],
  [-1, [0, 1, 5, 6, 10]],
  [4, [0, 1, 5, 6, 10]],
])('a delay table with phase %i', (phase, ends) => {
  const cycles = { period: 5, phase, cycles: [0, 3, 2, 1, 0] };
  const slow = machine(
    { delays: { slow: cycles }, memory: [{ at: 0, ram: '1K', image: 'program', delay: 'slow' }] },
    {
      program: probeProgram([{ op: 'pause' }]),
    },
  );
  const seen: number[] = [];
  slow.onCycle = ({ cycle }) => seen.push(cycle);
  slow.run(12);
  expect(seen.slice(0, 5)).toEqual(ends);
});

test('a delay table longer than its period is refused', () => {
  expect(() => machine({ delays: { slow: { period: 2, cycles: [1, 2, 3] } } })).toThrow(
    'delays.slow.cycles: 3 entries for a period of 2 cycles; give at most one a cycle of the period',
  );
});
