/**
 * The Intel 8080, from which the Z80 comes: no second set of registers, no IX, IY, I and R, fewer flags, its own timing
 * and mnemonics.
 *
 * States and machine cycles: "Intel 8080 Microcomputer Systems User's Manual" (September 1975), chapter 2. Flags: its
 * chapter 4; those of ANA and of subtractions as the chip has them, which the test programs show.
 */
import { defineInstructionSet, type RowDeclaration, rtl } from '@backplane/core';
import { jumps } from './control.js';
import { acknowledged } from './interrupts.js';
import { bytes } from './machine-cycles.js';
import { flags, pairs } from './registers.js';

const registers = {
  pc: 16,
  a: 8,
  bc: 16,
  de: 16,
  hl: 16,
  sp: 16,
  // The flags are kept as on the Z80: what S, Z, AC and P are made from.
  sz: 9,
  half: 8,
  parity: 8,
  cf: 1,
  /** INTE: interrupts are enabled. */
  inte: 1,
  /** What the last poll saw. */
  interrupt: 1,
  halted: 1,
} as const;

const views = {
  ...pairs,
  ...flags,
  f: {
    width: 8,
    get: rtl`(sz | sz >> 1) & 0x80 | zf << 6 | half & 0x10 | pf << 2 | 2 | cf`,
    set: rtl`
      sz = (value & 0x80) << 1 | (value & 0x40) ^ 0x40
      half = value
      parity = (value & 4) ^ 4
      cf = value`,
  },
  af: { width: 16, get: rtl`a << 8 | f`, set: rtl`a = value >> 8; f = value & 0xff` },
} as const;

const functions = {
  ...bytes,
  'holds(condition)': jumps['holds(condition)'],
  'fetchOpcode()': rtl`let byte = opcode(pc); pc += 1; byte`,
  // The state by which an opcode fetch is longer than four: the address stays on the bus.
  'longer()': rtl`idle(pc - 1)`,
  'add(m)': rtl`addCarry(m, 0)`,
  'adc(m)': rtl`addCarry(m, cf)`,
  'addCarry(m, carry)': rtl`
    let sum = a + m + carry
    half = a ^ m ^ sum
    cf = sum >> 8
    a = sz = parity = sum & 0xff`,
  'sub(m)': rtl`a = difference(m, 0)`,
  'sbb(m)': rtl`a = difference(m, cf)`,
  'cmp(m)': rtl`difference(m, 0)`,
  // The complement is added: AC is the carry of that.
  'difference(m, borrow)': rtl`
    let wide = a - m - borrow
    half = (a ^ m ^ wide) ^ 0xff
    cf = wide < 0
    sz = parity = wide & 0xff
    wide & 0xff`,
  // AC shows bit 3 of either operand, not 0 (8080/8085 Assembly Language Programming Manual, Intel 1981, ANA).
  'ana(m)': rtl`half = (a | m) << 1; logic(a & m)`,
  'xra(m)': rtl`half = 0; logic(a ^ m)`,
  'ora(m)': rtl`half = 0; logic(a | m)`,
  'logic(result)': rtl`a = sz = parity = result; cf = 0`,
  'inr(m)': rtl`let result = m + 1 & 0xff; half = m ^ result; sz = parity = result; result`,
  'dcr(m)': rtl`let result = m - 1 & 0xff; half = m ^ result ^ 0xff; sz = parity = result; result`,
  'daa()': rtl`
    let low = half & 0x10 || (a & 0xf) > 9 ? 6 : 0
    let carries = cf || a > 0x99
    addCarry(carries ? low | 0x60 : low, 0)
    cf = carries`,
  'call(target)': rtl`push(pc); pc = target`,
} as const;

const arithmetic = ['add', 'adc', 'sub', 'sbb', 'ana', 'xra', 'ora', 'cmp'] as const;
const immediate = ['ADI', 'ACI', 'SUI', 'SBI', 'ANI', 'XRI', 'ORI', 'CPI'] as const;
const octal = (y: number): string => y.toString(2).padStart(3, '0');

