/** Chooses the engine that runs a CPU's instructions, and keeps count. */
import type { InstructionSet } from '../isa/instruction-set.js';
import type { EngineChoice } from '../machine/build.js';
import type { Cpu } from '../machine/cpu.js';
import type { Arena } from '../state/arena.js';
import type { Scheduler } from '../time/scheduler.js';
import {
  type Engine,
  type EngineName,
  NO_REGIONS,
  type RegionCounts,
  type RunningEngine,
  type Watch,
} from './engine.js';

/**
 * Cycles an opcode after which `auto` prints and compiles an interpreter that the process has not got yet. That takes
 * as long as the evaluator takes for about so many.
 */
const WARM_UP_PER_OPCODE = 4000;

/** The engines beside the evaluator, the best one first. */
const BEST_FIRST = ['translator', 'interpreter'] as const;

/** Cycles that CPUs of an instruction set have run, in all machines of the process: what one compiles serves all. */
const warmth = new WeakMap<InstructionSet, { cycles: number }>();

export class Runner {
  readonly #cpu: Cpu;
  readonly #arena: Arena;
  readonly #scheduler: Scheduler;
  /** The engines beside the evaluator that this host and ISA allow. */
  readonly #engines: ReadonlyMap<EngineName, Engine>;
  readonly #best: Engine | undefined;
  #choice: EngineChoice;
  /** Cycles that `auto` leaves to the evaluator, and those that have been run. */
  readonly #warmUp: number;
  readonly #warmth: { cycles: number };
  readonly #running = new Map<Engine, RunningEngine>();
  #cycles = 0;

  constructor(cpu: Cpu, arena: Arena, scheduler: Scheduler, engines: readonly Engine[], choice: EngineChoice) {
    this.#cpu = cpu;
    this.#arena = arena;
    this.#scheduler = scheduler;
    this.#choice = choice;
    this.#engines = new Map(
      engines.filter((engine) => engine.supports(cpu.isa)).map((engine) => [engine.name, engine]),
    );
    this.#best = BEST_FIRST.flatMap((name) => this.#engines.get(name) ?? [])[0];
    this.#warmth = warmth.get(cpu.isa) ?? { cycles: 0 };
    warmth.set(cpu.isa, this.#warmth);
    this.#warmUp = WARM_UP_PER_OPCODE * [...cpu.isa.pages.values()].reduce((sum, { length }) => sum + length, 0);
  }

  choose(choice: EngineChoice): void {
    this.#choice = choice;
  }

  /** Cycles that an engine has run: the evaluator those that compiled code has not. */
  cyclesOf(name: EngineName): number {
    const running = [...this.#running.values()];
    const sum = (count: (engine: RunningEngine) => number): number =>
      running.reduce((total, engine) => total + count(engine), 0);
    if (name === 'translator') return sum(({ translated }) => translated);
    if (name === 'interpreter') return sum(({ cycles, translated }) => cycles - translated);
    return this.#cycles - sum(({ cycles }) => cycles);
  }

  get regions(): RegionCounts {
    return [...this.#running.values()].find(({ regions }) => regions)?.regions ?? NO_REGIONS;
  }

  get engine(): EngineName {
    return this.#chosen?.name ?? 'evaluator';
  }

  /** The engine to run with; undefined for the evaluator. A choice that cannot be had falls back on the next best. */
  get #chosen(): Engine | undefined {
    if (this.#choice === 'evaluator') return undefined;
    if (this.#choice !== 'auto') return this.#engines.get(this.#choice) ?? this.#best;
    return this.#untilWarm() <= 0 || this.#best?.isReady(this.#cpu.isa) ? this.#best : undefined;
  }

  run(until: number): void {
    const cpu = this.#cpu;
    while ((cpu.clock[0] as number) < until && cpu.control.pause === 0) {
      // What the evaluator has run counts at once: it may be what makes `auto` warm.
      this.#counted(() => {
        const chosen = this.#chosen;
        if (chosen) this.#start(chosen).run(until);
        else {
          const warm = (cpu.clock[0] as number) + this.#untilWarm() * cpu.ticks;
          cpu.evaluator.run(cpu, Math.min(until, warm));
        }
      });
    }
  }

  /** See {@link RunningEngine.runWatched}; false where the evaluator would have to do it. */
  runWatched(until: number, watch: Watch, holds: () => boolean): boolean {
    const chosen = this.#chosen;
    return chosen ? this.#counted(() => this.#start(chosen).runWatched(until, watch, holds)) : false;
  }

  step(): void {
    this.#counted(() => this.#cpu.evaluator.step(this.#cpu));
  }

  /** Cycles that the evaluator has left before the choice changes. */
  #untilWarm(): number {
    if (this.#choice !== 'auto' || !this.#best) return Number.POSITIVE_INFINITY;
    return this.#warmUp - this.#warmth.cycles;
  }

  #start(engine: Engine): RunningEngine {
    let running = this.#running.get(engine);
    if (!running) {
      running = engine.start(this.#cpu, this.#arena, this.#scheduler);
      this.#running.set(engine, running);
    }
    return running;
  }

  #counted<T>(action: () => T): T {
    const before = this.#cpu.cycles;
    try {
      return action();
    } finally {
      const ran = this.#cpu.cycles - before;
      this.#cycles += ran;
      this.#warmth.cycles += ran;
    }
  }
}
