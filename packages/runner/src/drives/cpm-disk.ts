/**
 * Disks of CP/M 2.2 as bytes: files onto a fresh one, and files from one. "CP/M 2.2 Alteration Guide", Digital Research
 * 1979, section 10, has the disk parameters; "Interface Guide", section 2, the directory.
 *
 * A directory entry has 32 bytes and covers 16 KiB of a file: user (E5: unused), name and type with attributes in
 * their high bits, the entry's number in the file (5 bits in byte 12, the rest in byte 14), its records in byte 15, and
 * the numbers of its blocks.
 */
import { BackplaneError } from '@backplane/core';

export interface DiskFormat {
  /** As cpmtools calls it. */
  readonly name: string;
  readonly tracks: number;
  readonly sectors: number;
  /** Sectors from one to the next of a file; 0: they stand in their order. */
  readonly skew: number;
  /** Tracks before the directory. */
  readonly systemTracks: number;
  readonly blockSize: number;
  /** Entries of the directory. */
  readonly entries: number;
}

export interface CpmFile {
  /** 0–15. */
  readonly user: number;
  /** `NAME.EXT`, in capitals. */
  readonly name: string;
  /** Whole records, when it was read from a disk. */
  readonly bytes: Uint8Array;
}

const FORMATS: readonly DiskFormat[] = [
  { name: 'ibm-3740', tracks: 77, sectors: 26, skew: 6, systemTracks: 2, blockSize: 1024, entries: 64 },
  { name: 'z80pack-hd', tracks: 255, sectors: 128, skew: 0, systemTracks: 0, blockSize: 2048, entries: 1024 },
];

export const RECORD = 128;
const ENTRY = 32;
const UNUSED = 0xe5;
const END_OF_FILE = 0x1a;
const RECORDS_PER_ENTRY = 128;
const USERS = 16;
/** Of byte 12. */
const ENTRY_NUMBERS = 32;

const sizeOf = ({ tracks, sectors }: DiskFormat): number => tracks * sectors * RECORD;
const blocksOf = ({ tracks, sectors, systemTracks, blockSize }: DiskFormat): number =>
  Math.floor(((tracks - systemTracks) * sectors * RECORD) / blockSize);
const directoryBlocks = ({ entries, blockSize }: DiskFormat): number => (entries * ENTRY) / blockSize;

/** The format of disks of this size. */
export const formatOfSize = (size: number): DiskFormat | undefined => FORMATS.find((format) => sizeOf(format) === size);

/** Bytes that files may have on a disk, all together. */
export const capacityOf = (format: DiskFormat): number =>
  (blocksOf(format) - directoryBlocks(format)) * format.blockSize;

/** The bytes of a file as whole records, filled up by the end-of-file mark. */
export function wholeRecords(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / RECORD) * RECORD).fill(END_OF_FILE);
  whole.set(bytes);
  return whole;
}

/** A file without what fills its last record up; {@link wholeRecords} brings that back. */
export function withoutFilling(bytes: Uint8Array): Uint8Array {
  let { length } = bytes;
  while (length > bytes.length - RECORD + 1 && bytes[length - 1] === END_OF_FILE) length -= 1;
  return bytes.slice(0, length);
}

/** Why a name cannot be one of CP/M, or undefined. */
export function nameFault(name: string): string | undefined {
  const [, stem, type = ''] = /^([^.]+)(?:\.([^.]*))?$/.exec(name) ?? [];
  if (stem === undefined || stem.length > 8 || type.length > 3 || name.endsWith('.')) {
    return 'is no name of CP/M, which has at most eight characters, a dot and three more';
  }
  const [bad] = /[^!-~]|[<>,;:=?*[\]/\\]/.exec(name) ?? [];
  return bad === undefined ? undefined : `is no name of CP/M, which has no '${bad}'`;
}

/** A disk in one of the formats. */
class Disk {
  readonly bytes: Uint8Array;
  readonly #format: DiskFormat;
  /** Where each sector of a track stands. */
  readonly #places: readonly number[];
  /** How many block numbers an entry has, and in how many bytes each. */
  readonly pointers: number;
  readonly #pointerBytes: number;

  constructor(format: DiskFormat, bytes: Uint8Array) {
    this.bytes = bytes;
    this.#format = format;
    this.#pointerBytes = blocksOf(format) > 256 ? 2 : 1;
    this.pointers = 16 / this.#pointerBytes;
    const places: number[] = [];
    for (let place = 0; places.length < format.sectors; place = (place + format.skew) % format.sectors) {
      while (places.includes(place)) place = (place + 1) % format.sectors;
      places.push(place);
    }
    this.#places = places;
  }

