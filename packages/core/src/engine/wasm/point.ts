/** Where compiled code may leave an instruction to the host, and what is left of it there. */
import type { Block, Statement } from '../../isa/ir.js';

/** A cycle that may call the host, and what comes after it in its body. */
export interface Point {
  readonly statement: Extract<Statement, { op: 'cycle' }>;
  readonly rest: Rest;
  /** Cycles of the instruction before it, which the counter does not count yet. */
  readonly pending: number;
  /** How far the program counter is beyond the instruction's first byte; undefined where its word is right. */
  readonly fetched: number | undefined;
  /** No cycle of the instruction comes before it. */
  readonly isFirst: boolean;
}

/** What follows a statement of a body. */
export interface Rest {
  /** The block that it is in: what stands there from `from` on, … */
  readonly block: Block;
  readonly from: number;
  /** … and after that what follows the block. */
  readonly outer: Rest | undefined;
  /** The locals that all of this reads. */
  readonly reads: number;
}

/** The statements that follow, as one block. */
export function restOf(rest: Rest | undefined): Block {
  return rest ? [...rest.block.slice(rest.from), ...restOf(rest.outer)] : [];
}

/** Whether nothing follows. */
export const isEmpty = (rest: Rest | undefined): boolean =>
  rest === undefined || (rest.from === rest.block.length && isEmpty(rest.outer));
