import type { EngineChoice } from '../machine/build.js';

/** A law: its name, and a check that throws where it does not hold (with the seed to see it again). */
export type Law = readonly [name: string, check: () => void];

/** How hard laws are tried. */
export interface LawOptions {
  /** Random cases a law, 50 by default. */
  readonly runs?: number;
  /** Seed of the random cases; a failure prints the one it was found with. */
  readonly seed?: number;
  /** The engine that the law is tried in, `auto` by default. */
  readonly engine?: EngineChoice;
}
