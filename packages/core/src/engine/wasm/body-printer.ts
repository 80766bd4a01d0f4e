/**
 * IR bodies to WebAssembly.
 *
 * Within a body, registers are read from the arena once and written back once: each has a local of its own that is
 * valid, and perhaps dirty, from its first use on. The program counter stays in its local from body to body. Pages that
 * are plain are accessed inline; for everything else the host is called, with all state in the arena: it does the access
 * and has the evaluator finish the instruction, at the exact time of each cycle.
 */
import { DELAY, ENTRY_WORDS, pageShiftOf, READ, WRITE } from '../../bus/bus.js';
import type { InstructionSet } from '../../isa/instruction-set.js';
import { type Interval, ofWidth, resultInterval, union } from '../../isa/interval.js';
import { type BinaryOperator, type Block, type Expression, type Statement, valueWithoutInput } from '../../isa/ir.js';
import { LEFT_WORD, LINE_WORD, STATUS_WORD } from '../../isa/words.js';
import { type Code, op } from './code.js';

/** Fixed locals of the function that bodies are printed into. */
export const BASE = 0;
export const LEFT = 1;
export const PROGRAM_COUNTER = 2;
/** First of the locals that are used within one instruction. */
export const ADDRESS = 3;
const PLAIN = 4;
/** Where an opcode is handed on to the rows of its page. */
export const VALUE = 5;
/** In a watched module: not 0 once the instruction has changed a register other than the program counter. */
export const CHANGED = 6;
/** In a watched module: the address of the instruction before. */
export const PREVIOUS = 7;
/** Which point leaves the loop. */
export const POINT = 8;
/** The window of addresses at which instructions begin that can be fetched directly; see `words.ts`. */
export const WINDOW_START = 9;
export const WINDOW_SIZE = 10;
export const WINDOW_ADD = 11;
/** Arena offset of the instruction's first byte. */
export const CODE = 12;
/** Bytes from an instruction's first one on that can be fetched directly. */
export const FETCHED_AHEAD = 8;
/** First local that bodies share out among their registers and values. */
export const FIRST_POOL = 13;

/** Functions the host gives. */
export const ACCESS = 0;
export const TRACE = 1;

/** A cycle that may call the host, and what comes after it in its body. */
export interface Point {
  readonly statement: Extract<Statement, { op: 'cycle' }>;
  /** The statements that follow, innermost block first. */
  readonly rest: readonly Block[];
}

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
  /** Collects the points of all bodies; their index is what the host is told. */
  readonly points: Point[];
  /** Byte offsets of the page tables from the base. */
  readonly memoryTable: number;
  readonly ioTable: number;
  /** Whether every cycle is told to the host. */
  readonly isTraced: boolean;
  /** Whether `CHANGED` collects if an instruction changes any register. */
  readonly isWatched: boolean;
}

const OPERATORS: Readonly<Record<BinaryOperator, number>> = {
  '+': op.add,
  '-': op.sub,
  '&': op.and,
  '|': op.or,
  '^': op.xor,
  '<<': op.shl,
  '>>': op.shr,
  '==': op.eq,
  '!=': op.ne,
  '<': op.lt,
  '<=': op.le,
  '>': op.gt,
  '>=': op.ge,
};

/**
 * Prints what goes on with a page's rows, the opcode in local `VALUE`.
 *
 * @param depth blocks open there
 * @param zero registers that are 0 there
 * @param fetched how far the program counter is beyond its local
 */
export type Decode = (page: string, depth: number, zero: ReadonlySet<number>, fetched: number) => void;

export class BodyPrinter {
  /** Locals used, for the declaration of the function. */
  mostLocals = FIRST_POOL;
  readonly #target: PrintTarget;
  readonly #programCounter: number;
  readonly #statusRegisters: ReadonlySet<number>;
  readonly #cached = new Map<number, Cached>();
  readonly #locals = new Map<number, number>();
  #next = FIRST_POOL;
  /** Cycles that have gone by since `LEFT` was last counted down. */
  #pending = 0;
  /** Blocks open around the present place, up to the loop of instructions. */
  #depth: number;
  #setsStatus = false;
  /** Bounds of the values in IR locals. */
  readonly #bounds = new Map<number, Interval>();
  readonly #widths: ReadonlyMap<number, number>;
  /** What to add to the program counter's local: its increments are added up, and stored at the end of the body. */
  #fetched: number;
  /** Whether that local still is the address of the instruction, so that what follows it can be fetched by `CODE`. */
  #isAtStart = true;
  readonly #programCounterMask: number;
  /** Registers that are known to be 0 here. */
  #zero: ReadonlySet<number>;

