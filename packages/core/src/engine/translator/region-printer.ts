/**
 * Regions to WebAssembly: one function each, its control flow structured (Norman Ramsey, "Beyond Relooper", 2022).
 *
 * Registers are in locals from the function's beginning to its end. What it cannot do itself is left to the host: a
 * device at a known address is called in its midst, everything else ends it. Its result says why it ended.
 */
import { DELAY, ENTRY_WORDS, type PlacedDelay, pageShiftOf, READ, TRANSLATED, WRITE } from '../../bus/bus.js';
import type { InstructionSet } from '../../isa/instruction-set.js';
import type { Interval } from '../../isa/interval.js';
import { type Expression, someExpression } from '../../isa/ir.js';
import { ADDRESS_WORD, DELAYS_WORD, LEFT_WORD, VALUE_WORD } from '../../isa/words.js';
import { collectLeaves } from '../locals-read.js';
import { Code, type FunctionCode, op } from '../wasm/code.js';
import { printExpression } from '../wasm/expression.js';
import type { Edge, Node, Region } from './region.js';
import type { Resume, Step } from './specialize.js';

/** Results of a region's function; what is not negative is a point at which the host goes on. */
export const LEFT_REGION = -1;
/** The host has finished an instruction in the midst of it. */
export const HOST_WENT_ON = -2;
/** The same, and something may come in place of the next instruction. */
export const STOPPED = -4;
/** There was not time enough for what comes next. */
export const NO_TIME = -3;
/** Nothing was done: a register is not what the region takes for granted. */
export const NOT_AS_ASSUMED = -5;

/** The function that the host gives. */
const ACCESS = 0;

const LEFT = 0;
const PROGRAM_COUNTER = 1;
const RESULT = 2;
const ADDRESS = 3;
const VALUE = 4;
const PLAIN = 5;
const FIRST_REGISTER_LOCAL = 6;

type Cycle = Extract<Step, { op: 'cycle' }>;
type If = Extract<Step, { op: 'if' }>;

/** What is known of the memory that a region accesses, as long as the page table stays as it is. */
export interface KnownMemory {
  /**
   * What is to be added to addresses to get arena offsets, if accesses to all of them are plain; undefined if that is
   * not known.
   */
  plain(access: 'read' | 'write', addresses: Interval): number | undefined;
  /** Whether the host does accesses to an address, as far as can be said beforehand. */
  isHosts(access: 'read' | 'write', address: number): boolean;
}

export interface RegionTarget {
  readonly isa: InstructionSet;
  /** Arena offset of the CPU's words. */
  readonly base: number;
  readonly memoryTable: number;
  readonly ioTable: number;
  /** From a byte of memory to its mark. */
  readonly toMarks: number;
  /** Whether there are pages that let cycles wait. */
  readonly isDelayed: boolean;
  readonly memory: KnownMemory;
  /** Registers that have these values from its beginning to its end. */
  readonly assumed: ReadonlyMap<number, number>;
  /** Collects the points of a module's regions. */
  readonly points: Resume[];
}

/** A label that code may branch to. */
type Label = { readonly node: Node; readonly isLoop: boolean } | 'exit' | undefined;

/** The function of a region. */
export function printRegion(name: string, region: Region, target: RegionTarget): FunctionCode {
  return new RegionPrinter(region, target).print(name);
}

class RegionPrinter {
  readonly #region: Region;
  readonly #target: RegionTarget;
  readonly #code = new Code();
  readonly #programCounter: number;
  /** Locals of the registers that the region uses. */
  readonly #registers = new Map<number, number>();
  /** Those of them that it writes. */
  readonly #written = new Set<number>();
  readonly #firstLocal: number;
  #locals = 0;
  readonly #labels: Label[] = [];
  /** Cycles that have gone by since `LEFT` was last counted down. */
  #pending = 0;
  /** The same, when the present instruction began. */
  #pendingBefore = 0;

