/** What a workload's state must be: found by the evaluator, and by what the program's result is known to be. */
import { makeMachine, setStart } from './contenders/backplane.mjs';
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
  setStart(machine, workload.entry);
  if (workload.entry !== workload.again) machine.runUntil(workload.again, { cycles: 1e8 });
  const before = machine.cycles;
  machine.runUntil(workload.again, { cycles: 1e8 });
  return { before, each: machine.cycles - before };
}

/** The evaluator's state after so many cycles. */
export function evaluatorState(workload, cycles) {
  const machine = makeMachine(workload, 'evaluator');
  setStart(machine, workload.entry);
  machine.run(cycles);
  const { pc, a, x, y, s, p } = machine.cpu.registers;
  return { pc, a, x, y, s, p, cycles: machine.cycles, memory: machine.memory.read(0, 0x10000) };
}

const counters = new Map();

/** Where the program is after so many cycles, by our interpreter: the evaluator would take seconds. */
function counterAfter(workload, cycles) {
  if (!counters.has(cycles)) {
    const machine = makeMachine(workload, 'interpreter');
    setStart(machine, workload.entry);
    machine.run(cycles);
    counters.set(cycles, machine.cpu.registers.pc);
  }
  return counters.get(cycles);
}

/** Compare everything with the evaluator's state: registers, cycles, memory but for the device's page. */
export function differences(state, expected) {
  const found = ['pc', 'a', 'x', 'y', 's', 'cycles'].filter((name) => state[name] !== expected[name]);
  // Bits 4 and 5 of P are no flip-flops.
  if ((state.p & 0xcf) !== (expected.p & 0xcf)) found.push('p');
  const address = state.memory.findIndex(
    (byte, index) => byte !== expected.memory[index] && index >> 8 !== DEVICE >> 8,
  );
  if (address >= 0) found.push(`memory[0x${address.toString(16)}]`);
  return found.map((name) => `${name}: ${state[name]} instead of ${expected[name]}`);
}

/** What must hold after any run of whole passes. */
export function faults(workload, state, cycles, passes) {
  const { memory } = state;
  const found = [];
  const expect = (what, value, wanted, tolerance = 0) => {
    if (!(Math.abs(value - wanted) <= tolerance)) found.push(`${what}: ${value} instead of ${wanted}`);
  };
  expect('cycles', state.cycles, cycles, 8);
  if (workload.end !== undefined)
    expect('pc', state.pc, cycles < workload.fixedCycles.default ? counterAfter(workload, cycles) : workload.end);
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
