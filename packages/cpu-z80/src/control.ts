/** Jumps, calls and what concerns the CPU itself. */
import { type RowDeclaration, rtl } from '@backplane/core';
import type { Index } from './index-registers.js';

export const jumps = {
  'holds(condition)': rtl`flag[condition >> 1] == (condition & 1)`,
  'jumpRelative(distance, taken)': rtl`
    if (taken) {
      idle5(pc - 1)
      pc = wz = pc + signed(distance) & 0xffff
    }`,
  'call(target)': rtl`idle(pc - 1); push(pc); pc = target`,
  'return()': rtl`pc = wz = pop()`,
} as const;

export const indexedJumps = ({ page, pair }: Index): readonly RowDeclaration[] => [
  { encoding: '11_101_001', page, syntax: `JP (${pair})`, code: rtl`pc = ${pair}` },
];

export const otherControl: readonly RowDeclaration[] = [
  { encoding: '00_000_000', syntax: 'NOP', code: rtl`` },
  { encoding: '00_010_000', syntax: 'DJNZ e', code: rtl`idle(ir); b -= 1; jumpRelative(fetch(), b != 0)` },
  { encoding: '00_011_000', syntax: 'JR e', code: rtl`jumpRelative(fetch(), 1)` },
  { encoding: '00_1yy_000', syntax: 'JR cc[y],e', code: rtl`jumpRelative(fetch(), holds(y))` },
  { encoding: '11_000_011', syntax: 'JP nn', code: rtl`pc = wz = fetchWord()` },
  { encoding: '11_yyy_010', syntax: 'JP cc[y],nn', code: rtl`wz = fetchWord(); if (holds(y)) { pc = wz }` },
  { encoding: '11_001_101', syntax: 'CALL nn', code: rtl`wz = fetchWord(); call(wz)` },
  { encoding: '11_yyy_100', syntax: 'CALL cc[y],nn', code: rtl`wz = fetchWord(); if (holds(y)) { call(wz) }` },
  { encoding: '11_001_001', syntax: 'RET', code: rtl`return()` },
  { encoding: '11_yyy_000', syntax: 'RET cc[y]', code: rtl`idle(ir); if (holds(y)) { return() }` },
  { encoding: '11_yyy_111', syntax: 'RST vector[y]', code: rtl`idle(ir); push(pc); pc = wz = y << 3` },

  { encoding: '01_110_110', syntax: 'HALT', code: rtl`halted = 1` },
  { encoding: '11_110_011', syntax: 'DI', code: rtl`iff1 = iff2 = 0` },
  // No INT is taken before the next instruction has run, which may be the RET of a handler.
  { encoding: '11_111_011', syntax: 'EI', code: rtl`iff1 = 0; poll(); iff1 = iff2 = 1` },

  ...[false, true].flatMap((undocumented): RowDeclaration[] => [
    {
      page: 'ed',
      encoding: '01_yyy_101',
      where: rtl`${undocumented ? 'y > 1' : 'y == 0'}`,
      syntax: 'RETN',
      code: rtl`return(); iff1 = iff2`,
      undocumented,
    },
    {
      page: 'ed',
      encoding: '01_yyy_110',
      where: rtl`${undocumented ? 'y != 0 && y != 2 && y != 3' : 'y == 0 || y == 2 || y == 3'}`,
      syntax: 'IM mode[y]',
      code: rtl`im = (y & 2) == 0 ? 0 : (y & 3) - 1`,
      undocumented,
    },
  ]),
  // RETI does to the CPU what RETN does (Sean Young, 3.4); devices know its opcode.
  { page: 'ed', encoding: '01_001_101', syntax: 'RETI', code: rtl`endOfInterrupt(); return(); iff1 = iff2` },
  // All else that follows ED does nothing, in eight T-states.
  ...['00_xxx_xxx', '11_xxx_xxx', '10_0xx_xxx', '10_1xx_1xx', '01_11x_111'].map((encoding) => ({
    page: 'ed',
    encoding,
    syntax: 'NOP',
    code: rtl``,
    undocumented: true,
  })),
];
