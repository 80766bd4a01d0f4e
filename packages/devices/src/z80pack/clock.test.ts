import { deviceLaws } from '@backplane/core/testing';
import { describe, expect, test } from 'vitest';
import { bench } from '../test-bench.js';
import { z80packClock } from './clock.js';

test.each(deviceLaws(z80packClock))('%s', (_name, law) => law());

const COMMAND = 0;
const DATA = 1;

describe('the clock', () => {
  const at = (start: string, shown: number, { isBinary = false, hertz = 1000, cycles = 0 } = {}): number => {
    const { write, peek, idle } = bench(z80packClock, { start }, hertz);
    if (isBinary) write(COMMAND, 0xff);
    write(COMMAND, shown);
    if (cycles > 0) idle(cycles);
    return peek(DATA);
  };

  test.each([
    ['1978-01-01', [0, 0, 0, 1, 0, 0x01, 0, 0x78]],
    ['1989-05-19 23:45:57', [0x57, 0x45, 0x23, 0x3d, 0x10, 0x19, 4, 0x89]],
    ['1988-12-31T12:00:00', [0, 0, 0x12, 0xb2, 0x0f, 0x31, 0x11, 0x88]],
    ['1980-02-29 00:01', [0, 0x01, 0, 0x16, 0x03, 0x29, 1, 0x80]],
    // What C's tm_year makes of it, in BCD with a digit of ten.
    ['2000-03-01', [0, 0, 0, 0xa0, 0x1f, 0x01, 2, 0xa0]],
  ])('tells %s', (start, wanted) => {
    expect(wanted.map((_, shown) => at(start, shown))).toEqual(wanted);
  });

  test('tells numbers in binary if it is told to, and back', () => {
    expect([0, 2, 3, 7].map((shown) => at('1989-05-19 23:45:57', shown, { isBinary: true }))).toEqual([
      57, 23, 0x3d, 89,
    ]);
    const { write, read } = bench(z80packClock);
    write(COMMAND, 0xff);
    expect([read(COMMAND), read(DATA)]).toEqual([1, 0]);
    write(COMMAND, 0xff);
    expect(read(COMMAND)).toBe(0);
  });

  test('goes with guest time, over the ends of days, months and years', () => {
    const start = '1988-12-31 23:59:58';
    const seconds = (count: number, shown: number) => at(start, shown, { cycles: count * 1000 });
    expect([seconds(1, 0), seconds(3, 0), seconds(3, 2), seconds(3, 5), seconds(3, 6), seconds(3, 7)]).toEqual([
      0x59, 0x01, 0, 0x01, 0, 0x89,
    ]);
    expect(seconds(3, 3)).toBe(0xb3);
  });

  test('knows no more than eight numbers', () => {
    expect(at('1989-05-19 01:02:03', 8)).toBe(0);
  });

  test.each(['', 'today', '1989-13-01', '1989-02-29', '1977-12-31', '2100-01-01', '1989-05-19 24:00'])(
    'refuses %j as a start',
    (start) => {
      expect(() => bench(z80packClock, { start })).toThrow(
        `devices.dut.start: '${start}' is no date; write 1989-05-19 or 1989-05-19 12:30:00`,
      );
    },
  );
});
