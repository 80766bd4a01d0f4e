/** What programs have met so far, of what an instruction set can come to. */
import { type Instruction, operandText } from '../isa/instructions.js';
import type { Cpu } from '../machine/cpu.js';
import type { BusLog } from './bus-log.js';
import { type Cases, type Flag, type InstructionCases, MOST_CYCLES } from './cases.js';

// A case is a number: the instruction, its flags, its length, and what was special about it.
const INSTRUCTION = 2 ** 16;
const FLAGS = 2 ** 10;
const CYCLES = 2 ** 4;
/** It went on elsewhere than after its last byte. */
const TAKEN = 1;
/** Data at the first or last byte of a page. */
const EDGE = 2;
/** From the last address to the first one, or back. */
const WRAP = 4;
/** It wrote to itself or to what comes next. */
const SELF = 8;
/** In place of the flags: an interrupt came after it. */
const INTERRUPTED = 32;

const flagsOf = (each: number): number => Math.floor(each / FLAGS) % 64;

/** Coverage in numbers. */
export interface CoverageReport {
  /** Different cases met: instruction × flags it reads × length × taken × page edge × wrap × writing code. */
  readonly cases: number;
  readonly instructions: readonly [met: number, all: number];
  /** Instructions with each combination of the flags they read. */
  readonly flags: readonly [met: number, all: number];
  /** Instructions with each length that a path of theirs has: taken, crossed, decimal … */
  readonly lengths: readonly [met: number, all: number];
  /** Conditional ones both taken and not. */
  readonly branches: readonly [met: number, all: number];
  /** Instructions after which an interrupt was taken. */
  readonly interrupted: readonly [met: number, all: number];
  /** What was never met, in words. */
  readonly never: readonly string[];
}

export class Coverage {
  readonly #cases: Cases;
  readonly #met = new Set<number>();
  /** How often each instruction has run. */
  readonly executions: Uint32Array;

  constructor(cases: Cases, met: Iterable<number> = []) {
    this.#cases = cases;
    this.executions = new Uint32Array(cases.instructions.length);
    this.addAll(met);
  }

  get size(): number {
    return this.#met.size;
  }

