/**
 * Test programs of the 8080. `pnpm test:zex`, that is `BACKPLANE_ZEX=all`, runs 8080EXM as well: 24e9 cycles.
 */
import { i8080, z80 } from '@backplane/cpu-z80';
import { describe, expect, it } from 'vitest';
import { describeWithReferences } from '../references.js';
import { runCpm } from './cpm-programs.js';
import { enginesOf, programEnginesOf } from './harness-z80.js';
import { agrees } from './record.js';

const COSTS = { out: 10, halt: 7 };

/** Cycles as published by superzazu/8080, whose stub is ours. */
const PROGRAMS = [
  { program: '8080-tst8080', cycles: 4924, says: 'CPU IS OPERATIONAL' },
  { program: '8080-8080pre', cycles: 7817, says: '8080 Preliminary tests complete' },
  { program: '8080-cputest', cycles: 255_653_383, says: 'CPU TESTS OK' },
  { program: '8080-8080exm', cycles: 23_803_381_171, says: 'Tests complete' },
];

const mayTake = process.env.BACKPLANE_ZEX === 'all' ? Number.POSITIVE_INFINITY : 1e9;

describeWithReferences('roms/8080', () => {
  describe.each(programEnginesOf(i8080))('in the %s', (engine) => {
    const most = engine === 'evaluator' ? 3e8 : mayTake;
    const some = PROGRAMS.filter(({ cycles }) => cycles < most);
    it.each(some)('$program', { timeout: 30 * 60_000 }, ({ program, cycles, says }) => {
      const { text, cyclesWithOut } = runCpm(i8080, undefined, program, engine, COSTS, cycles + 100_000);
      expect(text).toContain(says);
      expect(text).not.toContain('ERROR');
      expect(cyclesWithOut).toBe(cycles);
      agrees({ cpu: '8080', variant: '8080', data: 'roms/8080', unit: `programs of ${PROGRAMS.length}`, engine });
    });
  });

  it.runIf(enginesOf(z80).length > 1)('CPUTEST knows a Z80', () => {
    const { text, cycles } = runCpm(z80, 'nmos', '8080-cputest', 'interpreter', { out: 11, halt: 4 }, 250_000_000);
    expect(text).toContain('CPU IS Z80');
    expect(text).toContain('CPU TESTS OK');
    expect(cycles).toBe(240_549_481);
    agrees({ cpu: 'z80', variant: 'nmos', data: 'roms/8080', unit: 'CPUTEST, programs', engine: 'interpreter' });
  });
});
