/**
 * The hardware control of z80pack's cpmsim, port 160. AA unlocks it; then bit 7 ends the run and bit 6 resets the machine
 * and locks it again. Read, it gives FF while it is locked, else 00.
 *
 * `reset` is to be wired to the CPU and to whatever else a reset is for: disks, MMU, timer.
 */
import { bit, defineDevice } from '@backplane/core';

/** How long it pulls the reset line: longer than the longest instruction. */
const RESET_CYCLES = 32;

export const z80packControl = defineDevice({
  type: 'z80pack-control',
  version: 1,
  description: "z80pack's hardware control: halt and reset",
  size: 1,
  lines: ['reset'],
  state: () => ({ unlocked: bit() }),
  create({ state, lines, event, exit }) {
    const over = event('over', () => lines.reset.release());
    const read = (): number => (state.unlocked ? 0 : 0xff);
    return {
      reset() {
        state.unlocked = 0;
        over.cancel();
        lines.reset.release();
      },
      read,
      peek: read,
      write(_offset, value) {
        if (!state.unlocked) {
          if (value === 0xaa) state.unlocked = 1;
        } else if ((value & 0x80) !== 0) exit(0);
        else if ((value & 0x40) !== 0) {
          state.unlocked = 0;
          lines.reset.assert();
          over.after(RESET_CYCLES);
        }
      },
    };
  },
});
