/**
 * IR bodies to WebAssembly.
 *
 * Within a body, registers are read from the arena once and written back once: each has a local of its own that is
 * valid, and perhaps dirty, from its first use on. The program counter is kept as the arena offset of the instruction's
 * first byte, from body to body. Pages that are plain are accessed inline; for everything else the host is called, with
 * all state in the arena: it does the access and has the evaluator finish the instruction, at the exact time of each
 * cycle.
 */
import { DELAY, ENTRY_WORDS, pageShiftOf, READ, TRANSLATED, WRITE } from '../../bus/bus.js';
import type { InstructionSet } from '../../isa/instruction-set.js';
import { type Interval, ofWidth, resultInterval, union } from '../../isa/interval.js';
import { type Block, type Expression, type Statement, valueWithoutInput, zeroWhenFalse } from '../../isa/ir.js';
import {
  ADDRESS_WORD,
  LEFT_WORD,
  LINE_WORD,
  MARKS_WORD,
  NOTES_WORD,
  POINT_WORD,
  STATUS_WORD,
  TOO_FEW_WORD,
  VALUE_WORD,
  WINDOW_ADD_WORD,
  WINDOW_LOW_WORD,
  WINDOW_SIZE_WORD,
  WINDOW_START_WORD,
} from '../../isa/words.js';
import { bitOf, boundedLocals, readsOf } from '../locals-read.js';
import { counting, HEAT } from '../marks.js';
import { type Code, op } from './code.js';
import { type Leaf, printExpression } from './expression.js';
import {
  ADDRESS,
  CHANGED,
  CODE,
  FETCHED_AHEAD,
  HOST,
  HOT_POINT,
  LEFT,
  NOTE_BYTES,
  OUTSIDE,
  PLAIN,
  PREVIOUS,
  PROGRAM_COUNTER,
  VALUE,
} from './frame.js';
import { DIRTY, Locals, VALID } from './locals.js';
import { isEmpty, type Point, type Rest } from './point.js';

/** 2^32 divided by the golden ratio: multiples of it are spread evenly (Knuth, "Sorting and Searching", 6.4). */
const GOLDEN = 0x9e3779b1 | 0;

/** Stands among the registers, none of which has this word, for the address of the instruction. */
const START = LINE_WORD;

/** What is known at a place within a body. */
interface Known {
  /** By register: how it stands in its local. */
  readonly registers: number[];
  readonly pending: number;
  readonly zero: ReadonlySet<number>;
  readonly fetched: number;
  readonly isAtStart: boolean;
  readonly isFirst: boolean;
  readonly setsStatus: boolean;
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
  /** Whether every cycle is noted for the host. */
  readonly isTraced: boolean;
  /** Whether `CHANGED` collects if an instruction changes any register. */
  readonly isWatched: boolean;
  /** Whether there are pages that let cycles wait, idle ones too. */
  readonly isDelayed: boolean;
  /** Whether no line is asserted, and none of `rare` is other than 0 when an instruction begins. */
  readonly isQuiet: boolean;
  /** Jumps to an instruction after which they lead to the host; 0 if they are not counted. */
  readonly jumps: number;
  /** Registers that let something else come in place of the next instruction. */
  readonly rare: ReadonlySet<number>;
  /** Widths of the registers by the index of their word. */
  readonly widths: ReadonlyMap<number, number>;
  /** Registers that decide whether the CPU has jammed or stopped. */
  readonly statusRegisters: ReadonlySet<number>;
  readonly programCounter: number;
}

const BYTE = ofWidth(8);
const NONE: ReadonlySet<number> = new Set();

/** Prints what goes on with a page's rows, the opcode in local `VALUE`. */
export type Decode = (page: string, printer: BodyPrinter) => void;

export class BodyPrinter {
  readonly #target: PrintTarget;
  readonly #programCounter: number;
  readonly #programCounterMask: number;
  readonly #widths: ReadonlyMap<number, number>;
  readonly #statusRegisters: ReadonlySet<number>;
  readonly #locals: Locals;
  /** By IR local, the bounds of its values, where they are asked for. */
  readonly #bounds: Interval[] = [];
  #bounded = 0;
  /** IR locals that the body reads at all. */
  #read = 0;
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
  /** No cycle has gone by yet. */
  #isFirst = true;
  /** Registers that are known to be 0 here. */
  #zero: ReadonlySet<number>;

