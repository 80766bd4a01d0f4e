/** Chooses the engine that runs a CPU's instructions, and keeps count. */
import type { EngineChoice } from '../machine/build.js';
import type { Cpu } from '../machine/cpu.js';
import type { Arena } from '../state/arena.js';
import type { Scheduler } from '../time/scheduler.js';
import { Interpreter, type Watch } from './interpreter.js';
import { hasInterpreterModule, isPrintable } from './interpreter-module.js';

/**
 * Cycles after which `auto` prints and compiles an interpreter that the process has not got yet. That takes as long as
 * the evaluator takes for about this many.
 */
const WARM_UP = 300_000;

export class Runner {
  readonly #cpu: Cpu;
  readonly #arena: Arena;
  readonly #scheduler: Scheduler;
  readonly #canInterpret: boolean;
  #choice: EngineChoice;
  #interpreter: Interpreter | undefined;
  #cycles = 0;

  constructor(cpu: Cpu, arena: Arena, scheduler: Scheduler, choice: EngineChoice) {
    this.#cpu = cpu;
    this.#arena = arena;
    this.#scheduler = scheduler;
    this.#choice = choice;
    this.#canInterpret = arena.memory !== undefined && isPrintable(cpu.isa);
  }

  choose(choice: EngineChoice): void {
    this.#choice = choice;
  }

  get interpreterCycles(): number {
    return this.#interpreter?.cycles ?? 0;
  }

  get evaluatorCycles(): number {
    return this.#cycles - this.interpreterCycles;
  }

  get engine(): 'evaluator' | 'interpreter' {
    if (!this.#canInterpret || this.#choice === 'evaluator') return 'evaluator';
    if (this.#choice === 'interpreter') return 'interpreter';
    return this.#cycles >= WARM_UP || hasInterpreterModule(this.#cpu.isa) ? 'interpreter' : 'evaluator';
  }

  run(until: number): void {
    const cpu = this.#cpu;
    this.#counted(() => {
      while ((cpu.clock[0] as number) < until && cpu.control.pause === 0) {
        if (this.engine === 'interpreter') this.#interpret().run(until);
        else {
          const warm = (cpu.clock[0] as number) + this.#untilWarm() * cpu.ticks;
          cpu.evaluator.run(cpu, Math.min(until, warm));
        }
      }
    });
  }

  /** See {@link Interpreter.runWatched}. */
  runWatched(until: number, watch: Watch, holds: () => boolean): boolean {
    if (this.engine === 'interpreter') return this.#counted(() => this.#interpret().runWatched(until, watch, holds));
    return false;
  }

  step(): void {
    this.#counted(() => this.#cpu.evaluator.step(this.#cpu));
  }

  /** Cycles that the evaluator has left before the choice changes. */
  #untilWarm(): number {
    return this.#choice === 'auto' && this.#canInterpret
      ? Math.max(1, WARM_UP - this.#cycles)
      : Number.POSITIVE_INFINITY;
  }

  #interpret(): Interpreter {
    this.#interpreter ??= new Interpreter(this.#cpu, this.#arena, this.#scheduler);
    return this.#interpreter;
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
