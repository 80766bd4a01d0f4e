/**
 * The auxiliary device (reader and punch) of z80pack's cpmsim, ports 4 and 5.
 *
 *     offset  read                                            write
 *     0       FF once the input was at its end, else 00       sets what a read gives
 *     1       takes a byte; 1A at the end of the input        puts out a byte
 *
 * As the console does, it has the CPU try again while the host has a byte that is not there yet.
 */
import { bit, defineDevice, u8 } from '@backplane/core';

const STATUS = 0;
const END_OF_FILE = 0x1a;

export const z80packAuxiliary = defineDevice({
  type: 'z80pack-auxiliary',
  version: 1,
  description: "z80pack's auxiliary device: reader and punch",
  size: 2,
  lines: ['retry'],
  channels: ['serial'],
  state: () => ({ byte: u8(END_OF_FILE), waits: bit(), ended: u8() }),
  create({ state, lines, channels: { serial }, event }) {
    const answered = event('answered', () => lines.retry.release());
    const peek = (offset: number): number => (offset === STATUS ? state.ended : state.byte);
    return {
      reset() {
        state.byte = END_OF_FILE;
        state.waits = 0;
        state.ended = 0;
        answered.cancel();
        lines.retry.release();
      },
      read(offset) {
        const value = peek(offset);
        if (offset === STATUS) return value;
        if (!state.waits && serial.need()) {
          lines.retry.assert();
          answered.after(0);
        } else if (!state.waits) state.ended = 0xff;
        state.byte = END_OF_FILE;
        state.waits = 0;
        return value;
      },
      peek,
      write(offset, value) {
        if (offset === STATUS) state.ended = value;
        else serial.send(value);
      },
      channels: {
        serial(byte) {
          state.byte = byte;
          state.waits = 1;
        },
      },
    };
  },
});
