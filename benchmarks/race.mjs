/** All contenders on one workload: checked first, then timed in rounds in which each has its turn. */
import { javascript } from './contenders/javascript.mjs';
import { native } from './contenders/native.mjs';
import { sim65 } from './contenders/sim65.mjs';
import { ENGINES, isas } from './isas.mjs';
import { differences, evaluatorState, faults, measurePasses } from './reference-run.mjs';
import { spread } from './statistics.mjs';
import { loadWorkload } from './workloads.mjs';

/** Cycles of the run that is compared with the evaluator in everything. */
const CHECK_CYCLES = 2_000_000;

/** @returns cycles and seconds by contender, a list over the rounds */
export async function race(workload, { options, natives, hasSim65, progress }) {
  const contenders = [];
  const add = (contender, task) => contenders.push(Object.assign(contender, { task }));
  const task = { workload, passes: measurePasses(workload) };
  for (const name of [...ENGINES, ...isas[workload.isa].javascript]) {
    add(await javascript(name, workload, options), task);
  }
  // The C programs have no devices: they run what the others do beside.
  const other = workload.device ? workload.withoutDevice && loadWorkload(workload.withoutDevice, options) : workload;
  if (other) {
    const own = other === workload ? task : { workload: other, passes: measurePasses(other) };
    for (const program of natives.filter(({ isa }) => isa === workload.isa)) add(native(program, other), own);
  }
  if (hasSim65 && workload.sim65) add(sim65(workload, task.passes.each), task);
  try {
    await checkAll(contenders);
    const lengths = new Map();
    for (const contender of contenders) {
      progress(`${workload.name}: ${contender.name} warms up`);
      lengths.set(contender, await warmUp(contender, options));
    }
    const rounds = new Map(contenders.map(({ name }) => [name, []]));
    const shares = new Map();
    for (let round = 0; round < options.rounds; round += 1) {
      progress(`${workload.name}: round ${round + 1} of ${options.rounds}`);
      // Who comes after whom changes from round to round.
      const turn = contenders.map((_, index) => contenders[(index + round) % contenders.length]);
      for (const contender of turn) {
        const { cycles, seconds, share } = await timed(contender, lengths.get(contender));
        rounds.get(contender.name).push(cycles / seconds / 1e6);
        shares.set(contender.name, share);
      }
    }
    return Object.fromEntries(
      [...rounds].map(([name, values]) => [name, { ...spread(values), rounds: values, share: shares.get(name) }]),
    );
  } finally {
    for (const contender of contenders) contender.close();
  }
}

async function checkAll(contenders) {
  const states = new Map();
  for (const contender of contenders) {
    const { workload, passes } = contender.task;
    const count = Math.max(1, Math.round(CHECK_CYCLES / passes.each));
    const wholePasses = workload.fixedCycles ? CHECK_CYCLES : passes.before + count * passes.each;
    const cycles = workload.exactCycles?.[contender.name] ?? wholePasses;
    const run = `${workload.name} ${cycles}`;
    if (!states.has(run)) states.set(run, await evaluatorState(workload, cycles));
    const expected = states.get(run);
    const { state } = await contender.run(cycles);
    if (!state) continue;
    const isExact = workload.device !== 'timer' || ENGINES.includes(contender.name);
    const found = isExact ? differences(workload, state, expected) : await faults(workload, state, cycles, count);
    if (found.length > 0) throw new Error(`${contender.name} on ${workload.name}: ${found.join(', ')}`);
  }
}

/** Longer and longer runs until one takes as long as wanted: the last of them is the length of the timed runs. */
async function warmUp(contender, options) {
  const { workload, passes } = contender.task;
  const { fixedCycles } = workload;
  if (fixedCycles) {
    const length = { cycles: fixedCycles[contender.name] ?? fixedCycles.default, count: 1 };
    const runs = contender.name === 'evaluator' ? 0 : options.warmUpRuns;
    for (let run = 0; run < runs; run += 1) await timed(contender, length);
    return length;
  }
  for (let count = Math.max(1, Math.round(CHECK_CYCLES / passes.each)); ; ) {
    const length = { cycles: passes.before + count * passes.each, count };
    const { seconds } = await timed(contender, length);
    if (seconds >= options.runSeconds * 0.7) {
      // V8 optimizes in the background: a module of our size takes it half a second.
      for (let run = 0; run < options.warmUpRuns; run += 1) await timed(contender, length);
      return length;
    }
    count = Math.ceil(count * Math.min(4, Math.max(1.5, options.runSeconds / Math.max(seconds, 1e-4))));
  }
}

async function timed(contender, { cycles, count }) {
  const { workload } = contender.task;
  const { seconds, state, cycles: ran, ran: byEngine } = await contender.run(cycles);
  if (!state) return { cycles: ran, seconds };
  const found = await faults(workload, state, cycles, count);
  if (found.length > 0) throw new Error(`${contender.name} on ${workload.name}: ${found.join(', ')}`);
  return { cycles: state.cycles, seconds, share: shareOf(contender.name, byEngine) };
}

/** Share of the cycles that an engine ran which was asked for; a translator has an interpreter for what is not hot. */
function shareOf(contender, ran) {
  if (!ran || contender === 'auto') return undefined;
  const name = contender === 'tracked' ? 'translator' : contender;
  const all = ran.evaluator + ran.interpreter + ran.translator;
  const own = name === 'translator' ? all - ran.evaluator : ran[name];
  if (!(own > 0.9 * all && ran[name] > 0))
    throw new Error(`${contender} ran only ${((100 * own) / all).toFixed(0)} % of the cycles`);
  return ran[name] / all;
}
