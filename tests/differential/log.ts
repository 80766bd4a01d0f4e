/** Lines that are kept. */
const KEPT = 100_000;

/**
 * What devices saw, line by line. A CPU that is held up for millions of cycles makes more lines than memory holds: of
 * those beyond the first a hash is kept, which is enough to tell that two logs differ.
 */
export class Log {
  readonly #kept: string[] = [];
  #more = 0;
  #hash = 0;

  add(line: string): void {
    if (this.#kept.length < KEPT) {
      this.#kept.push(line);
      return;
    }
    this.#more += 1;
    // FNV-1a, for lines that differ in a digit.
    for (let at = 0; at < line.length; at += 1) this.#hash = Math.imul(this.#hash ^ line.charCodeAt(at), 0x01000193);
  }

  get lines(): readonly string[] {
    return this.#more === 0 ? this.#kept : [...this.#kept, `and ${this.#more} more, of hash ${this.#hash}`];
  }
}
