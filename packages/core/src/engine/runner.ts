/** Chooses the engine that runs a CPU's instructions, and keeps count. */
import type { EngineChoice } from '../machine/build.js';
import type { Cpu } from '../machine/cpu.js';
import type { Arena } from '../state/arena.js';
import type { Scheduler } from '../time/scheduler.js';
import type { Engine, RunningEngine, Watch } from './engine.js';

/**
 * Cycles an opcode after which `auto` prints and compiles an interpreter that the process has not got yet. That takes
 * as long as the evaluator takes for about so many.
 */
const WARM_UP_PER_OPCODE = 4000;

export class Runner {
  readonly #cpu: Cpu;
  readonly #arena: Arena;
  readonly #scheduler: Scheduler;
  /** The engine beside the evaluator, if there is one that this host and ISA allow. */
  readonly #compiling: Engine | undefined;
  #choice: EngineChoice;
  /** Cycles that `auto` leaves to the evaluator. */
  readonly #warmUp: number;
  #running: RunningEngine | undefined;
  #cycles = 0;

  constructor(cpu: Cpu, arena: Arena, scheduler: Scheduler, engines: readonly Engine[], choice: EngineChoice) {
    this.#cpu = cpu;
    this.#arena = arena;
    this.#scheduler = scheduler;
    this.#choice = choice;
    this.#compiling = engines.find((engine) => engine.supports(cpu.isa));
    this.#warmUp = WARM_UP_PER_OPCODE * [...cpu.isa.pages.values()].reduce((sum, { length }) => sum + length, 0);
  }

  choose(choice: EngineChoice): void {
    this.#choice = choice;
  }

  get interpreterCycles(): number {
    return this.#running?.cycles ?? 0;
  }

  get evaluatorCycles(): number {
    return this.#cycles - this.interpreterCycles;
  }

  get engine(): 'evaluator' | 'interpreter' {
    if (!this.#compiling || this.#choice === 'evaluator') return 'evaluator';
    if (this.#choice === 'interpreter') return this.#compiling.name;
    return this.#cycles >= this.#warmUp || this.#compiling.isReady(this.#cpu.isa) ? this.#compiling.name : 'evaluator';
  }

  run(until: number): void {
    const cpu = this.#cpu;
    this.#counted(() => {
      while ((cpu.clock[0] as number) < until && cpu.control.pause === 0) {
        if (this.engine !== 'evaluator') this.#start().run(until);
        else {
          const warm = (cpu.clock[0] as number) + this.#untilWarm() * cpu.ticks;
          cpu.evaluator.run(cpu, Math.min(until, warm));
        }
      }
    });
  }

  /** See {@link RunningEngine.runWatched}; false where the evaluator would have to do it. */
  runWatched(until: number, watch: Watch, holds: () => boolean): boolean {
    if (this.engine !== 'evaluator') return this.#counted(() => this.#start().runWatched(until, watch, holds));
    return false;
  }

  step(): void {
    this.#counted(() => this.#cpu.evaluator.step(this.#cpu));
  }

  /** Cycles that the evaluator has left before the choice changes. */
  #untilWarm(): number {
    return this.#choice === 'auto' && this.#compiling
      ? Math.max(1, this.#warmUp - this.#cycles)
      : Number.POSITIVE_INFINITY;
  }

  #start(): RunningEngine {
    this.#running ??= (this.#compiling as Engine).start(this.#cpu, this.#arena, this.#scheduler);
    return this.#running;
  }

  #counted<T>(action: () => T): T {
    const before = this.#cpu.cycles;
    try {
      return action();
    } finally {
      this.#cycles += this.#cpu.cycles - before;
    }
  }
}
