import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena, ArenaLayout } from './arena.js';

describe('a layout', () => {
  test('gives offset 0 to nobody', () => {
    expect(new ArenaLayout().reserve(1, 1)).toBeGreaterThan(0);
  });

  test('hands out places that are aligned, in order, and apart', () => {
    const request = fc.record({ bytes: fc.nat(1000), alignment: fc.constantFrom(1, 2, 4, 8, 256) });
    fc.assert(
      fc.property(fc.array(request), (requests) => {
        const layout = new ArenaLayout();
        let end = 1;
        for (const { bytes, alignment } of requests) {
          const offset = layout.reserve(bytes, alignment);
          expect(offset % alignment).toBe(0);
          expect(offset).toBeGreaterThanOrEqual(end);
          end = offset + bytes;
          expect(layout.size).toBe(end);
        }
      }),
    );
  });

  test('counts on beyond 4 GiB, so that who asks for too much can be told', () => {
    const layout = new ArenaLayout();
    for (let index = 0; index < 20; index += 1) layout.reserve(2 ** 28 + 1);
    expect(layout.size).toBeGreaterThan(20 * 2 ** 28);
  });
});

test('all views of an arena are of the same bytes, which start as 0', () => {
  const layout = new ArenaLayout();
  const offset = layout.reserve(16);
  const arena = new Arena(layout);
  expect([...arena.bytes(offset, 16)]).toEqual(Array(16).fill(0));
  arena.doubles(offset, 1)[0] = 1;
  expect([...arena.bytes(offset, 8)]).toEqual([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
  expect(arena.words(offset, 2)[1]).toBe(0x3ff00000);
  arena.u16[offset >> 1] = 0x1234;
  expect(arena.u32[offset >> 2]).toBe(0x1234);
});
