import { fork } from 'node:child_process';
import { once } from 'node:events';
import { inBenchmarks } from '../paths.mjs';

/** A contender that runs in a Node process of its own. */
export async function javascript(name, workload, { quick }) {
  const child = fork(inBenchmarks('contenders/in-process.mjs'), [name, workload.name, String(quick)], {
    serialization: 'advanced',
  });
  const answer = async () => {
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([status]) => {
        throw new Error(`${name} on ${workload.name}: its process ended with status ${status}`);
      }),
    ]);
    return message;
  };
  await answer();
  return {
    name,
    run(cycles) {
      child.send(cycles);
      return answer();
    },
    close: () => child.kill(),
  };
}
