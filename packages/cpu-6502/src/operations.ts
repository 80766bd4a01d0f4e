/**
 * What each instruction does once its operand is in `m`, by mnemonic. What it leaves in `m` goes back to memory if its
 * access says so.
 *
 * Undocumented instructions: "NMOS 6510 Unintended Opcodes: No More Secrets" (groepaz, 2021), whose mnemonics these are.
 */
import { type Rtl, rtl } from '@backplane/core';

/** Functions that several operations share. */
export const arithmetic = {
  'asl()': rtl`c = m >> 7; m <<= 1; nz = m`,
  'lsr()': rtl`c = m; m >>= 1; nz = m`,
  'rol()': rtl`let shifted = m << 1 | c; c = shifted >> 8; m = shifted; nz = m`,
  'ror()': rtl`let shifted = m | c << 8; c = m; m = shifted >> 1; nz = m`,
  'compare(register)': rtl`let difference = register - m; c = difference >= 0; nz = difference & 0xff`,
  'add(value)': rtl`
    let sum = a + value + c
    v = ((a ^ sum) & (value ^ sum)) >> 7
    c = sum >> 8
    a = nz = sum & 0xff`,
} as const;

/**
 * Decimal mode of the NMOS 6502. Z is that of the binary sum; N and V are those of a sum half adjusted; SBC sets all
 * flags as in binary (Bruce Clark, "Decimal Mode", appendix A: http://www.6502.org/tutorials/decimal_mode.html).
 * The 2A03 has the flag but no decimal adder: there `decimal` is 0.
 */
export const nmosDecimal = {
  'adc()': rtl`
    if (decimal && d) {
      let low = (a & 0xf) + (m & 0xf) + c
      let sum = (a & 0xf0) + (m & 0xf0) + (low > 9 ? (low + 6 & 0xf) + 0x10 : low)
      nz = (sum & 0x80) << 1 | (a + m + c & 0xff) != 0
      v = ((a ^ sum) & (m ^ sum)) >> 7
      c = sum > 0x9f
      a = sum > 0x9f ? sum + 0x60 : sum
    } else { add(m) }`,
  'sbc()': rtl`
    if (decimal && d) {
      let low = (a & 0xf) - (m & 0xf) - (c ^ 1)
      let high = (a & 0xf0) - (m & 0xf0) + (low < 0 ? (low - 6 & 0xf) - 0x10 : low)
      add(m ^ 0xff)
      a = high < 0 ? high - 0x60 : high
    } else { add(m ^ 0xff) }`,
} as const;

/**
 * Decimal mode of the CMOS parts: N and Z are those of the result, which takes one cycle more (W65C02S data sheet,
 * "Microprocessor Operational Enhancements"); on the bus the operand is read again.
 */
export const cmosDecimal = {
  'adc()': rtl`
    if (d) {
      read(ea)
      let low = (a & 0xf) + (m & 0xf) + c
      let sum = (a & 0xf0) + (m & 0xf0) + (low > 9 ? (low + 6 & 0xf) + 0x10 : low)
      v = ((a ^ sum) & (m ^ sum)) >> 7
      c = sum > 0x9f
      a = nz = (sum > 0x9f ? sum + 0x60 : sum) & 0xff
    } else { add(m) }`,
  'sbc()': rtl`
    if (d) {
      read(ea)
      let low = (a & 0xf) - (m & 0xf) - (c ^ 1)
      let difference = a - m - (c ^ 1)
      add(m ^ 0xff)
      a = nz = difference - (difference < 0 ? 0x60 : 0) - (low < 0 ? 6 : 0) & 0xff
    } else { add(m ^ 0xff) }`,
} as const;

export const branches = {
  'target(displacement)': rtl`pc + (displacement ^ 0x80) - 0x80 & 0xffff`,
  // NMOS polls before the displacement is fetched, not before the cycle of a branch taken, and once more before the
  // cycle that carries into the page; either poll will do (visual6502 wiki, "6502 Timing States", branches).
  // CMOS polls before the last cycle, as always.
  'branch(taken)': rtl`
    if (!cmos) { poll() }
    let destination = target(fetch())
    if (taken) {
      read(pc)
      if ((destination ^ pc) & 0xff00) {
        if (!cmos) { let seen = interrupt; poll(); interrupt |= seen }
        read(pc & 0xff00 | destination & 0xff)
      }
      pc = destination
    }`,
  'branchOnBit(taken)': rtl`
    let destination = target(fetch())
    if (taken) {
      read(pc)
      if ((destination ^ pc) & 0xff00) { read(pc) }
      pc = destination
    }`,
} as const;

/** What SHA, SHX, SHY and TAS store: the high byte of the address before indexing, plus 1, gets into the way. */
export const unstable = {
  'store(value, index)': rtl`
    let base = ea - index
    m = value & (base >> 8) + 1
    if ((base ^ ea) & 0xff00) { ea = m << 8 | ea & 0xff }`,
} as const;

const load = (register: string): Rtl => rtl`${register} = nz = m`;
const transfer = (from: string, to: string): Rtl => rtl`${to} = nz = ${from}`;
const pull = (register: string): Rtl => rtl`read(0x100 | s); ${register} = nz = pull()`;

