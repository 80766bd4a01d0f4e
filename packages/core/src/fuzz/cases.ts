/** The cases that programs can meet, as far as an instruction set tells them: what coverage is counted over. */
import { type Evaluate, evaluatorOf } from '../engine/evaluator.js';
import type { InstructionSet } from '../isa/instruction-set.js';
import type { Instruction } from '../isa/instructions.js';
import { type Block, type Expression, expressionsOf, someExpression, someStatement } from '../isa/ir.js';

/** Most flags of one instruction that are told apart. */
const MOST_FLAGS = 5;
/** Longer ones count as of this length. */
export const MOST_CYCLES = 63;

/** A register or view of one bit. */
export interface Flag {
  readonly name: string;
  /** Words it is made from. */
  readonly words: ReadonlySet<number>;
  readonly evaluate: Evaluate;
}

/** What can be told of an instruction beforehand. */
export interface InstructionCases {
  readonly instruction: Instruction;
  /** Flags that its row reads, but for those that only the poll for interrupts looks at. */
  readonly flags: readonly Flag[];
  /** Lengths in cycles that its paths have, undisturbed. */
  readonly lengths: ReadonlySet<number>;
  /** Whether it may go on elsewhere or not. */
  readonly branches: boolean;
  /** Bytes that its row compares with, and those beside them: where a core is off by one. */
  readonly limits: readonly number[];
}

/** Adds up sets of lengths. */
const plus = (left: ReadonlySet<number>, right: ReadonlySet<number>): Set<number> => {
  const sums = new Set<number>();
  for (const one of left) for (const other of right) sums.add(one + other);
  return sums;
};

/** The lengths that the paths through a block have; what it decodes does not count. */
function lengthsOf(block: Block): ReadonlySet<number> {
  let lengths: ReadonlySet<number> = new Set([0]);
  for (const statement of block) {
    if (statement.op === 'cycle') lengths = plus(lengths, new Set([statement.cycle.length]));
    if (statement.op === 'if') {
      lengths = plus(lengths, new Set([...lengthsOf(statement.consequent), ...lengthsOf(statement.alternate)]));
    }
  }
  return lengths;
}

/** The first page that a block decodes, and the cycles before. */
function firstDecode(block: Block): { readonly page: string; readonly cycles: number } | undefined {
  let cycles = 0;
  for (const statement of block) {
    if (statement.op === 'decode') return { page: statement.page, cycles };
    if (statement.op === 'cycle') cycles += statement.cycle.length;
    if (statement.op === 'if') {
      // What is taken when nothing is the matter stands last.
      const found = firstDecode(statement.alternate) ?? firstDecode(statement.consequent);
      if (found) return { page: found.page, cycles: cycles + found.cycles };
    }
  }
  return undefined;
}

/** Words that any expression of a block reads. */
function wordsRead(block: Block, words = new Set<number>()): Set<number> {
  someStatement(block, (statement) => {
    for (const expression of expressionsOf(statement)) readBy(expression, words);
    return false;
  });
  return words;
}

/** The values of registers that are assigned constants only: an interrupt mode is 0, 1 or 2, never 3. */
function valuesOf(isa: InstructionSet): Map<string, readonly number[]> {
  const values = new Map<number, Set<number> | undefined>();
  const visit = (block: Block): void => {
    someStatement(block, (statement) => {
      if (statement.op !== 'set') return false;
      const { register, value } = statement;
      const known = values.has(register) ? values.get(register) : new Set([0]);
      values.set(register, value.op === 'constant' ? known?.add(value.value) : undefined);
      return false;
    });
  };
  for (const page of isa.pages.values()) for (const encoding of page) if (encoding) visit(isa.body(encoding).block);
  for (const body of [isa.step, isa.reset]) visit(body.block);
  return new Map(
    [...isa.registers].flatMap(([name, word]) => {
      const found = values.get(word);
      return found ? [[name, [...found].sort((left, right) => left - right)] as const] : [];
    }),
  );
}

/** Bytes that a block compares with, one less and one more. */
function limitsOf(block: Block): number[] {
  const limits = new Set<number>();
  someStatement(block, (statement) => {
    for (const expression of expressionsOf(statement)) {
      someExpression(expression, (part) => {
        if (part.op === 'binary' && COMPARISONS.has(part.operator) && part.right.op === 'constant') {
          const { value } = part.right;
          if (value > 1 && value < 0x100) for (const near of [value - 1, value, value + 1]) limits.add(near & 0xff);
        }
        return false;
      });
    }
    return false;
  });
  return [...limits];
}

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

function readBy(expression: Expression, words = new Set<number>()): Set<number> {
  someExpression(expression, (part) => {
    if (part.op === 'register') words.add(part.index);
    return false;
  });
  return words;
}

