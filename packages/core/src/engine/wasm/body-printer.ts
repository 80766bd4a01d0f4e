/**
 * IR bodies to WebAssembly.
 *
 * Within a body, registers are read from the arena once and written back once: each has a local of its own that is
 * valid, and perhaps dirty, from its first use on. The program counter is kept as the arena offset of the instruction's
 * first byte, from body to body. Pages that are plain are accessed inline; for everything else the host is called, with
 * all state in the arena: it does the access and has the evaluator finish the instruction, at the exact time of each
 * cycle.
 */
import { DELAY, ENTRY_WORDS, pageShiftOf, READ, WRITE } from '../../bus/bus.js';
import type { InstructionSet } from '../../isa/instruction-set.js';
import { type Interval, ofWidth, resultInterval, union } from '../../isa/interval.js';
import { type Block, type Expression, type Statement, valueWithoutInput } from '../../isa/ir.js';
import {
  ADDRESS_WORD,
  LEFT_WORD,
  LINE_WORD,
  MARKS_WORD,
  POINT_WORD,
  STATUS_WORD,
  VALUE_WORD,
  WINDOW_ADD_WORD,
  WINDOW_LOW_WORD,
  WINDOW_SIZE_WORD,
  WINDOW_START_WORD,
} from '../../isa/words.js';
import { collectReads } from '../locals-read.js';
import { type Code, op } from './code.js';
import { type Leaf, printExpression } from './expression.js';

/** Fixed locals of the function that bodies are printed into. The first two live from instruction to instruction. */
export const LEFT = 0;
/** Arena offset of the instruction's first byte. */
export const CODE = 1;
/** In a watched module: not 0 once the instruction has changed a register other than the program counter. */
export const CHANGED = 2;
/** In a watched module: where the instruction before began. */
export const PREVIOUS = 3;
/** First of the locals that are used within one instruction. */
export const PROGRAM_COUNTER = 4;
const ADDRESS = 5;
const PLAIN = 6;
/** Where an opcode is handed on to the rows of its page. */
export const VALUE = 7;
/** First local that bodies share out among their registers and values. */
export const FIRST_POOL = 8;

/** The bits of a mark that count the jumps to an instruction. */
export const HEAT = 0x7f;

/** The point that stands for a jump to what is hot. */
export const HOT_POINT = -2;

/** Bytes from an instruction's first one on that can be fetched directly. */
export const FETCHED_AHEAD = 8;

/** Functions the host gives. */
export const ACCESS = 0;
export const TRACE = 1;

/** Labels around the loop of instructions, counted from the outermost one that goes on with the next instruction: */
/** … the host runs the instruction at the program counter's local, */
export const OUTSIDE = 1;
/** … the host does what the point word says. */
export const HOST = 2;

/** A cycle that may call the host, and what comes after it in its body. */
export interface Point {
  readonly statement: Extract<Statement, { op: 'cycle' }>;
  /** The statements that follow, innermost block first. */
  readonly rest: readonly Block[];
  /** Cycles of the instruction before it, which the counter does not count yet. */
  readonly pending: number;
  /** How far the program counter is beyond the instruction's first byte; undefined where its word is right. */
  readonly fetched: number | undefined;
}

/** Stands among the registers for the address of the instruction. */
const START = -1;

/** How a register stands in its local. */
interface Cached {
  readonly local: number;
  valid: boolean;
  dirty: boolean;
}

/** Where a body is printed. */
export interface PrintTarget {
  readonly isa: InstructionSet;
  readonly code: Code;
  /** Arena offset of the CPU's words. */
  readonly base: number;
  /** Collects the points of all bodies; their index is what the host is told. */
  readonly points: Point[];
  /** Byte offsets of the page tables from the base. */
  readonly memoryTable: number;
  readonly ioTable: number;
  /** Whether every cycle is told to the host. */
  readonly isTraced: boolean;
  /** Whether `CHANGED` collects if an instruction changes any register. */
  readonly isWatched: boolean;
  /** Whether there are pages that let cycles wait, idle ones too. */
  readonly isDelayed: boolean;
  /** Whether no line is asserted, and none of `rare` is other than 0 when an instruction begins. */
  readonly isQuiet: boolean;
  /** Jumps to an instruction after which they lead to the host; 0 if they are not counted. */
  readonly hot: number;
  /** Registers that let something else come in place of the next instruction. */
  readonly rare: ReadonlySet<number>;
  /** Widths of the registers by the index of their word. */
  readonly widths: ReadonlyMap<number, number>;
  /** Registers that decide whether the CPU has jammed or stopped. */
  readonly statusRegisters: ReadonlySet<number>;
  readonly programCounter: number;
}

