import fc from 'fast-check';
import { expect, test } from 'vitest';
import { echoing } from './test-terminal.js';

/** Runs till the input has ended and the guest waits for ever, in slices, and tells all that happened. */
function session(pieces: readonly string[], slices: readonly number[], ahead: number): string {
  const { machine, console, log, text } = echoing();
  console.waits = true;
  const left = [...pieces];
  // So many pieces are written before the guest asks for the first byte.
  for (const piece of left.splice(0, ahead)) console.write(piece);
  let hasEnded = false;
  for (let round = 0; ; round += 1) {
    const { reason } = machine.run(slices[round % slices.length] as number);
    if (reason !== 'input') continue;
    const piece = left.shift();
    if (piece !== undefined) console.write(piece);
    else if (hasEnded) break;
    else {
      console.end();
      hasEnded = true;
    }
  }
  const snapshot = machine.snapshot().components.filter(({ id }) => id !== 'machine');
  return JSON.stringify([log, text(), machine.cycles, snapshot]);
}

test('a guest lives through the same cycles however its input is cut, and however the run is sliced', () => {
  // NUL is what the terminal takes for no input.
  const piece = fc.string({ unit: fc.constantFrom('a', 'B', '\n', '~'), maxLength: 5 });
  const slices = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), slices, fc.nat(6), (pieces, cut, ahead) => {
      const whole = session([pieces.join('')], [1_000_000], 1);
      expect(session(pieces, cut, ahead)).toBe(whole);
    }),
    { numRuns: 150 },
  );
});