const moves: readonly RowDeclaration[] = [
  { encoding: '01_yyy_zzz', where: rtl`y != 6 && z != 6`, syntax: 'MOV r[y],r[z]', code: rtl`longer(); r[y] = r[z]` },
  { encoding: '01_yyy_110', where: rtl`y != 6`, syntax: 'MOV r[y],M', code: rtl`r[y] = read(hl)` },
  { encoding: '01_110_zzz', where: rtl`z != 6`, syntax: 'MOV M,r[z]', code: rtl`write(hl, r[z])` },
  { encoding: '00_yyy_110', where: rtl`y != 6`, syntax: 'MVI r[y],n', code: rtl`r[y] = fetch()` },
  { encoding: '00_110_110', syntax: 'MVI M,n', code: rtl`write(hl, fetch())` },
  { encoding: '00_pp0_001', syntax: 'LXI rp[p],nn', code: rtl`pair[p] = fetchWord()` },
  { encoding: '00_0p0_010', syntax: 'STAX rp[p]', code: rtl`write(pair[p], a)` },
  { encoding: '00_0p1_010', syntax: 'LDAX rp[p]', code: rtl`a = read(pair[p])` },
  { encoding: '00_100_010', syntax: 'SHLD nn', code: rtl`writeWord(fetchWord(), hl)` },
  { encoding: '00_101_010', syntax: 'LHLD nn', code: rtl`hl = readWord(fetchWord())` },
  { encoding: '00_110_010', syntax: 'STA nn', code: rtl`write(fetchWord(), a)` },
  { encoding: '00_111_010', syntax: 'LDA nn', code: rtl`a = read(fetchWord())` },
  { encoding: '11_101_011', syntax: 'XCHG', code: rtl`let other = de; de = hl; hl = other` },
  { encoding: '11_pp0_101', syntax: 'PUSH push[p]', code: rtl`longer(); push(pushed[p])` },
  { encoding: '11_pp0_001', syntax: 'POP push[p]', code: rtl`pushed[p] = pop()` },
  {
    encoding: '11_100_011',
    syntax: 'XTHL',
    code: rtl`
      let word = readWord(sp)
      write(sp + 1, hl >> 8)
      write(sp, hl)
      idle(sp)
      idle(sp)
      hl = word`,
  },
  { encoding: '11_111_001', syntax: 'SPHL', code: rtl`longer(); sp = hl` },
  { encoding: '11_010_011', syntax: 'OUT n', code: rtl`output(fetch(), a)` },
  { encoding: '11_011_011', syntax: 'IN n', code: rtl`let m = input(fetch()); if (retry) { pc -= 2 } else { a = m }` },
];

const calculations: readonly RowDeclaration[] = [
  ...arithmetic.flatMap((operation, y): RowDeclaration[] => [
    {
      encoding: `10_${octal(y)}_zzz`,
      where: rtl`z != 6`,
      syntax: `${operation} r[z]`,
      code: rtl`${operation}(r[z])`,
    },
    { encoding: `10_${octal(y)}_110`, syntax: `${operation} M`, code: rtl`${operation}(read(hl))` },
    { encoding: `11_${octal(y)}_110`, syntax: `${immediate[y]} n`, code: rtl`${operation}(fetch())` },
  ]),
  ...(['inr', 'dcr'] as const).flatMap((operation, decrements): RowDeclaration[] => [
    {
      encoding: `00_yyy_10${decrements}`,
      where: rtl`y != 6`,
      syntax: `${operation} r[y]`,
      code: rtl`longer(); r[y] = ${operation}(r[y])`,
    },
    { encoding: `00_110_10${decrements}`, syntax: `${operation} M`, code: rtl`write(hl, ${operation}(read(hl)))` },
  ]),
  { encoding: '00_pp0_011', syntax: 'INX rp[p]', code: rtl`longer(); pair[p] += 1` },
  { encoding: '00_pp1_011', syntax: 'DCX rp[p]', code: rtl`longer(); pair[p] -= 1` },
  {
    encoding: '00_pp1_001',
    syntax: 'DAD rp[p]',
    code: [rtl`let sum = hl + pair[p]; cf = sum >> 16; hl = sum`, ...Array(6).fill(rtl`longer()`)],
  },
  { encoding: '00_000_111', syntax: 'RLC', code: rtl`cf = a >> 7; a = a << 1 | cf` },
  { encoding: '00_001_111', syntax: 'RRC', code: rtl`cf = a; a = a >> 1 | cf << 7` },
  { encoding: '00_010_111', syntax: 'RAL', code: rtl`let wide = a << 1 | cf; cf = wide >> 8; a = wide` },
  { encoding: '00_011_111', syntax: 'RAR', code: rtl`let wide = a | cf << 8; cf = wide; a = wide >> 1` },
  { encoding: '00_100_111', syntax: 'DAA', code: rtl`daa()` },
  { encoding: '00_101_111', syntax: 'CMA', code: rtl`a ^= 0xff` },
  { encoding: '00_110_111', syntax: 'STC', code: rtl`cf = 1` },
  { encoding: '00_111_111', syntax: 'CMC', code: rtl`cf ^= 1` },
];

/** Opcodes that Intel leaves out do what one that differs in a bit or two does. */
const undocumented = true;

