/** The opcode tables: encoding, operation, addressing mode and access of every instruction, a row each. */
import { type RowDeclaration, type Rtl, rtl } from '@backplane/core';
import {
  type Access,
  absolute,
  absoluteIndexedIndirect,
  absoluteX,
  absoluteY,
  accumulator,
  immediate,
  implied,
  indexedIndirect,
  indirect,
  indirectIndexed,
  type Mode,
  Modify,
  ModifyInPage,
  none,
  Read,
  relative,
  subroutine,
  unreadAbsoluteX,
  Write,
  zeroPage,
  zeroPageIndirect,
  zeroPageRelative,
  zeroPageX,
  zeroPageY,
} from './addressing.js';
import { bitImmediate, branchOnBitReset, branchOnBitSet, operations, resetBit, setBit } from './operations.js';

type Operation = keyof typeof operations;

/** One row. Without an access the mode does all that is done on the bus, or the operation does the rest. */
function row(opcode: number, mnemonic: Operation, mode: Mode, access?: Access): RowDeclaration {
  return rowOf(opcode, mnemonic, mode, access, operations[mnemonic]);
}

function rowOf(
  opcode: number,
  mnemonic: string,
  mode: Mode,
  access: Access | undefined,
  operation: Rtl,
): RowDeclaration {
  const { syntax, address, register } = mode;
  const encoding = opcode.toString(2).padStart(8, '0');
  const before = register ? rtl`m = ${register}` : access?.before;
  const after = register ? rtl`${register} = m` : access?.after;
  const code = [access?.chosen, address, before, operation, after];
  return { encoding, syntax: `${mnemonic} ${syntax}`.trim(), code: code.filter((piece) => piece !== undefined) };
}

const asUndocumented = (rows: readonly RowDeclaration[]): readonly RowDeclaration[] =>
  rows.map((documentedRow) => ({ ...documentedRow, undocumented: true }));

