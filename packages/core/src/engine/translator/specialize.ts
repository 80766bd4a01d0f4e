/**
 * One instruction at a known place: its IR with all that follows from its address and its bytes worked out.
 *
 * The program counter, the opcode and the operands are constants then, prefixes have led to their rows, and conditions
 * on any of these are decided. What is left is a tree of steps whose every path ends by saying where the CPU goes on.
 */
import type { PlacedDelay } from '../../bus/bus.js';
import type { InstructionSet } from '../../isa/instruction-set.js';
import { fitsIn, type Interval, ofWidth, resultInterval, union } from '../../isa/interval.js';
import {
  type BinaryOperator,
  type Block,
  compute,
  constant,
  type Expression,
  type Statement,
  someExpression,
} from '../../isa/ir.js';
import { collectReads } from '../locals-read.js';

type CycleStatement = Extract<Statement, { op: 'cycle' }>;

/** What an instruction does, and in what order. */
export type Step =
  | { readonly op: 'set'; readonly register: number; readonly value: Expression }
  | { readonly op: 'let'; readonly local: number; readonly value: Expression }
  /** Cycles in which nothing but time goes by. */
  | { readonly op: 'pass'; readonly cycles: number }
  /** Cycles that memory lets the next one wait: it depends on the time. */
  | { readonly op: 'wait'; readonly delay: PlacedDelay }
  /** An access. */
  | {
      readonly op: 'cycle';
      readonly cycle: CycleStatement['cycle'];
      readonly address: Expression;
      readonly addresses: Interval;
      /** Cycles that it may wait beside its own. */
      readonly longestDelay: number;
      readonly value: Expression | undefined;
      /** Local that takes what was read, −1 if nobody looks at it. */
      readonly result: number;
      readonly resume: Resume;
    }
  | {
      readonly op: 'if';
      readonly condition: Expression;
      readonly consequent: readonly Step[];
      readonly alternate: readonly Step[];
    }
  | Next;

/** The end of a path: the address of the next instruction. */
export interface Next {
  readonly op: 'next';
  readonly address: Expression;
  /** Something may come in its place: the host is to look. */
  readonly isStop: boolean;
  /** It was a call: the address behind the instruction was written to memory, then the CPU jumped. */
  readonly isCall: boolean;
  /**
   * It leads back to where it began, or may do, and no register is made of its own former value: run again, the
   * instruction may change nothing. That is what a run to a trap looks for.
   */
  readonly isStill: boolean;
  /** Nothing has happened but time: the instruction can as well not have been begun. */
  readonly isUndoable: boolean;
}

/** What the host needs to do a cycle in place of compiled code, and to finish the instruction. */
export interface Resume {
  readonly statement: CycleStatement;
  readonly rest: Rest;
  /** Program counter at the cycle; undefined where its local has it. */
  readonly programCounter: number | undefined;
  /** IR locals that the rest reads: the constants they are, undefined where they have wasm locals. */
  readonly locals: ReadonlyMap<number, number | undefined>;
}

/** What is left to be done of blocks in one another: statements of the innermost one, then of those around it. */
export class Rest {
  readonly block: Block;
  /** Index of the first statement that is left. */
  readonly from: number;
  readonly outer: Rest | undefined;

  constructor(block: Block, from: number, outer: Rest | undefined) {
    this.block = block;
    this.from = from;
    this.outer = outer;
  }

  /** The statements in a row. */
  get statements(): Block {
    return [...this.block.slice(this.from), ...(this.outer?.statements ?? [])];
  }

  /** Whether any of it reads a local. */
  reads(local: number): boolean {
    return (readAfter(this.block)[this.from] as ReadonlySet<number>).has(local) || (this.outer?.reads(local) ?? false);
  }

  /** The locals that it reads. */
  collectRead(found: Set<number>): Set<number> {
    for (const local of readAfter(this.block)[this.from] as ReadonlySet<number>) found.add(local);
    return this.outer ? this.outer.collectRead(found) : found;
  }
}

/** An instruction at its place. */
export interface Specialized {
  readonly steps: readonly Step[];
  /** Bytes that were folded into it, by distance from its first one. */
  readonly folded: ReadonlyMap<number, number>;
  /** Addresses that it reads as an instruction does, folded or not. */
  readonly fetched: readonly number[];
  /** Address of the instruction behind it. */
  readonly end: number;
}

