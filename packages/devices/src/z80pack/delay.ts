/**
 * The delay circuit of z80pack's cpmsim, port 28: written n, it holds up the CPU for n × 10 ms of guest time. Its clock
 * is to be the CPU's. Read, it gives 0.
 */
import { defineDevice, u8 } from '@backplane/core';

export const z80packDelay = defineDevice({
  type: 'z80pack-delay',
  version: 1,
  description: "z80pack's delay: the CPU waits for n × 10 ms",
  size: 1,
  state: () => ({ left: u8() }),
  create({ state, clock, event, stall }) {
    const period = Math.max(1, Math.round(clock.hertz / 100));
    const pass = (): void => {
      if (state.left === 0) return;
      state.left -= 1;
      stall(['read', 'write', 'idle'], period);
      passed.after(period);
    };
    const passed = event('passed', pass);
    return {
      reset() {
        state.left = 0;
        passed.cancel();
      },
      read: () => 0,
      peek: () => 0,
      write(_offset, value) {
        state.left = value;
        pass();
      },
    };
  },
});
