/**
 * The Motorola 6800. docs/writing-a-cpu.md goes through this file; motorola-6800.test.ts tries it.
 *
 * Sources: data sheet "MC6800 8-Bit Microprocessing Unit (MPU)" (Motorola), tables 2 to 6 for opcodes and condition
 * codes, table 8, "Operation Summary", for what is on the bus in each cycle; "M6800 Programming Reference Manual"
 * (Motorola, M68PRM(D), 1976), appendix A, for DAA and CPX.
 */
import { defineCpu, defineInstructionSet, rtl } from '@backplane/core';
import { interpreter, translator } from '@backplane/core/interpreter';

/** The programmer's model: registers, and the condition codes as one byte, of which two bits are always 1. */
const state = {
  registers: {
    ...{ pc: 16, sp: 16, x: 16, a: 8, b: 8 },
    ...{ h: 1, i: 1, n: 1, z: 1, v: 1, c: 1 },
    // What the last look at the pins saw: bit 0 for IRQ, bit 1 for NMI, and HALT. And whether WAI waits.
    ...{ pending: 2, held: 1, waiting: 1 },
  },
  views: {
    cc: {
      width: 8,
      get: rtl`0xc0 | h << 5 | i << 4 | n << 3 | z << 2 | v << 1 | c`,
      set: rtl`h = value >> 5; i = value >> 4; n = value >> 3; z = value >> 2; v = value >> 1; c = value`,
    },
  },
  shown: ['pc', 'sp', 'x', 'a', 'b', 'cc'],
  programCounter: 'pc',
};

/** A cycle in which VMA is low is `idle`: an address is on the bus, but nothing is selected by it. */
const bus = {
  cycles: { read: { kind: 'read' }, write: { kind: 'write' }, idle: { kind: 'idle' } },
  functions: {
    'fetch()': rtl`let byte = read(pc); pc += 1; byte`,
    'fetchWord()': rtl`let high = fetch(); high << 8 | fetch()`,
    'readWord(at)': rtl`let high = read(at); high << 8 | read(at + 1)`,
    // The pointer is at the first free byte. A word goes down low byte first, so that it lies high byte first.
    'push(byte)': rtl`write(sp, byte); sp -= 1`,
    'pushWord(word)': rtl`push(word); push(word >> 8)`,
    'pull()': rtl`sp += 1; read(sp)`,
    'pullWord()': rtl`let high = pull(); high << 8 | pull()`,
    // The low byte is added first; the carry into the high byte comes a cycle later.
    'indexed()': rtl`
      let offset = fetch()
      idle(x)
      idle(x & 0xff00 | x + offset & 0xff)
      x + offset & 0xffff`,
  },
};

