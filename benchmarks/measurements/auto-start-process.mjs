/** A fresh process: runs the sieve in short slices and says how many cycles were done by each mark in milliseconds. */
import { makeMachine, setStart } from '../contenders/backplane.mjs';
import { loadWorkload } from '../workloads.mjs';

const SLICE = 50;
const [engine, ...marks] = process.argv.slice(2);
const workload = loadWorkload('sieve', { quick: false });
const machine = makeMachine(workload, engine);
setStart(machine, workload.entry);

const done = [];
let cycles = 0;
const started = performance.now();
for (const mark of marks.map(Number)) {
  // What ends after a mark does not count for it, be it a slice or a compilation.
  for (;;) {
    const before = cycles;
    const elapsed = performance.now() - started;
    if (elapsed >= mark) {
      done.push(before);
      break;
    }
    machine.run(SLICE);
    if (performance.now() - started > mark) {
      done.push(before);
      cycles = machine.cycles;
      break;
    }
    cycles = machine.cycles;
  }
}
console.log(JSON.stringify(done));
