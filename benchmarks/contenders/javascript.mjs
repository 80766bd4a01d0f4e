import { fork } from 'node:child_process';
import { once } from 'node:events';
import { inBenchmarks } from '../paths.mjs';

/** A contender that runs in a Node process of its own. */
export async function javascript(name, workload, { quick }) {
  const child = fork(inBenchmarks('contenders/in-process.mjs'), [name, workload.name, String(quick)], {
    serialization: 'advanced',
  });
  const ended = once(child, 'exit').then(([status]) => {
    throw new Error(`${name} on ${workload.name}: its process ended with status ${status}`);
  });
  ended.catch(() => {});
  const answer = async () => (await Promise.race([once(child, 'message'), ended]))[0];
  await answer();
  return {
    name,
    run(cycles) {
      const answered = answer();
      child.send(cycles);
      return answered;
    },
    close: () => child.kill(),
  };
}
