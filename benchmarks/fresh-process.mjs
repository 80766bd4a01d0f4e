import { spawnSync } from 'node:child_process';

/** Run a script in a Node process of its own, with cold caches, and parse the JSON it prints. */
export function freshProcess(script, args = [], nodeOptions = []) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeOptions, script, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${script} ${args.join(' ')}: status ${status}\n${stderr}`);
  return JSON.parse(stdout);
}
