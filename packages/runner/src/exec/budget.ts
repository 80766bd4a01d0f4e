/** What a process may use up. */

/** Thrown where a process wants more than it may have. */
export class OutOfBudget extends Error {}

/** A number of bytes that goes down. */
export class Budget {
  #left: number;
  readonly #limit: number;
  readonly #what: string;

  /** @param what what it limits, with the option that says so: `output (--limit-output)` */
  constructor(limit: number, what: string) {
    this.#left = limit;
    this.#limit = limit;
    this.#what = what;
  }

  /** How many of these bytes are left to be had. */
  granted(bytes: number): number {
    return Math.min(bytes, this.#left);
  }

  /** @throws OutOfBudget if there are not so many left; then none are taken */
  spend(bytes: number): void {
    if (bytes > this.#left) throw new OutOfBudget(`more than ${this.#limit} bytes of ${this.#what}`);
    this.#left -= bytes;
  }
}
