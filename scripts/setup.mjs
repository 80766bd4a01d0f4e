// `npm start`, `npm test` and `npm run bench` on a machine that has only Node and npm: install with the pinned pnpm, build
// what has changed, run.
// Arguments go on to what is run: `npm test -- --project unit`, `npm start -- --limit-cycles 1000`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'));
const builtStamp = 'node_modules/.backplane-built';

const jobs = {
  start: ['packages/runner/dist/backplane.js', 'run', 'board'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  bench: ['benchmarks/run.mjs'],
};

const [job, ...rest] = process.argv.slice(2);
if (!Object.hasOwn(jobs, job)) fail(`usage: node scripts/setup.mjs ${Object.keys(jobs).join('|')} [arguments]`, 2);

pnpm('install', '--frozen-lockfile');
if (!isBuilt()) {
  pnpm('run', 'build');
  writeFileSync(builtStamp, '');
}
process.exitCode = run(process.execPath, [...jobs[job], ...rest]);

/** pnpm comes through npx: Node's own corepack refuses today's pnpm in some of the versions we support. */
function pnpm(...args) {
  const status = run('npx', ['--yes', packageManager, ...args]);
  if (status !== 0) fail(`${packageManager} ${args.join(' ')} failed`, status);
}

function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: command === 'npx' && process.platform === 'win32',
  });
  if (error) fail(`${command}: ${error.message}`, 1);
  return signal ? 1 : status;
}

/** Whether nothing that the build reads is newer than the last build. */
function isBuilt() {
  if (!existsSync(builtStamp)) return false;
  const built = statSync(builtStamp).mtimeMs;
  const packages = readdirSync('packages').map((name) => join('packages', name));
  const inputs = ['tsconfig.base.json', 'pnpm-lock.yaml', 'machines', ...packages].flatMap((path) =>
    statSync(path).isDirectory() ? filesBelow(path) : [path],
  );
  return (
    packages.every((path) => existsSync(join(path, 'dist'))) && inputs.every((path) => statSync(path).mtimeMs <= built)
  );
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'dist' || entry.name === 'node_modules') return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...filesBelow(path)] : [path];
  });
}

function fail(message, status) {
  console.error(message);
  process.exit(status);
}
