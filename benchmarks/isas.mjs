/** Our contenders: `tracked` is the translator in a machine that is told of first writes, so as to put back only those. */
export const ENGINES = ['evaluator', 'interpreter', 'translator', 'tracked', 'auto'];

/** What sets the races of one instruction set apart from those of another. */

export const isas = {
  6502: {
    registers: ['pc', 'a', 'x', 'y', 's', 'p'],
    start: { a: 0, x: 0, y: 0, s: 0xff, p: 0x24 },
    /** Bits 4 and 5 of P are no flip-flops. */
    masks: { p: 0xcf },
    /** Cycles of the longest instruction, interrupts included. */
    longest: 8,
    peers: ['c', 'sim65', 'jsbeeb', 'jsnes'],
    /** Those of them that run in a Node process. */
    javascript: ['jsbeeb', 'jsnes'],
    /** Whom the evaluator is compared with. */
    evaluatorPeer: 'jsnes',
  },
  z80: {
    registers: ['pc', 'sp', 'af', 'bc', 'de', 'hl', 'ix', 'iy', 'af_', 'bc_', 'de_', 'hl_'],
    start: { sp: 0, af: 0, bc: 0, de: 0, hl: 0, ix: 0, iy: 0, af_: 0, bc_: 0, de_: 0, hl_: 0 },
    /** Neither peer has what bits 5 and 3 of F are while a block instruction goes on. */
    masks: { af: 0xffd7 },
    longest: 23,
    peers: ['c', 'libz80ex', 'z80-emulator'],
    javascript: ['z80-emulator'],
    evaluatorPeer: 'z80-emulator',
  },
};
