/** Times of a serial line, in periods of its clock: one that comes in by a line, or one of a known frequency. */
import { type DeviceClock, type DeviceEvent, f64, type StateOf, u16 } from '@backplane/core';

export const timerFields = {
  /** Periods of the line still to come. */
  periods: u16(),
  /** When the last time measured ends, or ended: in cycles, with fraction. */
  end: f64(),
};

export interface SerialTimer {
  /** Call the handler after so many periods. What follows a time at its end follows it without a gap. */
  start(periods: number): void;
  cancel(): void;
  readonly isRunning: boolean;
  /** One period of the clock at the line is over. */
  tick(): void;
}

/** @param hertz frequency of the clock; undefined where it comes in by a line */
export function serialTimer(
  state: StateOf<typeof timerFields>,
  clock: DeviceClock,
  hertz: number | undefined,
  event: (handler: () => void) => DeviceEvent,
  handler: () => void,
): SerialTimer {
  const due = event(handler);
  return {
    start(periods) {
      if (hertz === undefined) {
        state.periods = periods;
        return;
      }
      const since = clock.now() - state.end;
      // The event comes with the cycle after the end, less than one later.
      const begin = since >= 0 && since < 1 ? state.end : clock.now();
      state.end = begin + (periods * clock.hertz) / hertz;
      due.after(Math.ceil(state.end) - clock.now());
    },
    cancel() {
      state.periods = 0;
      due.cancel();
    },
    get isRunning() {
      return state.periods > 0 || due.pending;
    },
    tick() {
      if (state.periods === 0) return;
      state.periods -= 1;
      if (state.periods === 0) handler();
    },
  };
}
