/** Bugs planted in the instruction tables are found soon, and shrunk to what shows them. */
import { EngineCore, engineSubject, fuzz } from '@backplane/core/fuzz';
import { cpu6502 } from '@backplane/cpu-6502';
import { z80 } from '@backplane/cpu-z80';
import { describe, expect, test } from 'vitest';
import { MUTATIONS, mutated } from './mutations.js';

/** `pnpm test:fuzz` tries them all; otherwise one in twelve is enough to see that it still works. */
const ALL = process.env.BACKPLANE_FUZZ === 'all';
const SEED = Number(process.env.BACKPLANE_FUZZ_SEED ?? 1);

/** Programs within which each is found. */
const BOUND = 40_000;
/** What a whole one runs without a find: 100 times as many as the bound where all are tried. */
const WITHOUT_FIND = ALL ? 100 * BOUND : 4000;

const tried = MUTATIONS.filter((_, index) => ALL || index % 12 === 0);

describe(`${tried.length} of ${MUTATIONS.length} planted bugs, seed ${SEED}`, () => {
  test.each(tried)('$name is found', async (mutation) => {
    const subject = engineSubject(new EngineCore(mutated(mutation)));
    const { finds, executions } = await fuzz({
      cpu: mutation.cpu,
      subject,
      seed: SEED,
      programs: BOUND,
      levels: ['cycle'],
      mostFinds: 1,
    });
    if (ALL)
      console.log(`${mutation.name}: ${executions} programs, ${finds[0]?.listing.join(' / ')}, ${finds[0]?.signature}`);
    expect(finds).toHaveLength(1);
    const instructions = finds[0]?.listing.filter((name) => name !== 'interrupt') ?? [];
    expect(instructions.length).toBeLessThanOrEqual(3);
    expect(finds[0]?.difference.step).toBe((finds[0]?.program.steps ?? 0) - 1);
  });
});

test.each([cpu6502, z80])('a whole $type has none', { timeout: 3_600_000 }, async (cpu) => {
  const subject = engineSubject(new EngineCore(cpu));
  const { finds, executions } = await fuzz({ cpu, subject, seed: SEED, programs: WITHOUT_FIND, levels: ['cycle'] });
  expect(finds).toEqual([]);
  expect(executions).toBe(WITHOUT_FIND);
});
