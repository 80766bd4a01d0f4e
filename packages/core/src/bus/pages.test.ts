import { describe, expect, test } from 'vitest';
import { ENTRY_WORDS, READ, WRITE } from './bus.js';
import { busOf, counting } from './test-bus.js';

const isPlain = (bus: ReturnType<typeof busOf>, address: number, word: typeof READ | typeof WRITE): boolean =>
  (bus.table[(address >>> bus.pageShift) * ENTRY_WORDS + word] as number) >= 0;

describe('a plain page', () => {
  const bus = busOf([{ at: 0x1000, ram: 0x1000 }]);

  test('of RAM is plain for reads and writes', () => {
    expect([isPlain(bus, 0x1000, READ), isPlain(bus, 0x1fff, WRITE)]).toEqual([true, true]);
  });

  test('keeps what is written', () => {
    bus.writeAny(0x1234, 0x56);
    expect(bus.readAny(0x1234)).toBe(0x56);
    expect(bus.peek(0x1234)).toBe(0x56);
  });

  test('ends where its region ends', () => {
    expect([isPlain(bus, 0x0fff, READ), isPlain(bus, 0x2000, READ)]).toEqual([false, false]);
  });
});

describe('ROM', () => {
  const bus = busOf([{ at: 0xff00, rom: 'rom' }], {}, { images: { rom: counting(256) } });

  test('is plain for reads alone', () => {
    expect([isPlain(bus, 0xff00, READ), isPlain(bus, 0xff00, WRITE)]).toEqual([true, false]);
  });

  test('ignores writes', () => {
    bus.writeAny(0xff10, 0xaa);
    expect(bus.readAny(0xff10)).toBe(0x10);
  });

  test('changes when it is poked', () => {
    expect(bus.poke(0xff20, 0xbb)).toBe(true);
    expect(bus.readAny(0xff20)).toBe(0xbb);
  });
});

describe('a mixed page', () => {
  const bus = busOf([
    { at: 0, ram: 0x200 },
    { at: 0x110, device: 'dev', priority: 1 },
  ]);

  test('is not plain, while its neighbour is', () => {
    expect([isPlain(bus, 0x000, READ), isPlain(bus, 0x100, READ), isPlain(bus, 0x100, WRITE)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('tells memory from device byte by byte', () => {
    for (let address = 0x10e; address < 0x116; address += 1) bus.writeAny(address, address & 0xff);
    expect([bus.peek(0x10f), bus.peek(0x110), bus.peek(0x113), bus.peek(0x114)]).toEqual([0x0f, 0x10, 0x13, 0x14]);
    // A poke reaches memory, never a device.
    expect([bus.poke(0x110, 1), bus.poke(0x114, 1)]).toEqual([false, true]);
    expect([bus.peek(0x110), bus.peek(0x114)]).toEqual([0x10, 1]);
  });
});

test('a region that another one hides wholly does not make a page mixed', () => {
  const bus = busOf([
    { at: 0x110, ram: 0x10 },
    { at: 0x100, ram: 0x100, priority: 1 },
  ]);
  expect(isPlain(bus, 0x100, READ)).toBe(true);
});

test('open bus reads as the config says and swallows writes', () => {
  const bus = busOf([], { openBus: 0x5a });
  bus.writeAny(0x4000, 1);
  expect([bus.readAny(0x4000), bus.peek(0x4000), bus.poke(0x4000, 1)]).toEqual([0x5a, 0x5a, false]);
});

test('open bus is ff unless the config says otherwise', () => {
  expect(busOf([]).readAny(0)).toBe(0xff);
});

describe('a space of 20 bits', () => {
  const bus = busOf(
    [
      { at: 0xffff0, rom: 'boot' },
      { at: 0, ram: '640K' },
    ],
    {},
    { addressWidth: 20, images: { boot: counting(16, 0xf0) } },
  );

  test('has 4,096 pages of 256 bytes', () => {
    expect([bus.pageCount, bus.pageMask]).toEqual([4096, 255]);
  });

  test('reaches its last byte', () => {
    expect([bus.readAny(0xffff0), bus.readAny(0xfffff), bus.readAny(0xfffef)]).toEqual([0xf0, 0xff, 0xff]);
    bus.writeAny(0x9ffff, 7);
    bus.writeAny(0xa0000, 7);
    expect([bus.readAny(0x9ffff), bus.readAny(0xa0000)]).toEqual([7, 0xff]);
  });
});

test.each([8, 10, 16, 20, 24, 31])('a space of %i bits answers at both ends', (addressWidth) => {
  const last = 2 ** addressWidth - 1;
  const bus = busOf(
    [
      { at: 0, ram: 1 },
      { at: last, ram: 1 },
    ],
    {},
    { addressWidth },
  );
  bus.writeAny(0, 1);
  bus.writeAny(last, 2);
  bus.writeAny(1, 3);
  expect([bus.readAny(0), bus.readAny(last), bus.readAny(1), bus.readAny(last - 1)]).toEqual([1, 2, 0xff, 0xff]);
});
