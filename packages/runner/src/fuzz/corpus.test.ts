import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Corpus } from './corpus.js';

test('a file written many times at once is whole, and is what was written last', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'corpus-'));
  try {
    const corpus = new Corpus(folder, {});
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(100_000));
    await Promise.all(texts.map((text) => corpus.write('finds/one.json', text)));
    expect(await readdir(join(folder, 'finds'))).toEqual(['one.json']);
    expect(await readFile(join(folder, 'finds/one.json'), 'utf8')).toBe(texts.at(-1));
  } finally {
    await rm(folder, { recursive: true });
  }
});
