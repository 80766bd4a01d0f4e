/**
 * Interrupts, and the other things that may come in place of an opcode fetch.
 *
 * Sources: "Z80 CPU User Manual" (Zilog, UM0080), "Interrupt Response"; Sean Young, "The Undocumented Z80 Documented",
 * chapter 5.
 */
import { type RowDeclaration, rtl } from '@backplane/core';

/** INT and NMI are sampled at the rising edge of the last clock of an instruction (UM0080, "CPU Timing"). */
export const poll = rtl`interrupt = nmi << 1 | int & iff1`;

export const sequences = {
  'enabledFlags()': rtl`
    sz = xy = a
    half = nf = 0
    parity = iff2 ^ 1
    poll()
    // NMOS shows an IFF2 that an INT accepted at the end of the instruction has reset already ("Z80 Family Data Book",
    // Zilog 1989, pp. 412-413). NMI leaves IFF2 alone.
    if (nmos && interrupt == 1) { parity = 1 }`,
  'enter(handler)': rtl`push(pc); pc = wz = handler; poll()`,
  'takeNmi()': rtl`
    nmi = 0
    iff1 = 0
    opcode(pc)
    refreshRow()
    idle(ir)
    enter(0x0066)`,
  'takeInt()': rtl`
    iff1 = iff2 = 0
    let byte = acknowledge(pc)
    refreshRow()
    if (im == 0) { decode(im0, byte) }
    else {
      idle(ir)
      if (im == 1) { enter(0x0038) }
      else {
        push(pc)
        pc = wz = readWord(i << 8 | byte)
        poll()
      }
    }`,
} as const;

/**
 * Rows for opcodes that come from an interrupt acknowledge: what else they fetch comes from memory, and the program
 * counter stays where it is (Achim Flammenkamp, "Interrupt Behaviour of the Z80 CPU"; UM0080, "Mode 0").
 *
 * @param rows those of the main page
 */
export const acknowledged = (rows: readonly RowDeclaration[]): readonly RowDeclaration[] =>
  rows.flatMap((row): RowDeclaration[] => {
    const code = [row.code].flat();
    if (row.page === undefined || row.page === 'main') {
      const held = code.map((piece) => rtl`${piece.rtl.replace(/\bfetch\w*(?=\()/g, '$&Held')}`);
      if (held.some(({ rtl: text }, index) => text !== code[index]?.rtl))
        return [{ ...row, page: 'im0', syntax: undefined, code: held }];
    }
    return [];
  });

export const step = rtl`
  if (interrupt | halted | prefix) {
    if (prefix) {
      let last = prefix
      prefix = 0
      let byte = fetchOpcode()
      if (last == 1) { decode(dd, byte) } else { decode(fd, byte) }
    }
    else if (interrupt) {
      halted = 0
      flagged = 0
      if (interrupt & 2) { takeNmi() } else { takeInt() }
    }
    else {
      // While halted the CPU fetches the byte after HALT again and again, and runs a NOP in its place.
      opcode(pc)
      refreshRow()
      poll()
    }
  } else { decode(main, fetchOpcode()) }`;

/** "IFF is reset, PC, I and R are cleared, IM 0 is set"; two T-states pass before the first fetch (UM0080, "Reset"). */
export const reset = rtl`
  pc = 0
  idle2(pc)
  i = r = 0
  im = 0
  iff1 = iff2 = 0
  interrupt = halted = prefix = flagged = 0
  nmi = 0`;
