/** Where two machines that should be the same begin to differ. */
import type { Machine } from '../machine/machine.js';
import { unpackBytes } from '../state/snapshot.js';
import { type StateComponent, stateOf } from './recording.js';
import type { Player } from './replay.js';

/** A value that differs. */
export interface DifferentField {
  /** As in a snapshot: `cpu/main`, `device/via`, `memory/main.memory[0]`, `host/console`. */
  readonly component: string;
  /**
   * A field of it, `bytes[0x400]` for a byte; `output` or `input` for the last byte that went through a channel at the
   * host; empty if the other machine has no such component.
   */
  readonly field: string;
  /** In the first machine; undefined where there is no such thing. */
  readonly first: number | string | undefined;
  readonly second: number | string | undefined;
}

/** The first difference between two machines. */
export interface Difference {
  /** The first instruction boundary at which they differ; see {@link Recording}. */
  readonly position: number;
  /** Cycles of the first one's main CPU there. */
  readonly cycles: number;
  /** Where both were the same still: address of the next instruction of the main CPU. */
  readonly programCounter: number;
  readonly fields: readonly DifferentField[];
  /** Times that a machine was run a way. */
  readonly runs: number;
}

/** Ways in which both are run at first; within the one that ends in a difference, it is bisected. */
const WAYS = 64;

/** What a machine says and is told at its channels: it shows what the state, later, may not show any more. */
class Traffic {
  /** By channel and direction: a digest of what has gone that way, and what went last. */
  readonly #flows = new Map<string, { digest: number; last: number }>();
  readonly #machine: Machine;
  readonly #output = ({ channel, bytes }: { channel: string; bytes: Uint8Array }) => {
    for (const byte of bytes) this.#add(`host/${channel} output`, byte, 0);
  };
  readonly #input = ({ channel, byte, cycles }: { channel: string; byte: number; cycles: number }) =>
    this.#add(`host/${channel} input`, byte, cycles);

  constructor(machine: Machine) {
    this.#machine = machine;
    machine.on('output', this.#output).on('input', this.#input);
  }

  /** FNV-1a, over the bytes and when they went. */
  #add(name: string, byte: number, when: number): void {
    const { digest } = this.#flows.get(name) ?? { digest: 0x811c9dc5 };
    const next = [byte, when, when / 2 ** 32].reduce((sum, value) => Math.imul(sum ^ value, 0x01000193), digest);
    this.#flows.set(name, { digest: next, last: byte });
  }

  forget(): void {
    this.#flows.clear();
  }

  close(): void {
    this.#machine.off('output', this.#output).off('input', this.#input);
  }

  differences(other: Traffic): DifferentField[] {
    return [...new Set([...this.#flows.keys(), ...other.#flows.keys()])].flatMap((name) => {
      const [own, others] = [this.#flows.get(name), other.#flows.get(name)];
      const [component = '', field = ''] = name.split(' ');
      return own?.digest === others?.digest ? [] : [{ component, field, first: own?.last, second: others?.last }];
    });
  }
}

/**
 * Run two machines side by side, and find the first instruction after which they differ: in their states, in what they
 * have put out, or in what input they were given when. A state that differs for a while, and is the same again before
 * a 64th of the way is over, without anything of it having been put out, may be missed.
 *
 * @param end how far, as a position
 *
 * @example
 * const [slow, fast] = ['evaluator', 'interpreter'].map((engine) => new Replay(make(engine), recording));
 * const difference = firstDifference(slow, fast, recording.end.at);
 */
export function firstDifference(first: Player, second: Player, end: number): Difference | undefined {
  const traffic = [new Traffic(first.machine), new Traffic(second.machine)] as const;
  try {
    return findDifference(first, second, end, traffic);
  } finally {
    for (const one of traffic) one.close();
  }
}

function findDifference(
  first: Player,
  second: Player,
  end: number,
  traffic: readonly [Traffic, Traffic],
): Difference | undefined {
  const both = [first, second] as const;
  let runs = 0;
  const isSameAt = (position: number): boolean => {
    for (const player of both) player.runTo(position);
    runs += 2;
    const isSaidTheSame = traffic[0].differences(traffic[1]).length === 0;
    return first.position === second.position && isSaidTheSame && isSame(first, second);
  };
  const keep = () => {
    for (const one of traffic) one.forget();
    return both.map((player) => player.keep());
  };
  const start = first.position;
  let programCounter = first.machine.cpu.programCounter;
  const told = (): Difference => ({
    position: Math.min(first.position, second.position),
    cycles: first.machine.cycles,
    programCounter,
    fields: [
      ...differentFields(stateOf(first.machine), stateOf(second.machine)),
      ...traffic[0].differences(traffic[1]),
    ],
    runs,
  });
  if (!isSameAt(start)) return told();
  let moments = keep();
  let same = start;
  const ways = Array.from({ length: WAYS }, (_, way) => start + Math.ceil(((end - start) * (way + 1)) / WAYS));
  const wrongWay = ways.find((position) => {
    if (!isSameAt(position)) return true;
    same = position;
    moments = keep();
    return false;
  });
  if (wrongWay === undefined) return undefined;
  let different = wrongWay;
  const goBack = () => {
    for (const one of traffic) one.forget();
    for (const [index, moment] of moments.entries()) both[index]?.goTo(moment);
  };
  while (different - same > 1) {
    const middle = same + Math.floor((different - same) / 2);
    goBack();
    if (!isSameAt(middle)) different = middle;
    else {
      same = middle;
      moments = keep();
    }
  }
  goBack();
  programCounter = first.machine.cpu.programCounter;
  isSameAt(different);
  return told();
}

function isSame(first: Player, second: Player): boolean {
  const [one, other] = [first, second].map(({ machine }) =>
    stateOf(machine).map(({ id, digest }) => `${id} ${digest}`),
  );
  return one?.join() === other?.join();
}

function differentFields(first: readonly StateComponent[], second: readonly StateComponent[]): DifferentField[] {
  const ids = new Set([...first, ...second].map(({ id }) => id));
  return [...ids].flatMap((component) => {
    const [one, other] = [first, second].map((components) => components.find(({ id }) => id === component)?.fields);
    if (!one || !other) {
      return [{ component, field: '', first: one && 'there', second: other && 'there' }];
    }
    return [...new Set([...Object.keys(one), ...Object.keys(other)])]
      .filter((field) => one[field] !== other[field])
      .map(
        (field) =>
          differentByte(component, field, one, other) ?? { component, field, first: one[field], second: other[field] },
      );
  });
}

/** Of fields of many bytes, the first that differs. */
function differentByte(
  component: string,
  field: string,
  first: StateComponent['fields'],
  second: StateComponent['fields'],
): DifferentField | undefined {
  const [one, other] = [first, second].map((fields) => {
    const text = fields[field];
    const size = fields.size;
    return field === 'bytes' && typeof text === 'string' && typeof size === 'number'
      ? unpackBytes(text, size)
      : undefined;
  });
  if (!one || !other) return undefined;
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return { component, field: `bytes[0x${at.toString(16)}]`, first: one[at], second: other[at] };
}
