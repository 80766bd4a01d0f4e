/** The interpreter at work for one CPU: it runs compiled code between deadlines, and the evaluator around them. */
import { BackplaneError } from '../errors.js';
import {
  BREAK_WORD,
  DELAYS_WORD,
  LEFT_WORD,
  RESET_WORD,
  TRAP_WORD,
  UNCHANGED_WORD,
  WINDOW_START_WORD,
} from '../isa/words.js';
import type { Cpu } from '../machine/cpu.js';
import type { Arena } from '../state/arena.js';
import type { Scheduler } from '../time/scheduler.js';
import { BoundModule, isQuiet } from './bound-module.js';
import type { Engine, RegionCounts, RunningEngine, Watch } from './engine.js';
import { hasInterpreterModule, isPrintable, rareRegisters } from './interpreter-module.js';
import { Translations } from './translator/translations.js';
import { Window } from './window.js';

/**
 * How often the evaluator runs the instruction of an event while no line is asserted, before a module that polls is
 * made for these: that takes as long as so many of them.
 */
const NEAR_EVENTS = 100_000;

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
  readonly #bound: (BoundModule | undefined)[] = [];
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
  #active: BoundModule | undefined;

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
      stop: (resume) => (this.#active as BoundModule).resumeAt(resume),
      access: (stop, address, value) => (this.#active as BoundModule).regionAccess(stop, address, value),
      cycles: () => this.cycles,
      translated: () => this.translated,
    });
  }

  /** The module for what comes next; undefined where that is left to the evaluator. */
  #boundFor(until: number, isWatched: boolean, isForAddress: boolean): BoundModule | undefined {
    if (!this.#canEnter()) return undefined;
    const isTraced = this.#cpu.trace !== null;
    // Regions do not look for an address.
    const jumps = isForAddress ? 0 : this.#jumps;
    if (!isTraced && isQuiet(this.#cpu, this.#rare)) {
      const bound = this.#boundOf(false, isWatched, true, jumps);
      this.#room = bound.room(until);
      if (this.#room > 0) return bound;
      // An event is near.
      this.#nearEvents += 1;
      const isMade = this.#bound[keyOf(false, isWatched, false, jumps)] !== undefined;
      if (!isMade && this.#nearEvents < this.#nearEventsBefore) return undefined;
    }
    const bound = this.#boundOf(isTraced, isWatched, false, isTraced ? 0 : jumps);
    this.#room = bound.room(until);
    return this.#room > 0 ? bound : undefined;
  }

  #boundOf(isTraced: boolean, isWatched: boolean, isForQuiet: boolean, jumps: number): BoundModule {
    const key = keyOf(isTraced, isWatched, isForQuiet, jumps);
    let bound = this.#bound[key];
    if (!bound) {
      if (jumps > 0) this.#translations ??= this.#translationsOf(jumps);
      const { isDelayed } = this.#cpu.memory;
      const flavour = { isTraced, isWatched, isDelayed, jumps, isQuiet: isForQuiet };
      const translations = jumps > 0 ? this.#translations : undefined;
      bound = new BoundModule(this.#cpu, this.#arena, this.#scheduler, this.#window, flavour, translations);
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
    words.fill(0, WINDOW_START_WORD, DELAYS_WORD + 1);
    this.#window.forget();
  }

  #enter(bound: BoundModule, until: number): void {
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