/** What an instruction may be fetched from. */
export interface CodeMemory {
  /** Whether there are pages that let cycles wait, idle ones too; and the longest that they do. */
  readonly isDelayed: boolean;
  readonly longestDelay: number;
  /** The delay table of an address; undefined if it has none, `'host'` if compiled code cannot look into it. */
  delayAt(address: number): PlacedDelay | 'host' | undefined;
  /**
   * The byte at an address; `'volatile'` if it changes too often to be relied upon, undefined if it is no memory that
   * can be fetched without side effects.
   */
  fetch(address: number): number | 'volatile' | undefined;
}

/** Thrown, and caught here: the instruction is one that the host has to run. */
const UNFIT = new Error('not to be translated');

/** What is known at a point of the instruction. */
interface Known {
  /** Registers that are constants. */
  readonly registers: Map<number, number>;
  readonly locals: Map<number, number>;
  readonly bounds: Map<number, Interval>;
  /** Locals that are places in the instruction: made of the program counter. */
  readonly places: Set<number>;
  /** Whether a register has been changed that is another value each time. */
  hasProgressed: boolean;
  /** Whether nothing has happened but time. */
  isUndoable: boolean;
  /** Constants that have been written to memory. */
  readonly written: Set<number>;
}

const copyOf = ({ registers, locals, bounds, places, written, hasProgressed, isUndoable }: Known): Known => ({
  registers: new Map(registers),
  locals: new Map(locals),
  bounds: new Map(bounds),
  places: new Set(places),
  written: new Set(written),
  hasProgressed,
  isUndoable,
});

/**
 * The instruction at an address; undefined if it is none that can be translated.
 *
 * @param rare registers that are 0 whenever an ordinary instruction begins
 */
export function specialize(
  isa: InstructionSet,
  rare: readonly number[],
  address: number,
  memory: CodeMemory,
): Specialized | undefined {
  try {
    return new Specializer(isa, rare, address, memory).instruction();
  } catch (error) {
    if (error === UNFIT) return undefined;
    throw error;
  }
}

interface Facts {
  readonly widths: ReadonlyMap<number, number>;
  /** Registers that decide whether the CPU has jammed or stopped. */
  readonly status: ReadonlySet<number>;
}

const facts = new WeakMap<InstructionSet, Facts>();

function factsOf(isa: InstructionSet): Facts {
  let known = facts.get(isa);
  if (!known) {
    known = { widths: isa.registerWidths, status: isa.statusRegisters };
    facts.set(isa, known);
  }
  return known;
}

class Specializer {
  readonly #isa: InstructionSet;
  readonly #rare: readonly number[];
  readonly #address: number;
  readonly #memory: CodeMemory;
  readonly #programCounter: number;
  readonly #widths: ReadonlyMap<number, number>;
  readonly #folded = new Map<number, number>();
  readonly #fetched: number[] = [];
  readonly #status: ReadonlySet<number>;
  #end: number;

  constructor(isa: InstructionSet, rare: readonly number[], address: number, memory: CodeMemory) {
    this.#isa = isa;
    this.#rare = rare;
    this.#address = address;
    this.#end = address;
    this.#memory = memory;
    this.#programCounter = isa.registers.get(isa.declaration.programCounter) as number;
    const { widths, status } = factsOf(isa);
    this.#widths = widths;
    this.#status = status;
  }

