import { describe, expect, it } from 'vitest';
import { parseIntelHex, parsePrg, parseSRecords, placeSegments } from './image-formats.js';

describe('Intel HEX', () => {
  it('reads data at its addresses', () => {
    const segments = parseIntelHex(':03800000A9016073\r\n:00000001FF\r\n', 'a.hex');
    expect(segments).toEqual([{ address: 0x8000, bytes: Uint8Array.of(0xa9, 1, 0x60) }]);
  });

  it('adds the upper bits of records 02 and 04', () => {
    const text = ':020000021000EC\n:0100000055AA\n:020000040001F9\n:010000006699\n:00000001FF';
    expect(parseIntelHex(text, 'a.hex').map(({ address }) => address)).toEqual([0x10000, 0x10000]);
  });

  it.each([
    ['hello', 'a.hex:1: is no Intel HEX record'],
    [':0100000055AB', 'a.hex:1: has a wrong checksum'],
    ['\n:0100000955A1', 'a.hex:2: has the unknown record type 9'],
    [':0100000055AA', 'a.hex: has no end record'],
    [':020000005A', 'a.hex:1: is no Intel HEX record'],
  ])('refuses %j', (text, message) => {
    expect(() => parseIntelHex(text, 'a.hex')).toThrow(message);
  });
});

describe('S-records', () => {
  it('reads addresses of two, three and four bytes', () => {
    const text = 'S0030000FC\nS10480005526\n';
    expect(parseSRecords(`${text}S9030000FC\n`, 'a.s19')).toEqual([{ address: 0x8000, bytes: Uint8Array.of(0x55) }]);
    expect(parseSRecords('S20501000055A4', 'a.s28')).toEqual([{ address: 0x10000, bytes: Uint8Array.of(0x55) }]);
    expect(parseSRecords('S3060001000055A3', 'a.s37')).toEqual([{ address: 0x10000, bytes: Uint8Array.of(0x55) }]);
  });

  it.each([
    ['S1048000', 'a.s19:1: is no S-record'],
    ['S10480005527', 'a.s19:1: has a wrong checksum'],
    [':00000001FF', 'a.s19:1: is no S-record'],
  ])('refuses %j', (text, message) => {
    expect(() => parseSRecords(text, 'a.s19')).toThrow(message);
  });
});

describe('.prg', () => {
  it('takes its load address from its first two bytes', () => {
    expect(parsePrg(Uint8Array.of(0x01, 0x08, 1, 2), 'a.prg')).toEqual([
      { address: 0x801, bytes: Uint8Array.of(1, 2) },
    ]);
  });
  it('needs a byte to load', () => {
    expect(() => parsePrg(Uint8Array.of(0x01, 0x08), 'a.prg')).toThrow('a.prg: is no .prg file: it has 2 bytes');
  });
});

describe('placeSegments', () => {
  const segments = [{ address: 0x8002, bytes: Uint8Array.of(1, 2) }];
  it('fills what no segment covers', () => {
    expect(placeSegments(segments, { at: 0x8000, size: 6, fill: 0xff }, 'a')).toEqual(
      Uint8Array.of(255, 255, 1, 2, 255, 255),
    );
  });
  it('lets the last segment decide where no size is given', () => {
    expect(placeSegments(segments, { at: 0x8000, size: undefined, fill: 0 }, 'a')).toEqual(Uint8Array.of(0, 0, 1, 2));
  });
  it('refuses bytes outside', () => {
    expect(() => placeSegments(segments, { at: 0x8000, size: 3, fill: 0 }, 'a.hex')).toThrow(
      'a.hex: has bytes at $8002–$8003, outside $8000–$8002',
    );
    expect(() => placeSegments(segments, { at: 0x9000, size: undefined, fill: 0 }, 'a.hex')).toThrow(
      'a.hex: has bytes',
    );
  });
});
