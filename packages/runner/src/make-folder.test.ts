import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolder } from './make-folder.js';

const temporary = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'backplane-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
};

test('a folder is made with those above it, and made again', async () => {
  const path = join(await temporary(), 'one', 'two', 'three');
  await makeFolder(path);
  await makeFolder(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test('there is none within a file', async () => {
  const folder = await temporary();
  await writeFile(join(folder, 'file'), '');
  await expect(makeFolder(join(folder, 'file', 'one', 'two'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test.skipIf(process.platform !== 'linux')('below /proc there is an error, and not for ever none', async () => {
  await expect(makeFolder('/proc/none/such')).rejects.toMatchObject({ code: 'ENOENT' });
});
