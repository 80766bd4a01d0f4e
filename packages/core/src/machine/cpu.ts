/** A CPU at work: its words in the arena, its place in time, and the bus cycles that engines run through it. */
import { type Bus, DELAY, ENTRY_WORDS, READ, tableBytes, WRITE } from '../bus/bus.js';
import type { Engine } from '../engine/engine.js';
import { type Evaluate, type Evaluator, type Execute, evaluatorOf } from '../engine/evaluator.js';
import type { Input, InstructionSet } from '../isa/instruction-set.js';
import type { BusCycleKind } from '../isa/ir.js';
import { HUNG_WORD, LINE_WORD, MOST_LOCALS, RESET_WORD, STALL_CYCLES_WORD, STALL_KINDS_WORD } from '../isa/words.js';
import type { Migrate } from '../plugin/define-device.js';
import type { DaisyChain } from '../signal/daisy-chain.js';
import type { Arena, ArenaLayout } from '../state/arena.js';
import type { Scheduler } from '../time/scheduler.js';
import { type Control, PAUSE_STATUS } from './control.js';

/** One cycle on a CPU's bus, as a trace shows it. */
export interface BusCycle {
  /** Name of the CPU. */
  readonly cpu: string;
  /** CPU cycles since power-on at which it began. */
  readonly cycle: number;
  readonly kind: BusCycleKind;
  readonly space: string;
  readonly address: number;
  /** What was on the data bus; 0 for idle and stalled cycles. */
  readonly value: number;
  /** Held up: nothing happened, the cycle will be repeated. */
  readonly stalled: boolean;
  /** The first one of an instruction, or of what comes in its place, such as an interrupt's sequence. */
  readonly first: boolean;
}

/** What holds up a cycle of a kind; an acknowledge cycle is held up as reads are. */
function kindBit(kind: BusCycleKind): number {
  // Not a property by a name that changes: V8 would look for it by hashing, at each event.
  if (kind === 'read' || kind === 'acknowledge') return 1;
  if (kind === 'write') return 2;
  return kind === 'idle' ? 4 : 0;
}

/** The longest a CPU is held up before it counts as hung: over 16 s of guest time at 1 MHz. */
export const LONGEST_STALL = 2 ** 24;

/** Thrown, and caught by the run loop, where an instruction can never end. */
export const HANG = new Error('the CPU hangs');

/** State of the program a CPU runs. */
export type CpuStatus = 'running' | 'waiting' | 'stopped' | 'jammed';

export interface CpuSetup {
  readonly name: string;
  readonly type: string;
  readonly variant: string;
  readonly version: number;
  readonly migrate: Migrate | undefined;
  readonly isa: InstructionSet;
  /** Arena offset of its words, with room as {@link cpuLayout} says. */
  readonly offset: number;
  readonly engines: readonly Engine[];
  /** Master ticks in one of its cycles. */
  readonly ticks: number;
  readonly memory: Bus;
  readonly io: Bus | undefined;
  readonly scheduler: Scheduler;
  readonly control: Control;
}

/** Where things lie, in bytes from a CPU's base: the same for every CPU of an instruction set. */
export function cpuLayout({ words, declaration }: InstructionSet) {
  const wordCount = words + MOST_LOCALS;
  const memoryTable = (wordCount * 4 + 31) & -32;
  const ioTable = memoryTable + tableBytes(declaration.addressWidth);
  const size = ioTable + (declaration.ioAddressWidth === undefined ? 0 : tableBytes(declaration.ioAddressWidth));
  return { words: wordCount, memoryTable, ioTable, size };
}

