/** The members of the family: which rows each has, and where they differ on the bus. */
import { defineInstructionSet, type InstructionSetDeclaration, type RowDeclaration } from '@backplane/core';
import { accesses, addressing } from './addressing.js';
import { cmos, nmos, poll, sequences, wdc } from './interrupts.js';
import {
  bitRows,
  cmosRows,
  documented,
  reserved,
  undocumented,
  waitRows,
  withoutBits,
  withoutWait,
} from './opcodes.js';
import { arithmetic, branches, cmosDecimal, nmosDecimal, unstable } from './operations.js';
import { cycles, inputs, locals, registers, shown, views } from './registers.js';

/** What one variant has of its own. */
interface Variant {
  readonly name: string;
  readonly family: typeof nmos | typeof cmos | typeof wdc;
  /** Constants of its RTL: whether it is a CMOS part, whether it has a decimal adder. */
  readonly constants: { readonly cmos: 0 | 1; readonly decimal: 0 | 1 };
  readonly decimalMode: InstructionSetDeclaration['functions'];
  /** Cycles that RDY holds up. */
  readonly stalls: readonly ('read' | 'write')[];
  /** Opcode tables; a row replaces those of its encoding in tables before. */
  readonly tables: readonly (readonly RowDeclaration[])[];
}

const define = ({ name, family, constants, decimalMode, stalls, tables }: Variant) =>
  defineInstructionSet({
    name,
    addressWidth: 16,
    byteOrder: 'little',
    registers: { ...registers, ...family.registers },
    locals,
    views,
    shown,
    programCounter: 'pc',
    inputs: inputs(stalls),
    cycles,
    constants: { ...accesses, ...constants },
    functions: { ...addressing, ...arithmetic, ...decimalMode, ...branches, ...unstable, ...sequences },
    poll,
    pollPolicy: 'before-last-cycle',
    step: family.step,
    reset: family.reset,
    status: family.status,
    operands: { n: { bytes: 1 }, nn: { bytes: 2 }, e: { bytes: 1, relative: true } },
    rows: [...new Map(tables.flat().map((row) => [row.encoding, row])).values()],
  });

// The NMOS 6502 does not stop for RDY during a write; the CMOS parts do (W65C816S data sheet, WDC 2000, p. 56).
const nmosPart = {
  family: nmos,
  decimalMode: nmosDecimal,
  stalls: ['read'],
  tables: [documented, undocumented],
} as const;
const cmosPart = { constants: { cmos: 1, decimal: 1 }, decimalMode: cmosDecimal, stalls: ['read', 'write'] } as const;

/** The instruction sets of the family by variant, each made when it is first asked for. */
export const variants = {
  /** MOS 6502 and its second sources; 6507, 6510 and 8502 but for their ports. */
  nmos: () => define({ ...nmosPart, name: '6502', constants: { cmos: 0, decimal: 1 } }),
  /** Ricoh 2A03 and 2A07 (NES): no decimal mode. */
  '2a03': () => define({ ...nmosPart, name: '2A03', constants: { cmos: 0, decimal: 0 } }),
  /** WDC W65C02S: bit instructions, WAI and STP. */
  wdc: () =>
    define({ ...cmosPart, name: 'W65C02S', family: wdc, tables: [documented, reserved, cmosRows, bitRows, waitRows] }),
  /** Rockwell R65C02: bit instructions. */
  rockwell: () =>
    define({
      ...cmosPart,
      name: 'R65C02',
      family: cmos,
      tables: [documented, reserved, cmosRows, bitRows, withoutWait],
    }),
  /** Synertek, NCR and GTE 65SC02: neither. */
  synertek: () =>
    define({
      ...cmosPart,
      name: '65SC02',
      family: cmos,
      tables: [documented, reserved, cmosRows, withoutBits, withoutWait],
    }),
} as const;
