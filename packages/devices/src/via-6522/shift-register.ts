/**
 * The shift register of a 6522 and its clock.
 *
 *     edge       0   1   2   3       14  15
 *     CB1     ───┐   ┌───┐   ┌── … ──┐   ┌───     flag with edge 15
 *                └───┘   └───┘       └───┘
 *     out: CB2 takes the next bit as CB1 falls; in: CB2 is taken as CB1 rises. Bit 7 goes first.
 *
 * Mode of ACR 4-2, R6522 data sheet, "Shift register operation":
 *
 *     000  off; CB1, an input, still shifts CB2 in as it rises, but nothing is counted
 *     001  in,  clock from timer 2       100  out for ever, clock from timer 2, no flag
 *     010  in,  clock phase 2            101  out, clock from timer 2
 *     011  in,  clock from CB1           110  out, clock phase 2
 *                                        111  out, clock from CB1
 *
 * Reading or writing the register starts the clock where the chip makes it; while a byte is being shifted it starts
 * nothing anew. With phase 2 the first edge comes two cycles after the access, then one a cycle (as measured: VICE,
 * `viacore.c`, `setup_shifting`), with timer 2 two cycles after each underflow. Where CB1 is the clock the register
 * shifts for ever, and an access only begins the count of eight anew.
 */
import { Auxiliary, Flag, type ViaState } from './registers.js';

const DONE = 16;

export interface ShiftRegister {
  /** Whether the chip makes the clock, and drives CB1 with it. */
  makesClock(): boolean;
  /** Whether the clock is running or waits for timer 2. */
  running(): boolean;
  /** Whether CB2 is the register's output, or its input. */
  direction(): 'out' | 'in' | 'none';
  /** Whether the clock is phase 2. */
  clockedByPhase2(): boolean;
  /** The register was read or written; whether that started the clock. */
  access(): boolean;
  /** The chip's own clock changes. */
  clockEdge(cb2: number): void;
  /** CB1, an input, changed to this level. */
  cb1Edge(level: number, cb2: number): void;
}

export function shiftRegister(state: ViaState): ShiftRegister {
  const mode = () => (state.auxiliary & Auxiliary.Shift) >> 2;
  const clockFromCB1 = () => (mode() & 3) === 3;
  const freeRunning = () => mode() === 4;
  const makesClock = () => mode() !== 0 && !clockFromCB1();

  function shiftOut(): void {
    state.shiftOutput = state.shift >> 7;
    state.shift = (state.shift << 1) | state.shiftOutput;
  }

  function shiftIn(cb2: number): void {
    state.shift = (state.shift << 1) | cb2;
  }

  return {
    makesClock,
    running: () => makesClock() && (freeRunning() || state.shiftEdges < DONE),
    direction: () => (mode() === 0 ? 'none' : mode() & 4 ? 'out' : 'in'),
    clockedByPhase2: () => (mode() & 3) === 2,
    access() {
      state.flags &= ~Flag.Shift;
      if (mode() === 0) return false;
      if (clockFromCB1()) {
        state.shiftEdges = 0;
        return false;
      }
      if (state.shiftEdges < DONE || freeRunning()) return false;
      state.shiftEdges = 0;
      return true;
    },
    clockEdge(cb2) {
      const falling = (state.shiftEdges & 1) === 0;
      const out = mode() >= 4;
      if (falling && out) shiftOut();
      if (!falling && !out) shiftIn(cb2);
      state.shiftEdges = (state.shiftEdges & 15) + 1;
      if (state.shiftEdges < DONE) return;
      if (freeRunning()) state.shiftEdges = 0;
      else state.flags |= Flag.Shift;
    },
    cb1Edge(level, cb2) {
      if (makesClock()) return;
      if (level === 0) {
        if (mode() === 7) shiftOut();
        return;
      }
      if (mode() !== 7) shiftIn(cb2);
      if (mode() === 0) return;
      state.shiftEdges = (state.shiftEdges & 14) + 2;
      if (state.shiftEdges < DONE) return;
      state.shiftEdges = 0;
      state.flags |= Flag.Shift;
    },
  };
}