/** What instructions compute. Each function sets the condition codes and gives the result. */
const operations = {
  'flagged(value)': rtl`n = value >> 7; z = value == 0; value`,
  'logic(value)': rtl`v = 0; flagged(value)`,
  'shifted(value)': rtl`n = value >> 7; z = value == 0; v = n ^ c; value`,
  'flaggedWord(value)': rtl`n = value >> 15; z = value == 0; v = 0; value`,
  'sum(left, right, carry)': rtl`
    let total = left + right + carry
    h = (left & 0xf) + (right & 0xf) + carry >> 4
    v = ((left ^ total) & (right ^ total)) >> 7
    c = total >> 8
    flagged(total & 0xff)`,
  'difference(left, right, borrow)': rtl`
    let total = left - right - borrow
    v = ((left ^ right) & (left ^ total)) >> 7
    c = total < 0
    flagged(total & 0xff)`,

  'add(left, right)': rtl`sum(left, right, 0)`,
  'adc(left, right)': rtl`sum(left, right, c)`,
  'sub(left, right)': rtl`difference(left, right, 0)`,
  'sbc(left, right)': rtl`difference(left, right, c)`,
  'cmp(left, right)': rtl`difference(left, right, 0); left`,
  'and(left, right)': rtl`logic(left & right)`,
  'bit(left, right)': rtl`logic(left & right); left`,
  'eor(left, right)': rtl`logic(left ^ right)`,
  'ora(left, right)': rtl`logic(left | right)`,
  'lda(left, right)': rtl`logic(right)`,

  'neg(value)': rtl`c = value != 0; v = value == 0x80; flagged(-value & 0xff)`,
  'com(value)': rtl`c = 1; logic(value ^ 0xff)`,
  'lsr(value)': rtl`c = value; shifted(value >> 1)`,
  'ror(value)': rtl`let carry = c; c = value; shifted(carry << 7 | value >> 1)`,
  'asr(value)': rtl`c = value; shifted(value & 0x80 | value >> 1)`,
  'asl(value)': rtl`c = value >> 7; shifted(value << 1 & 0xff)`,
  'rol(value)': rtl`let carry = c; c = value >> 7; shifted((value << 1 | carry) & 0xff)`,
  'dec(value)': rtl`v = value == 0x80; flagged(value - 1 & 0xff)`,
  'inc(value)': rtl`v = value == 0x7f; flagged(value + 1 & 0xff)`,
  'tst(value)': rtl`c = 0; logic(value)`,
  'clr(value)': rtl`c = 0; logic(0)`,

  // N and V are those of the high bytes alone, and C stays: only Z is of use.
  'cpx(operand)': rtl`
    let high = (x >> 8) - (operand >> 8)
    n = high >> 7
    z = x == operand
    v = ((x ^ operand) & (x ^ high << 8)) >> 15`,
  // V is not defined by the manual. C is never cleared.
  'daa()': rtl`
    let low = a & 0xf
    let fix = (h || low > 9 ? 6 : 0) + (c || a > 0x99 ? 0x60 : 0)
    c |= a > 0x99
    a = logic(a + fix & 0xff)`,
};

/** Conditions of the branches, in the order of their opcodes. Every other one is the opposite of the one before. */
const conditions = {
  'bra()': rtl`1`,
  'bhi()': rtl`!(c | z)`,
  'bls()': rtl`c | z`,
  'bcc()': rtl`!c`,
  'bcs()': rtl`c`,
  'bne()': rtl`!z`,
  'beq()': rtl`z`,
  'bvc()': rtl`!v`,
  'bvs()': rtl`v`,
  'bpl()': rtl`!n`,
  'bmi()': rtl`n`,
  'bge()': rtl`!(n ^ v)`,
  'blt()': rtl`n ^ v`,
  'bgt()': rtl`!(z | n ^ v)`,
  'ble()': rtl`z | n ^ v`,
};

/** What a field of an opcode stands for. The empty places are no instructions, or ones with a row of their own. */
const tables = {
  acc: ['a', 'b'],
  sta: ['STAA', 'STAB'],
  psh: ['PSHA', 'PSHB'],
  pul: ['PULA', 'PULB'],
  alu: ['sub', 'cmp', 'sbc', '', 'and', 'bit', 'lda', '', 'eor', 'adc', 'ora', 'add'],
  modify: ['neg', '', '', 'com', 'lsr', '', 'ror', 'asr', 'asl', 'rol', 'dec', '', 'inc', 'tst', '', 'clr'],
  branch: [
    'bra',
    '',
    ...Object.keys(conditions)
      .slice(1)
      .map((signature) => signature.replace('()', '')),
  ],
};

/** The addressing modes of the upper half of the opcodes. Where there is no address, the operand is in the instruction. */
const modes = [
  { bits: '00', syntax: '#n', wordSyntax: '#nn', operand: 'fetch()', word: 'fetchWord()' },
  ...[
    { bits: '01', syntax: 'n', address: 'fetch()' },
    { bits: '10', syntax: 'n,X', address: 'indexed()' },
    { bits: '11', syntax: 'nn', address: 'fetchWord()' },
  ].map((mode) => ({ ...mode, operand: `read(${mode.address})`, word: `readWord(${mode.address})` })),
];

