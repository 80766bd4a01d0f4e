/** Bounds of a value, which give the widths that RTL never writes down. */
import type { BinaryOperator } from './ir.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

const WIDTHS: readonly Interval[] = Array.from({ length: 33 }, (_, width) => ({ low: 0, high: 2 ** width - 1 }));

/** All values of an unsigned number of `width` bits, at most 32. */
export const ofWidth = (width: number): Interval => WIDTHS[width] as Interval;

export const fitsIn = (inner: Interval, outer: Interval): boolean => inner.low >= outer.low && inner.high <= outer.high;

export const union = (a: Interval, b: Interval): Interval => ({
  low: Math.min(a.low, b.low),
  high: Math.max(a.high, b.high),
});

/** The least 2ⁿ − 1 that covers both ends. */
function allOnes({ low, high }: Interval): number {
  let bound = 0;
  while (bound < high || -bound - 1 > low) bound = bound * 2 + 1;
  return bound;
}

/** Bounds of the mathematical (unwrapped) result of an operator. */
export function resultInterval(operator: BinaryOperator, left: Interval, right: Interval): Interval {
  switch (operator) {
    case '+':
      return { low: left.low + right.low, high: left.high + right.high };
    case '-':
      return { low: left.low - right.high, high: left.high - right.low };
    case '&':
      if (left.low >= 0 && right.low >= 0) return { low: 0, high: Math.min(left.high, right.high) };
      if (left.low >= 0) return { low: 0, high: left.high };
      if (right.low >= 0) return { low: 0, high: right.high };
      return bitwise(left, right);
    case '|':
      if (left.low >= 0 && right.low >= 0) return { ...bitwise(left, right), low: Math.max(left.low, right.low) };
      return bitwise(left, right);
    case '^':
      return bitwise(left, right);
    case '<<': {
      const [least, most] = [2 ** right.low, 2 ** right.high];
      return {
        low: Math.min(left.low * least, left.low * most),
        high: Math.max(left.high * least, left.high * most),
      };
    }
    case '>>': {
      const [least, most] = [2 ** right.low, 2 ** right.high];
      return {
        low: Math.min(Math.floor(left.low / least), Math.floor(left.low / most)),
        high: Math.max(Math.floor(left.high / least), Math.floor(left.high / most)),
      };
    }
    default:
      return { low: 0, high: 1 };
  }
}

function bitwise(left: Interval, right: Interval): Interval {
  const both = union(left, right);
  const bound = allOnes(both);
  return { low: both.low < 0 ? -bound - 1 : 0, high: bound };
}
