/** What was on the bus, kept in columns: an array for each of a million cycles is what the collector is busy with. */
import type { BusCycle } from '../machine/cpu.js';
import type { Access, AccessKind } from './core.js';

const AT_PORTS: Readonly<Partial<Record<BusCycle['kind'], AccessKind>>> = { read: 'in', write: 'out' };

export class BusLog {
  /** Cycles in the log; the columns are as long as the longest program's. */
  length = 0;
  readonly kinds: AccessKind[] = [];
  readonly addresses: number[] = [];
  readonly #cycles: number[] = [];
  readonly #values: number[] = [];

  clear(): void {
    this.length = 0;
  }

  readonly add = ({ cycle, kind, space, address, value, stalled }: BusCycle): void => {
    if (stalled || kind === 'return') return;
    const at = this.length;
    this.#cycles[at] = cycle;
    this.kinds[at] = (space === 'io' ? AT_PORTS[kind] : undefined) ?? kind;
    this.addresses[at] = address;
    this.#values[at] = value;
    this.length = at + 1;
  };

  /** All of it, as a list of its own. */
  accesses(): Access[] {
    const accesses: Access[] = [];
    for (let at = 0; at < this.length; at += 1) {
      accesses.push([
        this.#cycles[at] as number,
        this.kinds[at] as AccessKind,
        this.addresses[at] as number,
        this.#values[at] as number,
      ]);
    }
    return accesses;
  }

  /** Addresses that were written to, each once, the lowest first. */
  written(): number[] {
    const written: number[] = [];
    for (let at = 0; at < this.length; at += 1) {
      if (this.kinds[at] === 'write') written.push(this.addresses[at] as number);
    }
    if (written.length < 2) return written;
    written.sort((left, right) => left - right);
    return written.filter((address, at) => address !== written[at - 1]);
  }
}
