/**
 * `pnpm test:fuzz`: what takes hours of a night. All planted bugs, then each compiling engine of each CPU against the
 * evaluator with 10 million random programs (`pnpm test:fuzz 100000` for fewer). It needs `pnpm build`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { enginesOf } from '../packages/core/dist/fuzz.js';
import { cpu6502 } from '../packages/cpu-6502/dist/index.js';
import { z80 } from '../packages/cpu-z80/dist/index.js';

const checkout = fileURLToPath(new URL('..', import.meta.url));
const programs = process.argv[2] ?? '10000000';
let failed = 0;

function run(words, environment = {}) {
  console.log(`\n==== ${words.join(' ')}\n`);
  const env = { ...process.env, ...environment };
  const { status } = spawnSync(process.execPath, words, { cwd: checkout, stdio: 'inherit', env });
  if (status !== 0) failed += 1;
}

const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', 'tests/fuzz/planted-bugs'];
if (process.argv[2] === undefined) run(vitest, { BACKPLANE_FUZZ: 'all' });
for (const cpu of [cpu6502, z80]) {
  for (const engine of enginesOf(cpu).slice(1)) {
    run([
      ...['packages/runner/dist/backplane.js', 'fuzz', cpu.type, '--engine', engine],
      ...['--executions', programs, '--seed', process.env.BACKPLANE_FUZZ_SEED ?? '1'],
    ]);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
