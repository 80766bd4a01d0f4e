import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Installation, install } from '../command-line/install.js';
import { type Outcome, spawned } from '../command-line/spawned.js';
import { blocksOf, documentFolder, joined, partsOf, promised, readDocument } from './document.js';

// The documents' code is run as a reader would run it: files are written, commands are typed, and what they print is
// what the page says.

let installation: Installation;
let path: string;
beforeAll(async () => {
  installation = await install();
  // `node` is this node, `backplane` the command, `wat2wasm` wabt's.
  path = join(installation.folder, '..', 'bin');
  await mkdir(path);
  await symlink(process.execPath, join(path, 'node'));
  await symlink(
    fileURLToPath(new URL('../../node_modules/wabt/bin/wat2wasm', import.meta.url)),
    join(path, 'wat2wasm'),
  );
  await writeFile(join(path, 'backplane'), `#!/bin/sh\nexec node '${installation.command}' "$@"\n`, { mode: 0o755 });
});
afterAll(() => installation.remove());

/** Type commands into a shell; what they print, errors included. */
async function typed(commands: string, folder: string): Promise<Outcome> {
  const env = { PATH: `${path}${delimiter}${process.env.PATH}`, NO_COLOR: '1', FORCE_COLOR: '0' };
  const outcome = await spawned('sh', ['-c', `exec 2>&1\n${commands}`], { cwd: folder, env });
  return { ...outcome, stdout: Buffer.from(outcome.stdout, 'latin1').toString() };
}

const examples = fileURLToPath(new URL('../../examples', import.meta.url));

const minutes = 60_000;

const RUN = [
  'writing-a-device.md',
  'writing-a-cpu.md',
  'instruction-sets.md',
  'snapshot-format.md',
  'process-vms.md',
  'recordings.md',
  'fuzzing-a-core.md',
];

describe.each(RUN)('%s', (name) => {
  const parts = partsOf(readDocument(name));
  const folder = () => join(installation.folder, name.replace('.md', ''));
  beforeAll(() => mkdir(folder()));

  parts.forEach((part, index) => {
    const next = parts[index + 1];
    const after = next?.kind === 'block' && next.language === 'text' ? next.text : undefined;
    const where = `line ${part.line}`;
    if (part.kind === 'mistake') {
      test(`${where}: a mistake is told as the page says`, async () => {
        const file = join(folder(), part.file);
        const right = await readFile(file, 'utf8');
        expect(right).toContain(part.old);
        await writeFile(file, right.replace(part.old, part.new));
        const { stdout, status } = await typed(part.command, folder());
        await writeFile(file, right);
        expect(stdout).toMatch(promised(after ?? ''));
        expect(status).toBe(part.command.startsWith('backplane') ? 125 : 0);
      });
      return;
    }
    const file = part.marks.get('file');
    if (file !== undefined) {
      test(`${where}: ${file}`, () => writeFile(join(folder(), file), part.text));
    }
    const whole = part.marks.get('part');
    if (
      whole !== undefined &&
      !parts.slice(0, index).some((before) => before.kind === 'block' && before.marks.get('part') === whole)
    ) {
      test(`${where}: ${whole}, which is in the examples, in parts`, async () => {
        const code = joined(parts, whole);
        expect(code).toBe(readFileSync(join(examples, whole), 'utf8'));
        await writeFile(join(folder(), whole), code);
      });
    }
    if (part.language === 'sh' && part.marks.has('run')) {
      test(
        `${where}: ${part.text.trim()}`,
        async () => {
          const { stdout, status } = await typed(part.text, folder());
          expect(stdout).toMatch(promised(after ?? ''));
          expect(status).toBe(Number(part.marks.get('status') ?? 0));
        },
        5 * minutes,
      );
    }
  });
});

describe('examples', () => {
  const names = readdirSync(examples).filter((name) => name.endsWith('.js'));
  test.each(names)('%s prints something and asserts itself', async (name) => {
    const folder = join(installation.folder, 'examples');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await copyFile(join(examples, name), join(folder, name));
    const { stdout, stderr, status } = await spawned(process.execPath, [name], { cwd: folder });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout.trim()).not.toBe('');
    expect(readFileSync(join(examples, name), 'utf8').split('\n').length).toBeLessThanOrEqual(61);
  });
});

describe.each(readdirSync(documentFolder).filter((name) => name.endsWith('.md')))('%s', (name) => {
  test('its links lead somewhere', () => {
    // What looks like a link in code is none.
    const text = readDocument(name).replace(/^```.*?^```|`[^`\n]*`/gms, '');
    const targets = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target]) => target as string);
    const lost = targets.filter((target) => {
      const [file = '', anchor] = target.split('#');
      const page = file === '' ? `${documentFolder}/${name}` : `${documentFolder}/${file}`;
      return !existsSync(page) || (anchor !== undefined && !anchors(readFileSync(page, 'utf8')).includes(anchor));
    });
    expect(lost).toEqual([]);
  });

  test('every block says its language', () => {
    expect(blocksOf(readDocument(name)).length * 2).toBe(readDocument(name).match(/^```/gm)?.length ?? 0);
  });
});

/** Anchors of the headings of a page, as GitHub makes them. */
const anchors = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

test('the code of the README prints what it is to print', async () => {
  const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  const [, code = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  await writeFile(join(installation.folder, 'readme.mjs'), code);
  const { stdout, status } = await typed('node readme.mjs', installation.folder);
  expect({ stdout, status }).toEqual({ stdout: 'Hello from a 6502\n', status: 0 });
});