  /**
   * @param depth blocks between the place where the body stands and the label of the loop of instructions
   * @param zero registers that are 0 when the body begins
   * @param fetched how far the program counter is then beyond its local
   */
  constructor(target: PrintTarget, depth: number, zero: ReadonlySet<number> = new Set(), fetched = 0) {
    this.#zero = zero;
    this.#fetched = fetched;
    this.#widths = target.isa.registerWidths;
    this.#target = target;
    this.#programCounter = target.isa.registers.get(target.isa.declaration.programCounter) as number;
    this.#programCounterMask = ofWidth(this.#widths.get(this.#programCounter) as number).high;
    this.#statusRegisters = target.isa.statusRegisters;
    this.#depth = depth;
  }

  /** Print a body and the jump to the next instruction. */
  print(block: Block, decode: Decode): void {
    if (!this.#block(block, [], decode)) this.#finish();
  }

  #finish(): void {
    this.#settle();
    this.#settleProgramCounter();
    const { code } = this.#target;
    if (this.#setsStatus) {
      // The host looks whether the CPU still runs.
      this.#writeBack();
      code
        .getLocal(BASE)
        .constant(1)
        .store(STATUS_WORD * 4);
      code
        .getLocal(BASE)
        .getLocal(LEFT)
        .store(LEFT_WORD * 4);
      code.byte(op.return);
    } else code.branch(this.#depth);
  }

  /** Bring all that is kept in locals up to date, as the next body expects it. */
  #settle(): void {
    const { code } = this.#target;
    for (const [register, cached] of this.#cached) {
      if (cached.dirty) this.#store(register, cached.local);
      cached.dirty = false;
    }
    if (this.#pending > 0) code.getLocal(LEFT).constant(this.#pending).byte(op.sub).setLocal(LEFT);
    this.#pending = 0;
  }

  /** Put the program counter whole into its local. */
  #settleProgramCounter(): void {
    if (this.#fetched !== 0) {
      this.#getProgramCounter();
      this.#target.code.setLocal(PROGRAM_COUNTER);
      this.#isAtStart = false;
    }
    this.#fetched = 0;
  }

  #getProgramCounter(): void {
    const { code } = this.#target;
    code.getLocal(PROGRAM_COUNTER);
    if (this.#fetched !== 0) code.constant(this.#fetched).byte(op.add);
  }

  /** How far an address is from the instruction's first byte, if it can be fetched directly. */
  #distance(address: Expression): number | undefined {
    if (!this.#isAtStart) return undefined;
    const distance = this.#fromProgramCounter(address);
    return distance !== undefined && distance >= 0 && distance < FETCHED_AHEAD ? distance : undefined;
  }

  /** What an expression adds to the program counter's local, if it is a sum of it and a constant. */
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

