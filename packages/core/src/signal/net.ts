/**
 * Nets: what wires join. A net is wired-OR of its drivers, one bit each; its level is low (a line: asserted) while any
 * driver pulls it. Lines are nets with a name; a port has one net a pin.
 */
import { ConfigError } from '../errors.js';
import type { Arena, ArenaLayout } from '../state/arena.js';

/** Told when the level of one of its nets changed by somebody else's doing. */
export type NetListener = () => void;

const NOWHERE: Int32Array = new Int32Array(0);

export class Net {
  readonly name: string;
  /** Who can drive it, in the order of their bits. */
  readonly drivers: string[] = [];
  /** The arena's; it lies at `#word`. */
  #words: Int32Array = NOWHERE;
  readonly #word: number;
  readonly #listeners: { readonly driver: number; readonly changed: NetListener }[] = [];
  /** By driver, whom its doing is told; found when first needed. */
  readonly #told: (readonly NetListener[] | undefined)[] = [];

  constructor(name: string, layout: ArenaLayout) {
    this.name = name;
    this.#word = layout.reserve(4, 4) >> 2;
  }

  attach(arena: Arena): void {
    this.#words = arena.i32;
  }

  /** Add something that may pull the net, and get its bit. */
  addDriver(name: string): number {
    if (this.drivers.length === 32) {
      throw new ConfigError('config/drivers', `more than 32 lines and pins are joined with '${this.name}'`, {
        path: 'wires',
        mend: 'split them',
      });
    }
    return this.drivers.push(name) - 1;
  }

  /** Have `changed` called when anything but `driver` changes the level. */
  listen(driver: number, changed: NetListener): void {
    this.#listeners.push({ driver, changed });
    this.#told.length = 0;
  }

  /** Whether any driver pulls it. */
  get asserted(): boolean {
    return this.#words[this.#word] !== 0;
  }

  /** One bit a driver, for snapshots. */
  get driverBits(): number {
    return this.#words[this.#word] as number;
  }

  set driverBits(bits: number) {
    this.#words[this.#word] = bits;
  }

  /** Let a driver pull or release. Whoever must be told. */
  drive(driver: number, pull: boolean): readonly NetListener[] {
    const before = this.#words[this.#word] as number;
    const after = pull ? before | (1 << driver) : before & ~(1 << driver);
    if (after === before) return NOBODY;
    this.#words[this.#word] = after;
    if ((before !== 0) === (after !== 0)) return NOBODY;
    let told = this.#told[driver];
    if (!told) {
      const others = this.#listeners.filter((listener) => listener.driver !== driver);
      told = [...new Set(others.map(({ changed }) => changed))];
      this.#told[driver] = told;
    }
    return told;
  }
}

const NOBODY: readonly NetListener[] = [];

let depth = 0;

/** Drive one net and tell its listeners. */
export function driveNet(net: Net, driver: number, pull: boolean): void {
  notify(net.drive(driver, pull));
}

/** Call the listeners; a loop of devices that answer one another for ever is cut. */
export function notify(changed: readonly NetListener[]): void {
  if (changed.length === 0 || depth >= 64) return;
  depth += 1;
  try {
    for (const listener of changed) listener();
  } finally {
    depth -= 1;
  }
}
