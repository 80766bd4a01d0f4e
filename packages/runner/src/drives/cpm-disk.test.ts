import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/temporary-folder.js';
import {
  type CpmFile,
  capacityOf,
  type DiskFormat,
  filesOn,
  formatOfSize,
  makeDisk,
  nameFault,
  wholeRecords,
  withoutFilling,
} from './cpm-disk.js';

const floppy = formatOfSize(77 * 26 * 128) as DiskFormat;
const hardDisk = formatOfSize(255 * 128 * 128) as DiskFormat;

const name = fc
  .tuple(fc.stringMatching(/^[A-Z0-9$_!-]{1,8}$/), fc.stringMatching(/^[A-Z0-9$]{0,3}$/))
  .map(([stem, type]) => (type === '' ? stem : `${stem}.${type}`));
const size = fc.oneof(fc.nat(3000), fc.constantFrom(0, 1, 127, 128, 129, 1024, 16383, 16384, 16385, 40000));
/** Bytes that tell which file and which place they are of. */
const content = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 7) + seed) & 0xff);
const file = fc
  .record({ user: fc.oneof(fc.constant(0), fc.nat(15)), name, size, seed: fc.nat(255) })
  .map(({ user, name: called, size: length, seed }): CpmFile => ({ user, name: called, bytes: content(length, seed) }));
const files = fc.uniqueArray(file, { maxLength: 20, selector: (one) => `${one.user}:${one.name}` });

const shown = (list: readonly CpmFile[]) =>
  list
    .map(({ user, name: called, bytes }) => `${user}:${called} ${Buffer.from(wholeRecords(bytes)).toString('latin1')}`)
    .sort();

describe.each([floppy, hardDisk])('a disk $name', (format) => {
  test('gives back the files that were put onto it', () => {
    fc.assert(
      fc.property(files, (list) => {
        const total = list.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / format.blockSize), 0);
        fc.pre(total * format.blockSize <= capacityOf(format));
        expect(shown(filesOn(format, makeDisk(format, list, 'work'), 'work'))).toEqual(shown(list));
      }),
    );
  });

  test('may be full to the last block, and takes no more', () => {
    const most: CpmFile = { user: 0, name: 'MOST', bytes: content(capacityOf(format), 5) };
    expect(shown(filesOn(format, makeDisk(format, [most], 'work'), 'work'))).toEqual(shown([most]));
    expect(() => makeDisk(format, [most, { user: 0, name: 'ONE', bytes: Uint8Array.of(1) }], 'work')).toThrow(
      /^work: the files take \d+K, a disk .* has \d+K; take some away, or use a drive with larger disks$/,
    );
  });

  test('has as many files as its directory has entries', () => {
    const list = Array.from(
      { length: format.entries },
      (_, index): CpmFile => ({ user: 0, name: `F${index}`, bytes: Uint8Array.of() }),
    );
    expect(filesOn(format, makeDisk(format, list, 'work'), 'work').length).toBe(format.entries);
    expect(() => makeDisk(format, [...list, { user: 0, name: 'ONE', bytes: Uint8Array.of() }], 'work')).toThrow(
      `work: ${format.entries + 1} files take ${format.entries + 1} entries of the directory, a disk ${format.name} has ${format.entries}`,
    );
  });
});

describe('what is on a disk', () => {
  test('is read past labels, attributes and holes', () => {
    const disk = makeDisk(floppy, [{ user: 0, name: 'A.COM', bytes: content(3000, 1) }], 'work');
    const directory = 2 * 26 * 128;
    const entry = disk.subarray(directory, directory + 32);
    entry[9] = (entry[9] as number) | 0x80;
    entry[17] = 0;
    disk.set(Uint8Array.of(0x20, ...Buffer.from('LABEL      ')), directory + 32);
    const wanted = wholeRecords(content(3000, 1)).fill(0, 1024, 2048);
    expect(shown(filesOn(floppy, disk, 'work'))).toEqual(shown([{ user: 0, name: 'A.COM', bytes: wanted }]));
  });

  test('may be damaged', () => {
    const disk = makeDisk(floppy, [{ user: 0, name: 'A.COM', bytes: content(3000, 1) }], 'work');
    disk[2 * 26 * 128 + 16] = 243;
    expect(() => filesOn(floppy, disk, 'work')).toThrow('work: A.COM has block 243, which no file can have');
  });
});

