/**
 * The 6502 family for Backplane: NMOS 6502, 2A03 and the 65C02s, exact to the bus cycle.
 *
 * @packageDocumentation
 */
import { defineCpu } from '@backplane/core';
import { interpreter, translator } from '@backplane/core/interpreter';
import { variants } from './variants.js';

/**
 * The 6502 as a CPU plugin. Variants: `nmos` (the default), `2a03`, `wdc`, `rockwell` and `synertek`. Lines: `irq`,
 * `nmi`, `reset`, `rdy` and `so`, all asserted when low.
 *
 * @example
 * const machine = createMachine(
 *   { clock: '1 MHz', cpu: { type: '6502', variant: 'wdc' }, memory: [{ at: 0, ram: '64K' }] },
 *   { plugins: [cpu6502] },
 * );
 */
export const cpu6502 = defineCpu({
  type: '6502',
  version: 1,
  variants,
  defaultVariant: 'nmos',
  engines: [interpreter, translator],
});

export { variants } from './variants.js';
