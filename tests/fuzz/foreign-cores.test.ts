/** Real cores of other people differ in what docs/core-comparison.md says, and in nothing else. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Core, coreSubject, fuzz, type Mask, type Subject } from '@backplane/core/fuzz';
import { cpu6502 } from '@backplane/cpu-6502';
import { z80 } from '@backplane/cpu-z80';
import { describe, expect, test } from 'vitest';
import { ProcessCore } from '../../packages/runner/src/fuzz/process-core.js';
import { temporaryFolder } from '../temporary-folder.js';

const PROGRAMS = 2000;
const folder = fileURLToPath(new URL('../../examples/foreign-cores/', import.meta.url));
const masksOf = (name: string) => JSON.parse(readFileSync(`${folder}${name}.masks.json`, 'utf8')) as Mask[];

async function compare(name: string, subject: Subject, masks: readonly Mask[], mostFinds = 100) {
  const is6502 = name.startsWith('js');
  const variant = name === 'jsnes' ? '2a03' : undefined;
  const cpu = is6502 ? cpu6502 : z80;
  return await fuzz({ cpu, variant, subject, seed: 1, programs: PROGRAMS, masks, mostFinds });
}

describe.each(['jsnes', 'jsbeeb', 'z80-emulator'])('%s', (name) => {
  test('differs in what is known of it, and in nothing else', async () => {
    const { core } = (await import(`${folder}${name}.mjs`)) as { core: Core };
    const { finds } = await compare(name, coreSubject(core), masksOf(name));
    expect(finds.map(({ signature, difference }) => [signature, difference])).toEqual([]);
    expect((await compare(name, coreSubject(core), [], 1)).finds).toHaveLength(1);
  });
});

/** A compiler and the library are there on Debian with libz80ex-dev. */
const temporary = temporaryFolder();
const program = join(temporary, 'libz80ex');
const compiled = spawnSync('cc', ['-O2', '-o', program, `${folder}libz80ex.c`, '-lz80ex']);

describe.skipIf(compiled.status !== 0)('libz80ex, in a process', () => {
  test('differs in what is known of it, and in nothing else', async () => {
    const core = await ProcessCore.start([program]);
    try {
      const { finds } = await compare('libz80ex', core, masksOf('libz80ex'));
      expect(finds.map(({ signature, difference }) => [signature, difference])).toEqual([]);
      expect((await compare('libz80ex', core, [], 1)).finds).toHaveLength(1);
    } finally {
      core.stop();
    }
  });
});
