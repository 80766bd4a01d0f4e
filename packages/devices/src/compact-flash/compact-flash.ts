/**
 * A CompactFlash socket in True IDE mode with no card in it: eight registers of which nobody drives the data lines.
 *
 * They read 0. The ATA standard has the host pull DD7 down, so that BSY (bit 7 of the status register) reads 0 where no
 * device is, and software that waits for "not busy" goes on (ATA/ATAPI-4, T13/1153D, on DD7 in "Signal descriptions").
 * Of the other seven lines it says nothing; 0 is what a socket with pull-downs gives, and it shows neither DRQ nor ERR.
 */
import { defineDevice } from '@backplane/core';

export const compactFlash = defineDevice({
  type: 'compact-flash',
  version: 1,
  description: 'CompactFlash socket (True IDE), empty',
  size: 8,
  create: () => ({ read: () => 0, peek: () => 0 }),
});
