/** The daisy chain of the Z80 family: which of several interrupt sources the CPU is to serve, by IEI and IEO. */
import type { DeviceLink } from '../plugin/define-device.js';

/** Fields that hold the state of a link. */
export const linkFields = (name: string): string[] => [`${name}.pending`, `${name}.inService`];

/** One interrupt source of a device. */
export class ChainLink implements DeviceLink {
  /** The chain it stands in, if the config names one. */
  chain: DaisyChain | undefined;
  /** What its device puts on the data bus when the CPU acknowledges it. */
  answer: (() => number | undefined) | undefined;
  readonly #set: (field: 0 | 1, value: number) => void;
  readonly #get: (field: 0 | 1) => boolean;

  /** @param state the device's, with the fields of this link */
  constructor(name: string, state: Record<string, number>) {
    const fields = linkFields(name);
    this.#get = (field) => state[fields[field] as string] === 1;
    this.#set = (field, value) => {
      if (this.#get(field) === (value === 1)) return;
      state[fields[field] as string] = value;
      this.chain?.update();
    };
  }

  get pending(): boolean {
    return this.#get(0);
  }

  get inService(): boolean {
    return this.#get(1);
  }

  request(): void {
    this.#set(0, 1);
  }

  cancel(): void {
    this.#set(0, 0);
  }

  /** The CPU has acknowledged it. */
  serve(): void {
    this.#set(1, 1);
    this.cancel();
  }

  finish(): void {
    this.#set(1, 0);
  }
}

export class DaisyChain {
  readonly #links: ChainLink[] = [];
  readonly #show: (asserted: boolean) => void;
  readonly #openBus: number;

  /** @param show drives the CPU's input */
  constructor(show: (asserted: boolean) => void, openBus: number) {
    this.#show = show;
    this.#openBus = openBus;
  }

  /** Append a link; false if it stands in a chain already. */
  add(link: ChainLink): boolean {
    if (link.chain) return false;
    link.chain = this;
    this.#links.push(link);
    return true;
  }

  /** The link that the CPU is to serve. One in service keeps those below it, and itself, from interrupting. */
  #next(): ChainLink | undefined {
    const link = this.#links.find(({ pending, inService }) => pending || inService);
    return link?.inService ? undefined : link;
  }

  update(): void {
    this.#show(this.#next() !== undefined);
  }

  /** An acknowledge cycle: the byte that the link puts on the bus. */
  acknowledge(): number {
    const link = this.#next();
    link?.serve();
    return (link?.answer?.() ?? this.#openBus) & 0xff;
  }

  /** A RETI on the bus. */
  endOfInterrupt(): void {
    this.#links.find(({ inService }) => inService)?.finish();
  }
}
