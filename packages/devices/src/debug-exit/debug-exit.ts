/**
 * A register whose write ends the run, the value being the guest's exit status: what VICE's debug cartridge has at
 * $D7FF, sim65 and llvm-mos at other addresses. It cannot be read.
 */
import { defineDevice } from '@backplane/core';

export const debugExit = defineDevice({
  type: 'debug-exit',
  version: 1,
  description: 'Register whose write ends the run with that status',
  size: 1,
  create: ({ exit }) => ({ write: (_offset, value) => exit(value) }),
});
