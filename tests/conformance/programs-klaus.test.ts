import { programsSuite } from './programs.js';

// Not the interrupt test, which wants a device: see klaus-interrupt.test.ts.
programsSuite(
  'roms/6502/klaus',
  ({ file, environment }) => file.includes('/klaus/') && environment.startsWith('64 KiB'),
  ({ id }, cpu) => id.includes('functional') && cpu === 'nmos6502',
);
