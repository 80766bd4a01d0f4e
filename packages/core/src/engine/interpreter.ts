/** The interpreter at work for one CPU: it runs compiled code between deadlines, and the evaluator around them. */
import type { Bus } from '../bus/bus.js';
import { BackplaneError } from '../errors.js';
import type { Block } from '../isa/ir.js';
import {
  ADDRESS_WORD,
  BREAK_WORD,
  CODE_WORD,
  HUNG_WORD,
  LEFT_WORD,
  LINE_WORD,
  MARKS_WORD,
  POINT_WORD,
  RESET_WORD,
  STATUS_WORD,
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
import { type Arena, SCRATCH_BYTES } from '../state/arena.js';
import type { Scheduler } from '../time/scheduler.js';
import type { Engine, RegionCounts, RunningEngine, Watch } from './engine.js';
import {
  type Flavour,
  hasInterpreterModule,
  type InterpreterModule,
  interpreterModule,
  isPrintable,
  NO_POINT,
  rareRegisters,
} from './interpreter-module.js';
import type { Stop } from './stop.js';
import { HOST_WENT_ON, NO_TIME, NOT_AS_ASSUMED, STOPPED } from './translator/region-printer.js';
import type { Resume } from './translator/specialize.js';
import { Translations } from './translator/translations.js';
import { FETCHED_AHEAD, HOT_POINT, NOTE_BYTES, type Point, restOf } from './wasm/body-printer.js';

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
]);

/** The longest call, in cycles: V8 replaces baseline code by optimized code only between calls. */
const LONGEST_CALL = 1_000_000;
/** The same where a line is asserted: perhaps it is not for long, and there is a faster module for that. */
const LONGEST_WATCHFUL_CALL = 5_000;

/**
 * How often the evaluator runs the instruction of an event while no line is asserted, before a module that polls is
 * made for these: that takes as long as some 100,000 of them.
 */
const NEAR_EVENTS = 20_000;
/** From so many cycles before an event on, that module runs what comes before it, too: regions end up to 200 before it. */
const NEAR = 100;

/** Whether no line is asserted, and nothing else stands in the way of the next instruction. */
function isQuiet({ words }: Cpu, rare: readonly number[]): boolean {
  if (words[LINE_WORD] !== 0) return false;
  for (const register of rare) if (words[register] !== 0) return false;
  return true;
}

/** What compiled code may fetch directly: it is told anew when the program counter has left it. */
class Window {
  readonly #cpu: Cpu;
  #start = 0;
  #size = 0;
  /** Version of the page table that it was made from; −1 while compiled code is told nothing. */
  #version = -1;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
  }

  show(): void {
    const { words, memory, programCounter } = this.#cpu;
    const into = programCounter - this.#start;
    if (this.#version === memory.version && into >= 0 && into < this.#size) return;
    const { start, size, add } = memory.window(programCounter);
    this.#start = start;
    this.#size = Math.max(0, size - FETCHED_AHEAD);
    this.#version = memory.version;
    words[WINDOW_START_WORD] = start;
    words[WINDOW_SIZE_WORD] = this.#size;
    words[WINDOW_ADD_WORD] = add;
    words[WINDOW_LOW_WORD] = start + add;
    words[WINDOW_HIGH_WORD] = start + add + this.#size;
  }

  forget(): void {
    this.#version = -1;
  }
}

