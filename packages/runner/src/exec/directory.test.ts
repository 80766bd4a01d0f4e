import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/temporary-folder.js';
import { Budget } from './budget.js';
import { HostDirectory, OverlayDirectory } from './directory.js';

describe.each(['directory', 'overlay'])('a %s', (kind) => {
  const open = (path: string) => {
    const budget = new Budget(1_000_000, 'files');
    const base = new HostDirectory(path, { isWritable: kind === 'directory', budget });
    return kind === 'directory' ? base : new OverlayDirectory(base, budget);
  };

  test('shows regular files only, and cannot tell the rest from what is missing', () => {
    const root = temporaryFolder();
    const inside = join(root, 'inside');
    mkdirSync(join(inside, 'folder'), { recursive: true });
    writeFileSync(join(root, 'secret'), 'secret');
    writeFileSync(join(inside, 'file'), 'file');
    symlinkSync('../secret', join(inside, 'link'));
    symlinkSync('nowhere', join(inside, 'dangling'));
    symlinkSync('file', join(inside, 'inner-link'));
    execFileSync('mkfifo', [join(inside, 'pipe')]);
    const directory = open(inside);
    expect(directory.names()).toEqual(['file']);
    const refused = [
      'link',
      'dangling',
      'inner-link',
      'pipe',
      'folder',
      'none',
      '..',
      '.',
      '',
      '../secret',
      '/etc/passwd',
    ];
    refused.push('folder/../file', './file', 'a\0b', 'con', 'NUL.txt', 'file ', 'a:b', 'x'.repeat(300), 'a\\b');
    for (const name of refused) {
      expect([name, directory.open(name)]).toEqual([name, undefined]);
      expect([name, directory.remove(name)]).toEqual([name, false]);
      expect([name, directory.rename(name, 'other')]).toEqual([name, false]);
    }
    for (const name of refused.filter((one) => /[^a-z]/.test(one) && one !== 'inner-link').concat('con', '')) {
      expect([name, directory.open(name, { write: true, create: true })]).toEqual([name, undefined]);
      expect([name, directory.rename('file', name)]).toEqual([name, false]);
    }
    expect(readdirSync(root).sort()).toEqual(['inside', 'secret']);
    directory.close();
  });

  test('is not led astray by a link swapped in for it, or for a file of it', () => {
    const root = temporaryFolder();
    const inside = join(root, 'inside');
    mkdirSync(inside);
    mkdirSync(join(root, 'other'));
    writeFileSync(join(root, 'other', 'file'), 'secret');
    writeFileSync(join(inside, 'file'), 'file');
    const directory = open(inside);
    renameSync(inside, join(root, 'moved'));
    symlinkSync('other', inside);
    const file = directory.open('file');
    if (process.platform === 'linux') expect(Buffer.from(file?.read(0, 100) ?? []).toString()).toBe('file');
    file?.close();
    rmSync(join(root, 'moved', 'file'));
    symlinkSync('../other/file', join(root, 'moved', 'file'));
    expect(directory.open('file')).toBeUndefined();
    directory.close();
  });

  test('keeps what is written, as a model does', () => {
    const operation = fc.record({
      what: fc.constantFrom('write', 'read', 'truncate', 'remove', 'rename', 'create'),
      name: fc.constantFrom('a', 'b', 'c'),
      other: fc.constantFrom('a', 'b', 'd'),
      at: fc.nat(300),
      bytes: fc.uint8Array({ maxLength: 50 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const folder = temporaryFolderOf();
        writeFileSync(join(folder, 'a'), 'first');
        const model = new Map<string, Buffer>([['a', Buffer.from('first')]]);
        const directory = open(folder);
        for (const { what, name, other, at, bytes } of operations) {
          const known = model.get(name);
          if (what === 'remove') expect(directory.remove(name)).toBe(model.delete(name));
          else if (what === 'rename') {
            const may = known !== undefined && !model.has(other);
            expect(directory.rename(name, other)).toBe(may);
            if (may) {
              model.delete(name);
              model.set(other, known);
            }
          } else if (what === 'create') {
            const file = directory.open(name, { write: true, create: true, exclusive: true });
            expect(file !== undefined).toBe(known === undefined);
            if (file) model.set(name, Buffer.of());
            file?.close();
          } else {
            const file = directory.open(name, { write: true });
            expect(file !== undefined).toBe(known !== undefined);
            if (!file || !known) continue;
            if (what === 'write') {
              file.write(at, bytes);
              const longer = Buffer.alloc(
                bytes.length === 0 ? known.length : Math.max(known.length, at + bytes.length),
              );
              known.copy(longer);
              longer.set(bytes.length === 0 ? [] : bytes, bytes.length === 0 ? 0 : at);
              model.set(name, longer);
            } else if (what === 'truncate') {
              file.truncate(at);
              const cut = Buffer.alloc(at);
              known.copy(cut);
              model.set(name, cut);
            } else expect(Buffer.from(file.read(at, 20))).toEqual(known.subarray(at, at + 20));
            file.close();
          }
        }
        expect(directory.names()).toEqual([...model.keys()].sort());
        for (const [name, content] of model) {
          const file = directory.open(name);
          expect(Buffer.from(file?.read(0, 1000) ?? [])).toEqual(content);
          file?.close();
        }
        directory.close();
        if (kind === 'overlay') expect(readFileSync(join(folder, 'a'), 'latin1')).toBe('first');
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 100 },
    );
  });
});

const scratch = temporaryFolder();
let scratchNumber = 0;
function temporaryFolderOf(): string {
  scratchNumber += 1;
  const folder = join(scratch, `${scratchNumber}`);
  mkdirSync(folder);
  return folder;
}

test('a hard link is a file of the directory', () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'inside'));
  writeFileSync(join(root, 'file'), 'x');
  linkSync(join(root, 'file'), join(root, 'inside', 'file'));
  const directory = new HostDirectory(join(root, 'inside'), { isWritable: false, budget: new Budget(0, 'files') });
  expect(directory.names()).toEqual(['file']);
  directory.close();
});
