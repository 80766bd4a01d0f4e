/** What a Z80 holds and what it is connected to: registers, flags, pins, and its kinds of bus cycle. */
import { type InstructionSetDeclaration, rtl } from '@backplane/core';

/**
 * Registers. The flags are kept as what they are made from, for most are overwritten before anybody looks: S and Z are
 * those of `sz`, bits 5 and 3 those of `xy`, H is bit 4 of `half`, P/V the parity of `parity`.
 */
export const registers = {
  pc: 16,
  a: 8,
  bc: 16,
  de: 16,
  hl: 16,
  ix: 16,
  iy: 16,
  sp: 16,
  /** Z is "the low eight bits are 0", S is "bit 7 or bit 8": the ninth bit is for F set as a whole. */
  sz: 9,
  xy: 8,
  half: 8,
  parity: 8,
  nf: 1,
  cf: 1,
  af_: 16,
  bc_: 16,
  de_: 16,
  hl_: 16,
  i: 8,
  /** Low bits of the address of the last refresh; R is one ahead. Its bit 7 does not count: it is in `rTop`. */
  refreshed: 7,
  rTop: 8,
  im: 2,
  iff1: 1,
  iff2: 1,
  /** The internal register that is called MEMPTR, too. */
  wz: 16,
  /** 1 if the last instruction computed flags. What is called Q is F then, else 0. */
  flagged: 1,
  /** What the last poll saw: bit 0 for INT, bit 1 for NMI. */
  interrupt: 2,
  halted: 1,
  /** A prefix that came right after another one, and is still to be acted on: 1 for DD, 2 for FD. */
  prefix: 2,
} as const;

const high = (pair: string) =>
  ({ width: 8, get: rtl`${pair} >> 8`, set: rtl`${pair} = value << 8 | ${pair} & 0xff` }) as const;
const low = (pair: string) =>
  ({ width: 8, get: rtl`${pair} & 0xff`, set: rtl`${pair} = ${pair} & 0xff00 | value` }) as const;

/** Halves of pairs. */
export const pairs = {
  b: high('bc'),
  c: low('bc'),
  d: high('de'),
  e: low('de'),
  h: high('hl'),
  l: low('hl'),
} as const;

/** Flags that are computed. */
export const flags = {
  zf: { width: 1, get: rtl`(sz & 0xff) == 0` },
  sf: { width: 1, get: rtl`(sz & 0x180) != 0` },
  // Bit n of the constant is the even parity of n.
  pf: { width: 1, get: rtl`0x9669 >> ((parity ^ parity >> 4) & 0xf) & 1` },
} as const;

export const views = {
  ...pairs,
  ixh: high('ix'),
  ixl: low('ix'),
  iyh: high('iy'),
  iyl: low('iy'),
  ...flags,
  f: {
    width: 8,
    get: rtl`(sz | sz >> 1) & 0x80 | zf << 6 | xy & 0x28 | half & 0x10 | pf << 2 | nf << 1 | cf`,
    set: rtl`
      sz = (value & 0x80) << 1 | (value & 0x40) ^ 0x40
      xy = half = value
      parity = (value & 4) ^ 4
      nf = value >> 1
      cf = value`,
  },
  af: { width: 16, get: rtl`a << 8 | f`, set: rtl`a = value >> 8; f = value & 0xff` },
  r: { width: 8, get: rtl`rTop | refreshed + 1 & 0x7f`, set: rtl`rTop = value & 0x80; refreshed = value - 1` },
  /** What is on the address bus during a refresh, and until the next machine cycle. */
  ir: { width: 16, get: rtl`i << 8 | rTop | refreshed` },
  q: { width: 8, get: rtl`flagged ? f : 0`, set: rtl`flagged = value != 0` },
} as const;

/** The registers users see. */
export const shown = [
  ...['pc', 'sp', 'af', 'bc', 'de', 'hl', 'ix', 'iy', 'af_', 'bc_', 'de_', 'hl_'],
  ...['i', 'r', 'im', 'iff1', 'iff2', 'wz', 'q', 'halted', 'prefix'],
] as const;

/** Machine cycles in T-states: "Z80 CPU User Manual" (Zilog, UM0080), "Timing". An opcode fetch is `opcode`, `refresh`. */
export const cycles = {
  opcode: { kind: 'read', length: 2 },
  refresh: { kind: 'idle', length: 2, waits: false },
  read: { kind: 'read', length: 3 },
  write: { kind: 'write', length: 3 },
  // With the wait state that the CPU puts in by itself.
  input: { kind: 'read', space: 'io', length: 4 },
  output: { kind: 'write', space: 'io', length: 4 },
  /** T1 to T4 of an acknowledge, with the two wait states that the CPU puts in by itself. */
  acknowledge: { kind: 'acknowledge', length: 4 },
  /** RETI is seen on the bus. */
  endOfInterrupt: { kind: 'return' },
  /** A T-state by which a machine cycle is longer than usual. */
  idle: { kind: 'idle' },
} as const;

/** Pins. All are active low: asserted means low. */
export const inputs = {
  int: { sense: 'level', daisyChain: true },
  nmi: { sense: 'edge' },
  reset: { sense: 'level', resets: true },
  wait: { sense: 'level', stalls: ['read', 'write'] },
  busreq: { sense: 'level', stalls: ['read', 'write'] },
  /**
   * No pin. A device that asserts it as IN reads it has the instruction run again: in place of WAIT where what it waits
   * for comes from outside the machine, and no cycle can last that long.
   */
  retry: { sense: 'level' },
} as const satisfies InstructionSetDeclaration['inputs'];

/** What the fields of opcodes mean. */
export const tables = {
  r: ['b', 'c', 'd', 'e', 'h', 'l', '(hl)', 'a'],
  rix: ['b', 'c', 'd', 'e', 'ixh', 'ixl', '(ix+d)', 'a'],
  riy: ['b', 'c', 'd', 'e', 'iyh', 'iyl', '(iy+d)', 'a'],
  ss: ['bc', 'de', 'hl', 'sp'],
  ssix: ['bc', 'de', 'ix', 'sp'],
  ssiy: ['bc', 'de', 'iy', 'sp'],
  cc: ['nz', 'z', 'nc', 'c', 'po', 'pe', 'p', 'm'],
  /** The flag that a condition looks at. */
  flag: ['zf', 'cf', 'pf', 'sf'],
  rot: ['rlc', 'rrc', 'rl', 'rr', 'sla', 'sra', 'sll', 'srl'],
  vector: ['$00', '$08', '$10', '$18', '$20', '$28', '$30', '$38'],
  mode: ['0', '0', '1', '2', '0', '0', '1', '2'],
  ldi: ['ldi', 'ldd', 'ldir', 'lddr'],
  cpi: ['cpi', 'cpd', 'cpir', 'cpdr'],
  ini: ['ini', 'ind', 'inir', 'indr'],
  outi: ['outi', 'outd', 'otir', 'otdr'],
} as const;