const control: readonly RowDeclaration[] = [
  { encoding: '00_000_000', syntax: 'NOP', code: rtl`` },
  { encoding: '00_yyy_000', where: rtl`y != 0`, syntax: 'NOP', code: rtl``, undocumented },
  { encoding: '11_000_011', syntax: 'JMP nn', code: rtl`pc = fetchWord()` },
  { encoding: '11_001_011', syntax: 'JMP nn', code: rtl`pc = fetchWord()`, undocumented },
  { encoding: '11_yyy_010', syntax: 'Jcc[y] nn', code: rtl`let nn = fetchWord(); if (holds(y)) { pc = nn }` },
  { encoding: '11_001_101', syntax: 'CALL nn', code: rtl`longer(); call(fetchWord())` },
  {
    encoding: '11_pp1_101',
    where: rtl`p != 0`,
    syntax: 'CALL nn',
    code: rtl`longer(); call(fetchWord())`,
    undocumented,
  },
  {
    encoding: '11_yyy_100',
    syntax: 'Ccc[y] nn',
    code: rtl`longer(); let nn = fetchWord(); if (holds(y)) { call(nn) }`,
  },
  { encoding: '11_001_001', syntax: 'RET', code: rtl`pc = pop()` },
  { encoding: '11_011_001', syntax: 'RET', code: rtl`pc = pop()`, undocumented },
  { encoding: '11_yyy_000', syntax: 'Rcc[y]', code: rtl`longer(); if (holds(y)) { pc = pop() }` },
  { encoding: '11_yyy_111', syntax: 'RST y', code: rtl`longer(); call(y << 3)` },
  { encoding: '11_101_001', syntax: 'PCHL', code: rtl`longer(); pc = hl` },
  { encoding: '01_110_110', syntax: 'HLT', code: [...Array(3).fill(rtl`longer()`), rtl`halted = 1`] },
  { encoding: '11_110_011', syntax: 'DI', code: rtl`inte = 0` },
  // Interrupts are enabled after the next instruction.
  { encoding: '11_111_011', syntax: 'EI', code: rtl`inte = 0; poll(); inte = 1` },
];

const rows = [...moves, ...calculations, ...control];

/** The instruction set, made when it is first asked for. */
export const intel8080 = () =>
  defineInstructionSet({
    name: '8080',
    addressWidth: 16,
    ioAddressWidth: 8,
    byteOrder: 'little',
    registers,
    views,
    shown: ['pc', 'sp', 'af', 'bc', 'de', 'hl', 'inte', 'halted'],
    programCounter: 'pc',
    inputs: {
      int: { sense: 'level', daisyChain: true },
      reset: { sense: 'level', resets: true },
      // READY is asserted when high: this is its inverse.
      wait: { sense: 'level', stalls: ['read', 'write'] },
      hold: { sense: 'level', stalls: ['read', 'write'] },
      // As the Z80's: no pin.
      retry: { sense: 'level' },
    },
    cycles: {
      opcode: { kind: 'read', length: 4 },
      read: { kind: 'read', length: 3 },
      write: { kind: 'write', length: 3 },
      input: { kind: 'read', space: 'io', length: 3 },
      output: { kind: 'write', space: 'io', length: 3 },
      acknowledge: { kind: 'acknowledge', length: 4 },
      idle: { kind: 'idle' },
    },
    tables: {
      r: ['b', 'c', 'd', 'e', 'h', 'l', 'm', 'a'],
      rp: ['b', 'd', 'h', 'sp'],
      pair: ['bc', 'de', 'hl', 'sp'],
      push: ['b', 'd', 'h', 'psw'],
      pushed: ['bc', 'de', 'hl', 'af'],
      flag: ['zf', 'cf', 'pf', 'sf'],
      Jcc: ['jnz', 'jz', 'jnc', 'jc', 'jpo', 'jpe', 'jp', 'jm'],
      Ccc: ['cnz', 'cz', 'cnc', 'cc', 'cpo', 'cpe', 'cp', 'cm'],
      Rcc: ['rnz', 'rz', 'rnc', 'rc', 'rpo', 'rpe', 'rp', 'rm'],
    },
    functions,
    poll: rtl`interrupt = int & inte`,
    pollPolicy: 'end',
    step: rtl`
      if (interrupt | halted) {
        if (interrupt) { halted = 0; inte = 0; decode(im0, acknowledge(pc)) }
        else { idle(pc); poll() }
      } else { decode(main, fetchOpcode()) }`,
    // RESET lasts three clock periods at least, and clears no register but PC (User's Manual, p. 2-15).
    reset: rtl`pc = 0; longer(); longer(); longer(); inte = interrupt = halted = 0`,
    powerOn: { f: 2 },
    status: { waiting: rtl`halted` },
    operands: { n: { bytes: 1 }, nn: { bytes: 2 } },
    pages: { im0: { otherwise: 'main' } },
    rows: [...rows, ...acknowledged(rows)],
  });