/** Instructions with an operand: bit 6 is the accumulator, bits 5 and 4 are the mode. */
const operandRows = modes.flatMap(({ bits, syntax, wordSyntax = syntax, address, operand, word }) => [
  {
    encoding: `1r_${bits}_oooo`,
    where: rtl`o != 3 && o != 7 && o < 12`,
    syntax: `alu[o]acc[r] ${syntax}`,
    code: rtl`acc[r] = alu[o](acc[r], ${operand})`,
  },
  { encoding: `10_${bits}_1100`, syntax: `CPX ${wordSyntax}`, code: rtl`cpx(${word})` },
  { encoding: `10_${bits}_1110`, syntax: `LDS ${wordSyntax}`, code: rtl`sp = flaggedWord(${word})` },
  { encoding: `11_${bits}_1110`, syntax: `LDX ${wordSyntax}`, code: rtl`x = flaggedWord(${word})` },
  ...(address ? storeRows(bits, syntax, rtl`let at = ${address}; idle(at)`) : []),
]);

function storeRows(bits, syntax, address) {
  const storeWord = (register) => [address, rtl`write(at, ${register} >> 8); write(at + 1, flaggedWord(${register}))`];
  return [
    { encoding: `1r_${bits}_0111`, syntax: `sta[r] ${syntax}`, code: [address, rtl`write(at, logic(acc[r]))`] },
    { encoding: `10_${bits}_1111`, syntax: `STS ${syntax}`, code: storeWord('sp') },
    { encoding: `11_${bits}_1111`, syntax: `STX ${syntax}`, code: storeWord('x') },
  ];
}

/** Instructions that change their operand, in an accumulator or in memory. */
const isModify = rtl`o != 1 && o != 2 && o != 5 && o != 11 && o != 14`;
const modifyRows = [
  {
    encoding: '010r_oooo',
    where: isModify,
    syntax: 'modify[o]acc[r]',
    code: rtl`read(pc); acc[r] = modify[o](acc[r])`,
  },
  ...modes.slice(2).map(({ bits, syntax, address }) => ({
    encoding: `01_${bits}_oooo`,
    where: isModify,
    syntax: `modify[o] ${syntax}`,
    // TST keeps VMA low where the others write (table 8, note 3).
    code: rtl`
      let at = ${address}
      let result = modify[o](read(at))
      idle(at)
      if (o == 13) { idle(at) } else { write(at, result) }`,
  })),
];

/** Jumps, branches and subroutines. */
const jumpRows = [
  { encoding: '0110_1110', syntax: 'JMP n,X', code: rtl`pc = indexed()` },
  { encoding: '0111_1110', syntax: 'JMP nn', code: rtl`pc = fetchWord()` },
  {
    encoding: '0010_kkkk',
    where: rtl`k != 1`,
    syntax: 'branch[k] e',
    code: rtl`
      let distance = fetch()
      idle(pc)
      let target = pc + (distance ^ 0x80) - 0x80 & 0xffff
      idle(target)
      if (branch[k]()) { pc = target }`,
  },
  {
    encoding: '1000_1101',
    syntax: 'BSR e',
    code: rtl`
      let distance = fetch()
      idle(pc)
      pushWord(pc)
      idle(sp)
      idle(pc)
      pc += (distance ^ 0x80) - 0x80
      idle(pc)`,
  },
  {
    encoding: '1010_1101',
    syntax: 'JSR n,X',
    code: rtl`
      let offset = fetch()
      idle(x)
      pushWord(pc)
      idle(sp)
      idle(x)
      idle(x & 0xff00 | x + offset & 0xff)
      pc = x + offset`,
  },
  {
    encoding: '1011_1101',
    syntax: 'JSR nn',
    code: rtl`
      let target = fetchWord()
      read(target)
      pushWord(pc)
      idle(sp)
      idle(pc - 1)
      read(pc - 1)
      pc = target`,
  },
  { encoding: '0011_1001', syntax: 'RTS', code: rtl`read(pc); idle(sp); pc = pullWord()` },
];

