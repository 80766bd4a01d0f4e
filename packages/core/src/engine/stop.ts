/** Where compiled code stops for the host. */
import type { Bus } from '../bus/bus.js';
import type { BusDevice } from '../bus/region.js';
import type { BusCycleKind } from '../isa/ir.js';
import type { Execute } from './evaluator.js';

/** A point of compiled code as one CPU's host side wants it: all of one shape, for it is met often. */
export interface Stop {
  readonly kind: BusCycleKind;
  readonly bus: Bus;
  readonly length: number;
  /** Word that takes what is read. */
  readonly result: number;
  /** Cycles of the instruction before it that are not counted down yet. */
  readonly pending: number;
  /** How far the program counter is beyond the instruction's first byte, −1 where its word is right. */
  readonly fetched: number;
  /** What comes after the cycle. */
  readonly finish: Execute;
  /** The address that its last access went to, and the device that answers there. */
  address: number;
  device: BusDevice | undefined;
  register: number;
}
