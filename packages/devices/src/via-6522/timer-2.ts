/**
 * Timer 2 of a 6522, computed from the clock when somebody looks: a low and a high counter of 8 bits.
 *
 * It times as timer 1 does: the flag is set in cycle W+N+2, W being the cycle that writes the high byte, and IRQ falls
 * in the middle of that cycle. It then counts on from $FFFF.
 *
 *     cycle              U          U+1        U+2
 *     low byte    0      $FF        $FE, or the latch where timer 2 drives the shift register
 *     high byte          one less
 *     shift clock                              edge
 *
 * Where timer 2 is the clock of the shift register, the low byte alone is loaded from its latch, N + 2 cycles from one
 * underflow to the next, and the clock changes two cycles after an underflow (as measured: VICE, `viacore.c`, "Timing
 * as can be observed by the CPU"). The high byte goes on counting underflows and sets the flag.
 *
 * Counting pulses on PB6 it has no time: the counter stands in `timer2Pulses`.
 */
import type { DeviceClock } from '@backplane/core';
import { Auxiliary, type ViaState } from './registers.js';

export interface Timer2 {
  /** Whether it counts pulses on PB6. */
  countsPulses(): boolean;
  /** Whether it is the clock of the shift register. */
  drivesShift(): boolean;
  /** What the counter shows now. */
  count(): number;
  /** Whether the flag is to be set, by an underflow not counted yet. */
  timedOut(): boolean;
  /** Count the underflows till now; whether the flag is to be set. */
  settle(): boolean;
  /** Set the counter; it shows that in the next cycle. */
  load(value: number): void;
  /** Cycles to the timeout. */
  remaining(): number;
  /** Cycles to the next edge of the shift clock. */
  shiftRemaining(): number;
}

export function timer2(state: ViaState, clock: DeviceClock): Timer2 {
  const countsPulses = () => (state.auxiliary & Auxiliary.CountPulses) !== 0;
  const drivesShift = () => {
    const mode = state.auxiliary & Auxiliary.Shift;
    return mode === 0x04 || mode === 0x10 || mode === 0x14;
  };
  const period = () => (drivesShift() ? state.timer2Latch + 2 : 0x100);
  const elapsed = () => clock.now() - state.timer2Underflow;

  function underflows(): number {
    const since = elapsed();
    return countsPulses() || since < 0 ? 0 : Math.floor(since / period()) + 1 - state.timer2Counted;
  }

  const timedOut = () => state.timer2Armed !== 0 && underflows() > state.timer2High;

  function lowByte(): number {
    const since = elapsed();
    if (since <= 0) return (-1 - since) & 0xff;
    const phase = since % period();
    if (phase === 0) return 0xff;
    return drivesShift() ? (state.timer2Latch - phase + 1) & 0xff : 0xff - phase;
  }

  /** Cycles to the next underflow after this cycle. */
  function nextUnderflow(): number {
    const since = elapsed();
    return since < 0 ? -since : period() - (since % period());
  }

  return {
    countsPulses,
    drivesShift,
    count() {
      if (countsPulses()) return state.timer2Pulses;
      return (((state.timer2High - underflows()) & 0xff) << 8) | lowByte();
    },
    timedOut,
    settle() {
      const fired = timedOut();
      const times = underflows();
      if (fired) state.timer2Armed = 0;
      const since = elapsed();
      if (countsPulses() || since < 0) return fired;
      state.timer2High = (state.timer2High - times) & 0xff;
      state.timer2LastUnderflow = clock.now() - (since % period());
      state.timer2Underflow += Math.ceil(since / period()) * period();
      state.timer2Counted = state.timer2Underflow === clock.now() ? 1 : 0;
      return fired;
    },
    load(value) {
      state.timer2Pulses = value;
      state.timer2Underflow = clock.now() + (value & 0xff) + 2;
      state.timer2High = value >> 8;
      state.timer2Counted = 0;
    },
    remaining: () => nextUnderflow() + state.timer2High * period(),
    shiftRemaining() {
      const last = state.timer2LastUnderflow + 2 - clock.now();
      return last > 0 ? last : nextUnderflow() + 2;
    },
  };
}
