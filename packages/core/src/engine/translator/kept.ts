/** The regions that a process keeps for machines to come. */
import type { InstructionSet } from '../../isa/instruction-set.js';
import type { Resume, Specialized } from './specialize.js';

/** A register that a region takes for granted, with its value. */
export interface Assumption {
  readonly register: number;
  readonly value: number;
}

/** A region as it was compiled, for any machine in which the same memory lies at the same place. */
export interface Compiled {
  readonly module: WebAssembly.Module;
  readonly name: string;
  readonly points: readonly Resume[];
  /** Whether it may go on where a run that looks for traps has to end. */
  readonly mayTrap: boolean;
  /** Words of the page table that it relies on. */
  readonly pages: ReadonlyMap<number, number>;
  /** Addresses in mixed pages that it is fetched from, with what is to be added to them. */
  readonly mixed: ReadonlyMap<number, number>;
  readonly assumed: readonly Assumption[];
  /** What it adds to whatever address it reads, if it relies on all memory to be plain and in one piece. */
  readonly flat: number | undefined;
  /** Arena offsets of the bytes that were folded, with the bytes. */
  readonly folded: ReadonlyMap<number, number>;
}

/** Places whose regions are kept, instructions, and layouts of arenas. */
const MOST_KEPT = 1000;
const MOST_INSTRUCTIONS = 5000;
const MOST_LAYOUTS = 16;

/** Regions, and what they are made of, for CPUs whose words and marks lie at the same places, the least used first; machines have their own of what they use. */
export class Kept {
  readonly #regions = new Map<number, readonly Compiled[]>();
  readonly #instructions = new Map<number, Specialized>();

  /** What was last made of the instruction at an address. */
  instruction(address: number): Specialized | undefined {
    return this.#instructions.get(address);
  }

  addInstruction(address: number, instruction: Specialized): void {
    this.#instructions.set(address, instruction);
    dropOldest(this.#instructions, MOST_INSTRUCTIONS);
  }

  get addresses(): Iterable<number> {
    return this.#regions.keys();
  }

  find(address: number, fits: (compiled: Compiled) => boolean): Compiled | undefined {
    const known = this.#regions.get(address);
    const found = known?.find(fits);
    if (known && found) {
      this.#regions.delete(address);
      this.#regions.set(address, known);
    }
    return found;
  }

  add(address: number, compiled: Compiled): void {
    // Of one place, the last few states of its code.
    this.#regions.set(address, [compiled, ...(this.#regions.get(address) ?? [])].slice(0, 4));
    dropOldest(this.#regions, MOST_KEPT);
  }
}

function dropOldest<Key>(map: Map<Key, unknown>, most: number): void {
  const [oldest] = map.keys();
  if (map.size > most) map.delete(oldest as Key);
}

const kept = new WeakMap<InstructionSet, Map<string, Kept>>();

/** What the process keeps for a layout of the arena. */
export function keptFor(isa: InstructionSet, layout: string): Kept {
  const layouts = kept.get(isa) ?? new Map<string, Kept>();
  kept.set(isa, layouts);
  const found = layouts.get(layout) ?? new Kept();
  layouts.delete(layout);
  layouts.set(layout, found);
  dropOldest(layouts, MOST_LAYOUTS);
  return found;
}
