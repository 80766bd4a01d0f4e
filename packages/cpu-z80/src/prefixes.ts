/** The prefix bytes, and where the opcodes that follow them lie. */
import { type PageDeclaration, type RowDeclaration, rtl } from '@backplane/core';
import type { Index } from './index-registers.js';

export const pages: Readonly<Record<string, PageDeclaration>> = {
  cb: { prefix: 'cb' },
  ed: { prefix: 'ed' },
  // An opcode that DD and FD do not change is as without them, four T-states longer.
  dd: { prefix: 'dd', otherwise: 'main' },
  fd: { prefix: 'fd', otherwise: 'main' },
  ddcb: { prefix: 'dd cb d' },
  fdcb: { prefix: 'fd cb d' },
  // Opcodes that come from an interrupt acknowledge.
  im0: { otherwise: 'main' },
};

/** A prefix and the next opcode are one instruction: nothing comes between them. */
export const prefixes: readonly RowDeclaration[] = [
  { encoding: '1100_1011', code: rtl`decode(cb, fetchOpcode())` },
  { encoding: '1110_1101', code: rtl`decode(ed, fetchOpcode())` },
  { encoding: '1101_1101', code: rtl`decode(dd, fetchOpcode())` },
  { encoding: '1111_1101', code: rtl`decode(fd, fetchOpcode())` },
];

export const indexedPrefixes = ({ page, pair }: Index): readonly RowDeclaration[] => [
  // The opcode is no opcode fetch here: R does not count it.
  {
    page,
    encoding: '1100_1011',
    code: rtl`
      let distance = fetch()
      let byte = fetch()
      idle2(pc - 1)
      wz = ${pair} + signed(distance)
      decode(${page}cb, byte)`,
  },
  // Of several prefixes the last one counts. Each is a step of its own, so that no row of them lasts for ever.
  { page, encoding: '1101_1101', code: rtl`prefix = 1; flagged = flagged` },
  { page, encoding: '1111_1101', code: rtl`prefix = 2; flagged = flagged` },
];