/** The 151 documented instructions, as in the data sheet. */
export const documented: readonly RowDeclaration[] = [
  row(0x00, 'BRK', implied),
  row(0x01, 'ORA', indexedIndirect, Read),
  row(0x05, 'ORA', zeroPage, Read),
  row(0x06, 'ASL', zeroPage, Modify),
  row(0x08, 'PHP', implied),
  row(0x09, 'ORA', immediate, Read),
  row(0x0a, 'ASL', accumulator, Modify),
  row(0x0d, 'ORA', absolute, Read),
  row(0x0e, 'ASL', absolute, Modify),

  row(0x10, 'BPL', relative),
  row(0x11, 'ORA', indirectIndexed, Read),
  row(0x15, 'ORA', zeroPageX, Read),
  row(0x16, 'ASL', zeroPageX, Modify),
  row(0x18, 'CLC', implied),
  row(0x19, 'ORA', absoluteY, Read),
  row(0x1d, 'ORA', absoluteX, Read),
  row(0x1e, 'ASL', absoluteX, Modify),

  row(0x20, 'JSR', subroutine),
  row(0x21, 'AND', indexedIndirect, Read),
  row(0x24, 'BIT', zeroPage, Read),
  row(0x25, 'AND', zeroPage, Read),
  row(0x26, 'ROL', zeroPage, Modify),
  row(0x28, 'PLP', implied),
  row(0x29, 'AND', immediate, Read),
  row(0x2a, 'ROL', accumulator, Modify),
  row(0x2c, 'BIT', absolute, Read),
  row(0x2d, 'AND', absolute, Read),
  row(0x2e, 'ROL', absolute, Modify),

  row(0x30, 'BMI', relative),
  row(0x31, 'AND', indirectIndexed, Read),
  row(0x35, 'AND', zeroPageX, Read),
  row(0x36, 'ROL', zeroPageX, Modify),
  row(0x38, 'SEC', implied),
  row(0x39, 'AND', absoluteY, Read),
  row(0x3d, 'AND', absoluteX, Read),
  row(0x3e, 'ROL', absoluteX, Modify),

  row(0x40, 'RTI', implied),
  row(0x41, 'EOR', indexedIndirect, Read),
  row(0x45, 'EOR', zeroPage, Read),
  row(0x46, 'LSR', zeroPage, Modify),
  row(0x48, 'PHA', implied),
  row(0x49, 'EOR', immediate, Read),
  row(0x4a, 'LSR', accumulator, Modify),
  row(0x4c, 'JMP', absolute),
  row(0x4d, 'EOR', absolute, Read),
  row(0x4e, 'LSR', absolute, Modify),

  row(0x50, 'BVC', relative),
  row(0x51, 'EOR', indirectIndexed, Read),
  row(0x55, 'EOR', zeroPageX, Read),
  row(0x56, 'LSR', zeroPageX, Modify),
  row(0x58, 'CLI', implied),
  row(0x59, 'EOR', absoluteY, Read),
  row(0x5d, 'EOR', absoluteX, Read),
  row(0x5e, 'LSR', absoluteX, Modify),

  row(0x60, 'RTS', implied),
  row(0x61, 'ADC', indexedIndirect, Read),
  row(0x65, 'ADC', zeroPage, Read),
  row(0x66, 'ROR', zeroPage, Modify),
  row(0x68, 'PLA', implied),
  row(0x69, 'ADC', immediate, Read),
  row(0x6a, 'ROR', accumulator, Modify),
  row(0x6c, 'JMP', indirect),
  row(0x6d, 'ADC', absolute, Read),
  row(0x6e, 'ROR', absolute, Modify),

  row(0x70, 'BVS', relative),
  row(0x71, 'ADC', indirectIndexed, Read),
  row(0x75, 'ADC', zeroPageX, Read),
  row(0x76, 'ROR', zeroPageX, Modify),
  row(0x78, 'SEI', implied),
  row(0x79, 'ADC', absoluteY, Read),
  row(0x7d, 'ADC', absoluteX, Read),
  row(0x7e, 'ROR', absoluteX, Modify),

  row(0x81, 'STA', indexedIndirect, Write),
  row(0x84, 'STY', zeroPage, Write),
  row(0x85, 'STA', zeroPage, Write),
  row(0x86, 'STX', zeroPage, Write),
  row(0x88, 'DEY', implied),
  row(0x8a, 'TXA', implied),
  row(0x8c, 'STY', absolute, Write),
  row(0x8d, 'STA', absolute, Write),
  row(0x8e, 'STX', absolute, Write),

  row(0x90, 'BCC', relative),
  row(0x91, 'STA', indirectIndexed, Write),
  row(0x94, 'STY', zeroPageX, Write),
  row(0x95, 'STA', zeroPageX, Write),
  row(0x96, 'STX', zeroPageY, Write),
  row(0x98, 'TYA', implied),
  row(0x99, 'STA', absoluteY, Write),
  row(0x9a, 'TXS', implied),
  row(0x9d, 'STA', absoluteX, Write),

  row(0xa0, 'LDY', immediate, Read),
  row(0xa1, 'LDA', indexedIndirect, Read),
  row(0xa2, 'LDX', immediate, Read),
  row(0xa4, 'LDY', zeroPage, Read),
  row(0xa5, 'LDA', zeroPage, Read),
  row(0xa6, 'LDX', zeroPage, Read),
  row(0xa8, 'TAY', implied),
  row(0xa9, 'LDA', immediate, Read),
  row(0xaa, 'TAX', implied),
  row(0xac, 'LDY', absolute, Read),
  row(0xad, 'LDA', absolute, Read),
  row(0xae, 'LDX', absolute, Read),

  row(0xb0, 'BCS', relative),
  row(0xb1, 'LDA', indirectIndexed, Read),
  row(0xb4, 'LDY', zeroPageX, Read),
  row(0xb5, 'LDA', zeroPageX, Read),
  row(0xb6, 'LDX', zeroPageY, Read),
  row(0xb8, 'CLV', implied),
  row(0xb9, 'LDA', absoluteY, Read),
  row(0xba, 'TSX', implied),
  row(0xbc, 'LDY', absoluteX, Read),
  row(0xbd, 'LDA', absoluteX, Read),
  row(0xbe, 'LDX', absoluteY, Read),

  row(0xc0, 'CPY', immediate, Read),
  row(0xc1, 'CMP', indexedIndirect, Read),
  row(0xc4, 'CPY', zeroPage, Read),
  row(0xc5, 'CMP', zeroPage, Read),
  row(0xc6, 'DEC', zeroPage, Modify),
  row(0xc8, 'INY', implied),
  row(0xc9, 'CMP', immediate, Read),
  row(0xca, 'DEX', implied),
  row(0xcc, 'CPY', absolute, Read),
  row(0xcd, 'CMP', absolute, Read),
  row(0xce, 'DEC', absolute, Modify),

  row(0xd0, 'BNE', relative),
  row(0xd1, 'CMP', indirectIndexed, Read),
  row(0xd5, 'CMP', zeroPageX, Read),
  row(0xd6, 'DEC', zeroPageX, Modify),
  row(0xd8, 'CLD', implied),
  row(0xd9, 'CMP', absoluteY, Read),
  row(0xdd, 'CMP', absoluteX, Read),
  row(0xde, 'DEC', absoluteX, Modify),

  row(0xe0, 'CPX', immediate, Read),
  row(0xe1, 'SBC', indexedIndirect, Read),
  row(0xe4, 'CPX', zeroPage, Read),
  row(0xe5, 'SBC', zeroPage, Read),
  row(0xe6, 'INC', zeroPage, Modify),
  row(0xe8, 'INX', implied),
  row(0xe9, 'SBC', immediate, Read),
  row(0xea, 'NOP', implied),
  row(0xec, 'CPX', absolute, Read),
  row(0xed, 'SBC', absolute, Read),
  row(0xee, 'INC', absolute, Modify),

  row(0xf0, 'BEQ', relative),
  row(0xf1, 'SBC', indirectIndexed, Read),
  row(0xf5, 'SBC', zeroPageX, Read),
  row(0xf6, 'INC', zeroPageX, Modify),
  row(0xf8, 'SED', implied),
  row(0xf9, 'SBC', absoluteY, Read),
  row(0xfd, 'SBC', absoluteX, Read),
  row(0xfe, 'INC', absoluteX, Modify),
];

