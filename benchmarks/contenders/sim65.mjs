import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../temporary-folder.mjs';
import { sim65Program } from '../workloads.mjs';

export const hasSim65 = () => spawnSync('bash', ['-c', 'sim65 --version']).status === 0;

/** Node does not tell the CPU time of a child; bash does, to the millisecond. */
const TIMED = `TIMEFORMAT='%3U %3S'; time sim65 --cycles "$1"`;

/**
 * cc65's simulator, a process a run. Each run is made twice, of one pass and of many: the difference is free of the
 * process' start. The program says by its exit status whether its result was right.
 */
export function sim65(workload, cyclesPerPass) {
  const start = (count) => {
    const file = join(temporaryFolder(), `${workload.name}-${count}.sim65`);
    writeFileSync(file, sim65Program(workload.name, count).file);
    const { status, stdout, stderr } = spawnSync('bash', ['-c', TIMED, 'bash', file], { encoding: 'utf8' });
    const seconds = stderr
      .trim()
      .split(' ')
      .map(Number)
      .reduce((sum, part) => sum + part, 0);
    const cycles = Number(/(\d+) cycles/.exec(stdout)?.[1]);
    if (status !== 0 || !cycles) throw new Error(`sim65 on ${workload.name}: status ${status}; ${stdout}${stderr}`);
    return { seconds, cycles };
  };
  return {
    name: 'sim65',
    run(cycles) {
      const passes = Math.max(1, Math.round(cycles / cyclesPerPass));
      const short = start(1);
      const long = start(1 + passes);
      const ran = long.cycles - short.cycles;
      // Its frame counts passes in another way.
      if (Math.abs(ran / passes - cyclesPerPass) > 100) {
        throw new Error(`sim65 on ${workload.name}: ${ran / passes} cycles a pass, not ${cyclesPerPass}`);
      }
      return { seconds: long.seconds - short.seconds, cycles: ran };
    },
    close() {},
  };
}
