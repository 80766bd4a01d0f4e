/**
 * `pnpm docs:conformance` runs the conformance tests and writes docs/conformance.json and docs/conformance.md from what
 * they told; with `--last`, from what those told that ran last.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const inCheckout = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path) => JSON.parse(readFileSync(inCheckout(path), 'utf8'));

const isLast = process.argv.includes('--last');
if (!isLast) {
  const vitest = inCheckout('node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'conformance'], {
    cwd: inCheckout('.'),
    stdio: 'inherit',
    env: { ...process.env, BACKPLANE_CONFORMANCE: 'write', BACKPLANE_REQUIRE_REFERENCES: '1' },
  });
  if (status !== 0) process.exit(status ?? 1);
}

const folder = mkdtempSync(join(tmpdir(), 'backplane-'));
const outfile = join(folder, 'record.mjs');
await build({ entryPoints: [inCheckout('tests/conformance-record.ts')], outfile, bundle: true, format: 'esm' });
const { pageOf } = await import(pathToFileURL(outfile).href);
rmSync(folder, { recursive: true });

const before = isLast ? read('docs/conformance.json') : {};
const record = { ...before, ...read('node_modules/.cache/backplane/conformance.json') };
const names = Object.keys(record)
  .filter((name) => existsSync(inCheckout(name)))
  .sort();
const sorted = Object.fromEntries(names.map((name) => [name, record[name]]));
writeFileSync(inCheckout('docs/conformance.json'), `${JSON.stringify(sorted, null, 1)}\n`);
writeFileSync(inCheckout('docs/conformance.md'), pageOf(sorted));
