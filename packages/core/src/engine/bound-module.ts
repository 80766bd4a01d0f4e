/** The host's side of compiled code: what it is told, and what is done where it stops. */
import type { Bus } from '../bus/bus.js';
import type { Block } from '../isa/ir.js';
import {
  ADDRESS_WORD,
  CODE_WORD,
  DELAYS_WORD,
  HUNG_WORD,
  LEFT_WORD,
  LINE_WORD,
  MARKS_WORD,
  POINT_WORD,
  RESET_WORD,
  STATUS_WORD,
  TOO_FEW_WORD,
  TRAP_WORD,
  UNCHANGED_WORD,
  VALUE_WORD,
  WINDOW_ADD_WORD,
  WINDOW_HIGH_WORD,
  WINDOW_LOW_WORD,
  WINDOW_SIZE_WORD,
  WINDOW_START_WORD,
} from '../isa/words.js';
import { PAUSE_STATUS } from '../machine/control.js';
import type { Cpu } from '../machine/cpu.js';
import type { Arena } from '../state/arena.js';
import type { Scheduler } from '../time/scheduler.js';
import { type Flavour, type InterpreterModule, interpreterModule, rareRegisters } from './interpreter-module.js';
import { Notes } from './notes.js';
import type { Stop } from './stop.js';
import { HOST_WENT_ON, NO_TIME, NOT_AS_ASSUMED, STOPPED } from './translator/region-printer.js';
import type { Resume } from './translator/specialize.js';
import type { Translations } from './translator/translations.js';
import { FETCHED_AHEAD, HOT_POINT, NO_POINT } from './wasm/frame.js';
import { type Point, restOf } from './wasm/point.js';
import type { Window } from './window.js';

/** Words that only compiled code uses. */
const ENGINE_WORDS: ReadonlySet<number> = new Set([
  LEFT_WORD,
  WINDOW_START_WORD,
  WINDOW_SIZE_WORD,
  WINDOW_ADD_WORD,
  WINDOW_LOW_WORD,
  WINDOW_HIGH_WORD,
  POINT_WORD,
  ADDRESS_WORD,
  VALUE_WORD,
  CODE_WORD,
  MARKS_WORD,
  TOO_FEW_WORD,
  DELAYS_WORD,
]);

/** The longest call, in cycles: V8 replaces baseline code by optimized code only between calls. */
const LONGEST_CALL = 1_000_000;
/** The longest that code which looks at lines goes on where perhaps none is asserted: there is faster code for that. */
const LONGEST_WATCHFUL = 5_000;

/** Whether no line is asserted, and nothing else stands in the way of the next instruction. */
export function isQuiet({ words }: Cpu, rare: readonly number[]): boolean {
  if (words[LINE_WORD] !== 0) return false;
  for (const register of rare) if (words[register] !== 0) return false;
  return true;
}

/** A compiled module bound to a CPU. */
export class BoundModule {
  readonly compiled: InterpreterModule;
  readonly #cpu: Cpu;
  readonly #scheduler: Scheduler;
  readonly #run: () => void;
  readonly #flavour: Flavour;
  /** Cycles for which {@link room} is given at most. */
  readonly #mostRoom: number;
  readonly #rare: readonly number[];
  readonly #stops: (Stop | undefined)[];
  /** Time and cycles left at the last moment at which both were known. */
  #time = 0;
  #left = 0;
  /** Where the present call is to end at the latest. */
  #until = 0;
  readonly #window: Window;
  /** Where marks lie; … */
  readonly #marks: number;
  /** … traced code has notes in their place. */
  readonly #notes: Notes | undefined;
  /** Where the program goes on without a jump after the last instruction that the host has run; −1 after a jump. */
  #sequel = -1;
  /** A region runs, or is about to. */
  #isInRegion = false;
  /** When code that looks at lines is left for the faster one: Infinity while one is asserted. */
  #leaveAt = Number.POSITIVE_INFINITY;
  /** Whether that comes before anything else that the cycles left lead to. */
  #isCutShort = false;
  readonly translations: Translations | undefined;
  /** Cycles that translated code has run. */
  translated = 0;
  /** The host is at work, and the clock is right as it stands. */
  #isAtHost = false;

