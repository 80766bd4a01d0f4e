/**
 * Timer 1 of a 6522, computed from the clock when somebody looks.
 *
 *     cycle      W   W+1  W+2       W+N+1  W+N+2  W+N+3
 *     counter        N    N-1  ...  0      $FFFF  N (from the latch)
 *     IRQ        -----------------------\____________      W: the cycle that writes the counter's high byte
 *
 * The data sheet has IRQ fall N + 1.5 cycles after the write, at the rising edge of phase 2 in cycle W+N+2 (R6522,
 * "Timer 1 one-shot mode", timing): the CPU that samples IRQ at the end of that cycle sees it, and so does a read of
 * the flags in that cycle. From then on it is N + 2 cycles from one timeout to the next. The counter is loaded from the
 * latch after each timeout in one-shot mode, too, though the data sheet has it count on from $FFFF there; so do chips
 * that were measured (VICE, `viacore.c`, `viacore_t1`).
 */
import type { DeviceClock } from '@backplane/core';
import type { ViaState } from './registers.js';

export interface Timer1 {
  /** What the counter shows now. */
  count(): number;
  /** Timeouts not counted yet. */
  timeouts(): number;
  /** Count them. */
  settle(): number;
  /** Load the counter from the latch; it shows that in the next cycle. */
  load(): void;
  /** Cycles to the next timeout yet to come. */
  remaining(): number;
}

export function timer1(state: ViaState, clock: DeviceClock): Timer1 {
  const period = () => state.timer1Latch + 2;
  const elapsed = () => clock.now() - state.timer1Timeout;

  function timeouts(): number {
    const since = elapsed();
    return since < 0 ? 0 : Math.floor(since / period()) + 1 - state.timer1Counted;
  }

  return {
    count() {
      const since = elapsed();
      return since <= 0 ? (-1 - since) & 0xffff : (state.timer1Latch - ((since - 1) % period())) & 0xffff;
    },
    timeouts,
    settle() {
      const times = timeouts();
      const since = elapsed();
      if (since < 0) return times;
      // The latch is loaded in the cycle after a timeout, so a write to it in the cycle of the timeout counts.
      const whole = Math.ceil(since / period());
      state.timer1Timeout += whole * period();
      state.timer1Counted = state.timer1Timeout === clock.now() ? 1 : 0;
      return times;
    },
    load() {
      state.timer1Timeout = clock.now() + state.timer1Latch + 2;
      state.timer1Counted = 0;
    },
    remaining() {
      const since = elapsed();
      return since < 0 ? -since : period() - (since % period());
    },
  };
}