export const operations = {
  // Loads, stores and transfers
  LDA: load('a'),
  LDX: load('x'),
  LDY: load('y'),
  STA: rtl`m = a`,
  STX: rtl`m = x`,
  STY: rtl`m = y`,
  TAX: transfer('a', 'x'),
  TAY: transfer('a', 'y'),
  TSX: transfer('s', 'x'),
  TXA: transfer('x', 'a'),
  TYA: transfer('y', 'a'),
  TXS: rtl`s = x`,

  // Arithmetic and logic
  ADC: rtl`adc()`,
  SBC: rtl`sbc()`,
  AND: rtl`a = nz = a & m`,
  EOR: rtl`a = nz = a ^ m`,
  ORA: rtl`a = nz = a | m`,
  CMP: rtl`compare(a)`,
  CPX: rtl`compare(x)`,
  CPY: rtl`compare(y)`,
  BIT: rtl`nz = (m & 0x80) << 1 | m & a; v = m >> 6`,

  // Shifts and counting
  ASL: rtl`asl()`,
  LSR: rtl`lsr()`,
  ROL: rtl`rol()`,
  ROR: rtl`ror()`,
  INC: rtl`m += 1; nz = m`,
  DEC: rtl`m -= 1; nz = m`,
  INX: rtl`x += 1; nz = x`,
  INY: rtl`y += 1; nz = y`,
  DEX: rtl`x -= 1; nz = x`,
  DEY: rtl`y -= 1; nz = y`,

  // Stack. Before a pull, the stack is read once as the stack pointer is counted up.
  PHA: rtl`push(a)`,
  PHP: rtl`push(p | 0x10)`,
  PLA: pull('a'),
  PLP: rtl`read(0x100 | s); p = pull()`,

  // Jumps and branches
  JMP: rtl`pc = ea`,
  JSR: rtl`pc = ea`,
  RTS: rtl`read(0x100 | s); let low = pull(); pc = low | pull() << 8; read(pc); pc += 1`,
  RTI: rtl`read(0x100 | s); p = pull(); let low = pull(); pc = low | pull() << 8`,
  BRK: rtl`pc += 1; interruptSequence(0x10)`,
  BPL: rtl`branch(!n)`,
  BMI: rtl`branch(n)`,
  BVC: rtl`branch(!v)`,
  BVS: rtl`branch(v)`,
  BCC: rtl`branch(!c)`,
  BCS: rtl`branch(c)`,
  BNE: rtl`branch(!z)`,
  BEQ: rtl`branch(z)`,

  // Flags
  CLC: rtl`c = 0`,
  CLD: rtl`d = 0`,
  CLI: rtl`i = 0`,
  CLV: rtl`v = 0`,
  SEC: rtl`c = 1`,
  SED: rtl`d = 1`,
  SEI: rtl`i = 1`,
  NOP: rtl``,

  // Undocumented, NMOS: two documented operations at once
  SLO: rtl`asl(); a = nz = a | m`,
  RLA: rtl`rol(); a = nz = a & m`,
  SRE: rtl`lsr(); a = nz = a ^ m`,
  RRA: rtl`ror(); adc()`,
  DCP: rtl`m -= 1; compare(a)`,
  ISC: rtl`m += 1; sbc()`,
  SAX: rtl`m = a & x`,
  LAX: rtl`a = x = nz = m`,
  LAS: rtl`a = x = s = nz = m & s`,
  ANC: rtl`a = nz = a & m; c = a >> 7`,
  ALR: rtl`m = a & m; lsr(); a = m`,
  SBX: rtl`let difference = (a & x) - m; c = difference >= 0; x = nz = difference & 0xff`,
  // An AND and a ROR through the adder, which leaves its mark on C and V, and in decimal mode adjusts the result.
  ARR: rtl`
    let masked = a & m
    a = masked >> 1 | c << 7
    nz = a
    v = a >> 6 ^ a >> 5
    if (decimal && d) {
      c = (masked & 0xf0) + (masked & 0x10) > 0x50
      let adjusted = (masked & 0xf) + (masked & 1) > 5 ? a & 0xf0 | a + 6 & 0xf : a
      a = c ? adjusted + 0x60 : adjusted
    } else { c = a >> 6 }`,

  // Undocumented, NMOS: results that depend on the chip, its temperature and what else is on the bus. The constant is
  // that of the vectors, and of most chips (visual6502 wiki, "6502 Opcode 8B (XAA, ANE) explained").
  ANE: rtl`a = nz = (a | 0xee) & x & m`,
  LXA: rtl`a = x = nz = (a | 0xee) & m`,
  SHA: rtl`store(a & x, y)`,
  SHX: rtl`store(x, y)`,
  SHY: rtl`store(y, x)`,
  TAS: rtl`s = a & x; store(s, y)`,

  // Undocumented, NMOS: the sequencer runs out of steps, and only RESET puts it back. Bus cycles as in the vectors.
  JAM: rtl`read(0xffff); read(0xfffe); read(0xfffe); jammed = interrupt = 1`,

  // CMOS
  BRA: rtl`branch(1)`,
  PHX: rtl`push(x)`,
  PHY: rtl`push(y)`,
  PLX: pull('x'),
  PLY: pull('y'),
  STZ: rtl`m = 0`,
  TRB: rtl`z = (m & a) == 0; m &= ~a`,
  TSB: rtl`z = (m & a) == 0; m |= a`,
  WAI: rtl`doze()`,
  STP: rtl`read(pc); stopped = interrupt = 1`,
} as const satisfies Record<string, Rtl>;

/** BIT with an immediate operand has no memory bits to show in N and V (W65C02S data sheet, BIT). */
export const bitImmediate = rtl`z = (m & a) == 0`;

/** RMB, SMB, BBR and BBS: the bit is part of the opcode. */
export const resetBit = (bit: number): Rtl => rtl`m &= ${~(1 << bit) & 0xff}`;
export const setBit = (bit: number): Rtl => rtl`m |= ${1 << bit}`;
export const branchOnBitReset = (bit: number): Rtl => rtl`branchOnBit((m & ${1 << bit}) == 0)`;
export const branchOnBitSet = (bit: number): Rtl => rtl`branchOnBit((m & ${1 << bit}) != 0)`;