/** What the other 105 encodings do on NMOS parts. */
export const undocumented = asUndocumented([
  row(0x03, 'SLO', indexedIndirect, Modify),
  row(0x07, 'SLO', zeroPage, Modify),
  row(0x0f, 'SLO', absolute, Modify),
  row(0x13, 'SLO', indirectIndexed, Modify),
  row(0x17, 'SLO', zeroPageX, Modify),
  row(0x1b, 'SLO', absoluteY, Modify),
  row(0x1f, 'SLO', absoluteX, Modify),

  row(0x23, 'RLA', indexedIndirect, Modify),
  row(0x27, 'RLA', zeroPage, Modify),
  row(0x2f, 'RLA', absolute, Modify),
  row(0x33, 'RLA', indirectIndexed, Modify),
  row(0x37, 'RLA', zeroPageX, Modify),
  row(0x3b, 'RLA', absoluteY, Modify),
  row(0x3f, 'RLA', absoluteX, Modify),

  row(0x43, 'SRE', indexedIndirect, Modify),
  row(0x47, 'SRE', zeroPage, Modify),
  row(0x4f, 'SRE', absolute, Modify),
  row(0x53, 'SRE', indirectIndexed, Modify),
  row(0x57, 'SRE', zeroPageX, Modify),
  row(0x5b, 'SRE', absoluteY, Modify),
  row(0x5f, 'SRE', absoluteX, Modify),

  row(0x63, 'RRA', indexedIndirect, Modify),
  row(0x67, 'RRA', zeroPage, Modify),
  row(0x6f, 'RRA', absolute, Modify),
  row(0x73, 'RRA', indirectIndexed, Modify),
  row(0x77, 'RRA', zeroPageX, Modify),
  row(0x7b, 'RRA', absoluteY, Modify),
  row(0x7f, 'RRA', absoluteX, Modify),

  row(0xc3, 'DCP', indexedIndirect, Modify),
  row(0xc7, 'DCP', zeroPage, Modify),
  row(0xcf, 'DCP', absolute, Modify),
  row(0xd3, 'DCP', indirectIndexed, Modify),
  row(0xd7, 'DCP', zeroPageX, Modify),
  row(0xdb, 'DCP', absoluteY, Modify),
  row(0xdf, 'DCP', absoluteX, Modify),

  row(0xe3, 'ISC', indexedIndirect, Modify),
  row(0xe7, 'ISC', zeroPage, Modify),
  row(0xef, 'ISC', absolute, Modify),
  row(0xf3, 'ISC', indirectIndexed, Modify),
  row(0xf7, 'ISC', zeroPageX, Modify),
  row(0xfb, 'ISC', absoluteY, Modify),
  row(0xff, 'ISC', absoluteX, Modify),

  row(0x83, 'SAX', indexedIndirect, Write),
  row(0x87, 'SAX', zeroPage, Write),
  row(0x8f, 'SAX', absolute, Write),
  row(0x97, 'SAX', zeroPageY, Write),

  row(0xa3, 'LAX', indexedIndirect, Read),
  row(0xa7, 'LAX', zeroPage, Read),
  row(0xaf, 'LAX', absolute, Read),
  row(0xb3, 'LAX', indirectIndexed, Read),
  row(0xb7, 'LAX', zeroPageY, Read),
  row(0xbf, 'LAX', absoluteY, Read),

  row(0x0b, 'ANC', immediate, Read),
  row(0x2b, 'ANC', immediate, Read),
  row(0x4b, 'ALR', immediate, Read),
  row(0x6b, 'ARR', immediate, Read),
  row(0x8b, 'ANE', immediate, Read),
  row(0xab, 'LXA', immediate, Read),
  row(0xcb, 'SBX', immediate, Read),
  row(0xeb, 'SBC', immediate, Read),

  row(0x93, 'SHA', indirectIndexed, Write),
  row(0x9f, 'SHA', absoluteY, Write),
  row(0x9e, 'SHX', absoluteY, Write),
  row(0x9c, 'SHY', absoluteX, Write),
  row(0x9b, 'TAS', absoluteY, Write),
  row(0xbb, 'LAS', absoluteY, Read),

  row(0x1a, 'NOP', implied),
  row(0x3a, 'NOP', implied),
  row(0x5a, 'NOP', implied),
  row(0x7a, 'NOP', implied),
  row(0xda, 'NOP', implied),
  row(0xfa, 'NOP', implied),
  row(0x80, 'NOP', immediate, Read),
  row(0x82, 'NOP', immediate, Read),
  row(0x89, 'NOP', immediate, Read),
  row(0xc2, 'NOP', immediate, Read),
  row(0xe2, 'NOP', immediate, Read),
  row(0x04, 'NOP', zeroPage, Read),
  row(0x44, 'NOP', zeroPage, Read),
  row(0x64, 'NOP', zeroPage, Read),
  row(0x14, 'NOP', zeroPageX, Read),
  row(0x34, 'NOP', zeroPageX, Read),
  row(0x54, 'NOP', zeroPageX, Read),
  row(0x74, 'NOP', zeroPageX, Read),
  row(0xd4, 'NOP', zeroPageX, Read),
  row(0xf4, 'NOP', zeroPageX, Read),
  row(0x0c, 'NOP', absolute, Read),
  row(0x1c, 'NOP', absoluteX, Read),
  row(0x3c, 'NOP', absoluteX, Read),
  row(0x5c, 'NOP', absoluteX, Read),
  row(0x7c, 'NOP', absoluteX, Read),
  row(0xdc, 'NOP', absoluteX, Read),
  row(0xfc, 'NOP', absoluteX, Read),

  row(0x02, 'JAM', implied),
  row(0x12, 'JAM', implied),
  row(0x22, 'JAM', implied),
  row(0x32, 'JAM', implied),
  row(0x42, 'JAM', implied),
  row(0x52, 'JAM', implied),
  row(0x62, 'JAM', implied),
  row(0x72, 'JAM', implied),
  row(0x92, 'JAM', implied),
  row(0xb2, 'JAM', implied),
  row(0xd2, 'JAM', implied),
  row(0xf2, 'JAM', implied),
]);

