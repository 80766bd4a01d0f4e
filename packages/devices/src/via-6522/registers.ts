/** What of a 6522 is state, and the names of its registers and bits (R6522 data sheet, "Register functions"). */
import { bit, f64, type StateOf, u8, u16 } from '@backplane/core';

export const Register = {
  PortB: 0,
  PortA: 1,
  DirectionB: 2,
  DirectionA: 3,
  Timer1CounterLow: 4,
  Timer1CounterHigh: 5,
  Timer1LatchLow: 6,
  Timer1LatchHigh: 7,
  Timer2CounterLow: 8,
  Timer2CounterHigh: 9,
  Shift: 10,
  AuxiliaryControl: 11,
  PeripheralControl: 12,
  InterruptFlags: 13,
  InterruptEnable: 14,
  PortANoHandshake: 15,
} as const;

/** Bits of the interrupt flag and interrupt enable registers. */
export const Flag = { CA2: 0x01, CA1: 0x02, Shift: 0x04, CB2: 0x08, CB1: 0x10, Timer2: 0x20, Timer1: 0x40 } as const;

/** Bits of the auxiliary control register. */
export const Auxiliary = {
  LatchA: 0x01,
  LatchB: 0x02,
  Shift: 0x1c,
  CountPulses: 0x20,
  FreeRun: 0x40,
  OutputPB7: 0x80,
} as const;

export const viaFields = {
  outputA: u8(),
  outputB: u8(),
  directionA: u8(),
  directionB: u8(),
  /** Pins as they were at the last active edge of CA1 or CB1, where latching is on. */
  latchedA: u8(0xff),
  latchedB: u8(0xff),
  auxiliary: u8(),
  peripheral: u8(),
  flags: u8(),
  enabled: u8(),

  // Counters and latches survive a reset; at power-on they hold anything, here $FFFF.
  timer1Latch: u16(0xffff),
  /** Cycle of a timeout: the counter shows $FFFF in it. The next one yet to be counted, or the last one counted. */
  timer1Timeout: f64(0x10000),
  timer1Counted: bit(),
  /** 1: the next timeout sets the flag. */
  timer1Armed: bit(),
  /** What timer 1 has PB7 show. */
  timer1Output: bit(1),

  timer2Latch: u8(0xff),
  /** Cycle in which the low byte shows $FF; yet to be counted, or counted last. */
  timer2Underflow: f64(0x100),
  timer2Counted: bit(),
  /** The cycle of the underflow that was counted last. */
  timer2LastUnderflow: f64(-2),
  /** High byte before the underflow yet to be counted. */
  timer2High: u8(0xff),
  timer2Armed: bit(),
  /** The counter while it counts pulses. */
  timer2Pulses: u16(),
  /** Level of PB6 when last looked at. */
  pb6: bit(1),

  shift: u8(),
  /** Edges of the shift clock since the start of the byte; 16: done. */
  shiftEdges: u8(16),
  /** Bit that was shifted out last. */
  shiftOutput: bit(1),

  /** 1: a handshake or pulse holds CA2 low. */
  ca2Taken: bit(),
  cb2Taken: bit(),
} as const;

export type ViaState = StateOf<typeof viaFields>;