  instruction(): Specialized {
    const known: Known = {
      registers: new Map([[this.#programCounter, this.#address], ...this.#rare.map((index) => [index, 0] as const)]),
      locals: new Map(),
      bounds: new Map(),
      places: new Set(),
      hasProgressed: false,
      isUndoable: true,
      written: new Set(),
    };
    const steps: Step[] = [];
    if (!this.#block(this.#isa.step.block, 0, undefined, known, steps)) steps.push(this.#next(known));
    return { steps, folded: this.#folded, fetched: this.#fetched, end: this.#end };
  }

  #next({ registers, written, hasProgressed, isUndoable }: Known): Next {
    const at = registers.get(this.#programCounter);
    return {
      op: 'next',
      address: at === undefined ? { op: 'register', index: this.#programCounter } : constant(at),
      isStop: this.#rare.some((register) => registers.get(register) !== 0),
      isCall: at !== undefined && at !== this.#end && this.#isReturnAddress(written),
      isStill: !hasProgressed && (at === undefined || at === this.#address),
      isUndoable,
    };
  }

  /** Whether what was written has the low byte of where the instruction ends in it, or of its last byte. */
  #isReturnAddress(written: ReadonlySet<number>): boolean {
    return written.has(this.#end & 0xff) || written.has((this.#end - 1) & 0xff);
  }

  /** Whether all paths have ended: the block went on elsewhere. */
  #block(block: Block, from: number, outer: Rest | undefined, known: Known, steps: Step[]): boolean {
    for (let index = from; index < block.length; index += 1) {
      const statement = block[index] as Statement;
      switch (statement.op) {
        case 'decode': {
          const opcode = this.#simplify(statement.opcode, known);
          const encoding = opcode.op === 'constant' && this.#isa.pages.get(statement.page)?.[opcode.value];
          if (!encoding) throw UNFIT;
          known.places.clear();
          known.locals.clear();
          known.bounds.clear();
          if (!this.#block(this.#isa.body(encoding).block, 0, undefined, known, steps)) steps.push(this.#next(known));
          return true;
        }
        case 'if':
          if (this.#if(statement, new Rest(block, index + 1, outer), known, steps)) return true;
          break;
        case 'cycle':
          this.#cycle(statement, new Rest(block, index + 1, outer), known, steps);
          break;
        case 'set':
          if (this.#isProgress(statement.register, statement.value)) known.hasProgressed = true;
          this.#set(statement.register, this.#simplify(statement.value, known), known, steps);
          break;
        case 'let':
          if (this.#isPlace(statement.value, known)) known.places.add(statement.local);
          else known.places.delete(statement.local);
          this.#let(statement.local, this.#simplify(statement.value, known), known, steps);
          break;
        case 'acknowledge':
        case 'sample':
          // No line is asserted, and nothing is due before the instruction ends.
          break;
      }
    }
    return false;
  }

  /** Whether a register becomes another one than it was, whatever that is; counters do not tell. */
  #isProgress(register: number, value: Expression): boolean {
    if (register === this.#programCounter || this.#isa.counters.has(register)) return false;
    return value.op === 'binary' && someExpression(value, (part) => part.op === 'register' && part.index === register);
  }

  #set(register: number, value: Expression, known: Known, steps: Step[]): void {
    const { registers } = known;
    if (this.#status.has(register)) throw UNFIT;
    if (value.op !== 'constant') {
      registers.delete(register);
      if (register !== this.#programCounter) known.isUndoable = false;
      steps.push({ op: 'set', register, value });
      return;
    }
    const before = registers.get(register);
    registers.set(register, value.value);
    if (register === this.#programCounter) {
      // Where a path ends is told there. Bytes that nobody looks at are known by what they are skipped with.
      if (before === this.#end && value.value === before + 1) this.#end = value.value;
    } else if (before !== value.value) {
      known.isUndoable = false;
      steps.push({ op: 'set', register, value });
    }
  }

  #let(local: number, value: Expression, known: Known, steps: Step[]): void {
    if (value.op === 'constant') known.locals.set(local, value.value);
    else {
      known.bounds.set(local, this.#boundsOf(value, known));
      known.locals.delete(local);
      steps.push({ op: 'let', local, value });
    }
  }

  #if(
    { condition, consequent, alternate }: Extract<Statement, { op: 'if' }>,
    rest: Rest,
    known: Known,
    steps: Step[],
  ): boolean {
    const decided = this.#simplify(condition, known);
    if (decided.op === 'constant')
      return this.#block(decided.value === 0 ? alternate : consequent, 0, rest, known, steps);
    const arms = [consequent, alternate].map((block) => {
      const arm = { known: copyOf(known), steps: [] as Step[], hasEnded: false };
      arm.hasEnded = this.#block(block, 0, rest, arm.known, arm.steps);
      return arm;
    });
    const [first, second] = arms as [(typeof arms)[0], (typeof arms)[0]];
    steps.push({ op: 'if', condition: decided, consequent: first.steps, alternate: second.steps });
    // Arms that lead to different places go on apart, for what is known of the place is worth more than short code.
    const [one, other] = arms.map((arm) => arm.known.registers.get(this.#programCounter));
    for (const arm of arms) {
      if (arm.hasEnded || one === other) continue;
      for (let left: Rest | undefined = rest; left && !arm.hasEnded; left = left.outer) {
        arm.hasEnded = this.#block(left.block, left.from, left.outer, arm.known, arm.steps);
      }
      if (!arm.hasEnded) arm.steps.push(this.#next(arm.known));
      arm.hasEnded = true;
    }
    const going = arms.filter(({ hasEnded }) => !hasEnded);
    if (going.length === 0) return true;
    this.#join(going, known);
    return false;
  }

  /** What is known after arms: what all of them leave. A constant that is none in another arm gets its local there. */
  #join(arms: readonly { readonly known: Known; readonly steps: Step[] }[], known: Known): void {
    const ends = arms.map((arm) => arm.known);
    for (const { written } of ends) for (const value of written) known.written.add(value);
    known.hasProgressed = ends.every(({ hasProgressed }) => hasProgressed);
    known.isUndoable = false;
    for (const kind of ['registers', 'locals'] as const) {
      const places = new Set(ends.flatMap((end) => [...end[kind].keys()]));
      known[kind].clear();
      for (const place of places) {
        const values = new Set(ends.map((end) => end[kind].get(place)));
        const [value] = values;
        if (values.size === 1 && value !== undefined) {
          known[kind].set(place, value);
          continue;
        }
        for (const { known: end, steps } of arms) {
          const here = end[kind].get(place);
          if (here === undefined) continue;
          if (kind === 'locals') {
            steps.push({ op: 'let', local: place, value: constant(here) });
            end.bounds.set(place, { low: here, high: here });
          } else if (place === this.#programCounter) steps.push({ op: 'set', register: place, value: constant(here) });
        }
      }
    }
    known.places.clear();
    known.bounds.clear();
    for (const place of new Set(ends.flatMap(({ bounds }) => [...bounds.keys()]))) {
      const bounds = ends.map((end) => end.bounds.get(place) ?? ofWidth(31));
      known.bounds.set(place, bounds.reduce(union));
    }
  }

  #cycle(statement: CycleStatement, rest: Rest, known: Known, steps: Step[]): void {
    const { cycle, operands, result } = statement;
    if (cycle.kind === 'acknowledge' || cycle.kind === 'return') throw UNFIT;
    if (cycle.kind === 'idle' && !(cycle.waits && this.#memory.isDelayed)) {
      this.#pass(cycle.length, steps);
      return;
    }
    const [addressExpression, valueExpression] = operands as [Expression, Expression];
    const address = this.#simplify(addressExpression, known);
    const delay = address.op === 'constant' ? this.#memory.delayAt(address.value) : 'host';
    if (cycle.kind === 'idle' && delay !== 'host') {
      this.#wait(delay, known, steps);
      this.#pass(cycle.length, steps);
      return;
    }
    const isFetch =
      cycle.kind === 'read' &&
      cycle.space === 'memory' &&
      address.op === 'constant' &&
      addressExpression.op !== 'constant' &&
      this.#isPlace(addressExpression, known);
    if (isFetch && delay !== 'host' && this.#fetch(address.value, statement, known, rest)) {
      this.#wait(delay, known, steps);
      this.#pass(cycle.length, steps);
      return;
    }
    const isRead = cycle.kind === 'read';
    const value = cycle.kind === 'write' ? this.#simplify(valueExpression, known) : undefined;
    known.isUndoable = false;
    const locals = new Map<number, number | undefined>();
    for (const local of rest.collectRead(new Set())) if (local !== result) locals.set(local, known.locals.get(local));
    steps.push({
      op: 'cycle',
      cycle,
      address,
      addresses: this.#boundsOf(address, known),
      longestDelay: this.#memory.longestDelay,
      value,
      result: isRead && rest.reads(result) ? result : -1,
      resume: {
        statement,
        rest,
        programCounter: known.registers.get(this.#programCounter),
        locals,
      },
    });
    if (isRead) {
      known.locals.delete(result);
      known.bounds.set(result, ofWidth(8));
    } else if (value?.op === 'constant' && cycle.space === 'memory') known.written.add(value.value & 0xff);
  }

  /** Fold a byte of the instruction; false if it has to be read when the instruction runs. */
  #fetch(address: number, { result }: CycleStatement, known: Known, rest: Rest): boolean {
    const byte = this.#memory.fetch(address);
    if (byte === undefined) throw UNFIT;
    this.#fetched.push(address);
    // A byte that nobody looks at need not be what it is now.
    if (!rest.reads(result)) return true;
    this.#end = Math.max(this.#end, address + 1);
    if (byte === 'volatile') return false;
    this.#folded.set(address, byte);
    known.locals.set(result, byte);
    return true;
  }

  #wait(delay: PlacedDelay | undefined, known: Known, steps: Step[]): void {
    if (!delay) return;
    known.isUndoable = false;
    steps.push({ op: 'wait', delay });
  }

  #pass(cycles: number, steps: Step[]): void {
    const last = steps.at(-1);
    if (last?.op === 'pass') steps[steps.length - 1] = { op: 'pass', cycles: last.cycles + cycles };
    else steps.push({ op: 'pass', cycles });
  }

  /** Whether an address is one of the instruction's own, made of the program counter. */
  #isPlace(expression: Expression, known: Known): boolean {
    if (expression.op === 'register') return expression.index === this.#programCounter;
    if (expression.op === 'local') return known.places.has(expression.index);
    return expression.op === 'binary' && this.#isPlace(expression.left, known);
  }

  #boundsOf(expression: Expression, known: Known): Interval {
    switch (expression.op) {
      case 'constant':
        return { low: expression.value, high: expression.value };
      case 'register':
        return ofWidth(this.#widths.get(expression.index) ?? 31);
      case 'local':
        return known.bounds.get(expression.index) ?? ofWidth(31);
      case 'input':
        return { low: 0, high: 0 };
      case 'binary':
        return resultInterval(
          expression.operator,
          this.#boundsOf(expression.left, known),
          this.#boundsOf(expression.right, known),
        );
      case 'select':
        return union(this.#boundsOf(expression.consequent, known), this.#boundsOf(expression.alternate, known));
    }
  }

  #simplify(expression: Expression, known: Known): Expression {
    switch (expression.op) {
      case 'constant':
        return expression;
      case 'register': {
        const value = known.registers.get(expression.index);
        return value === undefined ? expression : constant(value);
      }
      case 'local': {
        const value = known.locals.get(expression.index);
        return value === undefined ? expression : constant(value);
      }
      case 'input':
        return constant(0);
      case 'select': {
        const condition = this.#simplify(expression.condition, known);
        const consequent = this.#simplify(expression.consequent, known);
        const alternate = this.#simplify(expression.alternate, known);
        if (condition.op === 'constant') return condition.value === 0 ? alternate : consequent;
        return { op: 'select', condition, consequent, alternate };
      }
      case 'binary':
        return this.#binary(
          expression.operator,
          this.#simplify(expression.left, known),
          this.#simplify(expression.right, known),
          known,
        );
    }
  }

  #binary(operator: BinaryOperator, left: Expression, right: Expression, known: Known): Expression {
    if (left.op === 'constant' && right.op === 'constant') return constant(compute(operator, left.value, right.value));
    if (left.op === 'constant' && isCommutative(operator)) return this.#binary(operator, right, left, known);
    if (right.op !== 'constant') return { op: 'binary', operator, left, right };
    const { value } = right;
    if (value === 0 && LEAVES_LEFT.has(operator)) return left;
    if (operator === '&') {
      if (value === 0) return right;
      // A mask that takes nothing away.
      if (value > 0 && (value & (value + 1)) === 0 && fitsIn(this.#boundsOf(left, known), { low: 0, high: value }))
        return left;
      if (left.op === 'binary' && left.operator === '&' && left.right.op === 'constant')
        return this.#binary('&', left.left, constant(left.right.value & value), known);
    }
    // (x + a) + b is x + (a + b)
    const isSum = (operator === '+' || operator === '-') && left.op === 'binary' && left.right.op === 'constant';
    if (isSum && (left.operator === '+' || left.operator === '-')) {
      const inner = left.operator === '+' ? left.right.value : -left.right.value;
      return this.#binary('+', left.left, constant(inner + (operator === '+' ? value : -value)), known);
    }
    return { op: 'binary', operator, left, right };
  }
}

/** Operators that 0 on the right makes do nothing. */
const LEAVES_LEFT: ReadonlySet<BinaryOperator> = new Set(['+', '-', '|', '^', '<<', '>>']);

const isCommutative = (operator: BinaryOperator): boolean => ['+', '&', '|', '^', '==', '!='].includes(operator);

const after = new WeakMap<Block, readonly ReadonlySet<number>[]>();

/** For each statement of a block, and for its end, the locals that are read from there on. */
function readAfter(block: Block): readonly ReadonlySet<number>[] {
  let sets = after.get(block);
  if (!sets) {
    const found: Set<number>[] = [];
    found[block.length] = new Set();
    for (let index = block.length - 1; index >= 0; index -= 1) {
      found[index] = new Set(found[index + 1]);
      collectReads([block[index] as Statement], found[index] as Set<number>);
    }
    sets = found;
    after.set(block, sets);
  }
  return sets;
}
