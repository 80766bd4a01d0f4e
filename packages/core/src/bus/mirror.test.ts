import { describe, expect, test } from 'vitest';
import { ConfigError } from '../errors.js';
import { ENTRY_WORDS, READ } from './bus.js';
import { busOf, counting } from './test-bus.js';

test('a mirror of RAM shows and changes the RAM', () => {
  const bus = busOf([
    { at: 0, ram: 0x800 },
    { at: 0x800, mirror: 0, of: 0x800, size: 0x1800 },
  ]);
  bus.writeAny(0x1001, 5);
  expect([bus.readAny(0x0001), bus.readAny(0x0801), bus.peek(0x1801)]).toEqual([5, 5, 5]);
  expect(bus.poke(0x0802, 6)).toBe(true);
  expect(bus.readAny(2)).toBe(6);
  // Its pages are as plain as the RAM's.
  expect(bus.table[0x08 * ENTRY_WORDS + READ]).toBeGreaterThanOrEqual(0);
});

test('a mirror may stand before what it mirrors', () => {
  const bus = busOf([
    { at: 0, mirror: 0x8000, of: 0x100, size: 0x100 },
    { at: 0x8000, ram: 0x100 },
  ]);
  bus.writeAny(0x10, 7);
  expect(bus.readAny(0x8010)).toBe(7);
});

test('a mirror of mirrors shows what they show, in any order', () => {
  const bus = busOf([
    { at: 0x0000, mirror: 0x1000, of: 0x100, size: 0x100 },
    { at: 0x1000, mirror: 0x2000, of: 0x100, size: 0x100 },
    { at: 0x2000, mirror: 0x3000, of: 0x100, size: 0x100 },
    { at: 0x3000, ram: 0x100 },
  ]);
  bus.writeAny(0x0020, 9);
  expect([0x20, 0x1020, 0x2020, 0x3020].map((address) => bus.readAny(address))).toEqual([9, 9, 9, 9]);
});

test('a mirror of a device has its side effects', () => {
  const bus = busOf([
    { at: 0x8000, device: 'dev' },
    { at: 0x8004, mirror: 0x8000, of: 4, size: 0xfc },
  ]);
  bus.writeAny(0x8079, 3);
  bus.readAny(0x80ff);
  expect([bus.peek(0x8001), bus.peek(0x80fd), bus.peek(0x8000)]).toEqual([3, 3, 1]);
});

test('a mirror of ROM ignores writes', () => {
  const bus = busOf(
    [
      { at: 0xff00, rom: 'rom' },
      { at: 0xfe00, mirror: 0xff00, of: 0x100, size: 0x100 },
    ],
    {},
    { images: { rom: counting(0x100) } },
  );
  bus.writeAny(0xfe05, 0xff);
  expect(bus.readAny(0xfe05)).toBe(5);
});

test('a mirror of banked memory follows the bank, through another mirror too', () => {
  const bus = busOf(
    [
      { at: 0x0000, mirror: 0x1000, of: 0x100, size: 0x100 },
      { at: 0x1000, mirror: 0x8000, of: 0x100, size: 0x100 },
      { at: 0x8000, rom: 'rom', bank: 'map.low', size: 0x100 },
      { at: 0x9000, device: 'map' },
    ],
    {},
    { images: { rom: Uint8Array.from({ length: 0x400 }, (_, index) => index >> 8) } },
  );
  bus.writeAny(0x9000, 2);
  expect([bus.readAny(0x8000), bus.readAny(0x1000), bus.readAny(0)]).toEqual([2, 2, 2]);
});

test('a period that is no whole number of pages wraps within a page', () => {
  const bus = busOf(
    [
      { at: 0x8000, rom: 'rom' },
      { at: 0x1000, mirror: 0x8000, of: 0x180, size: 0x300 },
    ],
    {},
    { images: { rom: Uint8Array.from({ length: 0x200 }, (_, index) => index >> 7) } },
  );
  const seen = [0, 0x7f, 0x80, 0x100, 0x17f, 0x180, 0x1ff, 0x200, 0x280, 0x2ff].map((at) => bus.readAny(0x1000 + at));
  expect(seen).toEqual([0, 0, 1, 2, 2, 0, 0, 1, 2, 2]);
});

test('a mirror whose source lies across pages shifts every byte', () => {
  const bus = busOf(
    [
      { at: 0x8000, rom: 'rom' },
      { at: 0x1000, mirror: 0x8080, of: 0x100, size: 0x100 },
    ],
    {},
    { images: { rom: Uint8Array.from({ length: 0x200 }, (_, index) => index >> 1) } },
  );
  expect([bus.readAny(0x1000), bus.readAny(0x1080), bus.readAny(0x10ff)]).toEqual([0x40, 0x80, 0xbf]);
});

describe('is refused:', () => {
  const refusal = (memory: Parameters<typeof busOf>[0]): string => {
    try {
      busOf(memory);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).code).toBe('config/mirror');
      return (error as ConfigError).message;
    }
    throw new Error('it was accepted');
  };

  test('a mirror of itself', () => {
    expect(refusal([{ at: 0x100, mirror: 0, of: 0x101, size: 0x100 }])).toBe(
      'memory[0]: it mirrors itself; mirror another range',
    );
  });

  test('mirrors that go round in a circle', () => {
    expect(
      refusal([
        { at: 0x0000, mirror: 0x1000, of: 0x100, size: 0x100 },
        { at: 0x1000, mirror: 0x2000, of: 0x100, size: 0x100 },
        { at: 0x2000, mirror: 0x0080, of: 0x10, size: 0x100 },
      ]),
    ).toBe('memory[0]: it mirrors itself; mirror another range');
  });

  test('a mirror of what lies beyond the address space, or of nothing', () => {
    const message =
      "memory[0]: what it mirrors is not within the address space; make 'of' the size of what is mirrored";
    expect(refusal([{ at: 0, mirror: 0xff00, of: 0x101, size: 0x100 }])).toBe(message);
    expect(refusal([{ at: 0, mirror: 0xff00, of: 0, size: 0x100 }])).toBe(message);
  });
});