/** A compiled module bound to a CPU. */
class Bound {
  readonly compiled: InterpreterModule;
  readonly #cpu: Cpu;
  readonly #scheduler: Scheduler;
  readonly #run: () => void;
  readonly #flavour: Flavour;
  readonly #longestCall: number;
  readonly #rare: readonly number[];
  readonly #stops: (Stop | undefined)[];
  /** Time and cycles left at the last moment at which both were known. */
  #time = 0;
  #left = 0;
  /** Where the present call is to end at the latest. */
  #until = 0;
  readonly #window: Window;
  /** Where marks lie; traced code notes its cycles, by the cycles left when each began: the last's may be below 0. */
  readonly #marks: number;
  readonly #scratch: Int32Array;
  /** Cycles that were left at the last one told. */
  #told = 0;
  /** The least room with which it is worthwhile to enter it. */
  least = 1;
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
    if (flavour.isTraced) this.#longestCall = SCRATCH_BYTES / NOTE_BYTES - this.compiled.longest - 1;
    else this.#longestCall = flavour.isQuiet ? LONGEST_CALL : LONGEST_WATCHFUL_CALL;
    this.#cpu = cpu;
    this.#scheduler = scheduler;
    const instance = new WebAssembly.Instance(this.compiled.module, {
      host: {
        memory: arena.memory as WebAssembly.Memory,
        access: () => this.#access(),
      },
    });
    this.#run = instance.exports.run as () => void;
    this.#scratch = arena.words(arena.scratch, SCRATCH_BYTES / 4);
    const notes = arena.scratch + this.compiled.longest * NOTE_BYTES;
    this.#marks = flavour.isTraced ? notes : arena.toMarks;
    this.translations = translations;
  }

  /**
   * Cycles in which instructions may begin: what is left to `until`, and before an instruction could meet an event. Code
   * that polls looks for itself whether one is due, so there an instruction may begin in the very cycle.
   */
  room(until: number): number {
    const { clock, ticks } = this.#cpu;
    const now = clock[0] as number;
    const { isQuiet } = this.#flavour;
    const beforeEvent = isQuiet ? 1 - this.compiled.longest : 1;
    const toEvent = Math.ceil((this.#scheduler.nextDue - now) / ticks) + beforeEvent;
    return Math.min(toEvent, Math.ceil((until - now) / ticks), this.#longestCall);
  }

  /** Run for the cycles that {@link room} gave. */
  enter(room: number, until: number): void {
    const { words, clock, control } = this.#cpu;
    this.#time = clock[0] as number;
    this.#left = room;
    this.#until = until;
    this.#isAtHost = false;
    words[LEFT_WORD] = this.#told = room;
    words[MARKS_WORD] = this.#marks;
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
    if (this.#flavour.isTraced) this.#tell(words[LEFT_WORD] as number);
  }

  /** Do what compiled code has stopped at. */
  #access(): void {
    if (!this.#flavour.isTraced) {
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
    this.#told = words[LEFT_WORD] as number;
  }

  /** A cycle, and the rest of its instruction, or an instruction as a whole. */
  #attend(): void {
    const cpu = this.#cpu;
    const { words, clock, ticks } = cpu;
    const index = words[POINT_WORD] as number;
    this.#isAtHost = true;
    if (index === NO_POINT) {
      // A jump to beyond the window is a jump, too.
      if (this.translations?.isHot(cpu.programCounter) && this.#runTranslated(this.translations)) return;
      this.#isAtHost = true;
      clock[0] = this.#now();
      const before = words[TRAP_WORD] === 1 ? words.slice(0, cpu.isa.words) : undefined;
      cpu.evaluator.step(cpu);
      this.#goOn();
      if (before?.every((word, at) => word === words[at] || this.#isNoMatter(at))) this.#trap();
      return;
    }
    if (index === HOT_POINT) {
      this.#runTranslated(this.translations as Translations);
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
    else if (kind === 'pass') cpu.pass(() => address, length);
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
      kind: cycle.waits || cycle.kind !== 'idle' ? cycle.kind : 'pass',
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
    this.#isAtHost = false;
    translations.looksForTraps = words[TRAP_WORD] !== 0;
    const first = translations.find(words[programCounterWord] as number);
    let region = first;
    while (region && (words[LEFT_WORD] as number) > 0) {
      const result = region.run();
      if (result === NO_TIME) {
        // It would be gone to again in vain, at each jump until then.
        if ((words[LEFT_WORD] as number) < this.least) this.#stop();
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
    this.#window.show();
    return end > begin;
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
      const found = bus.deviceAt(address, kind === 'read' ? 'read' : 'write');
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
    else cpu.write(bus, address, value, length);
    const isAsBefore =
      clock[0] === now + length * ticks &&
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

  /** Have compiled code return before its next instruction. */
  #stop(): void {
    this.#time = this.#now();
    this.#cpu.words[LEFT_WORD] = this.#left = 0;
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

  /** Tell the cycles noted since the last time, of which none began with `until` or fewer left. */
  #tell(until: number): void {
    const cpu = this.#cpu;
    const notes = this.#scratch;
    const { points, longest } = this.compiled;
    const size = NOTE_BYTES / 4;
    const begin = this.#time / cpu.ticks + this.#left;
    const last = (until + longest) * size;
    let at = (this.#told + longest) * size;
    this.#told = until;
    try {
      for (; at > last; at -= size) {
        const point = notes[at] as number;
        if (point === 0) continue;
        notes[at] = 0;
        const { statement, isFirst: first } = points[point - 1] as Point;
        const { kind, space } = statement.cycle;
        cpu.trace?.({
          cpu: cpu.name,
          cycle: begin + longest - at / size,
          kind,
          space: this.#busOf(space).name,
          address: notes[at + 1] as number,
          value: notes[at + 2] as number,
          stalled: false,
          first,
        });
      }
    } finally {
      // A listener that throws hears no more of them.
      for (; at > last; at -= size) notes[at] = 0;
    }
  }

  #busOf(space: string): Bus {
    return space === 'io' ? this.#cpu.io : this.#cpu.memory;
  }

  /** Say how long compiled code may go on from here. */
  #goOn(): void {
    const { words, clock, control } = this.#cpu;
    const isSpecial = clock[1] === Number.NEGATIVE_INFINITY || control.pause !== 0;
    const mustStop =
      isSpecial ||
      ((words[RESET_WORD] as number) | (words[HUNG_WORD] as number)) !== 0 ||
      (!this.#flavour.isTraced && this.#flavour.isQuiet !== isQuiet(this.#cpu, this.#rare));
    this.#time = clock[0] as number;
    this.#left = mustStop ? 0 : this.room(this.#until);
    words[LEFT_WORD] = this.#left;
    this.#isAtHost = false;
    this.#window.show();
  }
}

/** Where the module of a flavour is kept. */
function keyOf(isTraced: boolean, isWatched: boolean, isForQuiet: boolean, jumps: number): number {
  return (isTraced ? 1 : 0) | (isWatched ? 2 : 0) | (isForQuiet ? 4 : 0) | (jumps > 0 ? 8 : 0);
}

/** Runs one CPU by compiled code. */
class Interpreter implements RunningEngine {
  /** Cycles that compiled code has run. */
  cycles = 0;
  readonly #cpu: Cpu;
  readonly #arena: Arena;
  readonly #scheduler: Scheduler;
  readonly #bound: (Bound | undefined)[] = [];
  readonly #rare: readonly number[];
  /** Jumps to an instruction after which it is translated; 0 if it never is. */
  readonly #jumps: number;
  #translations: Translations | undefined;
  /** What {@link #boundFor} found for the module that it gave. */
  #room = 0;
  /** How often code that does not poll ended near an event, and how often the evaluator takes over there. */
  #nearEvents = 0;
  readonly #nearEventsBefore: number;
  readonly #window: Window;
  /** The module that runs. */
  #active: Bound | undefined;

  constructor(cpu: Cpu, arena: Arena, scheduler: Scheduler, jumps: number) {
    this.#jumps = jumps;
    this.#cpu = cpu;
    this.#arena = arena;
    this.#scheduler = scheduler;
    this.#rare = rareRegisters(cpu.isa);
    this.#window = new Window(cpu);
    // Who has code translated at once, to test it, wants to see this, too.
    this.#nearEventsBefore = jumps > 0 ? Math.min(NEAR_EVENTS, 4 * jumps) : NEAR_EVENTS;
  }

  get translated(): number {
    return this.#bound.reduce((sum, bound) => sum + (bound?.translated ?? 0), 0);
  }

  get regions(): RegionCounts | undefined {
    return this.#translations?.counts;
  }

  #translationsOf(jumps: number): Translations {
    return new Translations(this.#cpu, this.#arena, this.#rare, jumps, {
      stop: (resume) => (this.#active as Bound).resumeAt(resume),
      access: (stop, address, value) => (this.#active as Bound).regionAccess(stop, address, value),
      cycles: () => this.cycles,
      translated: () => this.translated,
    });
  }

  /** The module for what comes next; undefined where that is left to the evaluator. */
  #boundFor(until: number, isWatched: boolean, isForAddress: boolean): Bound | undefined {
    if (!this.#canEnter()) return undefined;
    const isTraced = this.#cpu.trace !== null;
    if (!isTraced && isQuiet(this.#cpu, this.#rare)) {
      // Regions do not look for an address.
      const bound = this.#boundOf(false, isWatched, true, isForAddress ? 0 : this.#jumps);
      this.#room = bound.room(until);
      if (this.#room >= bound.least) return bound;
      // An event is near.
      this.#nearEvents += 1;
      const isMade = this.#bound[keyOf(false, isWatched, false, 0)] !== undefined;
      if (!isMade && this.#nearEvents < this.#nearEventsBefore) return undefined;
      bound.least = NEAR;
    }
    const bound = this.#boundOf(isTraced, isWatched, false, 0);
    this.#room = bound.room(until);
    return this.#room > 0 ? bound : undefined;
  }

  #boundOf(isTraced: boolean, isWatched: boolean, isForQuiet: boolean, jumps: number): Bound {
    const key = keyOf(isTraced, isWatched, isForQuiet, jumps);
    let bound = this.#bound[key];
    if (!bound) {
      if (jumps > 0) this.#translations ??= this.#translationsOf(jumps);
      const { isDelayed } = this.#cpu.memory;
      const flavour = { isTraced, isWatched, isDelayed, jumps, isQuiet: isForQuiet };
      const translations = jumps > 0 ? this.#translations : undefined;
      bound = new Bound(this.#cpu, this.#arena, this.#scheduler, this.#window, flavour, translations);
      this.#bound[key] = bound;
    }
    return bound;
  }

  run(until: number): void {
    const { clock, control } = this.#cpu;
    try {
      while ((clock[0] as number) < until && control.pause === 0) {
        const bound = this.#boundFor(until, false, false);
        if (bound) this.#enter(bound, until);
        else this.#cpu.evaluator.step(this.#cpu);
      }
    } finally {
      this.#forget();
    }
  }

  runWatched(until: number, { address, trap }: Watch, holds: () => boolean): boolean {
    const { clock, control, words } = this.#cpu;
    try {
      while ((clock[0] as number) < until && control.pause === 0) {
        const bound = this.#boundFor(until, true, address >= 0);
        if (!bound || this.#cpu.programCounter === address) {
          this.#cpu.evaluator.step(this.#cpu);
          if (holds()) return true;
          continue;
        }
        let wasTrapped = false;
        words[BREAK_WORD] = address;
        words[TRAP_WORD] = trap ? 1 : 0;
        try {
          this.#enter(bound, until);
        } finally {
          wasTrapped = words[TRAP_WORD] === 2;
          words.fill(0, BREAK_WORD, UNCHANGED_WORD + 1);
        }
        // The watch remembers the state before each instruction it sees; show it where things stand.
        const isThere = holds();
        if ((wasTrapped && this.#cpu.status === 'running') || (address >= 0 && isThere)) return true;
      }
    } finally {
      this.#forget();
    }
    return false;
  }

  /** Leave nothing behind of what compiled code was told: it is no state. */
  #forget(): void {
    const { words } = this.#cpu;
    words[LEFT_WORD] = 0;
    words.fill(0, WINDOW_START_WORD, MARKS_WORD + 1);
    this.#window.forget();
  }

  #enter(bound: Bound, until: number): void {
    const { clock, ticks } = this.#cpu;
    const before = clock[0] as number;
    this.#active = bound;
    bound.enter(this.#room, until);
    this.cycles += ((clock[0] as number) - before) / ticks;
  }

  /** Whether the next instruction is an ordinary one, with nothing that holds the CPU up. */
  #canEnter(): boolean {
    const { words, clock, isHeld } = this.#cpu;
    return words[RESET_WORD] === 0 && clock[1] !== Number.NEGATIVE_INFINITY && !isHeld;
  }
}

/**
 * The interpreter as an engine for {@link defineCpu}: one WebAssembly module an instruction set, printed from its rows
 * when it first pays.
 *
 * @example
 * const cpu = defineCpu({ type: 'mine', version: 1, variants, defaultVariant: 'plain', engines: [interpreter] });
 */
export const interpreter: Engine = {
  name: 'interpreter',
  supports: (isa) => typeof WebAssembly !== 'undefined' && isPrintable(isa),
  isReady: hasInterpreterModule,
  start: (cpu, arena, scheduler) => new Interpreter(cpu, arena, scheduler, 0),
};

/**
 * A translator that waits for about so many jumps to an instruction until it translates what begins there.
 *
 * @param jumps a whole number from 1 on
 * @throws BackplaneError `engine/jumps`
 *
 * @example
 * // Code is translated as soon as it runs a second time: for tests of translated code.
 * const eager = translatorAfter(1);
 */
export function translatorAfter(jumps: number): Engine {
  if (!(Number.isInteger(jumps) && jumps >= 1 && jumps <= MOST_JUMPS)) {
    throw new BackplaneError('engine/jumps', `to translate after ${jumps} jumps`, {
      mend: `a whole number from 1 to ${MOST_JUMPS}`,
    });
  }
  return {
    ...interpreter,
    name: 'translator',
    start: (cpu, arena, scheduler) => new Interpreter(cpu, arena, scheduler, jumps),
  };
}

const MOST_JUMPS = 1e9;

/**
 * The translator as an engine for {@link defineCpu}: what is hot becomes WebAssembly of its own, the interpreter runs
 * the rest.
 *
 * @example
 * const cpu = defineCpu({ type: 'mine', version: 1, variants, defaultVariant: 'plain', engines: [interpreter, translator] });
 */
export const translator: Engine = translatorAfter(5000);