  constructor(region: Region, target: RegionTarget) {
    this.#region = region;
    this.#target = target;
    const { isa } = target;
    this.#programCounter = isa.registers.get(isa.declaration.programCounter) as number;
    const used = new Set<number>();
    for (const { steps } of region.nodes) this.#collect(steps, used);
    used.delete(this.#programCounter);
    for (const register of target.assumed.keys()) used.delete(register);
    this.#written.delete(this.#programCounter);
    for (const register of [...used].sort((a, b) => a - b)) {
      this.#registers.set(register, FIRST_REGISTER_LOCAL + this.#registers.size);
    }
    this.#firstLocal = FIRST_REGISTER_LOCAL + this.#registers.size;
  }

  print(name: string): FunctionCode {
    const { base, assumed } = this.#target;
    const code = this.#code;
    for (const [register, value] of assumed) {
      code.loadWord(base + register * 4);
      code.constant(value).byte(op.ne).if().constant(NOT_AS_ASSUMED).byte(op.return).end();
    }
    code.loadWord(base + LEFT_WORD * 4).setLocal(LEFT);
    for (const [register, local] of this.#registers) code.loadWord(base + register * 4).setLocal(local);
    code.block();
    this.#labels.push('exit');
    this.#tree(this.#region.entry);
    code.byte(op.unreachable).end();
    this.#labels.pop();
    this.#pending = 0;
    this.#storeState();
    code.getLocal(RESULT);
    return {
      name,
      parameters: 0,
      hasResult: true,
      locals: this.#firstLocal + this.#locals,
      code: code.bytes,
    };
  }

  #collect(steps: readonly Step[], used: Set<number>): void {
    const visit = (expression: Expression): void => collectLeaves(expression, 'register', used);
    for (const step of steps) {
      switch (step.op) {
        case 'set':
          used.add(step.register);
          this.#written.add(step.register);
          visit(step.value);
          break;
        case 'let':
          visit(step.value);
          break;
        case 'cycle':
          visit(step.address);
          if (step.value) visit(step.value);
          break;
        case 'if': {
          const only = this.#onlyArm(step);
          if (only) this.#collect(only, used);
          else {
            visit(step.condition);
            this.#collect(step.consequent, used);
            this.#collect(step.alternate, used);
          }
          break;
        }
        case 'pass':
        case 'wait':
        case 'next':
      }
    }
  }

  /** A node with all that it dominates. */
  #tree(node: Node): void {
    const code = this.#code;
    const merges = node.dominated.filter(({ isMerge }) => isMerge).sort((a, b) => b.order - a.order);
    if (node.isLoop) {
      this.#flush();
      code.loop();
      this.#labels.push({ node, isLoop: true });
    }
    for (const merge of merges) {
      code.block();
      this.#labels.push({ node: merge, isLoop: false });
    }
    this.#node(node);
    for (const merge of merges.reverse()) {
      code.end();
      this.#labels.pop();
      this.#pending = 0;
      this.#tree(merge);
    }
    if (node.isLoop) {
      code.byte(op.unreachable).end();
      this.#labels.pop();
    }
  }

