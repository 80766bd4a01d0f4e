/**
 * The Z80 for Backplane, exact to the T-state.
 *
 * @packageDocumentation
 */
import { defineCpu } from '@backplane/core';
import { interpreter } from '@backplane/core/interpreter';
import { variants } from './variants.js';

/**
 * The Z80 as a CPU plugin. Variants: `nmos` (the default) and `cmos`. Lines: `int`, `nmi`, `reset`, `wait` and
 * `busreq`, all asserted when low.
 *
 * @example
 * const machine = createMachine(
 *   { clock: '4 MHz', cpu: { type: 'z80' }, memory: [{ at: 0, ram: '64K' }] },
 *   { plugins: [z80] },
 * );
 */
export const z80 = defineCpu({
  type: 'z80',
  version: 1,
  variants,
  defaultVariant: 'nmos',
  engines: [interpreter],
});

export { variants } from './variants.js';
