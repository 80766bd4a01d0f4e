/**
 * Wolfgang Lorenz' suite: 3.3e9 cycles, in the interpreter and the translator. Ten programs stand for it in the evaluator, unless
 * `pnpm test:lorenz`, that is `BACKPLANE_LORENZ=all`, asks for all of them.
 */
import { describe, expect, it } from 'vitest';
import { describeWithReferences } from '../references.js';
import { PROGRAM_ENGINES } from './harness.js';
import { expectedOutcome, partOf, programNamed, programsIn, runLorenz } from './programs.js';
import { agrees } from './record.js';

const TEN = ['start', 'adcb', 'arrb', 'branchwrap', 'brkn', 'jmpi', 'lasay', 'rraiy', 'sbcb-eb', 'shaay'];

describeWithReferences('roms/6502/lorenz-prg', () => {
  const all = programsIn('6502/lorenz-prg/');
  const some = process.env.BACKPLANE_LORENZ === 'all' ? all : TEN.map((name) => programNamed(`lorenz-${name}`));

  it('is 223 programs', () => expect(all).toHaveLength(223));

  describe.each(PROGRAM_ENGINES)('in the %s', (engine) => {
    for (const program of engine === 'evaluator' ? some : all) {
      it(program.id, () => {
        const { text, ...outcome } = runLorenz(program, engine);
        expect(outcome, text).toEqual(expectedOutcome(program, 'nmos6502'));
        agrees({ ...partOf(program, 'nmos6502'), unit: `programs of ${all.length}`, engine });
      });
    }
  });
});
