import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../temporary-folder.js';

// The packages as a stranger gets them: packed, installed by npm into a project of its own, used there.

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const packages = readdirSync(join(checkout, 'packages'));
const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

const temporary = temporaryFolder();
const project = join(temporary, 'project');
const tarball = (name: string) => join(temporary, `${name}.tgz`);

/** Runs a command in the project; what it prints, or an error with it. */
function run(command: string, args: string[], cwd = project): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: status ${status}\n${stdout}${stderr}`);
  return stdout;
}

const npmInstall = (...what: string[]) =>
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...what]);

beforeAll(() => {
  const { packageManager } = manifest(checkout);
  for (const name of packages) {
    const folder = join(checkout, 'packages', name);
    run('npx', ['--yes', packageManager, 'pack', '--silent', '--out', tarball(name)], folder);
  }
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  for (const file of readdirSync(new URL('consumer', import.meta.url))) {
    copyFileSync(new URL(`consumer/${file}`, import.meta.url), join(project, file));
  }
  npmInstall(...packages.map(tarball));
});

describe.each(packages)('%s', (name) => {
  test('passes publint', async () => {
    const { buffer } = new Uint8Array(readFileSync(tarball(name)));
    const { messages } = await publint({ strict: true, pack: { tarball: buffer } });
    const published = manifest(join(checkout, 'packages', name));
    expect(messages.map((message) => formatMessage(message, published, { color: false }))).toEqual([]);
  });

  test('carries its licence, its README, no test and no source', () => {
    const files = run('tar', ['-tzf', tarball(name)])
      .trim()
      .split('\n');
    expect(files).toContain('package/LICENSE');
    expect(files).toContain('package/README.md');
    expect(files.filter((file) => /\.test\.|(^|\/)src\/|(?<!\.d)\.ts$/.test(file))).toEqual([]);
  });
});

/** Names that a module exports, as plain node sees them. */
const exportsOf = (module: string) =>
  run(process.execPath, [
    '--input-type=module',
    '--eval',
    `console.log(Object.keys(await import('${module}')).join())`,
  ]);

test.each([
  ['@backplane/core', 'createMachine'],
  ['@backplane/cpu-6502', 'cpu6502'],
  ['@backplane/cpu-z80', ''],
  ['@backplane/devices', ''],
])('%s imports in plain node', (module, name) => {
  expect(exportsOf(module)).toContain(name);
});

test('@backplane/core/testing imports beside fast-check', () => {
  npmInstall('fast-check');
  expect(exportsOf('@backplane/core/testing')).toContain('deviceLaws');
});

test('a plugin in TypeScript is typed, z included, without zod installed', () => {
  expect(readdirSync(join(project, 'node_modules'))).not.toContain('zod');
  run(process.execPath, [join(checkout, 'node_modules/typescript/bin/tsc'), '--project', project]);
});

test.each(['node', 'node --disallow-code-generation-from-strings', 'node --jitless'])(
  'a machine runs in plain %s',
  (command) => {
    const flags = command.split(' ').slice(1);
    expect(run(process.execPath, [...flags, 'smoke.js'])).toBe('a=2a x=05 pc=0408\n');
  },
);

test('the command finds the ready-made machines wherever it is run', () => {
  const backplane = join(project, 'node_modules/.bin/backplane');
  expect(run(backplane, ['--help'], temporary)).toContain('backplane');
  const shown = run(backplane, ['list'], temporary);
  for (const name of ['bare-6502', 'bare-8080', 'bare-z80', 'board', 'planck', 'py65mon'])
    expect(shown).toContain(name);
});
