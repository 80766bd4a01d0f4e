/**
 * Addressing modes and kinds of access, the two columns of the data sheet's opcode table that decide on which cycle
 * what is on the bus. A mode leaves the effective address in `ea`; the access then moves the operand `m` from or to
 * it. Every `read` and `write` is one clock cycle, those that nobody has any use for included.
 *
 * Order of the cycles: "MCS6500 Microcomputer Family Hardware Manual" (MOS Technology, 1976), appendix A, and for
 * the CMOS parts the W65C02S data sheet (WDC, 2018); what these leave open is as the vectors have it
 * (tests/conformance/singlestep-cmos.test.ts).
 */
import { type Rtl, rtl } from '@backplane/core';

/** An addressing mode. */
export interface Mode {
  /** The operand as assemblers write it; empty if there is none. */
  readonly syntax: string;
  /** From after the opcode fetch until `ea` is known. Knows the access as `access`. */
  readonly address: Rtl;
  /** How `m` is fetched and put back where that takes no cycle: from and to a register. */
  readonly register?: string;
}

const mode = (syntax: string, address: Rtl): Mode => ({ syntax, address });

/** Functions that the modes, and some operations, call. `cmos` is a constant of the variant. */
export const addressing = {
  'fetch()': rtl`let value = read(pc); pc += 1; value`,
  'fetchWord()': rtl`let low = fetch(); low | fetch() << 8`,
  // A pointer in page zero does not leave page zero.
  'pointer(at)': rtl`let low = read(at & 0xff); low | read((at + 1) & 0xff) << 8`,
  'push(value)': rtl`write(0x100 | s, value); s -= 1`,
  'pull()': rtl`s += 1; read(0x100 | s)`,
  // The low byte is added first. Meanwhile NMOS reads with the high byte as it was; CMOS reads the last byte of the
  // instruction again (W65C02S data sheet, "Microprocessor Operational Enhancements"). A Read of the same page has its
  // operand by then.
  'indexed(base, index, access)': rtl`
    let low = (base & 0xff) + index
    if (access == Write || access == Modify || low > 0xff) { read(cmos ? pc - 1 : base & 0xff00 | low & 0xff) }
    base + index`,
} as const;

/** The byte after the opcode is fetched, and thrown away. */
export const implied = mode('', rtl`read(pc)`);
export const accumulator: Mode = { ...mode('A', rtl`read(pc)`), register: 'a' };
export const immediate = mode('#n', rtl`ea = pc; pc += 1`);
export const zeroPage = mode('n', rtl`ea = fetch()`);
export const zeroPageX = mode('n,X', rtl`let base = fetch(); read(base); ea = (base + x) & 0xff`);
export const zeroPageY = mode('n,Y', rtl`let base = fetch(); read(base); ea = (base + y) & 0xff`);
export const absolute = mode('nn', rtl`ea = fetchWord()`);
export const absoluteX = mode('nn,X', rtl`ea = indexed(fetchWord(), x, access)`);
export const absoluteY = mode('nn,Y', rtl`ea = indexed(fetchWord(), y, access)`);
export const indexedIndirect = mode('(n,X)', rtl`let base = fetch(); read(base); ea = pointer(base + x)`);
export const indirectIndexed = mode('(n),Y', rtl`ea = indexed(pointer(fetch()), y, access)`);
/** The target of a branch: its displacement is fetched by the operation, which polls before that. */
export const relative = mode('e', rtl``);

/** NMOS forgets to carry into the high byte of the pointer's address; CMOS does so, in one cycle more. */
export const indirect = mode(
  '(nn)',
  rtl`
    let at = fetchWord()
    let low = read(at)
    if (cmos) { read(at + 1); ea = low | read(at + 1) << 8 }
    else { ea = low | read(at & 0xff00 | (at + 1) & 0xff) << 8 }`,
);

/** JSR fetches its second byte after it has pushed the address of that byte. */
export const subroutine = mode(
  'nn',
  rtl`
    let low = fetch()
    read(0x100 | s)
    push(pc >> 8)
    push(pc)
    ea = low | read(pc) << 8`,
);

// CMOS parts only

export const zeroPageIndirect = mode('(n)', rtl`ea = pointer(fetch())`);
export const absoluteIndexedIndirect = mode(
  '(nn,X)',
  rtl`
    let at = fetchWord() + x
    read(pc - 2)
    let low = read(at)
    ea = low | read(at + 1) << 8`,
);
/** Page zero and a branch: BBR and BBS read their operand twice, then fetch the displacement. */
export const zeroPageRelative = mode('n,e', rtl`ea = fetch(); m = read(ea); read(ea)`);

/** Not even that: the opcode fetch is all. */
export const none = mode('', rtl``);
/** An operand that nothing is done with. */
export const unreadAbsoluteX = mode('nn,X', rtl`fetchWord(); read(pc - 1)`);

/** A kind of access. */
export interface Access {
  /** Tells the mode, by a constant. */
  readonly chosen: Rtl;
  /** Moves the operand into `m`. */
  readonly before: Rtl;
  /** Moves `m` to where the operand was. */
  readonly after: Rtl;
}

export const Read: Access = { chosen: rtl`let access = Read`, before: rtl`m = read(ea)`, after: rtl`` };
export const Write: Access = { chosen: rtl`let access = Write`, before: rtl``, after: rtl`write(ea, m)` };
/** While the result is computed, NMOS writes the operand back unchanged; CMOS reads it again. */
export const Modify: Access = {
  chosen: rtl`let access = Modify`,
  before: rtl`m = read(ea); if (cmos) { read(ea) } else { write(ea, m) }`,
  after: rtl`write(ea, m)`,
};
/** As Modify, but within a page the indexed address costs no extra cycle: shifts of the CMOS parts. */
export const ModifyInPage: Access = { ...Modify, chosen: rtl`let access = ModifyInPage` };

/** The accesses, as constants. */
export const accesses = { Read: 0, Write: 1, Modify: 2, ModifyInPage: 3 } as const;
