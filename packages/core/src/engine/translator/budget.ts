/** What a CPU may spend on translating. */

/**
 * Instructions that may be translated at once, and for each million cycles that compiled code has run. One takes about
 * as long as 25,000 to 100,000 cycles in the interpreter: so this is what translating costs a program at most that never
 * stays where it is.
 */
const BURST = 150;
const PER_MILLION_CYCLES = 3;
/** Instructions that a region costs beside its own when its code has changed: programs loaded over one another go on so. */
const LOST = 100;

export class Budget {
  #spent = 0;

  /** Whether anything may be translated after so many cycles. */
  allows(cycles: number): boolean {
    return this.#spent < BURST + (cycles / 1e6) * PER_MILLION_CYCLES;
  }

  spend(instructions: number): void {
    this.#spent += instructions;
  }

  lose(): void {
    this.#spent += LOST;
  }
}
