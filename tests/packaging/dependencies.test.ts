import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../temporary-folder.js';

// runner → devices, cpu-6502, cpu-z80 → core. The linter keeps it (biome.json); here is the proof that it does.

const checkout = fileURLToPath(new URL('../..', import.meta.url));

describe('the linter refuses', () => {
  const project = temporaryFolder();
  cpSync(join(checkout, 'biome.json'), join(project, 'biome.json'));
  cpSync(join(checkout, 'scripts/lint'), join(project, 'scripts/lint'), { recursive: true });

  function lint(file: string, code: string): string {
    mkdirSync(join(project, dirname(file)), { recursive: true });
    writeFileSync(join(project, file), `${code}\n`);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(checkout, 'node_modules/@biomejs/biome/bin/biome'), 'lint', '--vcs-enabled=false', '--colors=off', file],
      { cwd: project, encoding: 'utf8' },
    );
    return status === 0 ? 'accepted' : stdout + stderr;
  }

  test.each([
    ['core', `export * from '@backplane/devices';`, 'core stands alone'],
    ['core', `export * from '../../cpu-6502/src/index';`, 'core stands alone'],
    ['core', `export * from 'node:fs';`, 'core stands alone'],
    ['core', `export * from 'fs';`, 'noNodejsModules'],
    ['core', `export const fs = import('node:fs');`, 'core stands alone'],
    ['core', 'export const now = Date.now();', 'noRestrictedGlobals'],
    ['core', 'export const now = performance.now();', 'noRestrictedGlobals'],
    ['core', 'export const byte = Math.random();', `from the machine's seed`],
    ['core', 'export const value: any = 1;', 'noExplicitAny'],
    ['cpu-6502', `export * from '@backplane/devices';`, 'know @backplane/core and nothing else'],
    ['cpu-z80', `export * from '@backplane/cpu-6502';`, 'know @backplane/core and nothing else'],
    ['cpu-z80', `export * from '../../../cpu-6502/src/registers';`, 'know @backplane/core and nothing else'],
    ['cpu-z80', 'export const byte = Math.random();', `from the machine's seed`],
    ['devices', `export * from '@backplane/runner';`, 'know @backplane/core and nothing else'],
    ['devices', `export * from 'node:net';`, 'know @backplane/core and nothing else'],
    ['devices', 'export const now = new Date();', 'noRestrictedGlobals'],
  ])('in %s: %s', (name, code, complaint) => {
    expect(lint(`packages/${name}/src/bad.ts`, code)).toContain(complaint);
  });

  test.each([
    ['core/src/machine/good.ts', `export * from '../devices/countdown';`],
    ['devices/src/good.ts', `export * from '@backplane/core';`],
    ['devices/src/good.test.ts', `import 'node:fs';\nimport '@backplane/core/testing';`],
    ['runner/src/good.ts', `import 'node:fs';\nimport '@backplane/devices';\nexport const now = Date.now();`],
  ])('nothing in %s: %s', (file, code) => {
    expect(lint(`packages/${file}`, code)).toBe('accepted');
  });
});

test('packages depend one way', () => {
  const own = Object.fromEntries(
    readdirSync(join(checkout, 'packages')).map((name) => {
      const manifest = JSON.parse(readFileSync(join(checkout, 'packages', name, 'package.json'), 'utf8'));
      const { dependencies = {}, peerDependencies = {}, devDependencies = {} } = manifest;
      const all = Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies });
      return [name, all.filter((dependency) => dependency.startsWith('@backplane/')).sort()];
    }),
  );
  expect(own).toEqual({
    core: [],
    'cpu-6502': ['@backplane/core'],
    'cpu-z80': ['@backplane/core'],
    devices: ['@backplane/core'],
    runner: ['@backplane/core', '@backplane/cpu-6502', '@backplane/cpu-z80', '@backplane/devices'],
  });
});
