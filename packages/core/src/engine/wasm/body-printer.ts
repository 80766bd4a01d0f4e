/**
 * IR bodies to WebAssembly.
 *
 * Within a body, registers are read from the arena once and written back once: each has a local of its own that is
 * valid, and perhaps dirty, from its first use on. The program counter stays in its local from body to body. Pages that
 * are plain are accessed inline; everything else is a call to the host, before which all that is dirty is written back,
 * for the host may finish the instruction itself.
 */
import { DELAY, ENTRY_WORDS, pageShiftOf, READ, WRITE } from '../../bus/bus.js';
import type { InstructionSet } from '../../isa/instruction-set.js';
import type { BinaryOperator, Block, Expression, Statement } from '../../isa/ir.js';
import { LEFT_WORD, LINE_WORD, STATUS_WORD } from '../../isa/words.js';
import { type Code, I32, op } from './code.js';

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
/** First local that bodies share out among their registers and values. */
export const FIRST_POOL = 8;

/** Functions the host gives. */
export const READ_ELSEWHERE = 0;
export const WRITE_ELSEWHERE = 1;
export const IDLE_ELSEWHERE = 2;
export const TRACE = 3;

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

  /** @param depth blocks between the place where the body stands and the label of the loop of instructions */
  constructor(target: PrintTarget, depth: number) {
    this.#target = target;
    this.#programCounter = target.isa.registers.get(target.isa.declaration.programCounter) as number;
    this.#statusRegisters = target.isa.statusRegisters;
    this.#depth = depth;
  }

  /**
   * Print a body and the jump to the next instruction.
   *
   * @param decode prints what goes on with a page's rows, the opcode in local `VALUE`; called with the depth there
   */
  print(block: Block, decode: (page: string, depth: number) => void): void {
    if (!this.#block(block, [], decode)) this.#finish();
  }

  #finish(): void {
    this.#settle();
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

  /** Whether the block ended in a decode, which leaves nothing to be done after it. */
  #block(block: Block, outer: readonly Block[], decode: (page: string, depth: number) => void): boolean {
    for (const [index, statement] of block.entries()) {
      if (statement.op === 'decode') {
        this.#expression(statement.opcode);
        this.#target.code.setLocal(VALUE);
        this.#settle();
        decode(statement.page, this.#depth);
        return true;
      }
      if (statement.op === 'if') {
        if (this.#if(statement, [block.slice(index + 1), ...outer], decode)) return true;
      } else this.#statement(statement, [block.slice(index + 1), ...outer]);
    }
    return false;
  }

  #statement(statement: Exclude<Statement, { op: 'if' | 'decode' }>, rest: readonly Block[]): void {
    const { code } = this.#target;
    switch (statement.op) {
      case 'set':
        this.#assignRegister(statement.register, statement.value);
        return;
      case 'let':
        this.#expression(statement.value);
        code.setLocal(this.#localOf(statement.local));
        return;
      case 'acknowledge':
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
    this.#expression(value);
    if (register === this.#programCounter) {
      code.setLocal(PROGRAM_COUNTER);
      return;
    }
    const cached = this.#cachedOf(register);
    code.setLocal(cached.local);
    cached.valid = true;
    cached.dirty = true;
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
          code.getLocal(PROGRAM_COUNTER);
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
    decode: (page: string, depth: number) => void,
  ): boolean {
    const { code } = this.#target;
    this.#expression(condition);
    // What both arms are to find, and to leave, in the same locals.
    const before = new Map([...this.#cached].map(([register, cached]) => [register, { ...cached }]));
    const pending = this.#pending;
    code.if();
    this.#depth += 1;
    const consequentEnds = this.#block(consequent, rest, decode);
    const afterConsequent = this.#snapshot();
    const consequentPending = this.#pending;
    const mark = code.length;
    code.else();
    this.#restore(before);
    this.#pending = pending;
    const alternateEnds = this.#block(alternate, rest, decode);
    if (!alternateEnds) {
      this.#flushWhereUnknown(consequentEnds ? undefined : afterConsequent);
      this.#countDownTo(pending);
    }
    code.end();
    this.#depth -= 1;
    const afterAlternate = this.#snapshot();
    if (consequentEnds && alternateEnds) return true;
    if (consequentEnds) return false;
    // The first arm is completed afterwards, now that it is known how the second one leaves the registers.
    const tail = code.cut(mark);
    this.#restore(afterConsequent);
    this.#pending = consequentPending;
    this.#flushWhereUnknown(alternateEnds ? undefined : afterAlternate);
    this.#countDownTo(pending);
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

    let addressLocal = this.#intoLocal(address, ADDRESS);
    if (isTraced && address.op === 'local' && address.index === result) {
      // What is read takes the place of its address, which the trace still has to tell.
      code.getLocal(addressLocal).setLocal(ADDRESS);
      addressLocal = ADDRESS;
    }
    const valueLocal = cycle.kind === 'write' ? this.#intoLocal(value, VALUE) : VALUE;
    const word = cycle.kind === 'write' ? WRITE : cycle.kind === 'read' ? READ : DELAY;
    const entryBits = Math.log2(ENTRY_WORDS * 4);
    // Entry of the page: (address >> shift) × 32, as one shift and one mask.
    code
      .getLocal(addressLocal)
      .constant(shift - entryBits)
      .byte(op.shrUnsigned);
    code.constant(-(ENTRY_WORDS * 4)).byte(op.and);
    code
      .getLocal(BASE)
      .byte(op.add)
      .load(table + word * 4);
    if (cycle.kind === 'idle') {
      code.if();
      this.#callHost(IDLE_ELSEWHERE, [addressLocal], point);
      code.byte(op.drop).end();
    } else {
      const mask = 2 ** shift - 1;
      code.teeLocal(PLAIN).constant(0).byte(op.ge);
      code.if(cycle.kind === 'read' ? I32 : undefined);
      code.getLocal(PLAIN).getLocal(addressLocal).constant(mask).byte(op.and).byte(op.add);
      if (cycle.kind === 'read') code.loadByte(0);
      else code.getLocal(valueLocal).storeByte(0);
      code.else();
      if (cycle.kind === 'read') this.#callHost(READ_ELSEWHERE, [addressLocal], point);
      else {
        this.#callHost(WRITE_ELSEWHERE, [addressLocal, valueLocal], point);
        code.byte(op.drop);
      }
      code.end();
      if (cycle.kind === 'read') code.setLocal(this.#localOf(result));
    }
    if (isTraced) {
      const shown = cycle.kind === 'read' ? this.#localOf(result) : valueLocal;
      code.constant(point).getLocal(addressLocal).getLocal(shown);
      code.getLocal(LEFT).constant(this.#pending).byte(op.sub).call(TRACE);
    }
    this.#pending += cycle.length;
  }

  /** A local that holds the value: the one it is in already, or `spare`. */
  #intoLocal(expression: Expression, spare: number): number {
    if (expression.op === 'local') return this.#localOf(expression.index);
    if (expression.op === 'register') {
      if (expression.index === this.#programCounter) return PROGRAM_COUNTER;
      const cached = this.#cachedOf(expression.index);
      if (cached.valid) return cached.local;
    }
    this.#expression(expression);
    this.#target.code.setLocal(spare);
    return spare;
  }

  /** Call the host with all state in the arena; leave if it has finished the instruction. The result stays on the stack. */
  #callHost(imported: number, parameters: readonly number[], point: number): void {
    const { code, isa } = this.#target;
    this.#writeBack();
    for (const [index, local] of this.#locals)
      code
        .getLocal(BASE)
        .getLocal(local)
        .store((isa.words + index) * 4);
    for (const local of parameters) code.getLocal(local);
    code.getLocal(LEFT).constant(this.#pending).byte(op.sub).constant(point).call(imported);
    code.teeLocal(PLAIN).constant(0).byte(op.lt).if().byte(op.return).end();
    for (const [register, { local, valid }] of this.#cached) {
      if (valid && isa.volatileRegisters.has(register))
        code
          .getLocal(BASE)
          .load(register * 4)
          .setLocal(local);
    }
    code
      .getLocal(BASE)
      .load(LEFT_WORD * 4)
      .constant(this.#pending)
      .byte(op.add)
      .setLocal(LEFT);
    code.getLocal(PLAIN);
  }

  /** Write what is dirty into the arena, and still count it as dirty: the fast path has not written it. */
  #writeBack(): void {
    const { code } = this.#target;
    code
      .getLocal(BASE)
      .getLocal(PROGRAM_COUNTER)
      .store(this.#programCounter * 4);
    for (const [register, { local, dirty }] of this.#cached) {
      if (dirty) this.#store(register, local);
    }
  }
}