  constructor(
    cpu: Cpu,
    arena: Arena,
    scheduler: Scheduler,
    window: Window,
    flavour: Flavour,
    translations: Translations | undefined,
  ) {
    this.#window = window;
    this.compiled = interpreterModule(cpu.isa, cpu.offset, flavour);
    this.#stops = this.compiled.points.map(() => undefined);
    this.#flavour = flavour;
    this.#rare = rareRegisters(cpu.isa);
    this.#notes = flavour.isTraced ? new Notes(cpu, arena, this.compiled) : undefined;
    this.#mostRoom = this.#notes?.room ?? (flavour.isQuiet ? LONGEST_CALL : LONGEST_WATCHFUL);
    this.#marks = this.#notes?.origin ?? arena.toMarks;
    this.#cpu = cpu;
    this.#scheduler = scheduler;
    const instance = new WebAssembly.Instance(this.compiled.module, {
      host: {
        memory: arena.memory as WebAssembly.Memory,
        access: () => this.#access(),
      },
    });
    this.#run = instance.exports.run as () => void;
    this.translations = translations;
  }

  /**
   * Cycles in which instructions may begin: what is left to `until`, and before an instruction could meet an event. Code
   * that looks at lines leaves the instruction in which one is due to the host, so there this one counts, too.
   */
  room(until: number, most = this.#mostRoom): number {
    const { clock, ticks } = this.#cpu;
    const now = clock[0] as number;
    const beforeEvent = 1 - (this.#flavour.isQuiet ? this.compiled.longest : 0);
    const end = Math.min(this.#scheduler.nextDue + beforeEvent * ticks, until);
    return Math.min(Math.ceil((end - now) / ticks), most);
  }

  /** Run for the cycles that {@link room} gave. */
  enter(room: number, until: number): void {
    const { words, clock, control } = this.#cpu;
    this.#time = clock[0] as number;
    this.#left = room;
    this.#until = this.#flavour.isQuiet ? until : Math.min(until, this.#time + LONGEST_CALL * this.#cpu.ticks);
    this.#leaveAt = Number.POSITIVE_INFINITY;
    this.#isCutShort = false;
    // A device may have thrown within one.
    this.#isInRegion = false;
    this.#isAtHost = false;
    words[LEFT_WORD] = room;
    this.#notes?.begin(room);
    words[MARKS_WORD] = this.#marks;
    words[TOO_FEW_WORD] = 0;
    this.#window.show();
    try {
      this.#run();
    } finally {
      if (!this.#isAtHost) clock[0] = this.#now();
      if (words[STATUS_WORD] !== 0) {
        words[STATUS_WORD] = 0;
        control.pause |= PAUSE_STATUS;
      }
    }
    this.#tell(words[LEFT_WORD] as number);
  }

  /** Do what compiled code has stopped at. */
  #access(): void {
    if (!this.#notes) {
      this.#attend();
      return;
    }
    // What was noted comes before what the host is about to do.
    const { words } = this.#cpu;
    const index = words[POINT_WORD] as number;
    const pending = index < 0 ? 0 : (this.compiled.points[index] as Point).pending;
    this.#tell((words[LEFT_WORD] as number) - pending);
    this.#cpu.isAtFirstCycle = index >= 0 && (this.compiled.points[index] as Point).isFirst;
    this.#attend();
    this.#notes.begin(words[LEFT_WORD] as number);
  }

  /** A cycle, and the rest of its instruction, or an instruction as a whole. */
  #attend(): void {
    const cpu = this.#cpu;
    const { words, clock, ticks } = cpu;
    const index = words[POINT_WORD] as number;
    this.#isAtHost = true;
    if (index === NO_POINT) {
      if (this.#isTimeUp()) {
        // The instruction may be the one in which an event is due.
        if (this.#now() + this.compiled.longest * ticks >= this.#leaveAt) {
          this.#stop();
          return;
        }
      } else if (this.#isAtHotPlace() && this.#runTranslated(this.translations as Translations)) return;
      this.#isAtHost = true;
      clock[0] = this.#now();
      const before = words[TRAP_WORD] === 1 ? words.slice(0, cpu.isa.words) : undefined;
      const from = cpu.programCounter;
      cpu.evaluator.step(cpu);
      const way = cpu.programCounter - from;
      this.#sequel = way > 0 && way <= FETCHED_AHEAD ? from + way : -1;
      this.#goOn();
      if (before?.every((word, at) => word === words[at] || this.#isNoMatter(at))) this.#trap();
      return;
    }
    if (index === HOT_POINT) {
      // Regions do not look at what may come in place of an instruction.
      if (isQuiet(cpu, this.#rare)) this.#runTranslated(this.translations as Translations);
      else this.#isAtHost = false;
      return;
    }
    const stop = this.#stops[index] ?? this.#stopOf(index);
    clock[0] = this.#time + (this.#left - (words[LEFT_WORD] as number) + stop.pending) * ticks;
    if (stop.fetched >= 0) {
      words[cpu.programCounterWord] = (words[CODE_WORD] as number) - (words[WINDOW_ADD_WORD] as number) + stop.fetched;
    }
    if (words[TRAP_WORD] === 1) {
      const before = words.slice(0, cpu.isa.words);
      this.#cycle(stop);
      if (this.#isUnchanged(before)) this.#trap();
    } else this.#cycle(stop);
  }

  /** Do the cycle of a point, and finish its instruction. */
  #cycle({ kind, bus, length, result, finish }: Stop): void {
    const cpu = this.#cpu;
    const { words, clock, control, memory, io } = cpu;
    const lines = words[LINE_WORD];
    const attention = clock[1] as number;
    const version = memory.version + io.version;
    const address = words[ADDRESS_WORD] as number;
    if (kind === 'read') words[result] = cpu.read(bus, address, length);
    else if (kind === 'write') cpu.write(bus, address, words[VALUE_WORD] as number, length);
    else if (kind === 'idle') cpu.idle(address, length);
    else if (kind === 'return') cpu.endOfInterrupt();
    else words[result] = cpu.acknowledge(address, length);
    finish(cpu);
    // Mostly nothing has come of it that compiled code must not miss, and all that it was told still holds.
    const isAsBefore =
      words[LINE_WORD] === lines &&
      (clock[1] as number) >= attention &&
      memory.version + io.version === version &&
      control.pause === 0 &&
      ((words[RESET_WORD] as number) | (words[HUNG_WORD] as number)) === 0 &&
      (!this.#flavour.isQuiet || isQuiet(cpu, this.#rare));
    if (!isAsBefore) this.#goOn();
    else {
      words[LEFT_WORD] = this.#left - ((clock[0] as number) - this.#time) / cpu.ticks;
      this.#isAtHost = false;
    }
  }

  #stopOf(index: number): Stop {
    const { statement, rest, pending, fetched } = this.compiled.points[index] as Point;
    const stop = this.#stopAt(statement, restOf(rest), pending, fetched);
    this.#stops[index] = stop;
    return stop;
  }

  /** What a point of a region is to the host. */
  resumeAt({ statement, rest }: Resume): Stop {
    return this.#stopAt(statement, rest.statements);
  }

  #stopAt({ cycle, result }: Point['statement'], block: Block, pending = 0, fetched = -1): Stop {
    const { isa, evaluator } = this.#cpu;
    return {
      kind: cycle.kind,
      bus: this.#busOf(cycle.space),
      length: cycle.length,
      result: isa.words + result,
      pending,
      fetched,
      finish: evaluator.compile({ block, locals: 0 }),
      address: -1,
      device: undefined,
      register: 0,
    };
  }

  /** From a hot place on, run regions as long as one leads to another; whether any has come further. */
  #runTranslated(translations: Translations): boolean {
    const cpu = this.#cpu;
    const { words, clock, programCounterWord } = cpu;
    const begin = this.#now();
    this.#beginRegions(begin);
    translations.looksForTraps = words[TRAP_WORD] !== 0;
    const first = translations.find(words[programCounterWord] as number);
    let region = first;
    let isTooShort = false;
    while (region && (words[LEFT_WORD] as number) > 0) {
      const result = region.run();
      if (result === NO_TIME) {
        isTooShort = true;
        break;
      }
      if (result === NOT_AS_ASSUMED) {
        region = translations.find(words[programCounterWord] as number);
        continue;
      }
      if (result >= 0) {
        this.#isAtHost = true;
        clock[0] = this.#now();
        const { stops, compiled } = region;
        stops[result] ??= this.resumeAt(compiled.points[result] as Resume);
        this.#cycle(stops[result]);
      } else if (result === STOPPED) {
        this.#isAtHost = true;
        clock[0] = this.#now();
        this.#goOn();
      }
      region = translations.follow(region, words[programCounterWord] as number);
    }
    const end = this.#now();
    this.translated += (end - begin) / cpu.ticks;
    if (first) translations.ran(first, (end - begin) / cpu.ticks);
    this.#endRegions(end);
    // It would be gone to again in vain, at each jump until then.
    if (isTooShort) words[TOO_FEW_WORD] = words[LEFT_WORD] as number;
    return end > begin;
  }

  /** Regions end before an instruction could meet an event, as quiet code does. */
  #beginRegions(now: number): void {
    this.#isInRegion = true;
    if (!this.#flavour.isQuiet) {
      if (this.#isCutShort) {
        this.#cpu.clock[0] = now;
        this.#goOn();
      } else this.#shift(-this.compiled.longest);
    }
    this.#tellDelays();
    this.#isAtHost = false;
  }

  #endRegions(now: number): void {
    const { words, clock } = this.#cpu;
    this.#isInRegion = false;
    this.#leaveAt = Number.POSITIVE_INFINITY;
    this.#isCutShort = false;
    if (!this.#flavour.isQuiet) {
      if (words[LINE_WORD] !== 0 || (words[LEFT_WORD] as number) <= 0) {
        clock[0] = now;
        this.#goOn();
        return;
      }
      this.#shift(this.compiled.longest);
    }
    this.#window.show();
  }

  /** The time, in the midst of compiled code. */
  #now(): number {
    const { words, ticks } = this.#cpu;
    return this.#time + (this.#left - (words[LEFT_WORD] as number)) * ticks;
  }

  /** An access in the midst of a region. A value that was read, or that the host has finished the instruction. */
  regionAccess(stop: Stop, address: number, value: number): number {
    const cpu = this.#cpu;
    const { words, clock, ticks, memory, io } = cpu;
    const { kind, bus, length } = stop;
    const now = this.#time + (this.#left - (words[LEFT_WORD] as number)) * ticks;
    clock[0] = now;
    this.#isAtHost = true;
    const attention = clock[1] as number;
    const version = memory.version + io.version;
    const { edgeCount } = cpu;
    let seen: number | undefined = 0;
    if (stop.address !== address) {
      const found = kind === 'idle' ? undefined : bus.deviceAt(address, kind === 'read' ? 'read' : 'write');
      stop.address = address;
      stop.device = found?.device;
      stop.register = found?.register ?? 0;
    }
    if (stop.device) {
      // Nothing is due, and nothing holds the cycle up: this is all that it comes to.
      this.#scheduler.advance(now);
      if (kind === 'read') seen = stop.device.read?.(stop.register);
      else stop.device.write?.(stop.register, value);
      seen = seen === undefined ? bus.openBus : seen & 0xff;
      clock[0] = now + length * ticks;
    } else if (kind === 'read') seen = cpu.read(bus, address, length);
    else if (kind === 'write') cpu.write(bus, address, value, length);
    else cpu.idle(address, length);
    const waited = (clock[0] as number) - now - length * ticks;
    // Regions have time for delays.
    if (waited > 0 && memory.isDelayed) words[LEFT_WORD] = (words[LEFT_WORD] as number) - waited / ticks;
    const isAsBefore =
      (waited === 0 || (memory.isDelayed && waited <= memory.longestDelay * ticks)) &&
      cpu.edgeCount === edgeCount &&
      words[LINE_WORD] === 0 &&
      (clock[1] as number) >= attention &&
      memory.version + io.version === version &&
      cpu.control.pause === 0 &&
      ((words[RESET_WORD] as number) | (words[HUNG_WORD] as number)) === 0;
    if (isAsBefore) {
      this.#isAtHost = false;
      return seen;
    }
    if (kind === 'read') words[stop.result] = seen;
    stop.finish(cpu);
    this.#goOn();
    return HOST_WENT_ON;
  }

  #trap(): void {
    this.#cpu.words[TRAP_WORD] = 2;
    // The host has just run the instruction: the clock is right.
    this.#time = this.#cpu.clock[0] as number;
    this.#cpu.words[LEFT_WORD] = this.#left = 0;
  }

