/** The same random machine in every engine: the same bits, cycle for cycle. */
import type { Machine } from '@backplane/core';
import { interpreter } from '@backplane/core/interpreter';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { difference, type Life, live, type Way } from './lives.js';
import { type MachineDescription, machineDescription } from './random-machine.js';

/** Machines of any kind; `pnpm test:nightly` sets it to 10,000. */
const MACHINES = Number(process.env.BACKPLANE_RANDOM_MACHINES ?? 400);
/** Machines that go in loops; there 30,000, which are some 10,000 an instruction set. */
const LOOPS = Number(process.env.BACKPLANE_RANDOM_LOOPS ?? MACHINES);
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

/** Run a description in all ways; what each way's statistics say. */
function compare(description: MachineDescription, ways: Readonly<Record<string, Way>>): Record<string, Life> {
  const wanted = live(description, WHOLE);
  expect(wanted.stats.cycles.evaluator).toBe(Object.values(wanted.stats.cycles).reduce((sum, count) => sum + count));
  return Object.fromEntries(
    Object.entries(ways).map(([name, way]) => {
      const seen = live(description, way);
      const differs = difference(wanted, seen);
      if (differs) throw new Error(`${name}: ${differs}\n${JSON.stringify(description)}`);
      return [name, seen];
    }),
  );
}

// Long enough for a computer that others use, too.
const timeoutOf = (machines: number) => ({ timeout: 60_000 + machines * 2000 });

describe(`random machines of seed ${SEED}`, () => {
  test('come to the same in each engine, whole or in slices, switched or not', timeoutOf(MACHINES), () => {
    const shares: number[] = [];
    let compiled = 0;
    let compilable = 0;
    fc.assert(
      fc.property(machineDescription('any'), (description) => {
        const { machine, stats } = compare(description, WAYS).interpreter as Life;
        if (!isCompilable(machine)) return;
        compilable += 1;
        shares.push(stats.cycles.interpreter / Math.max(1, stats.cycles.interpreter + stats.cycles.evaluator));
        if (stats.cycles.interpreter > 0) compiled += 1;
      }),
      { numRuns: MACHINES, seed: SEED },
    );
    // Compiled code has run in nearly all of them, though not all the time: where an event is near it may not.
    expect(compiled).toBeGreaterThan(0.75 * compilable);
    // Each machine counts as much as any other: one that is held up for millions of cycles would outweigh all the rest.
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeGreaterThan(0.6 * shares.length);
  });

  test('that go in loops come to the same when their code is translated', timeoutOf(LOOPS), () => {
    let translated = 0;
    let invalidated = 0;
    fc.assert(
      fc.property(machineDescription('loops'), (description) => {
        const { stats } = compare(description, { translator: WAYS.translator }).translator as Life;
        if (stats.cycles.translator > 0) translated += 1;
        if (stats.regions.invalidated > 0) invalidated += 1;
      }),
      { numRuns: LOOPS, seed: SEED },
    );
    // Of a few that somebody looks at again, nothing can be said.
    if (LOOPS < 100) return;
    expect(translated).toBeGreaterThan(0.25 * LOOPS);
    // Some of a hundred write over what was translated.
    expect(invalidated).toBeGreaterThan(0);
  });
});