test('a file without its filling is the same file to CP/M', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(300), (bytes, marks) => {
      const records = wholeRecords(Uint8Array.of(...bytes, ...Array(marks).fill(0x1a)));
      const bare = withoutFilling(records);
      expect(wholeRecords(bare)).toEqual(records);
      expect(
        bare.length === 0 || bare.length % 128 === 0 || bare.at(-1) !== 0x1a || records.length - bare.length === 127,
      ).toBe(true);
    }),
  );
});

test.each([
  ['A', undefined],
  ['READ.ME', undefined],
  ['12345678.123', undefined],
  ['A_B-C$.~#1', undefined],
  ['123456789', 'is no name of CP/M, which has at most eight characters, a dot and three more'],
  ['A.HTML', 'is no name of CP/M, which has at most eight characters, a dot and three more'],
  ['A.B.C', 'is no name of CP/M, which has at most eight characters, a dot and three more'],
  ['A.', 'is no name of CP/M, which has at most eight characters, a dot and three more'],
  ['.A', 'is no name of CP/M, which has at most eight characters, a dot and three more'],
  ['A B', "is no name of CP/M, which has no ' '"],
  ['A=B', "is no name of CP/M, which has no '='"],
  ['Ä', "is no name of CP/M, which has no 'Ä'"],
])('%s as a name: %s', (called, fault) => {
  expect(nameFault(called)).toBe(fault);
});

// Debian's cpmtools, where they are installed, say the same of floppies. (On fresh disks z80pack-hd, their own as well,
// those of version 2.23 overrun their memory. What CP/M says of ours is in tests/software.)
describe.skipIf(spawnSync('cpmls', ['-V']).error !== undefined)('cpmtools', () => {
  const folder = temporaryFolder();
  const list: CpmFile[] = [
    { user: 0, name: 'EMPTY', bytes: Uint8Array.of() },
    { user: 0, name: 'SHORT.TXT', bytes: Buffer.from('hello\r\n') },
    { user: 0, name: 'LONG.COM', bytes: content(40000, 3) },
    { user: 3, name: 'OTHER.DAT', bytes: content(17000, 9) },
  ];

  const format = floppy;

  test('find the files on a disk, and no fault', () => {
    const image = join(folder, `${format.name}.dsk`);
    const out = join(folder, format.name);
    mkdirSync(out);
    writeFileSync(image, makeDisk(format, list, 'work'));
    execFileSync('fsck.cpm', ['-n', '-f', format.name, image]);
    execFileSync('cpmcp', ['-f', format.name, image, '0:*', '3:*', out]);
    const found = readdirSync(out).map(
      (called): CpmFile => ({ user: 0, name: called.toUpperCase(), bytes: readFileSync(join(out, called)) }),
    );
    expect(shown(found)).toEqual(shown(list.map((one) => ({ ...one, user: 0 }))));
  });

  test('make a disk that is read as they meant it', () => {
    const image = join(folder, `${format.name}-made.dsk`);
    execFileSync('mkfs.cpm', ['-f', format.name, image]);
    for (const { user, name: called, bytes } of list) {
      const path = join(folder, called);
      writeFileSync(path, bytes);
      execFileSync('cpmcp', ['-f', format.name, image, path, `${user}:${called.toLowerCase()}`]);
    }
    const whole = new Uint8Array(format.tracks * format.sectors * 128).fill(0xe5);
    whole.set(readFileSync(image).subarray(0, whole.length));
    // What fills the last record up is left open.
    const found = filesOn(format, whole, 'work').map((one) => {
      const wanted = list.find(({ name: called }) => called === one.name) as CpmFile;
      expect(one.bytes.length).toBe(wholeRecords(wanted.bytes).length);
      return { ...one, bytes: one.bytes.subarray(0, wanted.bytes.length) };
    });
    expect(shown(found)).toEqual(shown(list));
  });
});