export class Cpu {
  readonly name: string;
  readonly type: string;
  readonly variant: string;
  readonly version: number;
  readonly migrate: Migrate | undefined;
  readonly isa: InstructionSet;
  /** What can run its instructions beside the evaluator. */
  readonly engines: readonly Engine[];
  readonly ticks: number;
  readonly memory: Bus;
  readonly io: Bus;
  readonly control: Control;
  readonly evaluator: Evaluator;
  /** CPU state, laid out as in `isa/words.ts`, and after it the locals of the instruction that runs. */
  words: Int32Array = new Int32Array(0);
  /** 0: the time at which the next cycle begins, in master ticks. 1: the time from which on cycles need attention. */
  clock: Float64Array = new Float64Array(2);
  /** Index of the program counter's word. */
  readonly programCounterWord: number;
  /** Told of every bus cycle, if there is anybody to tell. */
  trace: ((cycle: BusCycle) => void) | null = null;
  /** Whether the next cycle to be told is the first one of an instruction. */
  isAtFirstCycle = false;
  /** How often an edge of an input has changed registers. */
  edgeCount = 0;
  /** Whom its acknowledge cycles and returns go to. */
  daisyChain: DaisyChain | undefined;
  /** Registers and views by name, as plain properties. */
  readonly registers: Record<string, number> = {};
  readonly #scheduler: Scheduler;
  /** Arena offset of the words; the page tables follow them. */
  readonly offset: number;
  readonly #wordCount: number;
  readonly #clockOffset: number;
  /** Level bits of the inputs that hold up reads, writes and idle cycles. */
  readonly #stallMasks: Readonly<Record<number, number>>;
  readonly #anyStallMask: number;
  readonly #resetMask: number;
  /** By level bit of the input. */
  readonly #edgeActions: (Execute | undefined)[] = [];
  readonly #status: { readonly name: CpuStatus; readonly holds: Evaluate }[] = [];
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(
    { name, type, variant, version, migrate, isa, offset, engines, ticks, memory, io, scheduler, control }: CpuSetup,
    layout: ArenaLayout,
  ) {
    this.name = name;
    this.type = type;
    this.variant = variant;
    this.version = version;
    this.migrate = migrate;
    this.isa = isa;
    this.programCounterWord = isa.registers.get(isa.declaration.programCounter) as number;
    this.engines = engines;
    this.ticks = ticks;
    this.memory = memory;
    this.io = io ?? memory;
    this.control = control;
    this.#scheduler = scheduler;
    this.evaluator = evaluatorOf(isa);
    // Compiled code finds everything of a CPU from one base: the words, then the page tables.
    const { words, memoryTable, ioTable } = cpuLayout(isa);
    this.offset = offset;
    this.#wordCount = words;
    this.memory.place(this.offset + memoryTable);
    this.memory.arrive = this.io.arrive = () => scheduler.advance(this.clock[0] as number);
    if (this.io !== this.memory) this.io.place(this.offset + ioTable);
    this.#clockOffset = layout.reserve(16);
    const stalling = (kind: 'read' | 'write' | 'idle'): number =>
      isa.inputs.reduce((mask, { stalls, levelBit }) => (stalls?.includes(kind) ? mask | (1 << levelBit) : mask), 0);
    this.#stallMasks = { 0: 0, 1: stalling('read'), 2: stalling('write'), 4: stalling('idle') };
    this.#anyStallMask = stalling('read') | stalling('write') | stalling('idle');
    this.#resetMask = isa.inputs.reduce((mask, { resets, levelBit }) => (resets ? mask | (1 << levelBit) : mask), 0);
    for (const input of isa.inputs) {
      const body = isa.edgeAction(input);
      this.#edgeActions[input.levelBit] = body && this.#betweenCycles(this.evaluator.compile(body), body.locals);
    }
    for (const condition of ['jammed', 'stopped', 'waiting'] as const) {
      const expression = isa.status(condition);
      if (expression) this.#status.push({ name: condition, holds: this.evaluator.compileExpression(expression) });
    }
    for (const register of isa.declaration.shown) this.#showRegister(register);
  }

  attach(arena: Arena): void {
    this.words = arena.words(this.offset, this.#wordCount);
    this.clock = arena.doubles(this.#clockOffset, 2);
    this.#bytes = arena.u8;
  }

  powerOn(): void {
    this.words.fill(0);
    this.words[RESET_WORD] = 1;
    this.clock[0] = 0;
    for (const [name, value] of Object.entries(this.isa.declaration.powerOn ?? {})) this.setRegister(name, value);
    this.words[RESET_WORD] = 1;
    this.updateAttention();
  }

  /** Have the reset sequence run in place of the next instruction. */
  reset(): void {
    this.words[RESET_WORD] = 1;
    this.words[HUNG_WORD] = 0;
    this.words[STALL_CYCLES_WORD] = 0;
    this.updateAttention();
  }

  /** Cycles since power-on. */
  get cycles(): number {
    return (this.clock[0] as number) / this.ticks;
  }

  get programCounter(): number {
    return this.words[this.programCounterWord] as number;
  }

  get status(): CpuStatus {
    if (this.words[HUNG_WORD] !== 0) return 'jammed';
    // A reset that is still to come ends whatever there is.
    if (this.words[RESET_WORD] !== 0) return 'running';
    return this.#status.find(({ holds }) => holds(this) !== 0)?.name ?? 'running';
  }

  /** Value of any register or view, shown or not. */
  register(name: string): number {
    return this.evaluator.compileExpression(this.isa.getter(name))(this);
  }

  /** Set any register or view. Setting the program counter takes back a reset that has not run yet. */
  setRegister(name: string, value: number): boolean {
    const body = this.isa.setter(name);
    if (!body) return false;
    this.words[this.isa.words] = value & (2 ** this.isa.width(name) - 1);
    this.evaluator.compile(body)(this);
    this.clearLocals();
    if (name === this.isa.declaration.programCounter) this.words[RESET_WORD] = 0;
    return true;
  }

  #showRegister(name: string): void {
    const evaluate = this.evaluator.compileExpression(this.isa.getter(name));
    const isSettable = this.isa.setter(name) !== undefined;
    Object.defineProperty(this.registers, name, {
      enumerable: true,
      get: () => evaluate(this),
      ...(isSettable
        ? {
            set: (value: number) => {
              this.control.onHostAction?.(['register', this.name, name, value]);
              this.setRegister(name, value);
            },
          }
        : {}),
    });
  }

  /** What is done in the midst of an instruction leaves that one's locals alone. */
  #betweenCycles(execute: Execute, locals: number): Execute {
    if (locals === 0) return execute;
    return (cpu) => {
      const { words, isa } = cpu;
      const kept = words.slice(isa.words, isa.words + locals);
      execute(cpu);
      words.set(kept, isa.words);
    };
  }