/** What every CMOS part adds, and where it changes a documented row. */
export const cmosRows: readonly RowDeclaration[] = [
  row(0x12, 'ORA', zeroPageIndirect, Read),
  row(0x32, 'AND', zeroPageIndirect, Read),
  row(0x52, 'EOR', zeroPageIndirect, Read),
  row(0x72, 'ADC', zeroPageIndirect, Read),
  row(0x92, 'STA', zeroPageIndirect, Write),
  row(0xb2, 'LDA', zeroPageIndirect, Read),
  row(0xd2, 'CMP', zeroPageIndirect, Read),
  row(0xf2, 'SBC', zeroPageIndirect, Read),

  row(0x04, 'TSB', zeroPage, Modify),
  row(0x0c, 'TSB', absolute, Modify),
  row(0x14, 'TRB', zeroPage, Modify),
  row(0x1c, 'TRB', absolute, Modify),
  row(0x34, 'BIT', zeroPageX, Read),
  row(0x3c, 'BIT', absoluteX, Read),
  rowOf(0x89, 'BIT', immediate, Read, bitImmediate),

  row(0x1a, 'INC', accumulator, Modify),
  row(0x3a, 'DEC', accumulator, Modify),
  row(0x64, 'STZ', zeroPage, Write),
  row(0x74, 'STZ', zeroPageX, Write),
  row(0x9c, 'STZ', absolute, Write),
  row(0x9e, 'STZ', absoluteX, Write),

  row(0x5a, 'PHY', implied),
  row(0x7a, 'PLY', implied),
  row(0xda, 'PHX', implied),
  row(0xfa, 'PLX', implied),
  row(0x7c, 'JMP', absoluteIndexedIndirect),
  row(0x80, 'BRA', relative),

  row(0x1e, 'ASL', absoluteX, ModifyInPage),
  row(0x3e, 'ROL', absoluteX, ModifyInPage),
  row(0x5e, 'LSR', absoluteX, ModifyInPage),
  row(0x7e, 'ROR', absoluteX, ModifyInPage),
];

