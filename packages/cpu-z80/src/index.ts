/**
 * The Z80 and the 8080 for Backplane, exact to the T-state.
 *
 * @packageDocumentation
 */
import { defineCpu } from '@backplane/core';
import { interpreter, translator } from '@backplane/core/interpreter';
import { intel8080 } from './intel-8080.js';
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
  description: 'Zilog Z80: nmos, cmos',
  variants,
  defaultVariant: 'nmos',
  engines: [interpreter, translator],
});

/**
 * The Intel 8080 as a CPU plugin of its own, with Intel's mnemonics. Lines: `int`, `reset`, `wait` (the inverse of
 * READY) and `hold`.
 *
 * @example
 * const machine = createMachine(
 *   { clock: '2 MHz', cpu: { type: '8080' }, memory: [{ at: 0, ram: '64K' }] },
 *   { plugins: [i8080] },
 * );
 */
export const i8080 = defineCpu({
  type: '8080',
  version: 1,
  description: 'Intel 8080',
  variants: { '8080': intel8080 },
  defaultVariant: '8080',
  engines: [interpreter, translator],
});

export { variants } from './variants.js';
