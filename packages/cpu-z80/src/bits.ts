/** Rotates, shifts and single bits: what follows CB. */
import { type RowDeclaration, rtl } from '@backplane/core';
import type { Index } from './index-registers.js';

export const shifts = {
  'rlc(m)': rtl`shifted(m << 1 & 0xff | m >> 7, m >> 7)`,
  'rrc(m)': rtl`shifted(m >> 1 | m << 7 & 0x80, m & 1)`,
  'rl(m)': rtl`shifted(m << 1 & 0xff | cf, m >> 7)`,
  'rr(m)': rtl`shifted(m >> 1 | cf << 7, m & 1)`,
  'sla(m)': rtl`shifted(m << 1 & 0xff, m >> 7)`,
  'sra(m)': rtl`shifted(m >> 1 | m & 0x80, m & 1)`,
  'sll(m)': rtl`shifted(m << 1 & 0xff | 1, m >> 7)`,
  'srl(m)': rtl`shifted(m >> 1, m & 1)`,
  'shifted(result, carry)': rtl`
    cf = carry
    sz = xy = parity = result
    half = nf = 0
    result`,
  'test(masked)': rtl`sz = parity = masked; half = 0x10; nf = 0`,
} as const;

const isSll = rtl`y == 6`;

/** Operations on `m`, by the top bits of the opcode; what they give goes back to the operand. */
const operations = [
  { top: '00', syntax: 'rot[y] ', where: rtl`y != 6`, result: (m: string) => rtl`rot[y](${m})` },
  { top: '00', syntax: 'rot[y] ', where: isSll, result: (m: string) => rtl`rot[y](${m})`, undocumented: true },
  { top: '10', syntax: 'RES y,', result: (m: string) => rtl`${m} & ~(1 << y)` },
  { top: '11', syntax: 'SET y,', result: (m: string) => rtl`${m} | 1 << y` },
] as const;

export const bits: readonly RowDeclaration[] = [
  ...operations.flatMap(({ top, syntax, result, ...rest }): RowDeclaration[] => [
    {
      page: 'cb',
      encoding: `${top}_yyy_zzz`,
      syntax: `${syntax}r[z]`,
      code: rtl`r[z] = ${result('r[z]')}`,
      ...rest,
      where: rtl`z != 6 && ${'where' in rest ? rest.where : '1'}`,
    },
    {
      page: 'cb',
      encoding: `${top}_yyy_110`,
      syntax: `${syntax}(HL)`,
      code: rtl`let m = read(hl); idle(hl); write(hl, ${result('m')})`,
      ...rest,
    },
  ]),
  {
    page: 'cb',
    encoding: '01_yyy_zzz',
    where: rtl`z != 6`,
    syntax: 'BIT y,r[z]',
    code: rtl`test(r[z] & 1 << y); xy = r[z]`,
  },
  // Bits 5 and 3 show a byte that happens to be on an internal bus.
  {
    page: 'cb',
    encoding: '01_yyy_110',
    syntax: 'BIT y,(HL)',
    code: rtl`test(read(hl) & 1 << y); idle(hl); xy = wz >> 8`,
  },
];

/** What follows DD CB d and FD CB d: the operand is (IX+d), its address in WZ. The result goes to a register as well. */
export const indexedBits = ({ page, operand }: Index): readonly RowDeclaration[] => [
  ...operations.flatMap(({ top, syntax, result, ...rest }): RowDeclaration[] => [
    {
      page: `${page}cb`,
      encoding: `${top}_yyy_zzz`,
      syntax: `${syntax}${operand},r[z]`,
      code: rtl`let m = read(wz); idle(wz); let out = ${result('m')}; write(wz, out); r[z] = out`,
      ...rest,
      where: rtl`z != 6 && ${'where' in rest ? rest.where : '1'}`,
      undocumented: true,
    },
    {
      page: `${page}cb`,
      encoding: `${top}_yyy_110`,
      syntax: `${syntax}${operand}`,
      code: rtl`let m = read(wz); idle(wz); write(wz, ${result('m')})`,
      ...rest,
    },
  ]),
  ...[false, true].map((undocumented) => ({
    page: `${page}cb`,
    encoding: '01_yyy_zzz',
    where: rtl`${undocumented ? 'z != 6' : 'z == 6'}`,
    syntax: `BIT y,${operand}`,
    code: rtl`test(read(wz) & 1 << y); idle(wz); xy = wz >> 8`,
    undocumented,
  })),
];
