/**
 * HL, and what takes its place after the prefixes DD and FD. Where an instruction has a memory operand, (HL) becomes
 * (IX+d) and nothing else changes; where it has none, HL, H and L become IX, IXH and IXL (Sean Young, "The Undocumented
 * Z80 Documented", 3.2).
 */
import { type Rtl, rtl } from '@backplane/core';

export interface Index {
  readonly page: 'main' | 'dd' | 'fd';
  readonly pair: 'hl' | 'ix' | 'iy';
  /** Name of the table of 8-bit registers, and of the table of pairs. */
  readonly r: string;
  readonly ss: string;
  /** The memory operand in text. */
  readonly operand: string;
  /** What finds its address; `at` has it then. */
  readonly locate: Rtl;
  readonly at: 'hl' | 'wz';
  /** Rows with H and L in place of which something else comes are in no data sheet. */
  readonly undocumented?: true;
  /** Whether these fields are registers, and after a prefix one of them H or L: all else is as without it. */
  registers(...fields: string[]): Rtl;
  /** After a prefix, only if the pair is HL. */
  readonly pairs?: Rtl;
}

const areRegisters = (fields: readonly string[]): string => fields.map((field) => `${field} != 6`).join(' && ');
const haveHalf = (fields: readonly string[]): string => fields.map((field) => `${field} >> 1 == 2`).join(' || ');

export const hl: Index = {
  page: 'main',
  pair: 'hl',
  r: 'r',
  ss: 'ss',
  operand: '(HL)',
  locate: rtl``,
  at: 'hl',
  registers: (...fields) => rtl`${areRegisters(fields)}`,
};

const indexed = (page: 'dd' | 'fd', pair: 'ix' | 'iy'): Index => ({
  page,
  pair,
  r: `r${pair}`,
  ss: `ss${pair}`,
  operand: `(${pair.toUpperCase()}+d)`,
  locate: rtl`
    let distance = fetch()
    idle5(pc - 1)
    wz = ${pair} + signed(distance)`,
  at: 'wz',
  undocumented: true,
  registers: (...fields) => rtl`${areRegisters(fields)} && (${haveHalf(fields)})`,
  pairs: rtl`p == 2`,
});

export const ix = indexed('dd', 'ix');
export const iy = indexed('fd', 'iy');
