/**
 * The memory management unit of z80pack's cpmsim, ports 20 to 23. Up to the segment size the CPU sees the bank that is
 * selected, from there on the common part, which is bank 0's.
 *
 *     offset  register
 *     0       number of banks; is set once
 *     1       bank selected
 *     2       segment size in pages of 256 bytes, C0 (48K) after a reset; not to be changed once there are banks
 *     3       not 0: the common part is write-protected. Bit 7 is set by a write that was refused; if bit 6 is set as
 *             well as it comes, `nmi` is asserted
 *
 * Its memory is `{ at: 0, ram: 1M, size: 64K, bank: mmu.segment }`; each bank takes 64K of it. Where z80pack stops
 * because a program asks for what cannot be, nothing happens here.
 */
import { defineDevice, u8 } from '@backplane/core';

const MOST_BANKS = 16;
const DEFAULT_SEGMENT = 0xc0;

export const z80packMmu = defineDevice({
  type: 'z80pack-mmu',
  version: 1,
  description: "z80pack's memory management: banks and a common part",
  size: 4,
  lines: ['reset', 'nmi'],
  banks: ['segment'],
  state: () => ({ banks: u8(1), segment: u8(DEFAULT_SEGMENT), protection: u8() }),
  create({ state, lines, banks: { segment }, event }) {
    const told = event('told', () => lines.nmi.release());
    const show = (): void => segment.common(state.segment << 8, state.protection !== 0);
    const reset = (): void => {
      state.banks = 1;
      state.segment = DEFAULT_SEGMENT;
      state.protection = 0;
      segment.select(0);
      show();
      told.cancel();
      lines.nmi.release();
    };
    const read = (offset: number): number =>
      [state.banks, segment.selected, state.segment, state.protection][offset] as number;
    return {
      reset,
      read,
      peek: read,
      write(offset, value) {
        if (offset === 0) {
          if (state.banks === 1 && value >= 1 && value <= MOST_BANKS) state.banks = value;
        } else if (offset === 1) {
          if (value < state.banks) segment.select(value);
        } else if (offset === 2) {
          if (state.banks === 1) state.segment = value;
          show();
        } else {
          state.protection = value;
          show();
        }
      },
      banks: {
        segment() {
          state.protection |= 0x80;
          if ((state.protection & 0x40) === 0) return;
          lines.nmi.assert();
          told.after(1);
        },
      },
      lines: {
        reset(asserted) {
          if (asserted) reset();
        },
      },
    };
  },
});