  /** Whether the block ended in a decode, which leaves nothing to be done after it. */
  #block(block: Block, outer: readonly Block[], decode: Decode): boolean {
    for (const [index, statement] of block.entries()) {
      if (statement.op === 'decode') {
        this.#expression(statement.opcode);
        this.#target.code.setLocal(VALUE);
        this.#settle();
        if (!this.#isAtStart) this.#settleProgramCounter();
        decode(statement.page, this.#depth, this.#zero, this.#fetched);
        return true;
      }
      if (statement.op === 'if') {
        if (this.#if(statement, [block.slice(index + 1), ...outer], decode)) return true;
      } else this.#statement(statement, [block.slice(index + 1), ...outer]);
    }
    return false;
  }

  #statement(statement: Exclude<Statement, { op: 'if' | 'decode' }>, rest: readonly Block[]): void {
    const { code, isWatched } = this.#target;
    switch (statement.op) {
      case 'set':
        this.#assignRegister(statement.register, statement.value);
        return;
      case 'let':
        this.#expression(statement.value);
        code.setLocal(this.#localOf(statement.local));
        this.#bound(statement.local, this.#boundsOf(statement.value));
        return;
      case 'acknowledge':
        if (isWatched) {
          code.getLocal(BASE).load(LINE_WORD * 4);
          code
            .constant(1 << statement.bit)
            .byte(op.and)
            .getLocal(CHANGED)
            .byte(op.or)
            .setLocal(CHANGED);
        }
        code
          .getLocal(BASE)
          .getLocal(BASE)
          .load(LINE_WORD * 4);
        code
          .constant(~(1 << statement.bit))
          .byte(op.and)
          .store(LINE_WORD * 4);
        return;
      case 'cycle':
        this.#cycle(statement, rest);
    }
  }

  #assignRegister(register: number, value: Expression): void {
    const { code } = this.#target;
    if (this.#statusRegisters.has(register)) this.#setsStatus = true;
    if (this.#zero.has(register)) {
      if (value.op === 'constant' && value.value === 0) return;
      this.#zero = new Set([...this.#zero].filter((other) => other !== register));
      if (valueWithoutInput(value) === 0 && register !== this.#programCounter) {
        // A poll: while no line is asserted it leaves the 0 that is there.
        code
          .getLocal(BASE)
          .load(LINE_WORD * 4)
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

  #boundsOf(expression: Expression): Interval {
    switch (expression.op) {
      case 'constant':
        return { low: expression.value, high: expression.value };
      case 'register':
        return ofWidth(this.#widths.get(expression.index) ?? 31);
      case 'local':
        return this.#bounds.get(expression.index) ?? ofWidth(31);
      case 'input':
        return { low: 0, high: 1 };
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
    const { code } = this.#target;
    switch (expression.op) {
      case 'constant':
        code.constant(expression.value);
        return;
      case 'register': {
        if (expression.index === this.#programCounter) {
          this.#getProgramCounter();
          return;
        }
        const cached = this.#cachedOf(expression.index);
        if (cached.valid) code.getLocal(cached.local);
        else
          code
            .getLocal(BASE)
            .load(expression.index * 4)
            .teeLocal(cached.local);
        cached.valid = true;
        return;
      }
      case 'local':
        code.getLocal(this.#localOf(expression.index));
        return;
      case 'input':
        code.getLocal(BASE).load(LINE_WORD * 4);
        code.constant(expression.bit).byte(op.shrUnsigned).constant(1).byte(op.and);
        return;
      case 'binary': {
        const { operator, left, right } = expression;
        this.#expression(left);
        if (operator === '==' && right.op === 'constant' && right.value === 0) {
          code.byte(op.eqz);
          return;
        }
        this.#expression(right);
        code.byte(OPERATORS[operator]);
        return;
      }
      case 'select':
        this.#expression(expression.consequent);
        this.#expression(expression.alternate);
        this.#expression(expression.condition);
        code.byte(op.select);
    }
  }

  /** Whether both arms ended in a decode. */
  #if(
    { condition, consequent, alternate }: Extract<Statement, { op: 'if' }>,
    rest: readonly Block[],
    decode: Decode,
  ): boolean {
    const { code } = this.#target;
    this.#expression(condition);
    // What both arms are to find, and to leave, in the same locals.
    const before = new Map([...this.#cached].map(([register, cached]) => [register, { ...cached }]));
    const pending = this.#pending;
    const zero = this.#zero;
    const fetched = this.#fetched;
    const isAtStart = this.#isAtStart;
    code.if();
    this.#depth += 1;
    const consequentEnds = this.#block(consequent, rest, decode);
    const afterConsequent = this.#snapshot();
    const consequentPending = this.#pending;
    const consequentFetched = this.#fetched;
    const consequentIsAtStart = this.#isAtStart;
    const mark = code.length;
    code.else();
    this.#restore(before);
    this.#pending = pending;
    this.#fetched = fetched;
    this.#isAtStart = isAtStart;
    const zeroAfterConsequent = this.#zero;
    this.#zero = new Set([...zero, ...zeroWhenFalse(condition)]);
    const alternateEnds = this.#block(alternate, rest, decode);
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
    this.#zero = new Set([...zeroAfterConsequent].filter((register) => this.#zero.has(register)));
    const afterAlternate = this.#snapshot();
    if (consequentEnds && alternateEnds) return true;
    if (consequentEnds) return false;
    // The first arm is completed afterwards, now that it is known how the second one leaves the registers.
    const tail = code.cut(mark);
    this.#restore(afterConsequent);
    this.#pending = consequentPending;
    this.#fetched = consequentFetched;
    this.#isAtStart = consequentIsAtStart;
    this.#flushWhereUnknown(alternateEnds ? undefined : afterAlternate);
    this.#countDownTo(pending);
    if (isSplit) this.#settleProgramCounter();
    if (isSplit) this.#isAtStart = false;
    code.append(tail);
    const ends = [...(alternateEnds ? [] : [afterAlternate]), this.#snapshot()];
    for (const [register, cached] of this.#cached) {
      cached.valid = ends.every((end) => end.get(register)?.valid === true);
      cached.dirty = ends.some((end) => end.get(register)?.dirty === true) && cached.valid;
    }
    this.#pending = pending;
    return false;
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
    const { code, isWatched } = this.#target;
    if (isWatched) {
      code
        .getLocal(BASE)
        .load(register * 4)
        .getLocal(local)
        .byte(op.xor);
      code.getLocal(CHANGED).byte(op.or).setLocal(CHANGED);
    }
    code
      .getLocal(BASE)
      .getLocal(local)
      .store(register * 4);
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
    const { code, points, isTraced, isa } = this.#target;
    const { cycle, operands, result } = statement;
    const [address, value] = operands as [Expression, Expression];
    const point = points.push({ statement, rest }) - 1;
    const isIo = cycle.space === 'io';
    const { addressWidth, ioAddressWidth = addressWidth } = isa.declaration;
    const shift = pageShiftOf(isIo ? ioAddressWidth : addressWidth);
    const table = isIo ? this.#target.ioTable : this.#target.memoryTable;

    if (cycle.kind === 'acknowledge' || cycle.kind === 'return') {
      // What the chain does is the host's; no code follows.
      const at = address ? this.#intoLocal(address, ADDRESS) : ADDRESS;
      if (result >= 0) this.#bound(result, ofWidth(8));
      this.#leaveToHost(at, VALUE, point, this.#depth + 1);
      return;
    }
    if (!cycle.waits) {
      if (isTraced) {
        code.constant(point).getLocal(this.#intoLocal(address, ADDRESS)).constant(0);
        code.getLocal(LEFT).constant(this.#pending).byte(op.sub).call(TRACE);
      }
      this.#pending += cycle.length;
      return;
    }
    const distance = cycle.kind === 'read' && !isIo ? this.#distance(address) : undefined;
    if (distance !== undefined) {
      code.getLocal(CODE).loadByte(distance).setLocal(this.#localOf(result));
      this.#bound(result, ofWidth(8));
      if (isTraced) {
        code.constant(point).getLocal(PROGRAM_COUNTER).constant(distance).byte(op.add).getLocal(this.#localOf(result));
        code.getLocal(LEFT).constant(this.#pending).byte(op.sub).call(TRACE);
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
    if (cycle.kind === 'idle') {
      code.if();
      this.#leaveToHost(addressLocal, VALUE, point, this.#depth + 2);
      code.end();
    } else {
      code.teeLocal(PLAIN).constant(0).byte(op.lt).if();
      this.#leaveToHost(addressLocal, valueLocal, point, this.#depth + 2);
      code.end();
      code.getLocal(PLAIN).getLocal(addressLocal).byte(op.add);
      if (cycle.kind === 'read') {
        code.loadByte(0).setLocal(this.#localOf(result));
        this.#bound(result, ofWidth(8));
      } else code.getLocal(valueLocal).storeByte(0);
    }
    if (isTraced) {
      code.constant(point).getLocal(addressLocal);
      if (cycle.kind === 'idle') code.constant(0);
      else code.getLocal(cycle.kind === 'read' ? this.#localOf(result) : valueLocal);
      code.getLocal(LEFT).constant(this.#pending).byte(op.sub).call(TRACE);
    }
    this.#pending += cycle.length;
  }

  /** Put a word of the entry of an address's page on the stack. */
  #pageWord(address: number, { low, high }: Interval, shift: number, offset: number): void {
    const { code } = this.#target;
    const entryBytes = ENTRY_WORDS * 4;
    if (low >= 0 && low >> shift === high >> shift) {
      code.getLocal(BASE).load(offset + (low >> shift) * entryBytes);
      return;
    }
    // (address >> shift) × size of an entry, as one shift and one mask.
    const toEntry = shift - Math.log2(entryBytes);
    code.getLocal(address).constant(toEntry).byte(op.shrUnsigned).constant(-entryBytes).byte(op.and);
    code.getLocal(BASE).byte(op.add).load(offset);
  }

  /** A local that holds the value: the one it is in already, or `spare`. */
  #intoLocal(expression: Expression, spare: number): number {
    if (expression.op === 'local') return this.#localOf(expression.index);
    if (expression.op === 'register') {
      if (expression.index === this.#programCounter && this.#fetched === 0) return PROGRAM_COUNTER;
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
  #leaveToHost(address: number, value: number, point: number, depth: number): void {
    const { code, isa } = this.#target;
    this.#writeBack();
    for (const [index, local] of this.#locals) {
      code
        .getLocal(BASE)
        .getLocal(local)
        .store((isa.words + index) * 4);
    }
    if (address !== ADDRESS) code.getLocal(address).setLocal(ADDRESS);
    if (value !== VALUE) code.getLocal(value).setLocal(VALUE);
    if (this.#pending > 0) code.getLocal(LEFT).constant(this.#pending).byte(op.sub).setLocal(LEFT);
    code.constant(point).setLocal(POINT).branch(depth);
  }

  /** Write what is dirty into the arena, and still count it as dirty: the fast path has not written it. */
  #writeBack(): void {
    const { code } = this.#target;
    code.getLocal(BASE);
    this.#getProgramCounter();
    code.store(this.#programCounter * 4);
    for (const [register, { local, dirty }] of this.#cached) {
      if (dirty) this.#store(register, local);
    }
  }
}

/** Registers of which all must be 0 for a condition to be false. */
function zeroWhenFalse(condition: Expression): number[] {
  if (condition.op === 'register') return [condition.index];
  if (condition.op !== 'binary' || condition.operator !== '|') return [];
  return [...zeroWhenFalse(condition.left), ...zeroWhenFalse(condition.right)];
}
