import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bit, bytes, type Fields, f64, i32, type StateOf, u8, u16, u32 } from '../plugin/fields.js';
import { Arena, ArenaLayout } from './arena.js';
import { fieldState, initializeFields, reserveFields } from './fields.js';

function stateOf<F extends Fields>(fields: F): StateOf<F> {
  const layout = new ArenaLayout();
  const places = reserveFields(fields, layout);
  const arena = new Arena(layout);
  initializeFields(places, arena);
  return fieldState(places, arena);
}

test('fields start as they are declared', () => {
  const state = stateOf({
    a: bit(1),
    b: u8(0x12),
    c: u16(0x1234),
    d: u32(0xdeadbeef),
    e: i32(-5),
    f: f64(0.5),
    g: u8(),
  });
  expect(state).toEqual({ a: 1, b: 0x12, c: 0x1234, d: 0xdeadbeef, e: -5, f: 0.5, g: 0 });
});

test('bytes start filled, and are an array over the arena', () => {
  const { data } = stateOf({ data: bytes(3, 0x7e) });
  expect([...data]).toEqual([0x7e, 0x7e, 0x7e]);
  data[1] = 0x1ff;
  expect([...data]).toEqual([0x7e, 0xff, 0x7e]);
});

describe('assignment', () => {
  const wraps = {
    bit: (value: number) => value & 1,
    u8: (value: number) => value & 0xff,
    u16: (value: number) => value & 0xffff,
    u32: (value: number) => value >>> 0,
    i32: (value: number) => value | 0,
    f64: (value: number) => value,
  } as const;
  const state = stateOf({ bit: bit(), u8: u8(), u16: u16(), u32: u32(), i32: i32(), f64: f64() });

  test.each(Object.entries(wraps))('to %s wraps', (kind, wrapped) => {
    const field = kind as keyof typeof wraps;
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.maxSafeInteger()), (value) => {
        state[field] = value;
        expect(state[field]).toBe(wrapped(value));
      }),
    );
  });

  test('reaches one field and no other', () => {
    const all = fc.record({
      a: fc.nat(1),
      b: fc.nat(255),
      c: fc.nat(65535),
      d: fc.nat(),
      e: fc.integer(),
      f: fc.double(),
    });
    const mixed = stateOf({ a: bit(), b: u8(), c: u16(), d: u32(), e: i32(), f: f64() });
    fc.assert(
      fc.property(all, (values) => {
        Object.assign(mixed, values);
        expect({ ...mixed }).toEqual(values);
      }),
    );
  });
});