  /** Say from where on delay tables are looked into while a region runs. */
  #tellDelays(): void {
    const { words, memory, ticks } = this.#cpu;
    const { isDelayed, delayPeriod: period } = memory;
    if (!isDelayed || period === 0) return;
    const end = this.#time / ticks + this.#left;
    words[DELAYS_WORD] = (end % period) + Math.ceil((2 * LONGEST_CALL) / period) * period;
  }

  /** Count the cycles left from another moment on. */
  #shift(cycles: number): void {
    this.#left += cycles;
    this.#cpu.words[LEFT_WORD] = (this.#cpu.words[LEFT_WORD] as number) + cycles;
  }

  /** Whether code that looks at lines may have stopped for there is not enough time for the instruction. */
  #isTimeUp(): boolean {
    return !this.#flavour.isQuiet && (this.#cpu.words[LEFT_WORD] as number) <= this.compiled.longest;
  }

  /** Count a jump to beyond the window, which is one, too; whether a region is to run there. */
  #isAtHotPlace(): boolean {
    const cpu = this.#cpu;
    if (!this.translations || cpu.programCounter === this.#sequel || !isQuiet(cpu, this.#rare)) return false;
    return (
      (cpu.words[LEFT_WORD] as number) > (cpu.words[TOO_FEW_WORD] as number) &&
      this.translations.isHot(cpu.programCounter)
    );
  }

  /** Have compiled code return before its next instruction. */
  #stop(): void {
    this.#time = this.#now();
    this.#cpu.words[LEFT_WORD] = this.#left = 0;
    this.#isAtHost = false;
  }

  /** Whether a word tells nothing of what an instruction has changed. */
  #isNoMatter(word: number): boolean {
    return ENGINE_WORDS.has(word) || this.#cpu.isa.counters.has(word);
  }

  /** Whether the instruction that the host has finished left everything as it was. */
  #isUnchanged(beforeAccess: Int32Array): boolean {
    const { words, programCounter, programCounterWord } = this.#cpu;
    return (
      programCounter === words[UNCHANGED_WORD] &&
      beforeAccess.every(
        (word, index) => word === words[index] || index === programCounterWord || this.#isNoMatter(index),
      )
    );
  }

  /** Tell what has been noted of cycles that began with more than so many left. */
  #tell(left: number): void {
    this.#notes?.tell(left, this.#time / this.#cpu.ticks + this.#left);
  }

  #busOf(space: string): Bus {
    return space === 'io' ? this.#cpu.io : this.#cpu.memory;
  }

  /** Say how long compiled code may go on from here. */
  #goOn(): void {
    const { words, clock, control } = this.#cpu;
    const now = clock[0] as number;
    const isSpecial = clock[1] === Number.NEGATIVE_INFINITY || control.pause !== 0;
    const mustStop =
      isSpecial ||
      ((words[RESET_WORD] as number) | (words[HUNG_WORD] as number)) !== 0 ||
      (!this.#flavour.isTraced && !this.#isRightCode(now));
    this.#time = now;
    if (mustStop) this.#left = 0;
    else if (this.#isInRegion) {
      this.#left = this.room(this.#until, LONGEST_CALL) - (this.#flavour.isQuiet ? 0 : this.compiled.longest);
      this.#tellDelays();
    } else {
      this.#isCutShort = this.#leaveAt < Math.min(this.#until, this.#scheduler.nextDue);
      this.#left = this.room(Math.min(this.#until, this.#leaveAt));
    }
    words[LEFT_WORD] = this.#left;
    words[TOO_FEW_WORD] = 0;
    this.#isAtHost = false;
    this.#window.show();
  }

  /** Whether this is the code to run, with lines as they are. */
  #isRightCode(now: number): boolean {
    const isNone = isQuiet(this.#cpu, this.#rare);
    if (this.#flavour.isQuiet || this.#isInRegion) return isNone;
    if (!isNone) this.#leaveAt = Number.POSITIVE_INFINITY;
    else if (!this.translations) return false;
    else if (this.#leaveAt === Number.POSITIVE_INFINITY) {
      this.#leaveAt = now + LONGEST_WATCHFUL * this.#cpu.ticks;
    }
    return now < this.#leaveAt;
  }
}