  #node(node: Node): void {
    if (node.isGuarded) {
      this.#flush();
      this.#code.getLocal(LEFT).constant(node.toLastStart).byte(op.le);
      this.#inIf(() => {
        this.#code.constant(node.address).setLocal(PROGRAM_COUNTER);
        this.#exit(NO_TIME);
      });
    }
    this.#pendingBefore = this.#pending;
    this.#steps(node.steps, node);
    this.#code.byte(op.unreachable);
  }

  #inIf(print: () => void, otherwise?: () => void): void {
    const pending = this.#pending;
    this.#code.if();
    this.#labels.push(undefined);
    print();
    if (otherwise) {
      this.#pending = pending;
      this.#code.else();
      otherwise();
    }
    this.#code.end();
    this.#labels.pop();
    this.#pending = pending;
  }

  /** Whether all paths have ended. */
  #steps(steps: readonly Step[], node: Node): boolean {
    const code = this.#code;
    for (const [index, step] of steps.entries()) {
      switch (step.op) {
        case 'set':
          this.#expression(step.value);
          code.setLocal(
            step.register === this.#programCounter ? PROGRAM_COUNTER : (this.#registers.get(step.register) as number),
          );
          break;
        case 'let':
          this.#expression(step.value);
          code.setLocal(this.#localOf(step.local));
          break;
        case 'pass':
          this.#pending += step.cycles;
          break;
        case 'wait':
          this.#wait(step.delay);
          break;
        case 'cycle':
          this.#cycle(step, isOverwritten(step, steps, index + 1));
          break;
        case 'if':
          if (this.#if(step, node)) return true;
          break;
        case 'next':
          this.#next(node.edges.get(step) as Edge, node);
          return true;
      }
    }
    return false;
  }

  /** The arm that is always taken, if that is known. */
  #onlyArm({ condition, consequent, alternate }: If): readonly Step[] | undefined {
    const value = condition.op === 'register' ? this.#target.assumed.get(condition.index) : undefined;
    if (value === undefined) return undefined;
    return value !== 0 ? consequent : alternate;
  }

  #if(step: If, node: Node): boolean {
    const only = this.#onlyArm(step);
    if (only) return this.#steps(only, node);
    const { condition, consequent, alternate } = step;
    const code = this.#code;
    const before = this.#pending;
    const goesOn = [consequent, alternate].map((arm) => !endsAlways(arm));
    const isJoin = goesOn.every((goes) => goes);
    let after = before;
    this.#expression(condition);
    code.if();
    this.#labels.push(undefined);
    [consequent, alternate].forEach((arm, index) => {
      if (index === 1) code.else();
      this.#pending = before;
      if (this.#steps(arm, node)) return;
      if (isJoin) this.#countDown(this.#pending - before);
      else after = this.#pending;
    });
    code.end();
    this.#labels.pop();
    this.#pending = after;
    if (goesOn.some((goes) => goes)) return false;
    code.byte(op.unreachable);
    return true;
  }

  #next({ next, to, expected, isUndone }: Edge, node: Node): void {
    const code = this.#code;
    if (isUndone) {
      this.#pending = this.#pendingBefore;
      code.constant(node.address).setLocal(PROGRAM_COUNTER);
      this.#exit(LEFT_REGION);
      return;
    }
    if (next.address.op === 'constant') {
      if (to) this.#goTo(to, node);
      else {
        code.constant(next.address.value).setLocal(PROGRAM_COUNTER);
        this.#exit(next.isStop ? STOPPED : LEFT_REGION);
      }
      return;
    }
    if (to && expected !== undefined) {
      code.getLocal(PROGRAM_COUNTER).constant(expected).byte(op.ne);
      this.#inIf(() => this.#exit(LEFT_REGION));
      this.#goTo(to, node);
    } else this.#exit(next.isStop ? STOPPED : LEFT_REGION);
  }

  #goTo(to: Node, from: Node): void {
    const isBack = to.order <= from.order;
    if (!isBack && !to.isMerge) {
      this.#tree(to);
      return;
    }
    this.#flush();
    this.#branch((label) => typeof label === 'object' && label.node === to && label.isLoop === isBack);
  }

  #exit(result: number): void {
    this.#flush();
    this.#code.constant(result).setLocal(RESULT);
    this.#branch((label) => label === 'exit');
  }

  #branch(isMeant: (label: Label) => boolean): void {
    const depth = [...this.#labels].reverse().findIndex(isMeant);
    if (depth < 0) throw new RangeError('no label to branch to');
    this.#code.branch(depth);
  }

  #countDown(cycles: number): void {
    if (cycles !== 0) this.#code.getLocal(LEFT).constant(cycles).byte(op.sub).setLocal(LEFT);
  }

  #flush(): void {
    this.#countDown(this.#pending);
    this.#pending = 0;
  }

  #expression(expression: Expression): void {
    const code = this.#code;
    printExpression(code, expression, (leaf) => {
      if (leaf.op === 'local') code.getLocal(this.#localOf(leaf.index));
      else if (leaf.op === 'input') code.constant(0);
      else if (leaf.index === this.#programCounter) code.getLocal(PROGRAM_COUNTER);
      else if (this.#registers.has(leaf.index)) code.getLocal(this.#registers.get(leaf.index) as number);
      else code.constant(this.#target.assumed.get(leaf.index) as number);
    });
  }

  #localOf(local: number): number {
    this.#locals = Math.max(this.#locals, local + 1);
    return this.#firstLocal + local;
  }

  /** @param isOverwritten whether what is written to plain memory need not be */
  #cycle(step: Cycle, isOverwritten: boolean): void {
    const { cycle, address, addresses } = step;
    if (cycle.kind === 'idle') {
      this.#idle(step);
      return;
    }
    const access = cycle.kind === 'write' ? 'write' : 'read';
    const isIo = cycle.space === 'io';
    const { memory } = this.#target;
    const plain = isIo ? undefined : memory.plain(access, addresses);
    if (plain !== undefined) {
      if (!isOverwritten) this.#plainAccess(step, plain);
    } else if (isIo || (address.op === 'constant' && memory.isHosts(access, address.value))) this.#callHost(step);
    else this.#lookedUpAccess(step, isOverwritten);
    this.#pending += cycle.length;
  }

  /** A cycle that waits where the page of its address is a delayed one. */
  #idle(step: Cycle): void {
    this.#operands(step);
    this.#entry(DELAY);
    this.#inIf(() => this.#call(step));
    this.#pending += step.cycle.length;
  }

  /** Wait for as long as memory says at this time. */
  #wait({ period, phase, offset }: PlacedDelay): void {
    const code = this.#code;
    code.getLocal(LEFT);
    code
      .loadWord(this.#target.base + DELAYS_WORD * 4)
      .getLocal(LEFT)
      .byte(op.sub);
    code.constant(this.#pending + phase).byte(op.add);
    code.constant(period).byte(op.remUnsigned).loadByte(offset);
    code.byte(op.sub).setLocal(LEFT);
  }

  /** Put a word of the entry of the address's page on the stack. */
  #entry(word: number): void {
    const { isa, base, memoryTable } = this.#target;
    const shift = pageShiftOf(isa.declaration.addressWidth);
    const entryBytes = ENTRY_WORDS * 4;
    const code = this.#code;
    code
      .getLocal(ADDRESS)
      .constant(shift - Math.log2(entryBytes))
      .byte(op.shrUnsigned);
    code
      .constant(-entryBytes)
      .byte(op.and)
      .load(base + memoryTable + word * 4);
  }

  #plainAccess({ address, value, result }: Cycle, plain: number): void {
    const code = this.#code;
    if (!value && result < 0) return;
    let offset = plain;
    if (address.op === 'constant') {
      code.constant(0);
      offset += address.value;
    } else this.#expression(address);
    if (value) {
      this.#expression(value);
      code.storeByte(offset);
    } else code.loadByte(offset).setLocal(this.#localOf(result));
  }

  /** Put address and value into their locals. */
  #operands({ address, value }: Cycle): void {
    this.#expression(address);
    this.#code.setLocal(ADDRESS);
    if (!value) return;
    this.#expression(value);
    this.#code.setLocal(VALUE);
  }

  /** An access by way of the page table. */
  #lookedUpAccess(step: Cycle, isOverwritten: boolean): void {
    const { value, result } = step;
    const { toMarks, isDelayed } = this.#target;
    const code = this.#code;
    const inline = (): void => {
      if (value ? isOverwritten : result < 0) return;
      code.getLocal(PLAIN).getLocal(ADDRESS).byte(op.add);
      if (value) code.getLocal(VALUE).storeByte(0);
      else code.loadByte(0).setLocal(this.#localOf(result));
    };
    // What is delayed is the host's, and often asked for: then the region goes on.
    const isHosts = (): void => (isDelayed ? this.#call(step) : this.#leaveToHost(step));
    const otherwise = isDelayed ? inline : undefined;
    this.#operands(step);
    this.#entry(value ? WRITE : READ);
    code.teeLocal(PLAIN).constant(0).byte(op.lt);
    this.#inIf(() => {
      if (!value) {
        isHosts();
        return;
      }
      // A page with translated code in it may be written to where there is none.
      this.#entry(TRANSLATED);
      code.teeLocal(PLAIN).byte(op.eqz);
      code.getLocal(PLAIN).getLocal(ADDRESS).byte(op.add).loadByte(toMarks);
      code.constant(7).byte(op.shrUnsigned).byte(op.or);
      this.#inIf(isHosts, otherwise);
    }, otherwise);
    if (!isDelayed) inline();
  }

  /** End the region with all state in the arena: the host does the cycle and finishes the instruction. */
  #leaveToHost({ value, resume }: Cycle): void {
    const code = this.#code;
    this.#storeLocals(resume);
    this.#storeWord(ADDRESS_WORD, () => code.getLocal(ADDRESS));
    if (value) this.#storeWord(VALUE_WORD, () => code.getLocal(VALUE));
    this.#settle(resume);
    this.#exit(this.#point(resume));
  }

  /** Have the host do the cycle, and go on if nothing has come of it that compiled code must not miss. */
  #callHost(step: Cycle): void {
    this.#operands(step);
    this.#call(step);
  }

  /** The same, with address and value in their locals. */
  #call({ value, result, resume }: Cycle): void {
    const { base, isDelayed } = this.#target;
    const code = this.#code;
    this.#storeLocals(resume);
    this.#settle(resume);
    this.#storeState();
    code.constant(this.#point(resume)).getLocal(ADDRESS);
    if (value) code.getLocal(VALUE);
    else code.constant(0);
    code.call(ACCESS).teeLocal(VALUE).constant(0).byte(op.lt);
    code.if().constant(HOST_WENT_ON).byte(op.return).end();
    if (result >= 0) code.getLocal(VALUE).setLocal(this.#localOf(result));
    // It may have waited.
    if (isDelayed)
      code
        .loadWord(base + LEFT_WORD * 4)
        .constant(this.#pending)
        .byte(op.add)
        .setLocal(LEFT);
  }

  #point(resume: Resume): number {
    return this.#target.points.push(resume) - 1;
  }

  #settle({ programCounter }: Resume): void {
    if (programCounter !== undefined) this.#code.constant(programCounter).setLocal(PROGRAM_COUNTER);
  }

  #storeLocals({ locals }: Resume): void {
    for (const [local, value] of locals) {
      this.#storeWord(this.#target.isa.words + local, () => {
        if (value === undefined) this.#code.getLocal(this.#localOf(local));
        else this.#code.constant(value);
      });
    }
  }

  /** Write registers and time back. */
  #storeState(): void {
    const code = this.#code;
    for (const register of this.#written) {
      this.#storeWord(register, () => code.getLocal(this.#registers.get(register) as number));
    }
    this.#storeWord(this.#programCounter, () => code.getLocal(PROGRAM_COUNTER));
    this.#storeWord(LEFT_WORD, () => {
      code.getLocal(LEFT);
      if (this.#pending > 0) code.constant(this.#pending).byte(op.sub);
    });
  }

  #storeWord(word: number, value: () => void): void {
    this.#code.constant(0);
    value();
    this.#code.store(this.#target.base + word * 4);
  }
}

