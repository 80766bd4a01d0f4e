/** The bus cycles that traced code has noted, on their way to who listens. */
import type { Cpu } from '../machine/cpu.js';
import { type Arena, SCRATCH_BYTES } from '../state/arena.js';
import type { InterpreterModule } from './interpreter-module.js';
import { NOTE_BYTES } from './wasm/frame.js';
import type { Point } from './wasm/point.js';

const NOTE_WORDS = NOTE_BYTES / 4;

/** A note lies where the cycles left when its cycle began say; the last instruction's may be below 0. */
export class Notes {
  readonly #cpu: Cpu;
  readonly #compiled: InterpreterModule;
  readonly #words: Int32Array;
  /** Cycles that were left at the last one told. */
  #told = 0;
  /** Arena offset of the note of a cycle with none left. */
  readonly origin: number;
  /** The most cycles that may be left. */
  readonly room: number;

  constructor(cpu: Cpu, arena: Arena, compiled: InterpreterModule) {
    this.#cpu = cpu;
    this.#compiled = compiled;
    this.#words = arena.words(arena.scratch, SCRATCH_BYTES / 4);
    this.origin = arena.scratch + compiled.longest * NOTE_BYTES;
    this.room = SCRATCH_BYTES / NOTE_BYTES - compiled.longest - 1;
  }

  /** With so many cycles left, all is told. */
  begin(left: number): void {
    this.#told = left;
  }

  /**
   * Tell the cycles noted since the last time.
   *
   * @param left what none of them began with, nor with fewer
   * @param end the CPU's cycle when none are left
   */
  tell(left: number, end: number): void {
    const cpu = this.#cpu;
    const words = this.#words;
    const { points, longest } = this.#compiled;
    const last = (left + longest) * NOTE_WORDS;
    let at = (this.#told + longest) * NOTE_WORDS;
    this.#told = left;
    try {
      for (; at > last; at -= NOTE_WORDS) {
        const point = words[at] as number;
        if (point === 0) continue;
        words[at] = 0;
        const { statement, isFirst: first } = points[point - 1] as Point;
        const { kind, space } = statement.cycle;
        cpu.trace?.({
          cpu: cpu.name,
          cycle: end + longest - at / NOTE_WORDS,
          kind,
          space: (space === 'io' ? cpu.io : cpu.memory).name,
          address: words[at + 1] as number,
          value: words[at + 2] as number,
          stalled: false,
          first,
        });
      }
    } finally {
      // A listener that throws hears no more of them.
      for (; at > last; at -= NOTE_WORDS) words[at] = 0;
    }
  }
}
