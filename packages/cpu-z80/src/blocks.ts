/**
 * Block transfers, searches, input and output. A pass that is not the last one puts the program counter back to the
 * instruction, and its flags show it: bits 5 and 3 are those of PC's high byte, and H and P/V of block input and output
 * are those of a sum with B that is going on (David Banks, "Undocumented Z80 Flags", hoglet67/Z80Decoder wiki).
 */
import { type RowDeclaration, rtl } from '@backplane/core';

export const blocks = {
  'loadBlock(step, repeats)': rtl`
    let m = read(hl)
    let to = de
    write(to, m)
    idle2(to)
    hl += step
    de += step
    bc -= 1
    let sum = a + m
    xy = sum & 8 | (sum & 2) << 4
    half = nf = 0
    parity = bc == 0
    if (repeats && bc != 0) { again(to) }`,
  'compareBlock(step, repeats)': rtl`
    let from = hl
    let m = read(from)
    idle5(from)
    hl += step
    bc -= 1
    wz += step
    let result = a - m & 0xff
    half = a ^ m ^ result
    let adjusted = result - (half >> 4 & 1)
    xy = adjusted & 8 | (adjusted & 2) << 4
    sz = result
    nf = 1
    parity = bc == 0
    if (repeats && bc != 0 && result != 0) { again(from) }`,
  'inputBlock(step, repeats)': rtl`
    idle(ir)
    let m = input(bc)
    if (retry) { pc -= 2 } else { takeBlock(m, step, repeats) }`,
  'takeBlock(m, step, repeats)': rtl`
    wz = bc + step
    b -= 1
    let to = hl
    write(to, m)
    hl += step
    countFlags(m, c + step & 0xff)
    if (repeats && b != 0) { again(to); countingFlags(m) }`,
  'outputBlock(step, repeats)': rtl`
    idle(ir)
    let m = read(hl)
    b -= 1
    output(bc, m)
    hl += step
    wz = bc + step
    countFlags(m, l)
    if (repeats && b != 0) { again(bc); countingFlags(m) }`,
  'again(at)': rtl`
    idle5(at)
    pc -= 2
    wz = pc + 1
    xy = pc >> 8`,
  'countFlags(m, addend)': rtl`
    let sum = m + addend
    sz = xy = b
    parity = sum & 7 ^ b
    nf = m >> 7
    cf = sum >> 8
    half = cf << 4`,
  'countingFlags(m)': rtl`
    if (!cf) { parity ^= b & 7 }
    else if (m & 0x80) { parity ^= b - 1 & 7; half = ((b & 0xf) == 0) << 4 }
    else { parity ^= b + 1 & 7; half = ((b & 0xf) == 0xf) << 4 }`,
} as const;

export const blockRows: readonly RowDeclaration[] = [
  ['ldi', 'loadBlock'],
  ['cpi', 'compareBlock'],
  ['ini', 'inputBlock'],
  ['outi', 'outputBlock'],
].map(([table, operation], z) => ({
  page: 'ed',
  encoding: `10_1kk_0${z.toString(2).padStart(2, '0')}`,
  syntax: `${table}[k]`,
  code: rtl`${operation}(k & 1 ? -1 : 1, k >> 1)`,
}));