  /** The cases met, as numbers to be handed to another one of the same instruction set. */
  values(): number[] {
    return [...this.#met];
  }

  /** Take over what another one has met; how many of it is new. */
  addAll(met: Iterable<number>): number {
    const before = this.#met.size;
    for (const key of met) this.#met.add(key);
    return this.#met.size - before;
  }

  /** The flags that an instruction is about to read, as bits. */
  flagsBefore(index: number, cpu: Cpu): number {
    const flags = this.#cases.instructions[index]?.flags ?? [];
    let bits = 0;
    for (let bit = 0; bit < flags.length; bit += 1) bits |= (flags[bit] as Flag).evaluate(cpu) << bit;
    return bits;
  }

  /**
   * The case of an instruction that has run.
   *
   * @param flags as they were before it
   * @param at its address
   * @param next address of the next one
   * @param log the bus, its cycles among them
   * @param from where these begin
   */
  caseOf(
    index: number,
    flags: number,
    at: number,
    next: number,
    cycles: number,
    { kinds, addresses, length: end }: BusLog,
    from: number,
  ): number {
    const { length } = (this.#cases.instructions[index] as InstructionCases).instruction;
    let special = next === ((at + length) & 0xffff) ? 0 : TAKEN;
    if (at + length > 0x10000) special |= WRAP;
    let before = at;
    for (let entry = from; entry < end; entry += 1) {
      const kind = kinds[entry];
      const address = addresses[entry] as number;
      if (kind === 'idle') continue;
      const distance = (address - at) & 0xffff;
      if (distance >= length && ((address + 1) & 0xfe) === 0) special |= EDGE;
      if ((before === 0xffff && address === 0) || (before === 0 && address === 0xffff)) special |= WRAP;
      if (kind === 'write' && distance < length + 3) special |= SELF;
      before = address;
    }
    return index * INSTRUCTION + flags * FLAGS + Math.min(cycles, MOST_CYCLES) * CYCLES + special;
  }

  /** The case of an interrupt that came after an instruction. */
  interruptAfter(index: number, cycles: number): number {
    return index * INSTRUCTION + INTERRUPTED * FLAGS + Math.min(cycles, MOST_CYCLES) * CYCLES;
  }

  /** Count the cases of a program. Whether any is new. */
  add(cases: readonly number[]): boolean {
    const before = this.#met.size;
    for (const each of cases) {
      this.#met.add(each);
      if (flagsOf(each) === INTERRUPTED) continue;
      const index = Math.floor(each / INSTRUCTION);
      this.executions[index] = (this.executions[index] as number) + 1;
    }
    return this.#met.size > before;
  }

  /** The instructions that have left something to be met. */
  wanting(): number[] {
    const { instructions } = this.#cases;
    const seen = this.#seen();
    return instructions.flatMap(({ flags, lengths, branches }, index) => {
      const of = seen[index] as Seen;
      const isDone =
        of.flags.size === 2 ** flags.length &&
        [...lengths].every((length) => of.lengths.has(length)) &&
        (!branches || of.taken.size === 2);
      return isDone ? [] : [index];
    });
  }

  #seen(): Seen[] {
    const seen = this.#cases.instructions.map(
      (): Seen => ({ flags: new Set(), lengths: new Set(), taken: new Set(), interrupted: false }),
    );
    for (const key of this.#met) {
      const of = seen[Math.floor(key / INSTRUCTION)];
      if (!of) continue;
      const flags = flagsOf(key);
      const cycles = Math.floor(key / CYCLES) % 64;
      if (flags === INTERRUPTED) of.interrupted = true;
      else {
        of.flags.add(flags);
        of.lengths.add(cycles);
        of.taken.add(key & TAKEN);
      }
    }
    return seen;
  }

  /** @param allows which instructions count; all unless given */
  report(allows: (instruction: Instruction) => boolean = () => true, mostNever = 20): CoverageReport {
    const seen = this.#seen();
    const counts = {
      instructions: [0, 0] as [number, number],
      flags: [0, 0] as [number, number],
      lengths: [0, 0] as [number, number],
      branches: [0, 0] as [number, number],
      interrupted: [0, 0] as [number, number],
    };
    const never: string[] = [];
    const add = (name: keyof typeof counts, met: number, all: number): void => {
      const count = counts[name];
      count[0] += met;
      count[1] += all;
    };
    this.#cases.instructions.forEach(({ instruction, flags, lengths, branches }, index) => {
      if (!allows(instruction)) return;
      const of = seen[index] as Seen;
      const text = `${instruction.mnemonic} ${operandText(instruction)}`.trim();
      const all = 2 ** flags.length;
      const missing = [...lengths].filter((length) => !of.lengths.has(length));
      add('instructions', of.flags.size > 0 ? 1 : 0, 1);
      add('flags', Math.min(of.flags.size, all), all);
      add('lengths', lengths.size - missing.length, lengths.size);
      if (branches) add('branches', of.taken.size, 2);
      add('interrupted', of.interrupted ? 1 : 0, 1);
      if (of.flags.size === 0) never.push(text);
      else {
        if (of.flags.size < all)
          never.push(
            `${text} with ${all - of.flags.size} of ${all} values of ${flags.map(({ name }) => name).join(' ')}`,
          );
        if (missing.length > 0) never.push(`${text} in ${missing.join(', ')} cycles`);
      }
    });
    return {
      cases: this.#met.size,
      ...counts,
      never: never.length > mostNever ? [...never.slice(0, mostNever), `and ${never.length - mostNever} more`] : never,
    };
  }
}

interface Seen {
  readonly flags: Set<number>;
  readonly lengths: Set<number>;
  readonly taken: Set<number>;
  interrupted: boolean;
}