const everyBit = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const everyHigh = Array.from({ length: 16 }, (_, high) => high << 4);

/** Rockwell's bit instructions, which WDC took over. */
export const bitRows: readonly RowDeclaration[] = everyBit.flatMap((bit) => [
  rowOf((bit << 4) | 0x07, `RMB${bit}`, zeroPage, Modify, resetBit(bit)),
  rowOf((bit << 4) | 0x87, `SMB${bit}`, zeroPage, Modify, setBit(bit)),
  rowOf((bit << 4) | 0x0f, `BBR${bit}`, zeroPageRelative, undefined, branchOnBitReset(bit)),
  rowOf((bit << 4) | 0x8f, `BBS${bit}`, zeroPageRelative, undefined, branchOnBitSet(bit)),
]);

/** WAI and STP. */
export const waitRows: readonly RowDeclaration[] = [row(0xcb, 'WAI', implied), row(0xdb, 'STP', implied)];

const nop = (opcode: number, mode: Mode, access?: Access): RowDeclaration => row(opcode, 'NOP', mode, access);

/**
 * The encodings that CMOS parts reserve: NOPs of various lengths. Those of one cycle have no cycle to poll before, so
 * no interrupt is taken after them (tried on hardware: github.com/tom-seddon/b2, issue 32). The vectors give 4 cycles
 * to 0x5C, which takes 8 on W65C02S parts (github.com/SingleStepTests/65x02, issue 12).
 */
export const reserved = asUndocumented([
  ...[0x02, 0x22, 0x42, 0x62, 0x82, 0xc2, 0xe2].map((opcode) => nop(opcode, immediate, Read)),
  nop(0x44, zeroPage, Read),
  ...[0x54, 0xd4, 0xf4].map((opcode) => nop(opcode, zeroPageX, Read)),
  ...[0x5c, 0xdc, 0xfc].map((opcode) => nop(opcode, unreadAbsoluteX)),
  ...everyHigh.flatMap((high) => [nop(high | 0x03, none), nop(high | 0x0b, none)]),
]);

/** Where a part has no WAI and STP. */
export const withoutWait = asUndocumented([nop(0xcb, implied), nop(0xdb, zeroPageX, Read)]);

/** Where a part has no bit instructions either. */
export const withoutBits = asUndocumented(
  everyHigh.flatMap((high) =>
    high & 0x10
      ? [nop(high | 0x07, zeroPageX, Read), nop(high | 0x0f, unreadAbsoluteX)]
      : [nop(high | 0x07, zeroPage, Read), nop(high | 0x0f, absolute)],
  ),
);
