/**
 * Entries through which a program calls its host. No chip: each of its bytes reads as the CPU's return instruction, so
 * that a call of one comes back at once; and the reading is told to the host, which stops the machine after it.
 */
import { defineDevice, z } from '@backplane/core';

/** The device `host-calls`: `entries` of one byte, each reading as the instruction `return`. */
export const hostCalls = defineDevice({
  type: 'host-calls',
  version: 1,
  description: 'Entries through which a program calls its host',
  config: z.object({ entries: z.int().min(1).max(256), return: z.int().min(0).max(255) }),
  size: ({ entries }) => entries,
  channels: ['host'],
  create: ({ config, channels }) => ({
    read(offset) {
      channels.host.send(offset);
      return config.return;
    },
    peek: () => config.return,
  }),
});
