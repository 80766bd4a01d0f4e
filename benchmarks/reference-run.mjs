/** What a workload's state must be: found by the evaluator, and by what the program's result is known to be. */
import { backplane, makeMachine, setStart } from './contenders/backplane.mjs';
import { isas } from './isas.mjs';
import { DEVICE, TIMER_PERIOD } from './workloads.mjs';

const RESULT = 0xf0;
const PASSES = 0xf2;
const ERRORS = 0xf4;
const TICKS = 0xf6;

const word = (memory, address) => memory[address] | (memory[address + 1] << 8);

/** Cycles before the first pass and in each, counted by the evaluator. */
export function measurePasses(workload) {
  if (workload.fixedCycles) return { before: 0, each: workload.fixedCycles.default };
  const machine = makeMachine(workload, 'evaluator');
  setStart(machine, workload.entry, workload.isa);
  if (workload.entry !== workload.again) machine.runUntil(workload.again, { cycles: 1e8 });
  const before = machine.cycles;
  machine.runUntil(workload.again, { cycles: 1e8 });
  return { before, each: machine.cycles - before };
}

async function stateAfter(engine, workload, cycles) {
  const contender = await backplane(engine, workload);
  contender.load();
  contender.run(cycles);
  return contender.state();
}

/** The evaluator's state after so many cycles. */
export const evaluatorState = (workload, cycles) => stateAfter('evaluator', workload, cycles);

const counters = new Map();

/** Where the program is after so many cycles, by our interpreter: the evaluator would take seconds. */
async function counterAfter(workload, cycles) {
  const run = `${workload.name} ${cycles}`;
  if (!counters.has(run)) counters.set(run, (await stateAfter('interpreter', workload, cycles)).pc);
  return counters.get(run);
}

/** Compare everything with the evaluator's state: registers, cycles, memory but for the device's page. */
export function differences({ isa, device }, state, expected) {
  const { registers, masks } = isas[isa];
  const value = (name, of) => of[name] & (masks[name] ?? 0xffff);
  const found = registers.filter((name) => value(name, state) !== value(name, expected));
  for (const name of ['cycles', 'text']) if (state[name] !== expected[name]) found.push(name);
  const told = found.map((name) => `${name}: ${state[name]} instead of ${expected[name]}`);
  const address = state.memory.findIndex(
    (byte, index) => byte !== expected.memory[index] && !(device && index >> 8 === DEVICE >> 8),
  );
  if (address >= 0) {
    told.push(`memory[0x${address.toString(16)}]: ${state.memory[address]} instead of ${expected.memory[address]}`);
  }
  return told;
}

/** What must hold after any run of whole passes. */
export async function faults(workload, state, cycles, passes) {
  const { memory } = state;
  const found = [];
  const expect = (what, value, wanted, tolerance = 0) => {
    if (!(Math.abs(value - wanted) <= tolerance)) found.push(`${what}: ${value} instead of ${wanted}`);
  };
  expect('cycles', state.cycles, cycles, isas[workload.isa].longest);
  if (workload.end !== undefined) {
    const isPart = cycles < workload.fixedCycles.default;
    expect('pc', state.pc, isPart ? await counterAfter(workload, cycles) : workload.end);
  }
  if (workload.isText) {
    const text = workload.textOf(state);
    const isPart = workload.end === undefined || cycles < workload.fixedCycles.default;
    if (!workload.isText(text, isPart)) found.push(`it put out ${JSON.stringify(text)}`);
  }
  if (workload.expected !== undefined) {
    // In the midst of a pass, where interrupts shift the passes, the result is half made.
    if (!workload.device) expect('result', word(memory, RESULT), workload.expected);
    expect('errors', memory[ERRORS], 0);
    const tolerance = workload.device ? 1 + passes * 0.02 : 0;
    expect('passes', word(memory, PASSES), passes & 0xffff, tolerance);
  }
  if (workload.again !== undefined && workload.device !== 'timer') expect('pc', state.pc, workload.again);
  if (workload.device === 'timer') {
    const ticks = Math.floor(cycles / TIMER_PERIOD);
    const difference = (word(memory, TICKS) - ticks) & 0xffff;
    expect('interrupts', Math.min(difference, 0x10000 - difference), 0, 1);
  }
  return found;
}
