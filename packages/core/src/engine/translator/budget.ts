/** What a CPU may spend on translating. */

/**
 * Instructions that may be translated at once, and for each million cycles that compiled code has run. One takes about
 * as long as 25,000 to 100,000 cycles in the interpreter: so this is what translating costs a program at most that never
 * stays where it is.
 */
const BURST = 150;
const PER_MILLION_CYCLES = 3;
/** The same for each million cycles in regions: a program that runs those stays where it is. */
const PER_MILLION_TRANSLATED = 10;
/** Instructions that a region costs beside its own when its code has changed: programs loaded over one another go on so. */
const LOST = 100;

export class Budget {
  #spent = 0;

  /** Whether anything may be translated after so many cycles in compiled code, and of these in regions. */
  allows(cycles: number, translated: number): boolean {
    return this.#spent < BURST + (cycles * PER_MILLION_CYCLES + translated * PER_MILLION_TRANSLATED) / 1e6;
  }

  spend(instructions: number): void {
    this.#spent += instructions;
  }

  lose(): void {
    this.#spent += LOST;
  }
}
