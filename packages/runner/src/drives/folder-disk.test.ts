import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/temporary-folder.js';
import { type CpmFile, type DiskFormat, filesOn, formatOfSize, makeDisk, withoutFilling } from './cpm-disk.js';
import { FolderDisk } from './folder-disk.js';

const format = formatOfSize(77 * 26 * 128) as DiskFormat;
const root = temporaryFolder();

/** A folder with these files. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(root, 'work-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const file = (name: string, text: string, user = 0): CpmFile => ({ user, name, bytes: Buffer.from(text) });
const tree = (folder: string) =>
  Object.fromEntries(
    (readdirSync(folder, { recursive: true }) as string[])
      .filter((name) => statSync(join(folder, name)).isFile())
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'latin1')]),
  );
const shown = (bytes: Uint8Array) =>
  filesOn(format, bytes, 'work').map(
    ({ user, name, bytes: content }) => `${user}:${name} ${Buffer.from(withoutFilling(content)).toString('latin1')}`,
  );

/** Read a folder, have a guest leave these files on the disk, and bring them back. */
async function afterwards(
  folder: string,
  files: readonly CpmFile[],
  meanwhile: () => void = () => undefined,
): Promise<Record<string, string>> {
  const disk = await FolderDisk.read(folder, format);
  disk.change([{ offset: 0, bytes: makeDisk(format, files, 'work') }]);
  meanwhile();
  disk.save();
  return tree(folder);
}

describe('a folder as a disk', () => {
  test('has its files in capitals, user areas from folders, and nothing that is hidden', async () => {
    const folder = folderWith({
      'hello.txt': 'hello',
      'B.C': 'main',
      '.git': 'x',
      'user-3/data': 'three',
      'user-3/.x': '',
    });
    const { bytes } = await FolderDisk.read(folder, format);
    expect(shown(bytes)).toEqual(['0:B.C main', '0:HELLO.TXT hello', '3:DATA three']);
  });

  test.each<[string, Record<string, string>, string]>([
    [
      'a long name',
      { 'README.html': '' },
      '/README.html: is no name of CP/M, which has at most eight characters, a dot and three more; rename it, or move it out of the folder',
    ],
    [
      'a name that CP/M cannot type',
      { 'a b': '' },
      "/a b: is no name of CP/M, which has no ' '; rename it, or move it out of the folder",
    ],
    ['two names that differ by case', { 'a.txt': '', 'A.TXT': '' }, 'a.txt: is the same as '],
    ['a folder', { 'src/main.c': '' }, '/src: is a directory; a file on a disk ibm-3740 is a file'],
    [
      'a file too large',
      { 'big.dat': 'x'.repeat(250_000) },
      '/big.dat: has 250000 bytes; a file on a disk ibm-3740 has at most 246784',
    ],
    [
      'too much',
      { 'one.dat': 'x'.repeat(200_000), 'two.dat': 'x'.repeat(50_000) },
      ': the files take 245K, a disk ibm-3740 has 241K; take some away, or use a drive with larger disks',
    ],
    [
      'too many files',
      Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`f${index}`, ''])),
      ': 65 files take 65 entries of the directory, a disk ibm-3740 has 64; take some away, or use a drive with larger disks',
    ],
  ])('is refused for %s', async (_name, files, message) => {
    await expect(FolderDisk.read(folderWith(files), format)).rejects.toThrow(message);
  });

  test('is not touched if nothing was written', async () => {
    const folder = folderWith({ 'a.txt': 'one\n' });
    const before = statSync(join(folder, 'a.txt')).mtimeMs;
    const disk = await FolderDisk.read(folder, format);
    disk.save();
    disk.change([{ offset: 0, bytes: disk.bytes.subarray(0, 128) }]);
    disk.save();
    expect([tree(folder), statSync(join(folder, 'a.txt')).mtimeMs]).toEqual([{ 'a.txt': 'one\n' }, before]);
  });

  test('gets what is new or other, under the names it had, and loses nothing', async () => {
    const folder = folderWith({ 'same.txt': 'same', 'other.txt': 'before', 'erased.txt': 'gone' });
    expect(
      await afterwards(folder, [
        file('SAME.TXT', 'same'),
        file('OTHER.TXT', 'after'),
        file('NEW.COM', 'new'),
        file('AREA', 'nine', 9),
      ]),
    ).toEqual({
      'NEW.COM': 'new',
      'erased.txt': 'gone',
      'other.txt': 'after',
      'same.txt': 'same',
      'user-9/AREA': 'nine',
    });
  });

  test('keeps a file with something in it where the disk has an empty one', async () => {
    const folder = folderWith({ 'a.txt': 'work of years' });
    expect(await afterwards(folder, [file('A.TXT', ''), file('B.TXT', '')])).toEqual({
      'B.TXT': '',
      'a.txt': 'work of years',
    });
  });

  test('keeps what somebody else changed, and lays its own beside', async () => {
    const folder = folderWith({ 'a.txt': 'before', 'b.txt': 'before' });
    const disk = await FolderDisk.read(folder, format);
    disk.change([
      {
        offset: 0,
        bytes: makeDisk(format, [file('A.TXT', 'guest'), file('B.TXT', 'guest'), file('C.TXT', 'guest')], 'work'),
      },
    ]);
    writeFileSync(join(folder, 'a.txt'), 'editor');
    writeFileSync(join(folder, 'c.txt'), 'editor');
    writeFileSync(join(folder, 'c.txt.from-disk'), 'older');
    expect(() => disk.save()).toThrow(
      `${join(folder, 'a.txt')}: was changed while the machine ran; what the machine made of it is in ${join(folder, 'a.txt')}.from-disk`,
    );
    expect(tree(folder)).toEqual({
      'a.txt': 'editor',
      'a.txt.from-disk': 'guest',
      'b.txt': 'guest',
      'c.txt': 'editor',
      'c.txt.from-disk': 'older',
      'c.txt.from-disk-2': 'guest',
    });
  });

  test('is left by no name that a guest gives', async () => {
    const folder = folderWith({});
    const outside = folderWith({});
    const names = ['../X', '/ETC', 'A\\B', '..', 'a.txt'];
    const disk = await FolderDisk.read(folder, format);
    const bytes = makeDisk(
      format,
      names.map((_, index) => file(`F${index}`, 'x')),
      'work',
    );
    names.forEach((name, index) => {
      bytes.set(Buffer.from(name.padEnd(11)), 2 * 26 * 128 + [0, 32, 64, 96, 6 * 128][index] + 1);
    });
    disk.change([{ offset: 0, bytes }]);
    disk.save();
    expect(Object.keys(tree(folder))).toEqual(['A_B', '__', '_ETC', '___X', 'a.txt'].sort());
    expect([tree(outside), existsSync(join(folder, '../X'))]).toEqual([{}, false]);
  });

  test('writes through symbolic links, and keeps the mode of files', async () => {
    const folder = folderWith({});
    const target = join(folderWith({ 'real.txt': 'before' }), 'real.txt');
    symlinkSync(target, join(folder, 'link.txt'));
    const mode = statSync(target).mode;
    await afterwards(folder, [file('LINK.TXT', 'after')]);
    expect([readFileSync(target, 'utf8'), statSync(target).mode]).toEqual(['after', mode]);
  });
});