/** Prints what goes on with a page's rows, the opcode in local `VALUE`. */
export type Decode = (page: string, printer: BodyPrinter) => void;

export class BodyPrinter {
  /** Locals used, for the declaration of the function. */
  mostLocals = FIRST_POOL;
  readonly #target: PrintTarget;
  readonly #programCounter: number;
  readonly #programCounterMask: number;
  readonly #widths: ReadonlyMap<number, number>;
  readonly #statusRegisters: ReadonlySet<number>;
  readonly #cached = new Map<number, Cached>();
  readonly #locals = new Map<number, number>();
  /** Bounds of the values in IR locals. */
  readonly #bounds = new Map<number, Interval>();
  /** IR locals that the body reads at all. */
  readonly #read = new Set<number>();
  #next = FIRST_POOL;
  /** Labels between that of the loop of instructions and the outermost one that goes on with the next instruction. */
  readonly #beyond: number;
  /** Cycles that have gone by since `LEFT` was last counted down. */
  #pending = 0;
  /** Blocks open around the present place, up to the loop of instructions. */
  #depth: number;
  #setsStatus = false;
  /** While the program counter is as far as this beyond the instruction's first byte … */
  #fetched = 0;
  /** … what follows is fetched by `CODE`. Else it is in its own local. */
  #isAtStart = true;
  /** Registers that are known to be 0 here. */
  #zero: ReadonlySet<number>;

