/** The same random machine in every engine: the same bits, cycle for cycle. */
import type { Machine } from '@backplane/core';
import { interpreter } from '@backplane/core/interpreter';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { difference, live, type Way } from './lives.js';
import { machineDescription } from './random-machine.js';

/** `pnpm test:nightly` sets it to 10,000. */
const MACHINES = Number(process.env.BACKPLANE_RANDOM_MACHINES ?? 400);
/** Of the random machines; set it to see the same ones again. */
const SEED = Number(process.env.BACKPLANE_RANDOM_SEED ?? Math.floor(Math.random() * 2 ** 31));

const WHOLE: Way = { engine: 'evaluator', sliced: false };
const WAYS = {
  interpreter: { engine: 'interpreter', sliced: true },
  translator: { engine: 'translator', sliced: true },
  switching: {
    engine: 'auto',
    sliced: true,
    switching: ['translator', 'interpreter', 'evaluator', 'translator', 'auto'],
  },
} as const satisfies Record<string, Way>;

const isCompilable = ({ cpus }: Machine): boolean => Object.values(cpus).every(({ isa }) => interpreter.supports(isa));

describe(`${MACHINES} random machines of seed ${SEED}`, () => {
  test('come to the same in each engine, whole or in slices, switched or not', {
    timeout: 60_000 + MACHINES * 500,
  }, () => {
    const shares: number[] = [];
    let compiled = 0;
    let compilable = 0;
    let translated = 0;
    let invalidated = 0;
    fc.assert(
      fc.property(machineDescription, (description) => {
        const wanted = live(description, WHOLE);
        expect(wanted.stats.cycles.interpreter).toBe(0);
        for (const [name, way] of Object.entries(WAYS)) {
          const seen = live(description, way);
          const differs = difference(wanted, seen);
          if (differs) throw new Error(`${name}: ${differs}\n${JSON.stringify(description)}`);
          if (name === 'translator') {
            if (seen.stats.cycles.translator > 0) translated += 1;
            invalidated += seen.stats.regions.invalidated;
          }
          if (name !== 'interpreter' || !isCompilable(seen.machine)) continue;
          compilable += 1;
          const { cycles } = seen.stats;
          shares.push(cycles.interpreter / Math.max(1, cycles.interpreter + cycles.evaluator));
          if (cycles.interpreter > 0) compiled += 1;
        }
      }),
      { numRuns: MACHINES, seed: SEED },
    );
    // Compiled code has run in nearly all of them, though not all the time: where an event is near it may not.
    expect(compiled).toBeGreaterThan(0.75 * compilable);
    // A quarter of them run anything so often that it is translated, and some write over what was.
    expect(translated).toBeGreaterThan(0.1 * compilable);
    expect(invalidated).toBeGreaterThan(0);
    // Each machine counts as much as any other: one that is held up for millions of cycles would outweigh all the rest.
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeGreaterThan(0.6 * shares.length);
  });
});
