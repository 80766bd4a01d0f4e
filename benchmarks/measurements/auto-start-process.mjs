/**
 * A fresh process: runs the sieve in slices and says how many cycles were done by each mark. Marks are milliseconds of CPU
 * time: on a busy computer wall time says more about the neighbours.
 */
import { makeMachine, setStart } from '../contenders/backplane.mjs';
import { loadWorkload } from '../workloads.mjs';

/** Cycles of the first slices; a later one is about a hundredth of what has been run. */
const FIRST_SLICE = 20;
const [engine, ...marks] = process.argv.slice(2);
const workload = loadWorkload('sieve', { quick: false });
const machine = makeMachine(workload, engine);
setStart(machine, workload.entry);

function milliseconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const done = [];
const started = milliseconds();
for (const mark of marks.map(Number)) {
  // What ends after a mark does not count for it, be it a slice or a compilation.
  let before = machine.cycles;
  while (milliseconds() - started <= mark) {
    before = machine.cycles;
    machine.run(Math.max(FIRST_SLICE, before >> 7));
  }
  done.push(before);
}
console.log(JSON.stringify(done));
