/**
 * Arithmetic and logic. Flags that the data sheet calls unaffected by chance, or not at all: Sean Young, "The
 * Undocumented Z80 Documented" (2005), 4.1.
 */
import { type RowDeclaration, rtl } from '@backplane/core';
import type { Index } from './index-registers.js';

export const arithmetic = {
  'add(m)': rtl`addCarry(m, 0)`,
  'adc(m)': rtl`addCarry(m, cf)`,
  'addCarry(m, carry)': rtl`
    let sum = a + m + carry
    half = a ^ m ^ sum
    parity = (a ^ sum) & (m ^ sum) & 0x80 ^ 0x80
    cf = sum >> 8
    nf = 0
    a = sz = xy = sum & 0xff`,
  'sub(m)': rtl`a = difference(m, 0)`,
  'sbc(m)': rtl`a = difference(m, cf)`,
  // Bits 5 and 3 are those of the operand.
  'cp(m)': rtl`difference(m, 0); xy = m`,
  'difference(m, borrow)': rtl`
    let wide = a - m - borrow
    half = a ^ m ^ wide
    parity = (a ^ m) & (a ^ wide) & 0x80 ^ 0x80
    cf = wide < 0
    nf = 1
    sz = xy = wide & 0xff
    wide & 0xff`,
  'and(m)': rtl`logic(a & m); half = 0x10`,
  'xor(m)': rtl`logic(a ^ m); half = 0`,
  'or(m)': rtl`logic(a | m); half = 0`,
  'logic(result)': rtl`a = sz = xy = parity = result; nf = cf = 0`,
  'inc(m)': rtl`
    let result = m + 1 & 0xff
    half = m ^ result
    parity = result != 0x80
    nf = 0
    sz = xy = result
    result`,
  'dec(m)': rtl`
    let result = m - 1 & 0xff
    half = m ^ result
    parity = m != 0x80
    nf = 1
    sz = xy = result
    result`,
  'add16(left, right)': rtl`
    let sum = left + right
    half = (left ^ right ^ sum) >> 8
    cf = sum >> 16
    nf = 0
    xy = sum >> 8
    wz = left + 1
    sum`,
  'adc16(right)': rtl`
    let sum = hl + right + cf
    parity = ((hl ^ sum) & (right ^ sum)) >> 8 & 0x80 ^ 0x80
    cf = sum >> 16
    nf = 0
    result16(right, sum)`,
  'sbc16(right)': rtl`
    let wide = hl - right - cf
    parity = ((hl ^ right) & (hl ^ wide)) >> 8 & 0x80 ^ 0x80
    cf = wide < 0
    nf = 1
    result16(right, wide)`,
  'result16(right, result)': rtl`
    half = (hl ^ right ^ result) >> 8
    xy = result >> 8
    sz = result >> 8 & 0xff | (result & 0xff) != 0
    wz = hl + 1
    hl = result`,
  'daa()': rtl`
    let low = half & 0x10 || (a & 0xf) > 9 ? 6 : 0
    let correction = cf || a > 0x99 ? low | 0x60 : low
    let result = (nf ? a - correction : a + correction) & 0xff
    cf |= a > 0x99
    half = a ^ result
    a = sz = xy = parity = result`,
  // Bits 5 and 3 come from A, and from F as well if the instruction before left it alone (Patrik Rak, "z80test").
  'carryFlags()': rtl`xy = flagged ? a : xy | a; nf = 0`,
  'turned(result)': rtl`a = xy = result; half = nf = 0`,
} as const;

const operations = [
  ['ADD A,', 'add'],
  ['ADC A,', 'adc'],
  ['SUB ', 'sub'],
  ['SBC A,', 'sbc'],
  ['AND ', 'and'],
  ['XOR ', 'xor'],
  ['OR ', 'or'],
  ['CP ', 'cp'],
] as const;

