/**
 * One channel of a Z80 CTC. A timer is computed from the clock when somebody looks: kept is when it next reaches zero.
 *
 *     prescaler 16, time constant 3       │←── 48 cycles ──→│
 *     down-counter   3     2     1     3     2     1     3
 *     ZC/TO          ______________────_____________────____
 */
import { bit, type DeviceClock, f64, type StateOf, u8 } from '@backplane/core';

/** Bits of the channel control word (UM0081, p. 20–21). */
export const Control = {
  Interrupt: 0x80,
  Counter: 0x40,
  Prescaler256: 0x20,
  RisingEdge: 0x10,
  Trigger: 0x08,
  ConstantFollows: 0x04,
  Reset: 0x02,
  /** 0: the word is an interrupt vector. */
  IsControl: 0x01,
} as const;

export const channelFields = {
  control: u8(),
  /** Time constant; 0 stands for 256. */
  constant: u8(),
  /** The down-counter, while it is not that of a running timer. */
  counter: u8(),
  awaitsConstant: bit(),
  /** 1: it counts, or waits for its trigger. */
  active: bit(),
  /** 1: a timer that waits for its trigger. */
  awaitsTrigger: bit(),
  /** The cycle in which a running timer next reaches zero. */
  zero: f64(),
};

/**
 * A timer "begins operation on the rising edge of T2 of the machine cycle following the one that loads the time
 * constant" (UM0081, p. 21). A write is seen at T1 of an output cycle, which has four T-states.
 */
const START = 5;
/** After a trigger it begins with "the second succeeding rising edge of Φ" (UM0081, p. 18). */
const TRIGGER_START = 2;

export interface Channel {
  readonly state: StateOf<typeof channelFields>;
  /** What a read gives. */
  count(): number;
  /** Whether the down-counter is driven by the prescaler. */
  isRunningTimer(): boolean;
  /** Bring a running timer up to now; whether it has reached zero since. */
  settle(): boolean;
  /** Cycles until a running timer reaches zero. */
  remaining(): number;
  writeControl(word: number): void;
  writeConstant(constant: number): void;
  /** An active edge of CLK/TRG; whether the counter reached zero by it. */
  trigger(): boolean;
  /** The reset pin. */
  reset(): void;
}

export function channel(state: StateOf<typeof channelFields>, clock: DeviceClock): Channel {
  const prescaler = () => (state.control & Control.Prescaler256 ? 256 : 16);
  const isCounter = () => (state.control & Control.Counter) !== 0;
  const isRunningTimer = () => state.active === 1 && state.awaitsTrigger === 0 && !isCounter();
  const whole = (value: number) => (value === 0 ? 256 : value);
  const period = () => prescaler() * whole(state.constant);
  /** When a running timer reaches zero next, seen from now. */
  const zero = () => {
    const since = clock.now() - state.zero;
    return since < 0 ? state.zero : state.zero + (Math.floor(since / period()) + 1) * period();
  };
  const count = () => {
    if (!isRunningTimer()) return state.counter;
    // Before the first tick it shows what it starts from.
    const most = whole(clock.now() < state.zero ? state.counter : state.constant);
    return Math.min(most, Math.ceil((zero() - clock.now()) / prescaler())) & 0xff;
  };

  function runTimer(start: number): void {
    state.zero = clock.now() + start + prescaler() * whole(state.counter);
  }

  /** A channel that counts is given another way to count; its down-counter stays. */
  function changeMode(wasTimer: boolean, tick: number): void {
    if (state.awaitsTrigger && (isCounter() || !(state.control & Control.Trigger))) {
      state.awaitsTrigger = 0;
      if (!isCounter()) runTimer(START);
    } else if (!isCounter() && !wasTimer && !state.awaitsTrigger) {
      if (state.control & Control.Trigger) state.awaitsTrigger = 1;
      else runTimer(START);
    } else if (isRunningTimer()) {
      // No source tells when a prescaler whose factor changes ticks next: here, where both factors would.
      const next = tick > 0 ? ((tick - 1) % prescaler()) + 1 : prescaler();
      state.zero = clock.now() + (whole(state.counter) - 1) * prescaler() + next;
    }
  }

  return {
    state,
    count,
    isRunningTimer,
    settle() {
      if (!isRunningTimer() || clock.now() < state.zero) return false;
      state.zero = zero();
      state.counter = state.constant;
      return true;
    },
    remaining: () => zero() - clock.now(),
    writeControl(word) {
      const wasTimer = isRunningTimer();
      const before = prescaler();
      const left = zero() - clock.now();
      if (wasTimer) state.counter = count();
      state.control = word;
      state.awaitsConstant = (word & Control.ConstantFollows) >> 2;
      if (word & Control.Reset) {
        state.active = 0;
        state.awaitsTrigger = 0;
      } else if (state.active && !(wasTimer && isRunningTimer() && before === prescaler())) {
        changeMode(wasTimer, left % before);
      }
    },
    writeConstant(constant) {
      state.awaitsConstant = 0;
      state.constant = constant;
      // "The present count is completed before the new time constant is loaded" (UM0081, p. 17).
      if (state.active && !state.awaitsTrigger) return;
      state.active = 1;
      state.counter = constant;
      state.awaitsTrigger = !isCounter() && state.control & Control.Trigger ? 1 : 0;
      if (isRunningTimer()) runTimer(START);
    },
    trigger() {
      if (!state.active) return false;
      if (state.awaitsTrigger) {
        state.awaitsTrigger = 0;
        runTimer(TRIGGER_START);
      }
      if (!isCounter()) return false;
      state.counter -= 1;
      if (state.counter !== 0) return false;
      state.counter = state.constant;
      return true;
    },
    reset() {
      if (isRunningTimer()) state.counter = count();
      state.control &= ~Control.Interrupt;
      state.awaitsConstant = 0;
      state.active = 0;
      state.awaitsTrigger = 0;
    },
  };
}
