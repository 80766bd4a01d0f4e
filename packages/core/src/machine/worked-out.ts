/** What was worked out for the first machine of a config holds for all of them. */
export class WorkedOut {
  readonly #results = new Map<string, unknown>();

  get<T>(name: string, workOut: () => T): T {
    if (!this.#results.has(name)) this.#results.set(name, workOut());
    return this.#results.get(name) as T;
  }
}
