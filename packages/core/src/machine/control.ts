import type { BackplaneError } from '../errors.js';

/** How the parts of a machine stop the run loop at the next instruction boundary. */
export interface Control {
  /** What must be looked after: bits as below, 0 for nothing. */
  pause: number;
  /** What a device will not do: thrown at the next instruction boundary. */
  fault?: BackplaneError | undefined;
  /** The host's clock in milliseconds, if it gave one; nothing of the guest depends on it. */
  readonly now?: (() => number) | undefined;
  /** Told of what the host does to the machine just before it is done; it may refuse it. See `history/`. */
  onHostAction?: ((action: HostAction) => void) | undefined;
}

/** What a host does to a machine beside running it, so far as the guest can come to know of it. */
export type HostAction =
  /** Bytes are queued, line ends as the guest will get them. */
  | readonly ['write', channel: string, bytes: readonly number[]]
  | readonly ['end', channel: string]
  | readonly ['discard', channel: string]
  | readonly ['waits', channel: string, waits: boolean]
  | readonly ['reset']
  | readonly ['register', cpu: string, name: string, value: number]
  | readonly ['poke', cpu: string, space: string, address: number, bytes: Iterable<number>]
  /** Another state is taken over. */
  | readonly ['restore'];

/** The guest waits for a byte of input. */
export const PAUSE_INPUT = 1;
/** A device ended the run. */
export const PAUSE_EXIT = 2;
/** A CPU has jammed, stopped or hangs. */
export const PAUSE_STATUS = 4;
/** The output matches what the host waits for. */
export const PAUSE_TEXT = 8;
/** There is much output to hand on. */
export const PAUSE_OUTPUT = 16;
/** There is a fault to throw. */
export const PAUSE_FAULT = 32;
