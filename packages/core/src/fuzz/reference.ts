/** The core that others are compared with: the evaluator of an instruction set, watched at each instruction. */
import type { Instruction } from '../isa/instructions.js';
import { RESET_WORD } from '../isa/words.js';
import type { CpuPlugin } from '../plugin/define-cpu.js';
import type { Cases } from './cases.js';
import type { Access, Cell, Outcome, PinChange, Program, Step } from './core.js';
import type { Coverage } from './coverage.js';
import { type BackedProgram, EngineCore } from './engine-core.js';

/** What the reference made of a program. */
export interface ReferenceRun extends Outcome {
  readonly accesses: readonly Access[];
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
  /** What was there before. */
  readonly overwritten: readonly Cell[];
  /** Whether a case was met that the coverage did not have. */
  readonly isNew: boolean;
}

export class Reference {
  readonly core: EngineCore;
  readonly cases: Cases;

  constructor(plugin: CpuPlugin, variant?: string, engine = 'evaluator') {
    this.core = new EngineCore(plugin, { variant, engine });
    this.cases = this.core.cases;
  }

  /**
   * @param coverage takes note of what was met
   * @param last whether registers are wanted after the last step only
   */
  run(program: BackedProgram, coverage?: Coverage, last = false): ReferenceRun {
    const { core, cases } = this;
    const { cpu, memory } = core;
    core.setState(program);
    core.log();
    const initial = core.values();
    const accesses = core.accesses();
    const steps: Step[] = [];
    const ends: number[] = [];
    const instructions: (Instruction | undefined)[] = [];
    const interrupts: boolean[] = [];
    const addresses: number[] = [];
    let isNew = false;
    let previous = -1;
    for (let step = 0; step < program.steps; step += 1) {
      const at = cpu.programCounter;
      const isOther = cpu.words[RESET_WORD] !== 0 || cpu.isHeld || cases.isInterrupted(cpu) !== 0;
      const instruction = isOther
        ? undefined
        : cpu.isa.instructions.at((offset) => memory[(at + offset) & 0xffff] as number);
      const index = instruction ? cases.indexOf(instruction) : -1;
      const flags = coverage && instruction ? coverage.flagsBefore(index, cpu) : 0;
      const before = core.cycles;
      const from = accesses.length;
      core.step();
      const cycles = core.cycles - before;
      instructions.push(instruction);
      interrupts.push(isOther);
      addresses.push(at);
      ends.push(core.cycles);
      if (!last || step === program.steps - 1) steps.push(core.values());
      if (coverage && instruction) {
        const happened = { flags, at, next: cpu.programCounter, cycles };
        isNew = coverage.count(index, happened, accesses, from) || isNew;
      } else if (coverage && previous >= 0) isNew = coverage.countInterrupt(previous, cycles) || isNew;
      previous = index;
    }
    const written = [...new Set(accesses.flatMap(([, kind, address]) => (kind === 'write' ? [address] : [])))];
    written.sort((left, right) => left - right);
    const ram = core.changes(written);
    return {
      steps,
      ram,
      accesses,
      ports: core.ports(),
      instructions,
      interrupts,
      addresses,
      cycles: core.cycles,
      ends,
      initial,
      written,
      overwritten: written.map((address) => [address, core.before(address)]),
      isNew,
    };
  }

  /** What is left of a program after so many steps, as a program of its own. What the pins have brought about is lost. */
  rest(program: Program, steps: number): Program {
    const { core } = this;
    const { ram, ports = [], cycles } = this.run({ ...program, steps }, undefined, true);
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
  { accesses, initial, overwritten }: ReferenceRun,
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
