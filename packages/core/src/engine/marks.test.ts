import fc from 'fast-check';
import { expect, test } from 'vitest';
import { counting, HEAT } from './marks.js';

test('as many jumps as wanted, to within the step of counting, make a mark hot that can hold them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), (jumps) => {
      const { heat, shift } = counting(jumps);
      expect(heat).toBeGreaterThan(0);
      expect(heat).toBeLessThanOrEqual(HEAT);
      expect(heat * 2 ** shift).toBeGreaterThanOrEqual(jumps);
      expect((heat - 1) * 2 ** shift).toBeLessThan(jumps);
    }),
  );
  expect(counting(HEAT)).toEqual({ heat: HEAT, shift: 0 });
});
