/**
 * A mailbox between two CPUs: a byte each way. No chip, but what boards make of two latches and two flip-flops.
 *
 *     offset  read                                        write
 *     0       side A: takes the byte that B has sent      sends a byte to B
 *     1       side A: bit 7: a byte waits for A           nothing
 *                     bit 6: B has not taken A's last
 *     2, 3    the same for side B
 *
 * Map registers 0 and 1 for one CPU, and, with `offset: 2`, 2 and 3 for the other. `inta` is asserted while a byte waits
 * for A, `intb` while one waits for B.
 */
import { bit, defineDevice, u8 } from '@backplane/core';
import { fieldsOfParts, partOf } from '../parts.js';

const WAITS = 0x80;
const NOT_TAKEN = 0x40;

const boxFields = { letter: u8(), full: bit() };

export const mailbox = defineDevice({
  type: 'mailbox',
  version: 1,
  description: 'A byte each way between two CPUs, with interrupts',
  size: 4,
  lines: ['inta', 'intb'],
  state: () => fieldsOfParts(['toA', 'toB'], boxFields),
  create({ state, lines }) {
    const box = (name: string, line: (typeof lines)['inta']) => {
      const own = partOf(state, name, boxFields);
      const change = (full: 0 | 1) => {
        own.full = full;
        if (full) line.assert();
        else line.release();
      };
      return {
        own,
        change,
        put(letter: number) {
          own.letter = letter;
          change(1);
        },
      };
    };
    const toA = box('toA', lines.inta);
    const toB = box('toB', lines.intb);
    const peek = (offset: number) => {
      const [incoming, outgoing] = offset < 2 ? [toA, toB] : [toB, toA];
      if (offset % 2 === 0) return incoming.own.letter;
      return (incoming.own.full ? WAITS : 0) | (outgoing.own.full ? NOT_TAKEN : 0);
    };
    return {
      reset() {
        toA.change(0);
        toB.change(0);
      },
      peek,
      read(offset) {
        if (offset === 0) toA.change(0);
        if (offset === 2) toB.change(0);
        return peek(offset);
      },
      write(offset, value) {
        if (offset === 0) toB.put(value);
        if (offset === 2) toA.put(value);
      },
    };
  },
});
