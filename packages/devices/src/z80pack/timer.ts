/**
 * The timer of z80pack's cpmsim, port 27: written 1, it asks for an interrupt every 10 ms and puts FF on the data bus
 * (RST 38 in IM 0, the vector in IM 2). Written anything else, it stops. It does not look for RETI, as programs for
 * z80pack may end their interrupts by RET.
 */
import { bit, defineDevice } from '@backplane/core';

const VECTOR = 0xff;

export const z80packTimer = defineDevice({
  type: 'z80pack-timer',
  version: 1,
  description: "z80pack's timer: an interrupt every 10 ms",
  size: 1,
  lines: ['reset'],
  chain: ['tick'],
  state: () => ({ runs: bit() }),
  create({ state, chain: { tick }, clock, event }) {
    const period = Math.max(1, Math.round(clock.hertz / 100));
    const next = event('next', () => {
      tick.request();
      next.after(period);
    });
    const reset = (): void => {
      state.runs = 0;
      next.cancel();
      tick.cancel();
    };
    return {
      reset,
      read: () => state.runs,
      peek: () => state.runs,
      write(_offset, value) {
        state.runs = value === 1 ? 1 : 0;
        if (state.runs) next.after(period);
        else next.cancel();
      },
      acknowledge() {
        tick.finish();
        return VECTOR;
      },
      lines: {
        reset(asserted) {
          if (asserted) reset();
        },
      },
    };
  },
});
