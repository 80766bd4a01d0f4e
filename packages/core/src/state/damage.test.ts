import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SnapshotError } from '../errors.js';
import { machineOfEverything } from './everything.js';

const machine = machineOfEverything();
machine.run(3000);
const text = JSON.stringify(machine.snapshot());
machine.run(500);
const before = machine.checkpoint();

/** Whether the damage was refused; damage that JSON itself refuses counts as well. */
function isRefused(damaged: string): boolean {
  let parsed: unknown;
  try {
    parsed = JSON.parse(damaged);
  } catch {
    return true;
  }
  if (JSON.stringify(parsed) === text) return true;
  try {
    machine.loadSnapshot(parsed);
  } catch (error) {
    if (error instanceof SnapshotError) return true;
    throw error;
  }
  return false;
}

const unchanged = (): void => {
  // Comparing 64 KiB each time would take most of the test.
  expect(Buffer.compare(machine.checkpoint().bytes, before.bytes)).toBe(0);
};

test('a snapshot with a flipped bit is refused and changes nothing', () => {
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.nat(6), (at, bit) => {
      const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
      expect(isRefused(text.slice(0, at) + flipped + text.slice(at + 1))).toBe(true);
      unchanged();
    }),
    { numRuns: 5000 },
  );
});

test('a snapshot cut off, or with a piece cut out, is refused and changes nothing', () => {
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(60), fc.boolean(), (from, length, toTheEnd) => {
      expect(isRefused(text.slice(0, from) + (toTheEnd ? '' : text.slice(from + length)))).toBe(true);
      unchanged();
    }),
    { numRuns: 2500 },
  );
});

/** All places in a JSON value. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...path, key]))];
}

const places = placesOf(JSON.parse(text)).filter((path) => path.length > 0);

test('a snapshot with one value gone or another is refused and changes nothing', () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(undefined), fc.integer(), fc.constant('__proto__'));
  fc.assert(
    fc.property(fc.constantFrom(...places), value, (path, replacement) => {
      const damaged = JSON.parse(text);
      let at = damaged;
      for (const key of path.slice(0, -1)) at = at[key];
      const key = path.at(-1) as string;
      if (JSON.stringify(at[key]) === JSON.stringify(replacement)) return;
      if (replacement === undefined) delete at[key];
      else at[key] = replacement;
      expect(isRefused(JSON.stringify(damaged))).toBe(true);
      unchanged();
    }),
    { numRuns: 2500 },
  );
});
