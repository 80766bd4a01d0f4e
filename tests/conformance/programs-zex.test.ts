/**
 * ZEXDOC and ZEXALL, 47e9 cycles each, and their `prelim`. Their tests are run one by one: those that are quick enough,
 * and all of them for `pnpm test:zex`, that is `BACKPLANE_ZEX=all`.
 */
import { z80 } from '@backplane/cpu-z80';
import { describe, expect, it } from 'vitest';
import { describeWithReferences, hasReferences } from '../references.js';
import { type CpmRun, runCpm } from './cpm-programs.js';
import { type ProgramEngine, readReferenceJson } from './harness.js';
import { programEnginesOf } from './harness-z80.js';
import { agrees } from './record.js';

const COSTS = { out: 11, halt: 4 };
/** 67 pointers to tests, then 0. */
const TESTS = 0x013a;

interface Line {
  readonly test: number;
  readonly name: string;
  readonly cycles: number;
}

/** Cycles by which a test takes longer that follows another one, not the heading: from that one's end to the loop. */
const AFTER_ANOTHER = 32;

/** Cycles of the longest test that is run in an engine. */
const LONGEST: Record<ProgramEngine, number> = {
  evaluator: 1_200_000,
  interpreter: process.env.BACKPLANE_ZEX === 'all' ? Number.POSITIVE_INFINITY : 100_000_000,
  translator: process.env.BACKPLANE_ZEX === 'all' ? Number.POSITIVE_INFINITY : 100_000_000,
};

const run = (variant: string, program: string, engine: ProgramEngine, cycles: number, test?: number): CpmRun =>
  runCpm(z80, variant, program, engine, COSTS, cycles + 100_000, ({ memory }) => {
    if (test === undefined) return;
    const [low = 0, high = 0] = memory.read(TESTS + 2 * (test - 1), 2);
    memory.load(TESTS, Uint8Array.of(low, high, 0, 0));
  });

describeWithReferences('roms/z80/zex', () => {
  const lines = hasReferences ? readReferenceJson<Line[]>('roms/z80/zex/zex-lines.json') : [];

  it('has 67 tests', () => expect(lines).toHaveLength(67));

  describe.each(['nmos', 'cmos'])('%s', (variant) => {
    describe.each(programEnginesOf(z80, variant))('in the %s', (engine) => {
      it('prelim', () => {
        const { text, cycles } = run(variant, 'z80-prelim', engine, 8703);
        expect(text).toContain('Preliminary tests complete');
        expect(cycles).toBe(8703);
        agrees({ cpu: 'z80', variant, data: 'roms/z80/zex', unit: 'prelim, programs', engine });
      });
    });
  });

  describe.each(programEnginesOf(z80))('in the %s', (engine) => {
    const some = lines.filter(({ cycles }) => cycles <= LONGEST[engine]);
    describe.each(['zexdoc', 'zexall'])('%s', (program) => {
      it.each(some)('$name', { timeout: 30 * 60_000 }, ({ test, name, cycles }) => {
        const { text, lines: ends } = run('nmos', `z80-${program}`, engine, cycles, test);
        expect(text).toContain(`${name.padEnd(30, '.')}  OK`);
        expect(text).toContain('Tests complete');
        expect((ends[1] as number) - (ends[0] as number)).toBe(cycles - (test === 1 ? 0 : AFTER_ANOTHER));
        agrees({
          cpu: 'z80',
          variant: 'nmos',
          data: 'roms/z80/zex',
          unit: `${program}, tests of ${lines.length}`,
          engine,
        });
      });
    });
  });
});
