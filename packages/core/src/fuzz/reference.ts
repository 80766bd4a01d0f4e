/** The core that others are compared with: the evaluator of an instruction set, watched at each instruction. */
import type { Instruction } from '../isa/instructions.js';
import { RESET_WORD } from '../isa/words.js';
import type { CpuPlugin } from '../plugin/define-cpu.js';
import type { Cases } from './cases.js';
import type { Access, Cell, Outcome, PinChange, PortAccess, Program, Step } from './core.js';
import type { Coverage } from './coverage.js';
import { type BackedProgram, EngineCore } from './engine-core.js';

/** What the reference made of a program. */
export interface ReferenceRun {
  /** After each instruction, or after the last one only. */
  readonly steps: readonly Step[];
  readonly ram: readonly Cell[];
  readonly ports: readonly PortAccess[];
  /** What ran in each step; undefined where something else came in its place. */
  readonly instructions: readonly (Instruction | undefined)[];
  /** Whether something came in place of an instruction: of the rest, those without one are prefixes that lead nowhere. */
  readonly interrupts: readonly boolean[];
  /** Address of each step's instruction. */
  readonly addresses: readonly number[];
  readonly cycles: number;
  /** Cycles at the end of each step. */
  readonly ends: readonly number[];
  /** Cycles and registers as they read once they were set. */
  readonly initial: readonly number[];
  /** Addresses that were written to. */
  readonly written: readonly number[];
  /** The cases met, one after the other, where there was a coverage to tell them. */
  readonly met: readonly number[];
}

export interface RunOptions {
  /** Whether bus cycles are wanted as well. */
  readonly isLogged?: boolean;
  /** Whether registers are wanted after the last step only. */
  readonly isLastOnly?: boolean;
}

/** All that the reference can tell. */
export interface LoggedRun extends ReferenceRun, Outcome {
  readonly ports: readonly PortAccess[];
  readonly accesses: readonly Access[];
  /** What was where it wrote, before. */
  readonly overwritten: readonly Cell[];
}

export class Reference {
  readonly core: EngineCore;
  readonly cases: Cases;

  constructor(plugin: CpuPlugin, variant?: string, engine = 'evaluator') {
    this.core = new EngineCore(plugin, { variant, engine });
    this.cases = this.core.cases;
  }

  /** @param coverage says which cases were met; it does not count them */
  run(
    program: BackedProgram,
    coverage?: Coverage,
    { isLogged, isLastOnly }: RunOptions = {},
  ): ReferenceRun | LoggedRun {
    const run = this.#run(program, coverage, isLastOnly);
    return isLogged ? this.#logged(run) : run;
  }

  runLogged(program: BackedProgram): LoggedRun {
    return this.#logged(this.#run(program));
  }

  /** Most programs of a campaign are compared without their bus cycles. */
  #logged(run: ReferenceRun): LoggedRun {
    const { core } = this;
    return {
      ...run,
      accesses: core.accesses(),
      overwritten: run.written.map((address) => [address, core.before(address)]),
    };
  }

  #run(program: BackedProgram, coverage?: Coverage, isLastOnly = false): ReferenceRun {
    const { core, cases } = this;
    const { cpu, memory, busLog } = core;
    core.setState(program);
    core.log();
    const initial = core.values();
    const steps: Step[] = [];
    const ends: number[] = [];
    const instructions: (Instruction | undefined)[] = [];
    const interrupts: boolean[] = [];
    const addresses: number[] = [];
    const met: number[] = [];
    let previous = -1;
    for (let step = 0; step < program.steps; step += 1) {
      const at = cpu.programCounter;
      const isOther = cpu.words[RESET_WORD] !== 0 || cpu.isHeld || cases.isInterrupted(cpu) !== 0;
      const index = isOther ? -1 : cases.indexAt(memory, at);
      const flags = coverage && index >= 0 ? coverage.flagsBefore(index, cpu) : 0;
      const before = core.cycles;
      const from = busLog.length;
      core.step();
      const end = core.cycles;
      instructions.push(index < 0 ? undefined : cases.instructions[index]?.instruction);
      interrupts.push(isOther);
      addresses.push(at);
      ends.push(end);
      if (!isLastOnly || step === program.steps - 1) steps.push(core.values());
      if (coverage && index >= 0) {
        met.push(coverage.caseOf(index, flags, at, cpu.programCounter, end - before, busLog, from));
      } else if (coverage && previous >= 0) met.push(coverage.interruptAfter(previous, end - before));
      previous = index;
    }
    const written = busLog.written();
    return {
      steps,
      ram: core.changes(written),
      ports: core.ports(),
      instructions,
      interrupts,
      addresses,
      cycles: core.cycles,
      ends,
      initial,
      written,
      met,
    };
  }

  /** What is left of a program after so many steps, as a program of its own. What the pins have brought about is lost. */
  rest(program: Program, steps: number): Program {
    const { core } = this;
    const { ram, ports, cycles } = this.#run({ ...program, steps }, undefined, true);
    const { input = [], pins = [] } = program;
    const taken = input.length === 0 ? 0 : ports.filter(([, , direction]) => direction === 'r').length % input.length;
    const levels = new Map(pins.filter(([at]) => at < cycles).map(([, pin, level]) => [pin, level]));
    const asserted = [...levels].filter(([, level]) => level === 0).map(([pin]): PinChange => [0, pin, 0]);
    const later = pins.filter(([at]) => at >= cycles).map(([at, pin, level]): PinChange => [at - cycles, pin, level]);
    return {
      registers: { ...core.getState().registers },
      ram: [...new Map([...program.ram, ...ram])],
      input: [...input.slice(taken), ...input.slice(0, taken)],
      pins: [...asserted, ...later],
      steps: program.steps - steps,
    };
  }
}

/** A program without a background: with all cells that it reads or writes, and no others. */
export function explicit(
  { input, pins, steps }: BackedProgram,
  { accesses, initial, overwritten }: LoggedRun,
  names: readonly string[],
): Program {
  const cells = new Map(overwritten);
  for (const [, kind, address, value] of accesses) {
    if (kind === 'read' && !cells.has(address)) cells.set(address, value);
  }
  return {
    registers: Object.fromEntries(names.map((name, index) => [name, initial[index + 1] as number])),
    ram: [...cells].sort(([left], [right]) => left - right),
    ...(input && { input }),
    ...(pins && { pins }),
    steps,
  };
}

const references = new WeakMap<CpuPlugin, Map<string, Reference>>();

/** The reference of a CPU, one a process. */
export function referenceOf(cpu: CpuPlugin, variant = cpu.definition.defaultVariant, engine = 'evaluator'): Reference {
  const made = references.get(cpu) ?? new Map<string, Reference>();
  references.set(cpu, made);
  const key = `${variant} ${engine}`;
  const reference = made.get(key) ?? new Reference(cpu, variant, engine);
  made.set(key, reference);
  return reference;
}
