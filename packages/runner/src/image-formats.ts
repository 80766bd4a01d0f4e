import { BackplaneError } from '@backplane/core';

/** A stretch of bytes that belongs at an address. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Where an image goes: what {@link placeSegments} has to fill. */
export interface Window {
  /** Address of its first byte. */
  readonly at: number;
  /** Its size in bytes, or undefined where the image decides. */
  readonly size: number | undefined;
  /** What bytes hold that no segment covers: 0xff as an erased EPROM, 0 in RAM. */
  readonly fill: number;
}

/** More than any machine of ours can address; an address beyond it is a fault of the file. */
export const imageLimit = 64 << 20;

/**
 * Intel HEX: records 00 (data), 01 (end), 02 and 04 (upper address bits); 03 and 05 (start address) are read over.
 * Source: Intel Hexadecimal Object File Format Specification, revision A, 1988.
 */
export function parseIntelHex(text: string, path: string): Segment[] {
  const segments: Segment[] = [];
  let base = 0;
  for (const { line, where } of lines(text, path)) {
    const record = /^:([0-9a-fA-F]{2})+$/.test(line) ? hexBytes(line.slice(1)) : undefined;
    if (record === undefined || record.length < 5 || record.length !== (record[0] ?? 0) + 5) {
      throw malformed(where, 'is no Intel HEX record', 'each line is :LLAAAATT…CC');
    }
    const sum = record.reduce((total, byte) => total + byte, 0) & 0xff;
    if (sum !== 0) throw malformed(where, 'has a wrong checksum');
    const data = record.subarray(4, -1);
    const word = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
    switch (record[3]) {
      case 0:
        segments.push({ address: base + (((record[1] ?? 0) << 8) | (record[2] ?? 0)), bytes: data });
        break;
      case 1:
        return segments;
      case 2:
        base = word * 16;
        break;
      case 4:
        base = word * 65536;
        break;
      case 3:
      case 5:
        break;
      default:
        throw malformed(where, `has the unknown record type ${record[3]}`);
    }
  }
  throw malformed(path, 'has no end record', 'the file is cut short');
}

/**
 * Motorola S-records: S1, S2, S3 carry data at 2, 3, 4 bytes of address; S0, S5, S6 and the start addresses S7, S8, S9
 * are checked and read over. Source: srec(5).
 */
export function parseSRecords(text: string, path: string): Segment[] {
  const segments: Segment[] = [];
  for (const { line, where } of lines(text, path)) {
    const [, type, hex] = /^S([0-9])((?:[0-9a-fA-F]{2})+)$/.exec(line) ?? [];
    const record = hex === undefined ? undefined : hexBytes(hex);
    if (record === undefined || record.length !== (record[0] ?? 0) + 1 || record.length < 4) {
      throw malformed(where, 'is no S-record', 'each line is S, a type, a length, an address, data and a checksum');
    }
    const sum = record.reduce((total, byte) => total + byte, 0) & 0xff;
    if (sum !== 0xff) throw malformed(where, 'has a wrong checksum');
    const width = Number(type) + 1;
    if (type !== '1' && type !== '2' && type !== '3') continue;
    if (record.length < width + 2) throw malformed(where, 'is too short for its address');
    const address = record.subarray(1, width + 1).reduce((total, byte) => total * 256 + byte, 0);
    segments.push({ address, bytes: record.subarray(width + 1, -1) });
  }
  return segments;
}

/** Commodore's .prg: a load address, low byte first, and the bytes that go there. */
export function parsePrg(bytes: Uint8Array, path: string): Segment[] {
  if (bytes.length < 3)
    throw malformed(path, `is no .prg file: it has ${bytes.length} bytes`, 'it begins with a load address of 2 bytes');
  return [{ address: (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8), bytes: bytes.subarray(2) }];
}

/** Lay segments into the window they are meant for. */
export function placeSegments(segments: readonly Segment[], window: Window, path: string): Uint8Array {
  const end = segments.reduce((last, { address, bytes }) => Math.max(last, address + bytes.length), window.at);
  const size = window.size ?? end - window.at;
  for (const { address, bytes } of segments) {
    const offset = address - window.at;
    if (offset < 0 || offset + bytes.length > size || size > imageLimit) {
      throw malformed(
        path,
        `has bytes at ${range(address, bytes.length)}, outside ${window.size === undefined ? `what begins at ${hex(window.at)}` : range(window.at, size)}`,
        'link it for the region it is loaded into',
      );
    }
  }
  const image = new Uint8Array(size).fill(window.fill);
  for (const { address, bytes } of segments) image.set(bytes, address - window.at);
  return image;
}

/** Segments in the order of their addresses, those that touch made one. */
export function joinSegments(segments: readonly Segment[]): Segment[] {
  const joined: { address: number; pieces: Uint8Array[]; end: number }[] = [];
  for (const { address, bytes } of [...segments].sort((a, b) => a.address - b.address)) {
    const last = joined.at(-1);
    if (last?.end === address) {
      last.pieces.push(bytes);
      last.end += bytes.length;
    } else joined.push({ address, pieces: [bytes], end: address + bytes.length });
  }
  return joined.map(({ address, pieces }) => ({ address, bytes: Buffer.concat(pieces) }));
}

const hex = (value: number) => `$${value.toString(16).padStart(4, '0')}`;
const range = (at: number, size: number) => `${hex(at)}–${hex(at + Math.max(size, 1) - 1)}`;

const hexBytes = (digits: string) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

function* lines(text: string, path: string): Generator<{ line: string; where: string }> {
  let number = 0;
  for (const raw of text.split(/\r\n?|\n/)) {
    number += 1;
    const line = raw.trim();
    if (line !== '') yield { line, where: `${path}:${number}` };
  }
}

const malformed = (path: string, fault: string, mend?: string) =>
  new BackplaneError('runner/image', fault, { path, ...(mend ? { mend } : {}) });
