import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Medium } from './medium.js';

const SIZE = 1000;
const image = Uint8Array.from({ length: SIZE }, (_, index) => index);

const expectSame = (actual: Uint8Array, wanted: Uint8Array): void => expect(Buffer.compare(actual, wanted)).toBe(0);

const piece = fc.record({
  offset: fc.nat(SIZE + 50),
  bytes: fc.uint8Array({ maxLength: 300 }),
});
type Step =
  | { readonly does: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly does: 'read'; readonly offset: number; readonly length: number }
  | { readonly does: 'keep' | 'go back' | 'tell' };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: piece.map((one): Step => ({ does: 'write', ...one })) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('read' as const), offset: fc.nat(SIZE), length: fc.nat(400) }),
  },
  { weight: 3, arbitrary: fc.constantFrom<Step>({ does: 'keep' }, { does: 'go back' }, { does: 'tell' }) },
);

test('a medium holds what was written, over an image that stays as it is, and goes back to any state', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const base = image.slice();
      const medium = new Medium('disks.a', 'a', 'overlay', base);
      let content = image.slice();
      const host = image.slice();
      let kept = { written: medium.written, content: content.slice() };
      for (const one of steps) {
        switch (one.does) {
          case 'write': {
            const fits = one.offset + one.bytes.length <= SIZE;
            expect(medium.write(one.offset, one.bytes)).toBe(fits);
            if (fits) content.set(one.bytes, one.offset);
            break;
          }
          case 'read':
            expectSame(medium.read(one.offset, one.length), content.slice(one.offset, one.offset + one.length));
            break;
          case 'keep':
            kept = { written: medium.written, content: content.slice() };
            break;
          case 'go back':
            medium.written = kept.written;
            content = kept.content.slice();
            break;
          case 'tell':
            for (const { offset, bytes } of medium.takeChanges()) host.set(bytes, offset);
            expectSame(host, content);
        }
        expectSame(medium.read(), content);
      }
      expectSame(base, image);
    }),
  );
});

describe('a medium', () => {
  test('that is read-only takes nothing', () => {
    const medium = new Medium('disks.a', 'a', 'read-only', image);
    expect([medium.device.isWritable, medium.write(0, Uint8Array.of(1)), medium.takeChanges()]).toEqual([
      false,
      false,
      [],
    ]);
  });

  test('tells whole sectors, once, in their order', () => {
    const medium = new Medium('disks.a', 'a', 'write-through', image);
    medium.write(990, Uint8Array.of(1));
    medium.write(127, Uint8Array.of(2, 3));
    expect(medium.takeChanges().map(({ offset, bytes }) => [offset, bytes.length])).toEqual([
      [0, 128],
      [128, 128],
      [896, 104],
    ]);
    expect(medium.takeChanges()).toEqual([]);
  });

  test('gives a copy', () => {
    const medium = new Medium('disks.a', 'a', 'overlay', image);
    medium.read(0, 4).fill(0xee);
    medium.write(0, Uint8Array.of(9));
    medium.read(0, 4).fill(0xee);
    expect([...medium.read(0, 4)]).toEqual([9, 1, 2, 3]);
  });
});