  /**
   * @param depth blocks between the place where the body stands and the label of the loop of instructions
   * @param beyond labels between that one and the outermost one that goes on with the next instruction
   * @param before what has been printed of the instruction so far: the body goes on in its locals
   * @param zero registers that are known to be 0, if nothing has been printed
   */
  constructor(
    target: PrintTarget,
    depth: number,
    beyond: number,
    before?: BodyPrinter,
    zero: ReadonlySet<number> = NONE,
  ) {
    this.#target = target;
    this.#depth = depth;
    this.#beyond = beyond;
    this.#widths = target.widths;
    this.#programCounter = target.programCounter;
    this.#programCounterMask = ofWidth(this.#widths.get(this.#programCounter) as number).high;
    this.#statusRegisters = target.statusRegisters;
    this.#zero = zero;
    this.#locals = new Locals(target.isa.words, before ? before.#locals : undefined);
    if (before) {
      this.#pending = before.#pending;
      this.#setsStatus = before.#setsStatus;
      this.#fetched = before.#fetched;
      this.#isAtStart = before.#isAtStart;
      this.#isFirst = before.#isFirst;
      this.#zero = before.#zero;
    }
  }

  /** Locals used, for the declaration of the function. */
  get localCount(): number {
    return this.#locals.count;
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
    this.#bounded = boundedLocals(block, this.#target.rare, 0);
    if (!this.#block(block, undefined, decode)) this.#finish();
  }

  /** Go on with the next instruction. */
  #finish(): void {
    const { code, isQuiet, jumps, rare } = this.#target;
    this.#storeDirty();
    if (this.#setsStatus || (isQuiet && rare.size > 0 && !isIn(rare, this.#zero))) {
      // The host looks whether the CPU still runs, and what comes next.
      code.constant(0);
      this.#getProgramCounter();
      this.#storeWord(this.#programCounter);
      if (this.#setsStatus) {
        code.constant(0).constant(1);
        this.#storeWord(STATUS_WORD);
      }
      code.constant(0);
      this.#getLeft();
      this.#storeWord(LEFT_WORD);
      code.byte(op.return);
      return;
    }
    if (this.#pending > 0) this.#getLeft().setLocal(LEFT);
    if (!this.#isAtStart) {
      const offset = ADDRESS;
      code.getLocal(PROGRAM_COUNTER);
      this.#word(WINDOW_START_WORD).byte(op.sub).teeLocal(offset);
      this.#word(WINDOW_SIZE_WORD)
        .byte(op.geUnsigned)
        .branchIf(this.toOuterLabels + OUTSIDE);
      code.getLocal(offset);
      this.#word(WINDOW_LOW_WORD).byte(op.add).setLocal(CODE);
      if (jumps > 0) this.#count(jumps);
    } else if (this.#fetched !== 0) code.getLocal(CODE).constant(this.#fetched).byte(op.add).setLocal(CODE);
    code.branch(this.#depth);
  }

  /** Count a jump. */
  #count(jumps: number): void {
    const { code, isWatched, isQuiet } = this.#target;
    const { heat: hot, shift } = counting(jumps);
    const mark = ADDRESS;
    const heat = PLAIN;
    code.getLocal(CODE);
    this.#word(MARKS_WORD).byte(op.add).teeLocal(mark).loadByte(0).teeLocal(heat);
    code.constant(HEAT).byte(op.and).constant(hot).byte(op.ge).if();
    // What may be a trap is looked at first.
    if (isWatched) code.getLocal(CODE).getLocal(PREVIOUS).byte(op.ne).getLocal(CHANGED).byte(op.or).if();
    code.getLocal(LEFT);
    this.#word(TOO_FEW_WORD).byte(op.gt);
    // Regions do not look at lines.
    if (!isQuiet) this.#word(LINE_WORD).byte(op.eqz).byte(op.and);
    code.if();
    this.#storeLocal(this.#programCounter, PROGRAM_COUNTER);
    code.constant(0).constant(HOT_POINT);
    this.#storeWord(POINT_WORD);
    code.branch(this.toOuterLabels + (isWatched ? 3 : 2) + HOST);
    code.end();
    if (isWatched) code.end();
    code.else();
    // Of many, some are counted, at times that no loop keeps in step with.
    if (shift > 0) {
      code.getLocal(LEFT).constant(GOLDEN).byte(op.mul);
      code
        .constant(32 - shift)
        .byte(op.shrUnsigned)
        .byte(op.eqz)
        .if();
    }
    code.getLocal(mark).getLocal(heat).constant(1).byte(op.add).storeByte(0);
    if (shift > 0) code.end();
    code.end();
  }

  #getLeft(): Code {
    const { code } = this.#target;
    code.getLocal(LEFT);
    if (this.#pending > 0) code.constant(this.#pending).byte(op.sub);
    return code;
  }

  #getProgramCounter(): void {
    const { code } = this.#target;
    if (!this.#isAtStart) {
      code.getLocal(PROGRAM_COUNTER);
      return;
    }
    const start = this.#locals.ofRegister(START);
    if (!this.#locals.isValid(START)) {
      code.getLocal(CODE);
      this.#word(WINDOW_ADD_WORD).byte(op.sub).teeLocal(start);
      this.#locals.states[START] = VALID;
    } else code.getLocal(start);
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
  #block(block: Block, outer: Rest | undefined, decode: Decode): boolean {
    const { length } = block;
    const reads: number[] = [];
    let after = outer?.reads ?? 0;
    for (let index = length - 1; index >= 0; index -= 1) {
      reads[index] = after;
      after |= readsOf(block[index] as Statement);
    }
    if (!outer) this.#read = after;
    for (let index = 0; index < length; index += 1) {
      const statement = block[index] as Statement;
      switch (statement.op) {
        case 'decode':
          this.#expression(statement.opcode);
          this.#target.code.setLocal(VALUE);
          decode(statement.page, this);
          return true;
        case 'if':
          if (this.#if(statement, { block, from: index + 1, outer, reads: reads[index] as number }, decode))
            return true;
          break;
        case 'cycle':
          this.#cycle(statement, { block, from: index + 1, outer, reads: reads[index] as number });
          break;
        default:
          this.#statement(statement);
      }
    }
    return false;
  }

  #statement(statement: Exclude<Statement, { op: 'cycle' | 'if' | 'decode' }>): void {
    const { code, isWatched, isQuiet } = this.#target;
    switch (statement.op) {
      case 'set':
        this.#assignRegister(statement.register, statement.value);
        return;
      case 'let':
        this.#expression(statement.value);
        code.setLocal(this.#locals.ofValue(statement.local));
        if ((this.#bounded & bitOf(statement.local)) !== 0) {
          this.#bound(statement.local, this.#boundsOf(statement.value));
        }
        return;
      case 'acknowledge': {
        if (isQuiet) return;
        const bit = 1 << statement.bit;
        if (isWatched) {
          this.#word(LINE_WORD).constant(bit).byte(op.and);
          code.getLocal(CHANGED).byte(op.or).setLocal(CHANGED);
        }
        code.constant(0);
        this.#word(LINE_WORD).constant(~bit).byte(op.and);
        this.#storeWord(LINE_WORD);
        return;
      }
      case 'sample':
        // Nothing is due: the host runs the instruction in which anything is.
        return;
    }
  }

  #assignRegister(register: number, value: Expression): void {
    const { code } = this.#target;
    if (this.#statusRegisters.has(register)) this.#setsStatus = true;
    if (this.#zero.has(register)) {
      if (this.#isZero(value)) return;
      this.#zero = new Set([...this.#zero].filter((other) => other !== register));
      if (valueWithoutInput(value) === 0 && register !== this.#programCounter) {
        // A poll: while no line is asserted it leaves the 0 that is there.
        this.#word(LINE_WORD).if();
        // What is loaded into locals here is not there otherwise.
        const before = this.#locals.states.slice();
        this.#expression(value);
        code.setLocal(PLAIN);
        this.#locals.states = before;
        this.#store(register, PLAIN);
        code.end();
        this.#locals.ofRegister(register);
        this.#locals.states[register] = 0;
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
    code.setLocal(this.#locals.ofRegister(register));
    this.#locals.states[register] = VALID | DIRTY;
  }

  #bound(local: number, bounds: Interval): void {
    const known = this.#bounds[local];
    this.#bounds[local] = known && known !== bounds ? union(known, bounds) : bounds;
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
        return this.#zero.has(expression.index) ? ofWidth(0) : ofWidth(this.#widths.get(expression.index) ?? 31);
      case 'local':
        return this.#bounds[expression.index] ?? ofWidth(31);
      case 'input':
        return ofWidth(this.#target.isQuiet ? 0 : 1);
      case 'binary':
        return resultInterval(expression.operator, this.#boundsOf(expression.left), this.#boundsOf(expression.right));
      case 'select':
        return union(this.#boundsOf(expression.consequent), this.#boundsOf(expression.alternate));
    }
  }

  /** Put the value of an expression on the stack. */
  #expression(expression: Expression): void {
    printExpression(this.#target.code, expression, this.#leaf);
  }

  readonly #leaf = (leaf: Leaf): void => {
    const { code, isQuiet } = this.#target;
    switch (leaf.op) {
      case 'register': {
        if (leaf.index === this.#programCounter) {
          this.#getProgramCounter();
          return;
        }
        const local = this.#locals.ofRegister(leaf.index);
        if (this.#locals.isValid(leaf.index)) code.getLocal(local);
        else if (this.#zero.has(leaf.index)) code.constant(0);
        else {
          this.#word(leaf.index).teeLocal(local);
          this.#locals.states[leaf.index] = VALID;
        }
        return;
      }
      case 'local':
        code.getLocal(this.#locals.ofValue(leaf.index));
        return;
      case 'input':
        if (isQuiet) code.constant(0);
        else {
          this.#word(LINE_WORD).constant(leaf.bit).byte(op.shrUnsigned).constant(1).byte(op.and);
        }
    }
  };

  /** Whether nothing is left to be done after it: both arms went on elsewhere. */
  #if({ condition, consequent, alternate }: Extract<Statement, { op: 'if' }>, rest: Rest, decode: Decode): boolean {
    const { code } = this.#target;
    if (this.#isZero(condition)) return this.#block(alternate, rest, decode);
    this.#expression(condition);
    // What both arms are to find, and to leave, in the same locals.
    const before = this.#known();
    const { pending } = before;
    // What stands last goes on with the next instruction at the end of each arm.
    const isLast = isEmpty(rest);
    code.if();
    this.#depth += 1;
    const consequentEnds = this.#arm(consequent, rest, isLast, decode);
    const afterConsequent = this.#known();
    const mark = code.length;
    code.else();
    this.#goBack(before);
    const zero = zeroWhenFalse(condition);
    if (zero.length > 0) this.#zero = new Set([...before.zero, ...zero]);
    const alternateEnds = this.#arm(alternate, rest, isLast, decode);
    if (consequentEnds && alternateEnds) {
      code.end().byte(op.unreachable);
      this.#depth -= 1;
      return true;
    }
    if (!alternateEnds) {
      if (!consequentEnds) this.#flushWhereUnknown(afterConsequent.registers);
      this.#countDownTo(pending);
    }
    // Where the arms leave the program counter in different ways, it is put whole into its local at the end of each.
    const isSplit =
      !consequentEnds &&
      !alternateEnds &&
      (this.#fetched !== afterConsequent.fetched || this.#isAtStart !== afterConsequent.isAtStart);
    if (isSplit) this.#settleProgramCounter();
    code.end();
    this.#depth -= 1;
    if (consequentEnds) return false;
    const afterAlternate = this.#known();
    // The first arm is completed afterwards, now that it is known how the second one leaves the registers.
    const tail = code.cut(mark);
    this.#goBack(afterConsequent);
    if (!alternateEnds) this.#flushWhereUnknown(afterAlternate.registers);
    this.#countDownTo(pending);
    if (isSplit) this.#settleProgramCounter();
    code.append(tail);
    if (alternateEnds) return false;
    this.#locals.meet(afterAlternate.registers);
    if (afterAlternate.zero !== this.#zero) {
      this.#zero = new Set([...this.#zero].filter((register) => afterAlternate.zero.has(register)));
    }
    this.#setsStatus ||= afterAlternate.setsStatus;
    this.#isFirst &&= afterAlternate.isFirst;
    return false;
  }

  #arm(block: Block, rest: Rest, isLast: boolean, decode: Decode): boolean {
    if (this.#block(block, rest, decode)) return true;
    if (isLast) this.#finish();
    return isLast;
  }

  #known(): Known {
    return {
      registers: this.#locals.states.slice(),
      pending: this.#pending,
      zero: this.#zero,
      fetched: this.#fetched,
      isAtStart: this.#isAtStart,
      isFirst: this.#isFirst,
      setsStatus: this.#setsStatus,
    };
  }

  /** Go on from where this was known. */
  #goBack({ registers, pending, zero, fetched, isAtStart, isFirst, setsStatus }: Known): void {
    this.#locals.states = registers.slice();
    this.#pending = pending;
    this.#zero = zero;
    this.#fetched = fetched;
    this.#isAtStart = isAtStart;
    this.#isFirst = isFirst;
    this.#setsStatus = setsStatus;
  }

  /** Write back what is dirty here but not in its local at the end of the other arm. */
  #flushWhereUnknown(other: readonly number[]): void {
    const { registers, states } = this.#locals;
    for (let index = 0; index < registers.length; index += 1) {
      const register = registers[index] as number;
      if (!this.#locals.isDirty(register) || ((other[register] as number) & VALID) !== 0) continue;
      this.#store(register, this.#locals.ofRegister(register));
      states[register] = VALID;
    }
  }

  /** Write back what is dirty. */
  #storeDirty(): void {
    const { registers } = this.#locals;
    for (let index = 0; index < registers.length; index += 1) {
      const register = registers[index] as number;
      if (this.#locals.isDirty(register)) this.#store(register, this.#locals.ofRegister(register));
    }
  }

  #store(register: number, local: number): void {
    const { code, isWatched, isa } = this.#target;
    if (isWatched && !isa.counters.has(register)) {
      this.#word(register).getLocal(local).byte(op.xor);
      code.getLocal(CHANGED).byte(op.or).setLocal(CHANGED);
    }
    this.#storeLocal(register, local);
  }

  /** Put a word of the CPU on the stack. */
  #word(word: number): Code {
    return this.#target.code.loadWord(this.#target.base + word * 4);
  }

  /** Store what is on the stack, above a 0. */
  #storeWord(word: number): void {
    this.#target.code.store(this.#target.base + word * 4);
  }

  #storeLocal(word: number, local: number): void {
    this.#target.code
      .constant(0)
      .getLocal(local)
      .store(this.#target.base + word * 4);
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

  #cycle(statement: Extract<Statement, { op: 'cycle' }>, rest: Rest): void {
    const { code, points, isTraced, isDelayed, jumps, isa } = this.#target;
    const { cycle, operands, result } = statement;
    const address = operands[0] as Expression;
    const isIo = cycle.space === 'io';
    // What is read from memory for nothing need not be read.
    const isRead = cycle.kind === 'read' && (isTraced || (this.#read & bitOf(result)) !== 0);
    const point = points.length;
    const fetched = this.#isAtStart ? this.#fetched : undefined;
    points.push({ statement, rest, pending: this.#pending, fetched, isFirst: this.#isFirst });
    this.#isFirst = false;

    if (cycle.kind === 'acknowledge' || cycle.kind === 'return') {
      // What the chain does is the host's; no code follows.
      const at = address ? this.#intoLocal(address, ADDRESS) : ADDRESS;
      if (result >= 0) this.#bound(result, BYTE);
      // `leaveToHost` stands in an `if` elsewhere.
      code.block();
      this.#leaveToHost(at, VALUE, point);
      code.end();
      return;
    }
    if (!cycle.waits || (cycle.kind === 'idle' && !isDelayed)) {
      if (isTraced) this.#note(point, this.#intoLocal(address, ADDRESS), -1);
      this.#pending += cycle.length;
      return;
    }
    const distance = cycle.kind === 'read' && !isIo ? this.#distance(address) : undefined;
    if (distance !== undefined) {
      if (isRead) code.getLocal(CODE).loadByte(distance).setLocal(this.#locals.ofValue(result));
      this.#bound(result, BYTE);
      if (isTraced) {
        code.getLocal(CODE);
        this.#word(WINDOW_ADD_WORD).byte(op.sub).constant(distance).byte(op.add).setLocal(ADDRESS);
        this.#note(point, ADDRESS, this.#locals.ofValue(result));
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
    const valueLocal = cycle.kind === 'write' ? this.#intoLocal(operands[1] as Expression, VALUE) : VALUE;
    const { addressWidth, ioAddressWidth = addressWidth } = isa.declaration;
    const shift = pageShiftOf(isIo ? ioAddressWidth : addressWidth);
    const table = this.#target.base + (isIo ? this.#target.ioTable : this.#target.memoryTable);
    const word = cycle.kind === 'write' ? WRITE : cycle.kind === 'read' ? READ : DELAY;
    const pageWord = (word: number): Code => this.#pageWord(addressLocal, bounds, shift, table + word * 4);
    pageWord(word);
    if (cycle.kind !== 'idle') code.teeLocal(PLAIN).constant(0).byte(op.lt);
    code.if();
    if (cycle.kind === 'write' && !isIo && jumps > 0) {
      // A page with translated code in it may be written to where there is none.
      pageWord(TRANSLATED).teeLocal(PLAIN).byte(op.eqz);
      code.getLocal(PLAIN).getLocal(addressLocal).byte(op.add);
      this.#word(MARKS_WORD).byte(op.add).loadByte(0);
      code.constant(7).byte(op.shrUnsigned).byte(op.or).if();
      this.#leaveToHost(addressLocal, valueLocal, point, 2);
      code.end();
    } else this.#leaveToHost(addressLocal, valueLocal, point);
    code.end();
    if (isRead) {
      code.getLocal(PLAIN).getLocal(addressLocal).byte(op.add).loadByte(0).setLocal(this.#locals.ofValue(result));
    } else if (cycle.kind === 'write') {
      code.getLocal(PLAIN).getLocal(addressLocal).byte(op.add).getLocal(valueLocal).storeByte(0);
    }
    if (cycle.kind === 'read') this.#bound(result, BYTE);
    if (isTraced) {
      const seen = cycle.kind === 'read' ? this.#locals.ofValue(result) : valueLocal;
      this.#note(point, addressLocal, cycle.kind === 'idle' ? -1 : seen);
    }
    this.#pending += cycle.length;
  }

  /** Note a cycle for the host to tell; without a value it tells 0. */
  #note(point: number, address: number, value: number): void {
    const { code } = this.#target;
    const note = PLAIN;
    this.#getLeft().constant(Math.log2(NOTE_BYTES)).byte(op.shl);
    this.#word(NOTES_WORD).byte(op.add).teeLocal(note);
    code.constant(point + 1).store(0);
    code.getLocal(note).getLocal(address).store(4);
    code.getLocal(note);
    if (value < 0) code.constant(0);
    else code.getLocal(value);
    code.store(8);
  }

  /** Put a word of the entry of an address's page on the stack. */
  #pageWord(address: number, { low, high }: Interval, shift: number, offset: number): Code {
    const { code } = this.#target;
    const entryBytes = ENTRY_WORDS * 4;
    if (low >= 0 && low >> shift === high >> shift) {
      return code.loadWord(offset + (low >> shift) * entryBytes);
    }
    // (address >> shift) × size of an entry, as one shift and one mask.
    const toEntry = shift - Math.log2(entryBytes);
    return code
      .getLocal(address)
      .constant(toEntry)
      .byte(op.shrUnsigned)
      .constant(-entryBytes)
      .byte(op.and)
      .load(offset);
  }

  /** A local that holds the value: the one it is in already, or `spare`. */
  #intoLocal(expression: Expression, spare: number): number {
    if (expression.op === 'local') return this.#locals.ofValue(expression.index);
    if (expression.op === 'register') {
      if (expression.index === this.#programCounter && !this.#isAtStart) return PROGRAM_COUNTER;
      if (this.#locals.isValid(expression.index)) return this.#locals.ofRegister(expression.index);
    }
    this.#expression(expression);
    this.#target.code.setLocal(spare);
    return spare;
  }

  /**
   * Leave the loop of instructions, with all state in the arena, to have the host do this cycle and finish the
   * instruction. The call stands outside the loop: a call within it would make V8 keep the program counter on the stack,
   * in every body.
   *
   * @param depth of the blocks that have been opened for it
   */
  #leaveToHost(address: number, value: number, point: number, depth = 1): void {
    const { code, isa, points } = this.#target;
    const { statement, rest } = points[point] as Point;
    // What the point knows by itself is left to the host, for it would stand here some thousand times.
    if (!this.#isAtStart) this.#storeLocal(this.#programCounter, PROGRAM_COUNTER);
    this.#storeDirty();
    const { values } = this.#locals;
    for (let used = 0; used < values.length; used += 1) {
      const index = values[used] as number;
      if ((rest.reads & bitOf(index)) !== 0) this.#storeLocal(isa.words + index, this.#locals.ofValue(index));
    }
    this.#storeLocal(ADDRESS_WORD, address);
    if (statement.cycle.kind === 'write') this.#storeLocal(VALUE_WORD, value);
    code.constant(0).constant(point);
    this.#storeWord(POINT_WORD);
    code.branch(this.toOuterLabels + depth + HOST);
  }
}

function isIn(inner: ReadonlySet<number>, outer: ReadonlySet<number>): boolean {
  if (inner === outer) return true;
  for (const element of inner) if (!outer.has(element)) return false;
  return true;
}
