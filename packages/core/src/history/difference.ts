/** Where two machines that should be the same begin to differ. */
import { unpackBytes } from '../state/snapshot.js';
import { type StateComponent, stateOf } from './recording.js';
import type { Player } from './replay.js';

/** A value that differs. */
export interface DifferentField {
  /** As in a snapshot: `cpu/main`, `device/via`, `memory/main.memory[0]`. */
  readonly component: string;
  /** A field of it, `bytes[0x400]` for a byte; empty if the other machine has no such component. */
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
const WAYS = 16;

/**
 * Run two machines side by side, and find the first instruction after which their states differ. What differs for a
 * while and is the same again before a sixteenth of the way is over may be missed.
 *
 * @param end how far, as a position
 *
 * @example
 * const [slow, fast] = ['evaluator', 'interpreter'].map((engine) => new Replay(make(engine), recording));
 * const difference = firstDifference(slow, fast, recording.end.at);
 */
export function firstDifference(first: Player, second: Player, end: number): Difference | undefined {
  const both = [first, second] as const;
  let runs = 0;
  const isSameAt = (position: number): boolean => {
    for (const player of both) player.runTo(position);
    runs += 2;
    return first.position === second.position && isSame(first, second);
  };
  const keep = () => both.map((player) => player.keep());
  const start = first.position;
  let programCounter = first.machine.cpu.programCounter;
  const told = (): Difference => ({
    position: Math.min(first.position, second.position),
    cycles: first.machine.cycles,
    programCounter,
    fields: differentFields(stateOf(first.machine), stateOf(second.machine)),
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