/** Those with HL or (HL), or what takes its place. */
export const indexedArithmetic = ({
  page,
  pair,
  r,
  ss,
  operand,
  locate,
  at,
  undocumented,
  ...where
}: Index): readonly RowDeclaration[] => [
  ...operations.flatMap(([syntax, operation], y): RowDeclaration[] => {
    const encoding = `10_${y.toString(2).padStart(3, '0')}_`;
    return [
      {
        encoding: `${encoding}zzz`,
        page,
        syntax: `${syntax}${r}[z]`,
        where: where.registers('z'),
        code: rtl`${operation}(${r}[z])`,
        undocumented,
      },
      {
        encoding: `${encoding}110`,
        page,
        syntax: `${syntax}${operand}`,
        code: [locate, rtl`${operation}(read(${at}))`],
      },
    ];
  }),
  ...(['inc', 'dec'] as const).flatMap((operation, decrements): RowDeclaration[] => [
    {
      encoding: `00_yyy_10${decrements}`,
      page,
      syntax: `${operation} ${r}[y]`,
      where: where.registers('y'),
      code: rtl`${r}[y] = ${operation}(${r}[y])`,
      undocumented,
    },
    {
      encoding: `00_110_10${decrements}`,
      page,
      syntax: `${operation} ${operand}`,
      code: [locate, rtl`let result = ${operation}(read(${at})); idle(${at}); write(${at}, result)`],
    },
    {
      encoding: `00_pp${decrements}_011`,
      page,
      syntax: `${operation} ${ss}[p]`,
      where: where.pairs,
      code: rtl`idle2(ir); ${ss}[p] += ${decrements ? -1 : 1}`,
    },
  ]),
  {
    encoding: '00_pp1_001',
    page,
    syntax: `ADD ${pair},${ss}[p]`,
    code: rtl`idle7(ir); ${pair} = add16(${pair}, ${ss}[p])`,
  },
];

export const otherArithmetic: readonly RowDeclaration[] = [
  ...operations.map(([syntax, operation], y) => ({
    encoding: `11_${y.toString(2).padStart(3, '0')}_110`,
    syntax: `${syntax}n`,
    code: rtl`${operation}(fetch())`,
  })),
  { encoding: '00_000_111', syntax: 'RLCA', code: rtl`cf = a >> 7; turned(a << 1 & 0xff | cf)` },
  { encoding: '00_001_111', syntax: 'RRCA', code: rtl`cf = a; turned(a >> 1 | cf << 7)` },
  { encoding: '00_010_111', syntax: 'RLA', code: rtl`let wide = a << 1 | cf; cf = wide >> 8; turned(wide & 0xff)` },
  { encoding: '00_011_111', syntax: 'RRA', code: rtl`let wide = a | cf << 8; cf = wide; turned(wide >> 1)` },
  { encoding: '00_100_111', syntax: 'DAA', code: rtl`daa()` },
  { encoding: '00_101_111', syntax: 'CPL', code: rtl`a = xy = a ^ 0xff; half = 0x10; nf = 1` },
  { encoding: '00_110_111', syntax: 'SCF', code: rtl`carryFlags(); half = 0; cf = 1` },
  { encoding: '00_111_111', syntax: 'CCF', code: rtl`carryFlags(); half = cf << 4; cf ^= 1` },

  { page: 'ed', encoding: '01_pp0_010', syntax: 'SBC HL,ss[p]', code: rtl`idle7(ir); sbc16(ss[p])` },
  { page: 'ed', encoding: '01_pp1_010', syntax: 'ADC HL,ss[p]', code: rtl`idle7(ir); adc16(ss[p])` },
  ...[false, true].map((undocumented) => ({
    page: 'ed',
    encoding: '01_yyy_100',
    where: rtl`${undocumented ? 'y != 0' : 'y == 0'}`,
    syntax: 'NEG',
    code: rtl`let m = a; a = 0; sub(m)`,
    undocumented,
  })),
  ...(['RRD', 'RLD'] as const).map((syntax, left) => ({
    page: 'ed',
    encoding: `01_10${left}_111`,
    syntax,
    code: rtl`
      let m = read(hl)
      idle4(hl)
      write(hl, ${left ? 'm << 4 | a & 0xf' : 'm >> 4 | a << 4'})
      a = sz = xy = parity = a & 0xf0 | ${left ? 'm >> 4' : 'm & 0xf'}
      half = nf = 0
      wz = hl + 1`,
  })),
];
