/** Marks: for each byte of memory one that is no state, which compiled code counts jumps in. */

/** The bits of a mark that count the jumps to an instruction. */
export const HEAT = 0x7f;
/** The bit that says that writes to the byte are to be told. */
export const TRANSLATED = 0x80;

/** How a number of jumps is counted in a mark: its heat then, and the power of two of which one jump is counted. */
export function counting(jumps: number): { readonly heat: number; readonly shift: number } {
  const shift = Math.max(0, Math.ceil(Math.log2(jumps / HEAT)));
  return { heat: Math.ceil(jumps / 2 ** shift), shift };
}