  /** A record of a block. */
  record(block: number, index: number): Uint8Array {
    const { sectors, systemTracks, blockSize } = this.#format;
    const number = block * (blockSize / RECORD) + index;
    const track = systemTracks + Math.floor(number / sectors);
    const at = (track * sectors + (this.#places[number % sectors] as number)) * RECORD;
    return this.bytes.subarray(at, at + RECORD);
  }

  entry(number: number): Uint8Array {
    const perRecord = RECORD / ENTRY;
    const record = this.record(0, Math.floor(number / perRecord));
    return record.subarray((number % perRecord) * ENTRY, ((number % perRecord) + 1) * ENTRY);
  }

  pointer(entry: Uint8Array, index: number): number {
    const at = 16 + index * this.#pointerBytes;
    return (entry[at] as number) | (this.#pointerBytes === 2 ? (entry[at + 1] as number) << 8 : 0);
  }

  setPointer(entry: Uint8Array, index: number, block: number): void {
    const at = 16 + index * this.#pointerBytes;
    entry[at] = block;
    if (this.#pointerBytes === 2) entry[at + 1] = block >> 8;
  }
}

/**
 * A fresh disk with these files.
 *
 * @param path what is made a disk, for messages
 * @throws BackplaneError `runner/disk-full` if they do not fit
 */
export function makeDisk(format: DiskFormat, files: readonly CpmFile[], path: string): Uint8Array {
  const disk = new Disk(format, new Uint8Array(sizeOf(format)).fill(UNUSED));
  const recordsPerBlock = format.blockSize / RECORD;
  const entriesFor = (file: CpmFile): number => Math.max(1, Math.ceil(file.bytes.length / RECORD / RECORDS_PER_ENTRY));
  const entries = files.reduce((sum, file) => sum + entriesFor(file), 0);
  if (entries > format.entries) {
    throw full(
      path,
      `${files.length} files take ${entries} entries of the directory, a disk ${format.name} has ${format.entries}`,
    );
  }
  const blocks = files.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / format.blockSize), 0);
  if (blocks * format.blockSize > capacityOf(format)) {
    throw full(
      path,
      `the files take ${kilobytes(blocks * format.blockSize)}, a disk ${format.name} has ${kilobytes(capacityOf(format))}`,
    );
  }
  let block = directoryBlocks(format);
  let next = 0;
  for (const file of files) {
    const content = wholeRecords(file.bytes);
    const records = content.length / RECORD;
    for (let number = 0; number < entriesFor(file); number += 1) {
      const entry = disk.entry(next);
      next += 1;
      const first = number * RECORDS_PER_ENTRY;
      const count = Math.min(RECORDS_PER_ENTRY, records - first);
      entry.fill(0);
      entry.set(entryName(file.name), 1);
      entry[0] = file.user;
      entry[12] = number % ENTRY_NUMBERS;
      entry[14] = Math.floor(number / ENTRY_NUMBERS);
      entry[15] = count;
      for (let index = 0; index < count; index += 1) {
        if (index % recordsPerBlock === 0) {
          disk.setPointer(entry, index / recordsPerBlock, block);
          block += 1;
        }
        const from = (first + index) * RECORD;
        disk.record(block - 1, index % recordsPerBlock).set(content.subarray(from, from + RECORD));
      }
    }
  }
  return disk.bytes;
}

const full = (path: string, fault: string): BackplaneError =>
  new BackplaneError('runner/disk-full', fault, { path, mend: 'take some away, or use a drive with larger disks' });

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1024)}K`;

function entryName(name: string): Uint8Array {
  const [stem = '', type = ''] = name.split('.');
  return Uint8Array.from(`${stem.padEnd(8)}${type.padEnd(3)}`, (letter) => letter.charCodeAt(0));
}

/**
 * The files on a disk. What is no file (labels, time stamps) is passed over.
 *
 * @param path whose disk it is, for messages
 * @throws BackplaneError `runner/disk-damaged` if its directory cannot be
 */
export function filesOn(format: DiskFormat, bytes: Uint8Array, path: string): CpmFile[] {
  const disk = new Disk(format, bytes);
  const recordsPerBlock = format.blockSize / RECORD;
  const files = new Map<string, { user: number; name: string; records: Map<number, Uint8Array>; length: number }>();
  for (let number = 0; number < format.entries; number += 1) {
    const entry = disk.entry(number);
    const user = entry[0] as number;
    if (user >= USERS) continue;
    const letters = String.fromCharCode(...entry.subarray(1, 12).map((byte) => byte & 0x7f));
    const type = letters.slice(8).trimEnd();
    const name = `${letters.slice(0, 8).trimEnd()}${type === '' ? '' : `.${type}`}`;
    const key = `${user}:${name}`;
    const file = files.get(key) ?? { user, name, records: new Map(), length: 0 };
    files.set(key, file);
    const first = (((entry[12] as number) & 0x1f) + ((entry[14] as number) & 0x3f) * ENTRY_NUMBERS) * RECORDS_PER_ENTRY;
    const count = Math.min(RECORDS_PER_ENTRY, entry[15] as number);
    file.length = Math.max(file.length, first + count);
    for (let index = 0; index < count; index += 1) {
      const block = disk.pointer(entry, Math.floor(index / recordsPerBlock));
      // Never written: programs may leave holes in a file.
      if (block === 0) continue;
      if (block < directoryBlocks(format) || block >= blocksOf(format)) {
        throw new BackplaneError('runner/disk-damaged', `${name} has block ${block}, which no file can have`, { path });
      }
      file.records.set(first + index, disk.record(block, index % recordsPerBlock));
    }
  }
  return [...files.values()].map(({ user, name, records, length }) => {
    const content = new Uint8Array(length * RECORD);
    for (const [record, written] of records) content.set(written, record * RECORD);
    return { user, name, bytes: content };
  });
}
