/**
 * A memory-mapped console: the least a program needs to talk. No chip, but what many simulators offer.
 *
 *     offset  read                                    write
 *     0 data  takes the character, 0 if there is none  prints
 *     1 status  bit 7: a character waits               nothing
 *
 * A machine whose program knows other addresses maps the two registers where it looks, one byte each, with `offset` and
 * `access` of the region.
 */
import { bit, defineDevice, u8 } from '@backplane/core';

const DATA = 0;
const STATUS = 1;

export const memoryMappedConsole = defineDevice({
  type: 'console',
  version: 1,
  description: 'Memory-mapped console: data and status register',
  size: 2,
  channels: ['serial'],
  state: () => ({ character: u8(), waits: bit() }),
  create({ state, channels }) {
    return {
      reset() {
        state.character = 0;
        state.waits = 0;
      },
      read(offset) {
        if (!state.waits) channels.serial.poll();
        if (offset === STATUS) return state.waits << 7;
        const { character } = state;
        state.character = 0;
        state.waits = 0;
        return character;
      },
      peek: (offset) => (offset === DATA ? state.character : state.waits << 7),
      write(offset, value) {
        if (offset === DATA) channels.serial.send(value);
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
