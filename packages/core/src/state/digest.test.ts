import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digest } from './digest.js';

test('a digest is 16 hexadecimal digits', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(digest(text)).toMatch(/^[0-9a-f]{16}$/);
    }),
  );
});

// What is in committed snapshots must be found there for ever.
test.each([
  ['', 'ab3e7c0b981a078c'],
  ['a', '2a681819215b6bcf'],
])('the digest of %j stays what it is', (text, wanted) => {
  expect(digest(text)).toBe(wanted);
});

describe('a digest shows', () => {
  const text = fc.string({ minLength: 1, maxLength: 60 });

  test('every single bit that flips', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(15), (original, at, bit) => {
        const index = at % original.length;
        const flipped = String.fromCharCode(original.charCodeAt(index) ^ (1 << bit));
        expect(digest(original.slice(0, index) + flipped + original.slice(index + 1))).not.toBe(digest(original));
      }),
    );
  });

  test('every truncation', () => {
    fc.assert(
      fc.property(text, fc.nat(), (original, at) => {
        expect(digest(original.slice(0, at % original.length))).not.toBe(digest(original));
      }),
    );
  });

  test('neighbours changing places', () => {
    fc.assert(
      fc.property(text, text, (first, second) => {
        fc.pre(first + second !== second + first);
        expect(digest(first + second)).not.toBe(digest(second + first));
      }),
    );
  });
});
