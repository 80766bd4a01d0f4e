/** What a 6502 holds and what it is connected to: registers, flags, pins, and its two kinds of bus cycle. */
import { type InstructionSetDeclaration, rtl } from '@backplane/core';

/**
 * Registers. N and Z share one word, `nz`, for nearly every instruction sets both from one byte: Z is "the low eight
 * bits are 0", N is "bit 7 or bit 8". The ninth bit is for those that set N alone (BIT, PLP, decimal ADC).
 */
export const registers = {
  pc: 16,
  a: 8,
  x: 8,
  y: 8,
  s: 8,
  nz: 9,
  v: 1,
  d: 1,
  i: 1,
  c: 1,
  /** 1 if something comes in place of the next instruction: the last poll saw an interrupt, or nothing runs any more. */
  interrupt: 1,
} as const;

/** Scratch of one instruction: the effective address, and the operand on its way from memory and back. */
export const locals = { ea: 16, m: 8 } as const;

export const views = {
  n: { width: 1, get: rtl`(nz & 0x180) != 0`, set: rtl`nz = value << 8 | ((nz & 0xff) != 0)` },
  z: { width: 1, get: rtl`(nz & 0xff) == 0`, set: rtl`nz = n << 8 | (value ^ 1)` },
  // Bit 5 does not exist and reads 1. Nor does B, bit 4: it is put in as P is pushed (see PHP and BRK).
  p: {
    width: 8,
    get: rtl`n << 7 | v << 6 | 0x20 | d << 3 | i << 2 | z << 1 | c`,
    set: rtl`
      nz = (value & 0x80) << 1 | (value & 2) ^ 2
      v = value >> 6
      d = value >> 3
      i = value >> 2
      c = value`,
  },
} as const;

/** The registers users see. */
export const shown = ['pc', 'a', 'x', 'y', 's', 'p'] as const;

/** Each clock cycle is a read or a write, never idle. */
export const cycles = { read: { kind: 'read' }, write: { kind: 'write' } } as const;

/**
 * Pins. All are active low: asserted means low.
 *
 * @param stalls the cycles that RDY holds up
 */
export const inputs = (stalls: readonly ('read' | 'write')[]) =>
  ({
    irq: { sense: 'level' },
    // `nmi` remembers the edge until the interrupt sequence takes it; `nmiLow` is the pin as it is now.
    nmi: { sense: 'edge', level: 'nmiLow' },
    reset: { sense: 'level', resets: true },
    rdy: { sense: 'level', stalls },
    so: { sense: 'edge', on: rtl`v = 1` },
  }) as const satisfies InstructionSetDeclaration['inputs'];
