/**
 * The printer of z80pack's cpmsim, ports 2 and 3: always ready (FF), and read it gives the end of a file (1A).
 *
 *     offset  read  write
 *     0       FF    nothing
 *     1       1A    prints
 */
import { defineDevice } from '@backplane/core';

const DATA = 1;

export const z80packPrinter = defineDevice({
  type: 'z80pack-printer',
  version: 1,
  description: "z80pack's printer",
  size: 2,
  channels: ['serial'],
  create({ channels: { serial } }) {
    const read = (offset: number): number => (offset === DATA ? 0x1a : 0xff);
    return {
      read,
      peek: read,
      write(offset, value) {
        if (offset === DATA) serial.send(value);
      },
    };
  },
});
