/**
 * Wolfgang Lorenz' suite. All of it takes 3.3e9 cycles: `pnpm test:lorenz`, that is `BACKPLANE_LORENZ=all`. Otherwise
 * ten programs stand for it.
 */
import { expect, it } from 'vitest';
import { describeWithReferences } from '../references.js';
import { expectedOutcome, programNamed, programsIn, runLorenz } from './programs.js';

const TEN = ['start', 'adcb', 'arrb', 'branchwrap', 'brkn', 'jmpi', 'lasay', 'rraiy', 'sbcb-eb', 'shaay'];

describeWithReferences('roms/6502/lorenz-prg', () => {
  const all = process.env.BACKPLANE_LORENZ === 'all';
  const programs = all ? programsIn('6502/lorenz-prg/') : TEN.map((name) => programNamed(`lorenz-${name}`));

  it('is ten programs, or all 223', () => expect(programs).toHaveLength(all ? 223 : 10));

  for (const program of programs) {
    it(program.id, () => {
      const { text, ...outcome } = runLorenz(program);
      expect(outcome, text).toEqual(expectedOutcome(program, 'nmos6502'));
    });
  }
});
