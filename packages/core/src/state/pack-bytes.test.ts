import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packBytes, unpackBytes } from './snapshot.js';

/** Bytes with runs in them. */
const runs = fc
  .array(fc.tuple(fc.nat(255), fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 6, max: 300 }))))
  .map((parts) => Uint8Array.from(parts.flatMap(([byte, count]) => Array<number>(count).fill(byte))));

test('bytes unpack to what was packed', () => {
  fc.assert(
    fc.property(runs, (bytes) => {
      expect(unpackBytes(packBytes(bytes), bytes.length)).toEqual(bytes);
    }),
  );
});

test('a run of eight or more is written as one', () => {
  expect(packBytes(Uint8Array.of(1, 2, 2, 2, 2, 2, 2, 2))).toBe('0102020202020202');
  expect(packBytes(Uint8Array.of(1, 2, 2, 2, 2, 2, 2, 2, 2, 0xff))).toBe('01(02*8)ff');
  expect(packBytes(new Uint8Array(65536))).toBe('(00*65536)');
});

describe('unpacking refuses', () => {
  test.each([
    ['too few bytes', '0102', 3],
    ['too many bytes', '010203', 2],
    ['a run that is too long', '(00*4)', 3],
    ['a run beyond all bounds', '(00*999999999)', 16],
    ['half a byte', '010', 1],
    ['half a run', '(00*4', 4],
    ['a run of no number', '(00*)', 0],
    ['what is no digit', '0g', 1],
    ['upper case, which is never written', 'FF', 1],
    ['space', '01 02', 2],
  ])('%s', (_name, text, length) => {
    expect(unpackBytes(text, length)).toBeUndefined();
  });

  test('any text of the wrong length, in time', () => {
    const piece = fc.constantFrom('00', 'ff', '(12*9)', '(00*1000)', '(', ')', '*', '0', 'x');
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        fc.nat(2000),
        (text, length) => {
          const bytes = unpackBytes(text, length);
          if (bytes) expect(bytes.length).toBe(length);
        },
      ),
    );
  });
});