/** An instruction set as coverage sees it. */
export class Cases {
  readonly isa: InstructionSet;
  readonly instructions: readonly InstructionCases[];
  readonly #index = new Map<Instruction, number>();
  /** The instruction that a first byte alone tells: its index, −1 for none, undefined where more bytes have a say. */
  readonly #byFirst: readonly (number | undefined)[];
  /** Whether something else comes in place of the next instruction. */
  readonly isInterrupted: Evaluate;
  /** Names of registers that make it so. */
  readonly interrupting: ReadonlySet<string>;

  /** The values that registers can have, of those that are never assigned anything but constants. */
  readonly values: ReadonlyMap<string, readonly number[]>;

  constructor(isa: InstructionSet) {
    this.isa = isa;
    this.values = valuesOf(isa);
    const evaluator = evaluatorOf(isa);
    const { declaration, registers } = isa;
    const polled = new Set(declaration.poll?.rtl.match(/\w+/g) ?? []);
    const names = [...Object.keys(declaration.registers), ...Object.keys(declaration.views ?? {})];
    const flags = names
      .filter((name) => isa.width(name) === 1 && !polled.has(name))
      .map((name): Flag => {
        const getter = isa.getter(name);
        return { name, words: readBy(getter), evaluate: evaluator.compileExpression(getter) };
      });
    const first = isa.step.block[0];
    const condition = first?.op === 'if' ? first.condition : undefined;
    this.isInterrupted = condition ? evaluator.compileExpression(condition) : () => 0;
    const interrupting = condition ? readBy(condition) : new Set();
    this.interrupting = new Set([...registers].filter(([, word]) => interrupting.has(word)).map(([name]) => name));

    const before = this.#cyclesBefore();
    const counter = registers.get(declaration.programCounter);
    this.instructions = isa.encodings.map((instruction) => {
      const { block } = isa.body(instruction);
      const read = wordsRead(block);
      const lengths = plus(lengthsOf(block), new Set([before.get(instruction.page) ?? 0]));
      return {
        instruction,
        flags: flags.filter(({ words }) => [...words].every((word) => read.has(word))).slice(0, MOST_FLAGS),
        limits: limitsOf(block),
        lengths: new Set([...lengths].map((length) => Math.min(length, MOST_CYCLES))),
        branches: block.some(
          (statement) =>
            statement.op === 'if' &&
            [statement.consequent, statement.alternate].some((part) =>
              someStatement(part, (inner) => inner.op === 'set' && inner.register === counter),
            ),
        ),
      };
    });
    this.instructions.forEach(({ instruction }, index) => {
      this.#index.set(instruction, index);
    });
    this.#byFirst = Array.from({ length: 256 }, (_, first) => {
      const found = this.instructions.filter(({ instruction }) => instruction.layout[0] === first);
      const [only] = found;
      if (!only) return -1;
      const isSure = found.length === 1 && only.instruction.layout.slice(1).every((part) => typeof part === 'object');
      return isSure ? this.indexOf(only.instruction) : undefined;
    });
  }

  /** Index of the instruction that lies at an address of 64 KiB of memory, −1 if none does. */
  indexAt(memory: Uint8Array, at: number): number {
    const known = this.#byFirst[memory[at] as number];
    if (known !== undefined) return known;
    const instruction = this.isa.instructions.at((offset) => memory[(at + offset) & 0xffff] as number);
    return instruction ? this.indexOf(instruction) : -1;
  }

  /** Cycles from the beginning of an instruction until an opcode of a page has been decoded. */
  #cyclesBefore(): Map<string, number> {
    const cycles = new Map<string, number>();
    const visit = (block: Block, sum: number): void => {
      const found = firstDecode(block);
      if (!found || cycles.has(found.page)) return;
      cycles.set(found.page, sum + found.cycles);
      for (const encoding of this.isa.pages.get(found.page) ?? []) {
        if (encoding?.page === found.page && encoding.row.syntax === undefined) {
          visit(this.isa.body(encoding).block, sum + found.cycles);
        }
      }
    };
    visit(this.isa.step.block, 0);
    return cycles;
  }

  of(instruction: Instruction): InstructionCases | undefined {
    return this.instructions[this.indexOf(instruction)];
  }

  indexOf(instruction: Instruction): number {
    return this.#index.get(instruction) as number;
  }
}

const made = new WeakMap<InstructionSet, Cases>();

/** The cases of an instruction set, found out once: it takes as long as a thousand programs. */
export function casesOf(isa: InstructionSet): Cases {
  const cases = made.get(isa) ?? new Cases(isa);
  made.set(isa, cases);
  return cases;
}
