/** The members of the family. */
import { defineInstructionSet, type RowDeclaration, rtl } from '@backplane/core';
import { arithmetic, indexedArithmetic, otherArithmetic } from './alu.js';
import { bits, indexedBits, shifts } from './bits.js';
import { blockRows, blocks } from './blocks.js';
import { indexedJumps, jumps, otherControl } from './control.js';
import { hl, ix, iy } from './index-registers.js';
import { acknowledged, poll, reset, sequences, step } from './interrupts.js';
import { indexedLoads, otherLoads, transfers } from './loads.js';
import { machineCycles } from './machine-cycles.js';
import { indexedPrefixes, pages, prefixes } from './prefixes.js';
import { cycles, inputs, registers, shown, tables, views } from './registers.js';

const indexed = [hl, ix, iy].flatMap((index) => [
  ...indexedLoads(index),
  ...indexedArithmetic(index),
  ...indexedJumps(index),
]);

const rows: readonly RowDeclaration[] = [
  ...indexed,
  ...otherLoads,
  ...otherArithmetic,
  ...otherControl,
  ...bits,
  ...[ix, iy].flatMap(indexedBits),
  ...blockRows,
  ...prefixes,
  ...[ix, iy].flatMap(indexedPrefixes),
];

/**
 * Constants of a variant's RTL: whether it is an NMOS part, and what `OUT (C),0` puts out, where nothing drives the
 * internal bus (Simon Cooke, 1996, found 0xff on CMOS).
 */
interface Constants {
  readonly nmos: 0 | 1;
  readonly nothing: number;
}

const define = (name: string, { nmos, nothing }: Constants) =>
  defineInstructionSet({
    name,
    addressWidth: 16,
    ioAddressWidth: 16,
    byteOrder: 'little',
    registers,
    views,
    shown,
    programCounter: 'pc',
    inputs,
    cycles,
    constants: { nmos, nothing },
    tables,
    counters: ['refreshed'],
    pulses: { flagged: ['sz', 'xy', 'half', 'parity', 'nf', 'cf'] },
    functions: { ...machineCycles, ...arithmetic, ...transfers, ...jumps, ...shifts, ...blocks, ...sequences },
    poll,
    pollPolicy: 'end',
    step,
    reset,
    powerOn: { af: 0xffff, sp: 0xffff, refreshed: 0x7f },
    status: { waiting: rtl`halted` },
    operands: { n: { bytes: 1 }, nn: { bytes: 2 }, d: { bytes: 1, signed: true }, e: { bytes: 1, relative: true } },
    pages,
    rows: [...rows, ...acknowledged(rows)],
  });

/** The instruction sets of the family by variant, each made when it is first asked for. */
export const variants = {
  /** Zilog's first part, and its second sources. */
  nmos: () => define('Z80', { nmos: 1, nothing: 0 }),
  /** Z84C00 and other CMOS parts. */
  cmos: () => define('Z84C00', { nmos: 0, nothing: 0xff }),
} as const;
