/** Loads, exchanges, the stack, and ports. */
import { type RowDeclaration, rtl } from '@backplane/core';
import type { Index } from './index-registers.js';

/** Those with HL or (HL), or what takes its place. */
export const indexedLoads = ({
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
  {
    encoding: '01_yyy_zzz',
    page,
    syntax: `LD ${r}[y],${r}[z]`,
    where: where.registers('y', 'z'),
    code: rtl`${r}[y] = ${r}[z]`,
    undocumented,
  },
  // H and L keep their names beside a memory operand.
  {
    encoding: '01_yyy_110',
    page,
    syntax: `LD r[y],${operand}`,
    where: rtl`y != 6`,
    code: [locate, rtl`r[y] = read(${at})`],
  },
  {
    encoding: '01_110_zzz',
    page,
    syntax: `LD ${operand},r[z]`,
    where: rtl`z != 6`,
    code: [locate, rtl`write(${at}, r[z])`],
  },
  {
    encoding: '00_yyy_110',
    page,
    syntax: `LD ${r}[y],n`,
    where: where.registers('y'),
    code: rtl`${r}[y] = fetch()`,
    undocumented,
  },
  {
    encoding: '00_110_110',
    page,
    syntax: `LD ${operand},n`,
    // The sum is made while the byte is fetched.
    code:
      pair === 'hl'
        ? rtl`write(hl, fetch())`
        : rtl`
          wz = ${pair} + signed(fetch())
          let m = fetch()
          idle2(pc - 1)
          write(wz, m)`,
  },

  { encoding: '00_pp0_001', page, syntax: `LD ${ss}[p],nn`, where: where.pairs, code: rtl`${ss}[p] = fetchWord()` },
  {
    encoding: '00_100_010',
    page,
    syntax: `LD (nn),${pair}`,
    code: rtl`let nn = fetchWord(); writeWord(nn, ${pair}); wz = nn + 1`,
  },
  {
    encoding: '00_101_010',
    page,
    syntax: `LD ${pair},(nn)`,
    code: rtl`let nn = fetchWord(); ${pair} = readWord(nn); wz = nn + 1`,
  },
  { encoding: '11_111_001', page, syntax: `LD SP,${pair}`, code: rtl`idle2(ir); sp = ${pair}` },
  { encoding: '11_100_101', page, syntax: `PUSH ${pair}`, code: rtl`idle(ir); push(${pair})` },
  { encoding: '11_100_001', page, syntax: `POP ${pair}`, code: rtl`${pair} = pop()` },
  {
    encoding: '11_100_011',
    page,
    syntax: `EX (SP),${pair}`,
    code: rtl`
      let low = read(sp)
      let word = low | read(sp + 1) << 8
      idle(sp + 1)
      write(sp + 1, ${pair} >> 8)
      write(sp, ${pair})
      idle2(sp)
      ${pair} = wz = word`,
  },
];

export const otherLoads: readonly RowDeclaration[] = [
  ...['BC', 'DE'].flatMap((pair, p): RowDeclaration[] => [
    { encoding: `00_0${p}0_010`, syntax: `LD (${pair}),A`, code: rtl`store(${pair.toLowerCase()})` },
    { encoding: `00_0${p}1_010`, syntax: `LD A,(${pair})`, code: rtl`load(${pair.toLowerCase()})` },
    { encoding: `11_0${p}0_101`, syntax: `PUSH ${pair}`, code: rtl`idle(ir); push(${pair.toLowerCase()})` },
    { encoding: `11_0${p}0_001`, syntax: `POP ${pair}`, code: rtl`${pair.toLowerCase()} = pop()` },
  ]),
  { encoding: '00_110_010', syntax: 'LD (nn),A', code: rtl`store(fetchWord())` },
  { encoding: '00_111_010', syntax: 'LD A,(nn)', code: rtl`load(fetchWord())` },
  // F comes from elsewhere than the ALU, which Q does not notice.
  { encoding: '11_110_101', syntax: 'PUSH AF', code: rtl`idle(ir); push(af)` },
  { encoding: '11_110_001', syntax: 'POP AF', code: rtl`af = pop(); flagged = 0` },
  { encoding: '00_001_000', syntax: "EX AF,AF'", code: rtl`let other = af; af = af_; af_ = other; flagged = 0` },
  { encoding: '11_101_011', syntax: 'EX DE,HL', code: rtl`let other = de; de = hl; hl = other` },
  {
    encoding: '11_011_001',
    syntax: 'EXX',
    code: ['bc', 'de', 'hl'].map((pair) => rtl`let old_${pair} = ${pair}; ${pair} = ${pair}_; ${pair}_ = old_${pair}`),
  },
  {
    encoding: '11_010_011',
    syntax: 'OUT (n),A',
    code: rtl`let n = fetch(); output(a << 8 | n, a); wz = a << 8 | n + 1 & 0xff`,
  },
  {
    encoding: '11_011_011',
    syntax: 'IN A,(n)',
    code: rtl`let port = a << 8 | fetch(); let m = input(port); if (retry) { pc -= 2 } else { wz = port + 1; a = m }`,
  },

  {
    page: 'ed',
    encoding: '01_pp0_011',
    syntax: 'LD (nn),ss[p]',
    code: rtl`let nn = fetchWord(); writeWord(nn, ss[p]); wz = nn + 1`,
  },
  {
    page: 'ed',
    encoding: '01_pp1_011',
    syntax: 'LD ss[p],(nn)',
    code: rtl`let nn = fetchWord(); ss[p] = readWord(nn); wz = nn + 1`,
  },
  {
    page: 'ed',
    encoding: '01_yyy_000',
    where: rtl`y != 6`,
    syntax: 'IN r[y],(C)',
    code: rtl`let m = input(bc); if (retry) { pc -= 2 } else { received(m); r[y] = m }`,
  },
  {
    page: 'ed',
    encoding: '01_110_000',
    syntax: 'IN (C)',
    code: rtl`let m = input(bc); if (retry) { pc -= 2 } else { received(m) }`,
    undocumented: true,
  },
  {
    page: 'ed',
    encoding: '01_yyy_001',
    where: rtl`y != 6`,
    syntax: 'OUT (C),r[y]',
    code: rtl`output(bc, r[y]); wz = bc + 1`,
  },
  {
    page: 'ed',
    encoding: '01_110_001',
    syntax: 'OUT (C),0',
    code: rtl`output(bc, nothing); wz = bc + 1`,
    undocumented: true,
  },
  { page: 'ed', encoding: '01_000_111', syntax: 'LD I,A', code: rtl`idle(ir); i = a` },
  { page: 'ed', encoding: '01_001_111', syntax: 'LD R,A', code: rtl`idle(ir); r = a` },
  { page: 'ed', encoding: '01_010_111', syntax: 'LD A,I', code: rtl`idle(ir); a = i; enabledFlags()` },
  { page: 'ed', encoding: '01_011_111', syntax: 'LD A,R', code: rtl`idle(ir); a = r; enabledFlags()` },
];

export const transfers = {
  'store(at)': rtl`write(at, a); wz = a << 8 | at + 1 & 0xff`,
  'load(at)': rtl`a = read(at); wz = at + 1`,
  'received(m)': rtl`
    sz = xy = parity = m
    half = nf = 0
    wz = bc + 1`,
} as const;