/**
 * Whether a write is followed by another one to the same place, with nothing but computing between: an instruction that
 * reads, modifies and writes may write the old value first.
 */
function isOverwritten({ cycle, value, address }: Cycle, steps: readonly Step[], from: number): boolean {
  if (!value) return false;
  for (let index = from; index < steps.length; index += 1) {
    const step = steps[index] as Step;
    if (step.op === 'cycle') {
      return step.value !== undefined && step.cycle.space === cycle.space && isSamePlace(step.address, address);
    }
    const isPlain = step.op === 'set' || step.op === 'pass' || (step.op === 'let' && !readsLocal(address, step.local));
    if (!isPlain) return false;
  }
  return false;
}

const isSamePlace = (one: Expression, other: Expression): boolean =>
  one.op === 'constant'
    ? other.op === 'constant' && one.value === other.value
    : one.op === 'local' && other.op === 'local' && one.index === other.index;

const readsLocal = (expression: Expression, local: number): boolean =>
  someExpression(expression, (part) => part.op === 'local' && part.index === local);

/** Whether every path through steps ends. */
function endsAlways(steps: readonly Step[]): boolean {
  const last = steps.at(-1);
  return last?.op === 'next' || (last?.op === 'if' && endsAlways(last.consequent) && endsAlways(last.alternate));
}
