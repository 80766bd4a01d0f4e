/**
 * File control blocks: what a program and CP/M tell each other of a file. "CP/M 2.2 Interface Guide", Digital Research
 * 1979, section 2.
 *
 *     0      drive: 0 the current one, 1–16 A–P; ? in a search: all entries
 *     1–11   name and type, attributes in the high bits
 *     12     extent, low five bits   14  its high six bits (s2)
 *     15     records in the extent   16–31  its blocks
 *     32     record in the extent    33–35  random record
 */
import type { Machine } from '@backplane/core';

export const EXTENT = 128;
const EXTENTS = 32;

/** What a name in a control block may stand for. */
export interface Pattern {
  matches(name: string): boolean;
  /** The name, if it stands for one only. */
  readonly name: string | undefined;
}

const ANY = '?';

/** Name and type as `NAME.TYP`; undefined if it cannot be a name. */
function joined(letters: string): string | undefined {
  const stem = letters.slice(0, 8).trimEnd();
  const type = letters.slice(8).trimEnd();
  // A dot belongs to neither: `A.B` in the name and nothing in the type would be another file's name.
  if (stem === '' || /[. ]/.test(stem + type)) return undefined;
  return type === '' ? stem : `${stem}.${type}`;
}

/** Name and type in eleven letters. */
export function letters(name: string): string {
  const [stem = '', type = ''] = name.split('.');
  return `${stem.padEnd(8)}${type.padEnd(3)}`;
}

export function pattern(text: string): Pattern {
  const matches = (name: string) => [...letters(name)].every((letter, at) => text[at] === ANY || text[at] === letter);
  return { matches, name: text.includes(ANY) ? undefined : joined(text) };
}

/** A control block in the memory of a program. */
export class ControlBlock {
  readonly #memory: Machine['memory'];
  readonly #address: number;

  constructor(memory: Machine['memory'], address: number) {
    this.#memory = memory;
    this.#address = address;
  }

  get(at: number): number {
    return this.#memory.peek((this.#address + at) & 0xffff);
  }

  set(at: number, value: number): void {
    this.#memory.poke((this.#address + at) & 0xffff, value & 0xff);
  }

  /** Name and type from `at` on, in capitals, without attributes. */
  letters(at = 1): string {
    const codes = Array.from({ length: 11 }, (_, index) => this.get(at + index) & 0x7f);
    return String.fromCharCode(...codes).toUpperCase();
  }

  setName(name: string): void {
    [...letters(name)].forEach((letter, index) => {
      this.set(1 + index, letter.charCodeAt(0));
    });
  }

  get extent(): number {
    return (this.get(14) & 0x3f) * EXTENTS + (this.get(12) & 0x1f);
  }

  /** The record that a sequential access is for. */
  get record(): number {
    return this.extent * EXTENT + this.get(32);
  }

  /** Stand at a record of a file with so many records. */
  stand(record: number, records: number): void {
    const extent = Math.floor(record / EXTENT);
    this.set(12, extent % EXTENTS);
    this.set(14, Math.floor(extent / EXTENTS));
    this.set(32, record % EXTENT);
    this.describe(records);
  }

  /** Say what the extent has. */
  describe(records: number): void {
    const entry = directoryEntry('', this.extent, records);
    for (let at = 15; at < 32; at += 1) this.set(at, entry[at] as number);
  }

  /** The random record; over 65,535 it is beyond every file. */
  get random(): number {
    return this.get(33) | (this.get(34) << 8) | (this.get(35) << 16);
  }

  set random(record: number) {
    this.set(33, record);
    this.set(34, record >> 8);
    this.set(35, record >> 16);
  }
}

/** Records in a block of 2 KiB; see the disk parameters. */
const RECORDS_PER_BLOCK = 16;

/** The directory entry of an extent. Files have no blocks here: the numbers only say that something is there. */
export function directoryEntry(name: string, extent: number, records: number): Uint8Array {
  const entry = new Uint8Array(32);
  entry.set(Buffer.from(letters(name), 'latin1'), 1);
  entry[12] = extent % EXTENTS;
  entry[14] = Math.floor(extent / EXTENTS);
  const count = Math.max(0, Math.min(EXTENT, records - extent * EXTENT));
  entry[15] = count;
  for (let block = 0; block < Math.ceil(count / RECORDS_PER_BLOCK); block += 1) entry[16 + 2 * block] = block + 2;
  return entry;
}
