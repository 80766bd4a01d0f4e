/**
 * The console of z80pack's cpmsim, ports 0 and 1.
 *
 *     offset  read                              write
 *     0       FF: a character waits; 00: none   nothing
 *     1       takes a character                 prints
 *
 * In z80pack a read of port 1 lasts until somebody types (CP/M's BIOS reads it without a look at port 0). Here the
 * device asserts `retry` when it has no character: wired to the CPU's input of that name, it has the instruction run
 * again, so that interrupts are taken meanwhile.
 */
import { bit, defineDevice, u8 } from '@backplane/core';

const STATUS = 0;
const DATA = 1;

/** Cycles that a CPU waits which has been told to try again, though nobody will type. */
const NOBODY_TYPES = 1000;

export const z80packConsole = defineDevice({
  type: 'z80pack-console',
  version: 1,
  description: "z80pack's console: status and data",
  size: 2,
  lines: ['retry'],
  channels: ['serial'],
  state: () => ({ character: u8(), waits: bit() }),
  create({ state, lines, channels: { serial }, event, stall }) {
    // It holds for this read alone: the CPU looks at it at the end of the cycle.
    const answered = event('answered', () => lines.retry.release());
    const peek = (offset: number): number => (offset === STATUS ? (state.waits ? 0xff : 0) : state.character);
    return {
      reset() {
        state.character = 0;
        state.waits = 0;
        answered.cancel();
        lines.retry.release();
      },
      read(offset) {
        const value = peek(offset);
        if (offset === STATUS && !state.waits) serial.poll();
        if (offset !== DATA) return value;
        if (!state.waits) {
          lines.retry.assert();
          answered.after(0);
          if (!serial.need()) {
            serial.poll();
            stall(['read', 'write', 'idle'], NOBODY_TYPES);
          }
        }
        state.character = 0;
        state.waits = 0;
        return value;
      },
      peek,
      write(offset, value) {
        if (offset === DATA) serial.send(value);
      },
      channels: {
        serial(byte) {
          state.character = byte;
          state.waits = 1;
        },
      },
    };
  },
});
