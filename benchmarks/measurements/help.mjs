import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { checkout } from '../paths.mjs';
import { median } from '../statistics.mjs';

/** `backplane --help` and bare `node`, in turn. */
export function measureHelp({ quick }) {
  const time = (args) => {
    const started = performance.now();
    const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
    if (status !== 0) throw new Error(`node ${args.join(' ')}: status ${status}`);
    return performance.now() - started;
  };
  const help = [];
  const bare = [];
  for (let round = 0; round < (quick ? 5 : 21); round += 1) {
    bare.push(time(['-e', '0']));
    help.push(time([join(checkout, 'packages/runner/dist/backplane.js'), '--help']));
  }
  const more = median(help.map((value, round) => value - bare[round]));
  return {
    bare: median(bare),
    more,
    lines: [
      ['bare node', median(bare), 'ms'],
      ['backplane --help takes more', more, 'ms'],
    ],
  };
}
