/**
 * A fresh process: runs the sieve in slices, for so many milliseconds, and says after each how many milliseconds have gone
 * by and how many cycles were run. They are CPU time: on a busy computer wall time says more about the neighbours.
 */
import { makeMachine, setStart } from '../contenders/backplane.mjs';
import { loadWorkload } from '../workloads.mjs';

/** Cycles of the first slices; a later one is about a hundredth of what has been run. */
const FIRST_SLICE = 20;
const [engine, milliseconds] = process.argv.slice(2);
const workload = loadWorkload('sieve', { quick: false });
const machine = makeMachine(workload, engine);
setStart(machine, workload.entry);

function now() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const slices = [];
const started = now();
for (let elapsed = 0; elapsed < Number(milliseconds); ) {
  machine.run(Math.max(FIRST_SLICE, machine.cycles >> 7));
  elapsed = now() - started;
  slices.push([elapsed, machine.cycles]);
}
console.log(JSON.stringify(slices));