  /** A line changes at one of the inputs. */
  setInput(input: Input, asserted: boolean): void {
    const before = this.words[LINE_WORD] as number;
    const level = 1 << input.levelBit;
    if (((before & level) !== 0) === asserted) return;
    if (!asserted) this.words[LINE_WORD] = before & ~level;
    else {
      const isLatched = input.sense === 'edge' && !input.on;
      this.words[LINE_WORD] = before | level | (isLatched ? 1 << input.edgeBit : 0);
      this.#actAtEdge(input);
      if (input.resets) {
        this.words[RESET_WORD] = 1;
        this.words[HUNG_WORD] = 0;
      }
    }
    if (input.stalls) this.updateAttention();
  }

  #actAtEdge(input: Input): void {
    const act = this.#edgeActions[input.levelBit];
    if (!act) return;
    act(this);
    this.edgeCount += 1;
  }

  /** Whether no instruction runs: held in reset, or hung. */
  get isHeld(): boolean {
    return this.words[HUNG_WORD] !== 0 || ((this.words[LINE_WORD] as number) & this.#resetMask) !== 0;
  }

  /** Forget the locals of the last instruction, which are no state. */
  clearLocals(): void {
    this.words.fill(0, this.isa.words);
  }

  /** Let a cycle go by with nothing done. */
  wait(): void {
    this.#scheduler.dispatch(this.clock[0] as number);
    this.clock[0] = (this.clock[0] as number) + this.ticks;
  }

  /** Hold up cycles of these kinds for a number of cycles. */
  stall(kinds: readonly ('read' | 'write' | 'idle')[], cycles: number): void {
    const pending = this.words[STALL_CYCLES_WORD] as number;
    const kindBits = kinds.reduce((bits, kind) => bits | kindBit(kind), 0);
    // Who holds up the CPU while another one does waits for its turn, and both hold up what either wants.
    this.words[STALL_KINDS_WORD] = pending > 0 ? (this.words[STALL_KINDS_WORD] as number) | kindBits : kindBits;
    this.words[STALL_CYCLES_WORD] = Math.min(LONGEST_STALL, pending + Math.max(0, Math.floor(cycles)));
    this.updateAttention();
  }

  /** Set the time from which on each cycle calls {@link #attend}. */
  updateAttention(): void {
    const special =
      (this.words[STALL_CYCLES_WORD] as number) > 0 || ((this.words[LINE_WORD] as number) & this.#anyStallMask) !== 0;
    this.clock[1] = special ? Number.NEGATIVE_INFINITY : this.#scheduler.nextDue;
  }

  read(bus: Bus, address: number, length: number): number {
    const { clock } = this;
    if ((clock[0] as number) >= (clock[1] as number)) this.#attend('read', bus, address);
    const entry = (address >>> bus.pageShift) * ENTRY_WORDS;
    const plain = bus.table[entry + READ] as number;
    let value: number;
    if (plain >= 0) value = this.#bytes[plain + address] as number;
    else {
      this.#reach(bus, address, entry, 'read');
      value = bus.read(address);
    }
    if (this.trace !== null) this.#tell('read', bus, address, value, false);
    clock[0] = (clock[0] as number) + length * this.ticks;
    return value;
  }

  write(bus: Bus, address: number, value: number, length: number): void {
    const { clock } = this;
    if ((clock[0] as number) >= (clock[1] as number)) this.#attend('write', bus, address);
    const entry = (address >>> bus.pageShift) * ENTRY_WORDS;
    const plain = bus.table[entry + WRITE] as number;
    if (plain >= 0) this.#bytes[plain + address] = value;
    else {
      this.#reach(bus, address, entry, 'write');
      bus.write(address, value);
    }
    if (this.trace !== null) this.#tell('write', bus, address, value, false);
    clock[0] = (clock[0] as number) + length * this.ticks;
  }

  idle(address: number, length: number): void {
    const { clock, memory } = this;
    if ((clock[0] as number) >= (clock[1] as number)) this.#attend('idle', memory, address);
    const entry = (address >>> memory.pageShift) * ENTRY_WORDS;
    if (memory.table[entry + DELAY] !== 0) this.#reach(memory, address, entry, 'idle');
    if (this.trace !== null) this.#tell('idle', memory, address, 0, false);
    clock[0] = (clock[0] as number) + length * this.ticks;
  }

  /** Take the byte of the device whose interrupt is taken. */
  acknowledge(address: number, length: number): number {
    const { memory } = this;
    this.#attend('acknowledge', memory, address);
    memory.arrive();
    const value = this.daisyChain?.acknowledge() ?? memory.openBus;
    if (this.trace !== null) this.#tell('acknowledge', memory, address, value, false);
    this.clock[0] = (this.clock[0] as number) + length * this.ticks;
    return value;
  }

  /** Show devices the end of an interrupt's service. It takes no time. */
  endOfInterrupt(): void {
    const { memory } = this;
    this.#attend('return', memory, 0);
    this.daisyChain?.endOfInterrupt();
    if (this.trace !== null) this.#tell('return', memory, 0, 0, false);
  }

  /** The rest of a cycle, which nothing can hold up. */
  pass(address: Evaluate, length: number): void {
    if (this.trace !== null) this.#tell('idle', this.memory, address(this), 0, false);
    this.clock[0] = (this.clock[0] as number) + length * this.ticks;
  }

  /** Have happen what is due until one cycle before now, for a poll that looks at the beginning of the last cycle. */
  catchUp(): void {
    const sampled = (this.clock[0] as number) - this.ticks;
    if (this.#scheduler.nextDue <= sampled) this.#scheduler.dispatch(sampled);
  }

  /** Come to the moment of an access that is not plain: a delayed page lets it wait. */
  #reach(bus: Bus, address: number, entry: number, kind: BusCycleKind): void {
    if (bus.table[entry + DELAY] !== 0) {
      const cycles = bus.delayAt(address, this.cycles);
      if (cycles > 0) {
        this.clock[0] = (this.clock[0] as number) + cycles * this.ticks;
        if ((this.clock[0] as number) >= (this.clock[1] as number)) this.#attend(kind, bus, address);
      }
    }
  }

  /** Before a cycle: events that are due, then whatever holds the cycle up. */
  #attend(kind: BusCycleKind, bus: Bus, address: number): void {
    const { words, clock } = this;
    const bit = kindBit(kind);
    this.#scheduler.dispatch(clock[0] as number);
    for (let stalled = 0; ; ) {
      const isStolen = (words[STALL_CYCLES_WORD] as number) > 0 && ((words[STALL_KINDS_WORD] as number) & bit) !== 0;
      const isHeldUp = ((words[LINE_WORD] as number) & (this.#stallMasks[bit] as number)) !== 0;
      if (!isStolen && !isHeldUp) break;
      const isForEver = !isStolen && this.#scheduler.nextDue === Number.POSITIVE_INFINITY;
      if (isForEver || stalled > LONGEST_STALL) this.#hang();
      let passing = 1;
      if (isStolen) {
        // Nothing can happen before the next event: 10 ms of delay are 40,000 cycles.
        const toEvent = Math.ceil((this.#scheduler.nextDue - (clock[0] as number)) / this.ticks);
        const pending = words[STALL_CYCLES_WORD] as number;
        if (this.trace === null) passing = Math.max(1, Math.min(pending, toEvent, LONGEST_STALL + 1 - stalled));
        words[STALL_CYCLES_WORD] = pending - passing;
      }
      stalled += passing;
      if (this.trace !== null) this.#tell(kind, bus, address, 0, true);
      clock[0] = (clock[0] as number) + passing * this.ticks;
      this.#scheduler.dispatch(clock[0] as number);
    }
    this.updateAttention();
  }

  #hang(): never {
    this.words[HUNG_WORD] = 1;
    this.words[STALL_CYCLES_WORD] = 0;
    this.control.pause |= PAUSE_STATUS;
    throw HANG;
  }

  #tell(kind: BusCycle['kind'], bus: Bus, address: number, value: number, stalled: boolean): void {
    const first = this.isAtFirstCycle;
    this.isAtFirstCycle = false;
    this.trace?.({ cpu: this.name, cycle: this.cycles, kind, space: bus.name, address, value, stalled, first });
  }
}