/** Instructions without an operand. The byte after them is read, and read again as the next opcode. */
const inherent = (opcode, syntax, code) => ({
  encoding: opcode.toString(2).padStart(8, '0'),
  syntax,
  code: [rtl`read(pc)`, code],
});
/** A 16-bit register that is counted shows on the bus before and after. */
const counted = (register, by) => rtl`idle(${register}); ${register} += ${by}; idle(${register})`;
const inherentRows = [
  inherent(0x01, 'NOP', rtl``),
  inherent(0x06, 'TAP', rtl`cc = a`),
  inherent(0x07, 'TPA', rtl`a = cc`),
  inherent(0x08, 'INX', rtl`${counted('x', 1)}; z = x == 0`),
  inherent(0x09, 'DEX', rtl`${counted('x', -1)}; z = x == 0`),
  inherent(0x0a, 'CLV', rtl`v = 0`),
  inherent(0x0b, 'SEV', rtl`v = 1`),
  inherent(0x0c, 'CLC', rtl`c = 0`),
  inherent(0x0d, 'SEC', rtl`c = 1`),
  inherent(0x0e, 'CLI', rtl`i = 0`),
  inherent(0x0f, 'SEI', rtl`i = 1`),
  inherent(0x10, 'SBA', rtl`a = sub(a, b)`),
  inherent(0x11, 'CBA', rtl`cmp(a, b)`),
  inherent(0x16, 'TAB', rtl`b = logic(a)`),
  inherent(0x17, 'TBA', rtl`a = logic(b)`),
  inherent(0x19, 'DAA', rtl`daa()`),
  inherent(0x1b, 'ABA', rtl`a = add(a, b)`),
  inherent(0x30, 'TSX', rtl`idle(sp); x = sp + 1; idle(x)`),
  inherent(0x31, 'INS', counted('sp', 1)),
  { encoding: '0011_001r', syntax: 'pul[r]', code: rtl`read(pc); idle(sp); acc[r] = pull()` },
  inherent(0x34, 'DES', counted('sp', -1)),
  inherent(0x35, 'TXS', rtl`idle(x); sp = x - 1; idle(sp)`),
  { encoding: '0011_011r', syntax: 'psh[r]', code: rtl`read(pc); push(acc[r]); idle(sp)` },
  inherent(0x3b, 'RTI', rtl`idle(sp); cc = pull(); b = pull(); a = pull(); x = pullWord(); pc = pullWord()`),
  inherent(0x3e, 'WAI', rtl`stack(); waiting = 1`),
  inherent(0x3f, 'SWI', rtl`stack(); enter(0xfffa)`),
];

/** Interrupts. Whatever is asked for is seen before the last cycle of an instruction, with I as it was until then. */
const interrupts = {
  inputs: {
    irq: { sense: 'level' },
    nmi: { sense: 'edge' },
    halt: { sense: 'level' },
    reset: { sense: 'level', resets: true },
  },
  functions: {
    'stack()': rtl`pushWord(pc); pushWord(x); push(a); push(b); push(cc)`,
    'enter(vector)': rtl`i = 1; idle(sp); pc = readWord(vector)`,
  },
  poll: rtl`pending = nmi << 1 | irq & (i ^ 1); held = halt`,
  pollPolicy: 'before-last-cycle',
  step: rtl`
    if (pending | held | waiting) {
      if (held || !pending) { idle(pc); poll() }
      else {
        if (waiting) { waiting = 0 } else { read(pc); read(pc); stack() }
        if (pending & 2) { nmi = 0; enter(0xfffc) } else { enter(0xfff8) }
        pending = 0
      }
    }
    else { decode(main, fetch()) }`,
  reset: rtl`pending = held = waiting = 0; i = 1; pc = readWord(0xfffe)`,
  status: { waiting: rtl`waiting` },
};

export const motorola6800 = defineCpu({
  type: '6800',
  version: 1,
  description: 'Motorola 6800',
  variants: {
    6800: () =>
      defineInstructionSet({
        name: '6800',
        addressWidth: 16,
        byteOrder: 'big',
        ...state,
        ...interrupts,
        cycles: bus.cycles,
        functions: { ...bus.functions, ...operations, ...conditions, ...interrupts.functions },
        tables,
        operands: { n: { bytes: 1 }, nn: { bytes: 2 }, e: { bytes: 1, relative: true } },
        rows: [...operandRows, ...modifyRows, ...jumpRows, ...inherentRows],
      }),
  },
  defaultVariant: '6800',
  engines: [interpreter, translator],
});