  /**
   * @param depth blocks between the place where the body stands and the label of the loop of instructions
   * @param beyond labels between that one and the outermost one that goes on with the next instruction
   * @param before what has been printed of the instruction so far: the body goes on in its locals
   */
  constructor(target: PrintTarget, depth: number, beyond: number, before?: BodyPrinter) {
    this.#target = target;
    this.#depth = depth;
    this.#beyond = beyond;
    this.#widths = target.widths;
    this.#programCounter = target.programCounter;
    this.#programCounterMask = ofWidth(this.#widths.get(this.#programCounter) as number).high;
    this.#statusRegisters = target.statusRegisters;
    this.#zero = target.isQuiet ? target.rare : new Set();
    if (before) {
      for (const [register, cached] of before.#cached) this.#cached.set(register, { ...cached });
      this.mostLocals = before.mostLocals;
      this.#next = before.#next;
      this.#pending = before.#pending;
      this.#setsStatus = before.#setsStatus;
      this.#fetched = before.#fetched;
      this.#isAtStart = before.#isAtStart;
      this.#zero = before.#zero;
    }
  }

  /** Blocks between the present place and the label of the loop of instructions. */
  get depth(): number {
    return this.#depth;
  }

  /** What to add to `OUTSIDE` and `HOST` to get their labels here. */
  get toOuterLabels(): number {
    return this.#depth + this.#beyond;
  }

  /** Print a body and the jump to the next instruction. */
  print(block: Block, decode: Decode): void {
    collectReads(block, this.#read);
    if (!this.#block(block, [], decode)) this.#finish();
  }

  /** Go on with the next instruction. */
  #finish(): void {
    const { code, base, isQuiet, hot, rare } = this.#target;
    for (const [register, cached] of this.#cached) if (cached.dirty) this.#store(register, cached.local);
    if (this.#setsStatus || (isQuiet && [...rare].some((register) => !this.#zero.has(register)))) {
      // The host looks whether the CPU still runs, and what comes next.
      this.#storeWord(this.#programCounter, () => this.#getProgramCounter());
      if (this.#setsStatus) this.#storeWord(STATUS_WORD, () => code.constant(1));
      this.#storeWord(LEFT_WORD, () => this.#getLeft());
      code.byte(op.return);
      return;
    }
    if (this.#pending > 0) this.#getLeft().setLocal(LEFT);
    if (!this.#isAtStart) {
      const offset = ADDRESS;
      code
        .getLocal(PROGRAM_COUNTER)
        .constant(0)
        .load(base + WINDOW_START_WORD * 4);
      code.byte(op.sub).teeLocal(offset);
      code.constant(0).load(base + WINDOW_SIZE_WORD * 4);
      code.byte(op.geUnsigned).branchIf(this.toOuterLabels + OUTSIDE);
      code
        .getLocal(offset)
        .constant(0)
        .load(base + WINDOW_LOW_WORD * 4);
      code.byte(op.add).setLocal(CODE);
      if (hot > 0) this.#count(hot);
    } else if (this.#fetched !== 0) code.getLocal(CODE).constant(this.#fetched).byte(op.add).setLocal(CODE);
    code.branch(this.#depth);
  }

  /** Count a jump. */
  #count(hot: number): void {
    const { code, base, isWatched } = this.#target;
    const [mark, heat] = [ADDRESS, PLAIN];
    code
      .getLocal(CODE)
      .constant(0)
      .load(base + MARKS_WORD * 4);
    code.byte(op.add).teeLocal(mark).loadByte(0).teeLocal(heat);
    code.constant(HEAT).byte(op.and).constant(hot).byte(op.ge).if();
    // What may be a trap is looked at first.
    if (isWatched) code.getLocal(CODE).getLocal(PREVIOUS).byte(op.ne).getLocal(CHANGED).byte(op.or).if();
    this.#storeWord(this.#programCounter, () => code.getLocal(PROGRAM_COUNTER));
    this.#storeWord(POINT_WORD, () => code.constant(HOT_POINT));
    code.branch(this.toOuterLabels + (isWatched ? 2 : 1) + HOST);
    if (isWatched) code.end();
    code.else();
    code.getLocal(mark).getLocal(heat).constant(1).byte(op.add).storeByte(0);
    code.end();
  }

  #getLeft(): Code {
    const { code } = this.#target;
    code.getLocal(LEFT);
    if (this.#pending > 0) code.constant(this.#pending).byte(op.sub);
    return code;
  }

  #getProgramCounter(): void {
    const { code, base } = this.#target;
    if (!this.#isAtStart) {
      code.getLocal(PROGRAM_COUNTER);
      return;
    }
    const start = this.#cachedOf(START);
    if (!start.valid) {
      code.getLocal(CODE).constant(0);
      code
        .load(base + WINDOW_ADD_WORD * 4)
        .byte(op.sub)
        .teeLocal(start.local);
      start.valid = true;
    } else code.getLocal(start.local);
    if (this.#fetched !== 0) code.constant(this.#fetched).byte(op.add);
  }

  /** Put the program counter whole into its local. */
  #settleProgramCounter(): void {
    if (!this.#isAtStart) return;
    this.#getProgramCounter();
    this.#target.code.setLocal(PROGRAM_COUNTER);
    this.#isAtStart = false;
    this.#fetched = 0;
  }

  /** How far an address is from the instruction's first byte, if it can be fetched directly. */
  #distance(address: Expression): number | undefined {
    if (!this.#isAtStart) return undefined;
    const distance = this.#fromProgramCounter(address);
    return distance !== undefined && distance >= 0 && distance < FETCHED_AHEAD ? distance : undefined;
  }

  /** How far an expression is from the instruction's first byte, if it is a sum of the program counter and a constant. */
  #fromProgramCounter(expression: Expression): number | undefined {
    if (expression.op === 'register' && expression.index === this.#programCounter) return this.#fetched;
    if (expression.op !== 'binary' || expression.right.op !== 'constant') return undefined;
    const { operator, left, right } = expression;
    const inner = this.#fromProgramCounter(left);
    if (inner === undefined) return undefined;
    if (operator === '+') return inner + right.value;
    if (operator === '-') return inner - right.value;
    // A window ends where wrapping would begin, so the mask that wraps does nothing.
    return operator === '&' && right.value === this.#programCounterMask ? inner : undefined;
  }

  /** Whether nothing is left to be done at the end of the block: it went on elsewhere. */
  #block(block: Block, outer: readonly Block[], decode: Decode): boolean {
    for (const [index, statement] of block.entries()) {
      if (statement.op === 'decode') {
        this.#expression(statement.opcode);
        this.#target.code.setLocal(VALUE);
        decode(statement.page, this);
        return true;
      }
      const rest = [block.slice(index + 1), ...outer];
      if (statement.op === 'if') {
        if (this.#if(statement, rest, decode)) return true;
      } else this.#statement(statement, rest);
    }
    return false;
  }

  #statement(statement: Exclude<Statement, { op: 'if' | 'decode' }>, rest: readonly Block[]): void {
    const { code, base, isWatched, isQuiet } = this.#target;
    switch (statement.op) {
      case 'set':
        this.#assignRegister(statement.register, statement.value);
        return;
      case 'let':
        this.#expression(statement.value);
        code.setLocal(this.#localOf(statement.local));
        this.#bound(statement.local, this.#boundsOf(statement.value));
        return;
      case 'acknowledge': {
        if (isQuiet) return;
        const bit = 1 << statement.bit;
        if (isWatched) {
          code.constant(0).load(base + LINE_WORD * 4);
          code.constant(bit).byte(op.and).getLocal(CHANGED).byte(op.or).setLocal(CHANGED);
        }
        this.#storeWord(LINE_WORD, () =>
          code
            .constant(0)
            .load(base + LINE_WORD * 4)
            .constant(~bit)
            .byte(op.and),
        );
        return;
      }
      case 'sample':
        // Nothing is due before the instruction ends.
        return;
      case 'cycle':
        this.#cycle(statement, rest);
    }
  }

  #assignRegister(register: number, value: Expression): void {
    const { code, base } = this.#target;
    if (this.#statusRegisters.has(register)) this.#setsStatus = true;
    if (this.#zero.has(register)) {
      if (this.#isZero(value)) return;
      this.#zero = new Set([...this.#zero].filter((other) => other !== register));
      if (valueWithoutInput(value) === 0 && register !== this.#programCounter) {
        // A poll: while no line is asserted it leaves the 0 that is there.
        code
          .constant(0)
          .load(base + LINE_WORD * 4)
          .if();
        this.#inArm(() => {
          this.#expression(value);
          code.setLocal(PLAIN);
        });
        this.#store(register, PLAIN);
        code.end();
        this.#cachedOf(register).valid = false;
        return;
      }
    }
    if (register === this.#programCounter) {
      const distance = this.#distance(value);
      if (distance !== undefined) {
        this.#fetched = distance;
        return;
      }
      this.#expression(value);
      code.setLocal(PROGRAM_COUNTER);
      this.#fetched = 0;
      this.#isAtStart = false;
      return;
    }
    this.#expression(value);
    const cached = this.#cachedOf(register);
    code.setLocal(cached.local);
    cached.valid = true;
    cached.dirty = true;
  }

  /** Print what runs only at times: what it loads into locals is not there otherwise. */
  #inArm(print: () => void): void {
    const before = this.#snapshot();
    print();
    this.#restore(before);
  }

  #bound(local: number, bounds: Interval): void {
    const known = this.#bounds.get(local);
    this.#bounds.set(local, known ? union(known, bounds) : bounds);
  }

  #isZero(expression: Expression): boolean {
    const { low, high } = this.#boundsOf(expression);
    return low === 0 && high === 0;
  }

  #boundsOf(expression: Expression): Interval {
    switch (expression.op) {
      case 'constant':
        return { low: expression.value, high: expression.value };
      case 'register':
        return this.#zero.has(expression.index)
          ? { low: 0, high: 0 }
          : ofWidth(this.#widths.get(expression.index) ?? 31);
      case 'local':
        return this.#bounds.get(expression.index) ?? ofWidth(31);
      case 'input':
        return { low: 0, high: this.#target.isQuiet ? 0 : 1 };
      case 'binary':
        return resultInterval(expression.operator, this.#boundsOf(expression.left), this.#boundsOf(expression.right));
      case 'select':
        return union(this.#boundsOf(expression.consequent), this.#boundsOf(expression.alternate));
    }
  }

  #cachedOf(register: number): Cached {
    let cached = this.#cached.get(register);
    if (!cached) {
      cached = { local: this.#allocate(), valid: false, dirty: false };
      this.#cached.set(register, cached);
    }
    return cached;
  }

  #localOf(index: number): number {
    let local = this.#locals.get(index);
    if (local === undefined) {
      local = this.#allocate();
      this.#locals.set(index, local);
    }
    return local;
  }

  #allocate(): number {
    const local = this.#next++;
    this.mostLocals = Math.max(this.mostLocals, this.#next);
    return local;
  }

  /** Put the value of an expression on the stack. */
  #expression(expression: Expression): void {
    printExpression(this.#target.code, expression, (leaf) => this.#leaf(leaf));
  }

  #leaf(leaf: Leaf): void {
    const { code, base, isQuiet } = this.#target;
    switch (leaf.op) {
      case 'register': {
        if (leaf.index === this.#programCounter) {
          this.#getProgramCounter();
          return;
        }
        const cached = this.#cachedOf(leaf.index);
        if (cached.valid) code.getLocal(cached.local);
        else if (this.#zero.has(leaf.index)) {
          code.constant(0);
          return;
        } else
          code
            .constant(0)
            .load(base + leaf.index * 4)
            .teeLocal(cached.local);
        cached.valid = true;
        return;
      }
      case 'local':
        code.getLocal(this.#localOf(leaf.index));
        return;
      case 'input':
        if (isQuiet) code.constant(0);
        else {
          code.constant(0).load(base + LINE_WORD * 4);
          code.constant(leaf.bit).byte(op.shrUnsigned).constant(1).byte(op.and);
        }
    }
  }

  /** Whether nothing is left to be done after it: both arms went on elsewhere. */
  #if(
    { condition, consequent, alternate }: Extract<Statement, { op: 'if' }>,
    rest: readonly Block[],
    decode: Decode,
  ): boolean {
    const { code } = this.#target;
    if (this.#isZero(condition)) return this.#block(alternate, rest, decode);
    this.#expression(condition);
    // What both arms are to find, and to leave, in the same locals.
    const before = this.#snapshot();
    const pending = this.#pending;
    const zero = this.#zero;
    const fetched = this.#fetched;
    const isAtStart = this.#isAtStart;
    const setsStatus = this.#setsStatus;
    // What stands last goes on with the next instruction at the end of each arm.
    const isLast = rest.every((block) => block.length === 0);
    code.if();
    this.#depth += 1;
    const consequentEnds = this.#arm(consequent, rest, isLast, decode);
    const afterConsequent = this.#snapshot();
    const consequentPending = this.#pending;
    const consequentFetched = this.#fetched;
    const consequentIsAtStart = this.#isAtStart;
    const consequentSetsStatus = this.#setsStatus;
    const mark = code.length;
    code.else();
    this.#restore(before);
    this.#pending = pending;
    this.#fetched = fetched;
    this.#isAtStart = isAtStart;
    this.#setsStatus = setsStatus;
    const zeroAfterConsequent = this.#zero;
    this.#zero = new Set([...zero, ...zeroWhenFalse(condition)]);
    const alternateEnds = this.#arm(alternate, rest, isLast, decode);
    if (consequentEnds && alternateEnds) {
      code.end().byte(op.unreachable);
      this.#depth -= 1;
      return true;
    }
    if (!alternateEnds) {
      this.#flushWhereUnknown(consequentEnds ? undefined : afterConsequent);
      this.#countDownTo(pending);
    }
    // Where the arms leave the program counter in different ways, it is put whole into its local at the end of each.
    const isSplit =
      !consequentEnds &&
      !alternateEnds &&
      (this.#fetched !== consequentFetched || this.#isAtStart !== consequentIsAtStart);
    if (isSplit) this.#settleProgramCounter();
    code.end();
    this.#depth -= 1;
    if (consequentEnds) return false;
    const zeroAfterAlternate = this.#zero;
    const setsStatusAfterAlternate = this.#setsStatus;
    const afterAlternate = this.#snapshot();
    // The first arm is completed afterwards, now that it is known how the second one leaves the registers.
    const tail = code.cut(mark);
    this.#restore(afterConsequent);
    this.#pending = consequentPending;
    this.#fetched = consequentFetched;
    this.#isAtStart = consequentIsAtStart;
    this.#setsStatus = consequentSetsStatus;
    this.#zero = zeroAfterConsequent;
    this.#flushWhereUnknown(alternateEnds ? undefined : afterAlternate);
    this.#countDownTo(pending);
    if (isSplit) this.#settleProgramCounter();
    code.append(tail);
    if (alternateEnds) return false;
    const ends = [afterAlternate, this.#snapshot()];
    for (const [register, cached] of this.#cached) {
      cached.valid = ends.every((end) => end.get(register)?.valid === true);
      cached.dirty = ends.some((end) => end.get(register)?.dirty === true) && cached.valid;
    }
    this.#zero = new Set([...zeroAfterConsequent].filter((register) => zeroAfterAlternate.has(register)));
    this.#setsStatus ||= setsStatusAfterAlternate;
    return false;
  }

  #arm(block: Block, rest: readonly Block[], isLast: boolean, decode: Decode): boolean {
    if (this.#block(block, rest, decode)) return true;
    if (isLast) this.#finish();
    return isLast;
  }

  #snapshot(): Map<number, Cached> {
    return new Map([...this.#cached].map(([register, cached]) => [register, { ...cached }]));
  }

  /** Registers first used since stand invalid. */
  #restore(states: ReadonlyMap<number, Cached>): void {
    for (const [register, cached] of this.#cached) {
      cached.valid = states.get(register)?.valid ?? false;
      cached.dirty = states.get(register)?.dirty ?? false;
    }
  }

  /** Write back what is dirty here but not in its local at the end of the other arm. */
  #flushWhereUnknown(other: ReadonlyMap<number, Cached> | undefined): void {
    if (!other) return;
    for (const [register, cached] of this.#cached) {
      if (!cached.dirty || other.get(register)?.valid === true) continue;
      this.#store(register, cached.local);
      cached.dirty = false;
    }
  }

  #store(register: number, local: number): void {
    const { code, base, isWatched, isa } = this.#target;
    if (isWatched && !isa.counters.has(register)) {
      code
        .constant(0)
        .load(base + register * 4)
        .getLocal(local)
        .byte(op.xor);
      code.getLocal(CHANGED).byte(op.or).setLocal(CHANGED);
    }
    this.#storeWord(register, () => code.getLocal(local));
  }

  #storeWord(word: number, value: () => void): void {
    const { code, base } = this.#target;
    code.constant(0);
    value();
    code.store(base + word * 4);
  }

  #countDownTo(pending: number): void {
    if (this.#pending === pending) return;
    this.#target.code
      .getLocal(LEFT)
      .constant(this.#pending - pending)
      .byte(op.sub)
      .setLocal(LEFT);
    this.#pending = pending;
  }

  #cycle(statement: Extract<Statement, { op: 'cycle' }>, rest: readonly Block[]): void {
    const { code, points, isTraced, isDelayed, isa, base } = this.#target;
    const { cycle, operands, result } = statement;
    const [address, value] = operands as [Expression, Expression];
    const isIo = cycle.space === 'io';
    const { addressWidth, ioAddressWidth = addressWidth } = isa.declaration;
    const shift = pageShiftOf(isIo ? ioAddressWidth : addressWidth);
    const table = base + (isIo ? this.#target.ioTable : this.#target.memoryTable);
    // What is read from memory for nothing need not be read.
    const isRead = cycle.kind === 'read' && (isTraced || this.#read.has(result));
    const point = points.length;
    points.push({ statement, rest, pending: this.#pending, fetched: this.#isAtStart ? this.#fetched : undefined });

    if (cycle.kind === 'acknowledge' || cycle.kind === 'return') {
      // What the chain does is the host's; no code follows.
      const at = address ? this.#intoLocal(address, ADDRESS) : ADDRESS;
      if (result >= 0) this.#bound(result, ofWidth(8));
      // `leaveToHost` stands in an `if` elsewhere.
      code.block();
      this.#leaveToHost(at, VALUE, point);
      code.end();
      return;
    }
    if (!cycle.waits || (cycle.kind === 'idle' && !isDelayed)) {
      if (isTraced) {
        const at = this.#intoLocal(address, ADDRESS);
        code.constant(point).getLocal(at).constant(0);
        this.#getLeft().call(TRACE);
      }
      this.#pending += cycle.length;
      return;
    }
    const distance = cycle.kind === 'read' && !isIo ? this.#distance(address) : undefined;
    if (distance !== undefined) {
      if (isRead) code.getLocal(CODE).loadByte(distance).setLocal(this.#localOf(result));
      this.#bound(result, ofWidth(8));
      if (isTraced) {
        code
          .constant(point)
          .getLocal(CODE)
          .constant(0)
          .load(base + WINDOW_ADD_WORD * 4);
        code.byte(op.sub).constant(distance).byte(op.add).getLocal(this.#localOf(result));
        this.#getLeft().call(TRACE);
      }
      this.#pending += cycle.length;
      return;
    }
    const bounds = this.#boundsOf(address);
    let addressLocal = this.#intoLocal(address, ADDRESS);
    if (isTraced && address.op === 'local' && address.index === result) {
      // What is read takes the place of its address, which the trace still has to tell.
      code.getLocal(addressLocal).setLocal(ADDRESS);
      addressLocal = ADDRESS;
    }
    const valueLocal = cycle.kind === 'write' ? this.#intoLocal(value, VALUE) : VALUE;
    const word = cycle.kind === 'write' ? WRITE : cycle.kind === 'read' ? READ : DELAY;
    this.#pageWord(addressLocal, bounds, shift, table + word * 4);
    if (cycle.kind !== 'idle') code.teeLocal(PLAIN).constant(0).byte(op.lt);
    code.if();
    this.#leaveToHost(addressLocal, valueLocal, point);
    code.end();
    if (isRead) {
      code.getLocal(PLAIN).getLocal(addressLocal).byte(op.add).loadByte(0).setLocal(this.#localOf(result));
    } else if (cycle.kind === 'write') {
      code.getLocal(PLAIN).getLocal(addressLocal).byte(op.add).getLocal(valueLocal).storeByte(0);
    }
    if (cycle.kind === 'read') this.#bound(result, ofWidth(8));
    if (isTraced) {
      code.constant(point).getLocal(addressLocal);
      if (cycle.kind === 'idle') code.constant(0);
      else code.getLocal(cycle.kind === 'read' ? this.#localOf(result) : valueLocal);
      this.#getLeft().call(TRACE);
    }
    this.#pending += cycle.length;
  }

  /** Put a word of the entry of an address's page on the stack. */
  #pageWord(address: number, { low, high }: Interval, shift: number, offset: number): void {
    const { code } = this.#target;
    const entryBytes = ENTRY_WORDS * 4;
    if (low >= 0 && low >> shift === high >> shift) {
      code.constant(0).load(offset + (low >> shift) * entryBytes);
      return;
    }
    // (address >> shift) × size of an entry, as one shift and one mask.
    const toEntry = shift - Math.log2(entryBytes);
    code.getLocal(address).constant(toEntry).byte(op.shrUnsigned).constant(-entryBytes).byte(op.and).load(offset);
  }

  /** A local that holds the value: the one it is in already, or `spare`. */
  #intoLocal(expression: Expression, spare: number): number {
    if (expression.op === 'local') return this.#localOf(expression.index);
    if (expression.op === 'register') {
      if (expression.index === this.#programCounter && !this.#isAtStart) return PROGRAM_COUNTER;
      const cached = this.#cached.get(expression.index);
      if (cached?.valid) return cached.local;
    }
    this.#expression(expression);
    this.#target.code.setLocal(spare);
    return spare;
  }

  /**
   * Leave the loop of instructions, with all state in the arena, to have the host do this cycle and finish the
   * instruction. The call stands outside the loop: a call within it would make V8 keep the program counter on the stack,
   * in every body.
   */
  #leaveToHost(address: number, value: number, point: number): void {
    const { code, isa, points } = this.#target;
    const { statement, rest } = points[point] as Point;
    // What the point knows by itself is left to the host, for it would stand here some thousand times.
    if (!this.#isAtStart) this.#storeWord(this.#programCounter, () => this.#getProgramCounter());
    for (const [register, { local, dirty }] of this.#cached) if (dirty) this.#store(register, local);
    if (this.#locals.size > 0) {
      const needed = new Set<number>();
      for (const block of rest) collectReads(block, needed);
      for (const [index, local] of this.#locals) {
        if (needed.has(index)) this.#storeWord(isa.words + index, () => code.getLocal(local));
      }
    }
    this.#storeWord(ADDRESS_WORD, () => code.getLocal(address));
    if (statement.cycle.kind === 'write') this.#storeWord(VALUE_WORD, () => code.getLocal(value));
    this.#storeWord(POINT_WORD, () => code.constant(point));
    code.branch(this.toOuterLabels + 1 + HOST);
  }
}

/** Registers of which all must be 0 for a condition to be false. */
export function zeroWhenFalse(condition: Expression): number[] {
  if (condition.op === 'register') return [condition.index];
  if (condition.op !== 'binary' || condition.operator !== '|') return [];
  return [...zeroWhenFalse(condition.left), ...zeroWhenFalse(condition.right)];
}
