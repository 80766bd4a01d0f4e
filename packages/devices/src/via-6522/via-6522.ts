/**
 * 6522 versatile interface adapter: two ports with handshake lines, two timers, a shift register.
 *
 *     PA0-PA7  CA1 CA2      PB0-PB7  CB1 CB2             IRQ
 *        │      │   │          │      │   │               │
 *     ┌──┴──┐ ┌─┴───┴─┐     ┌──┴──┐ ┌─┴───┴─┐  ┌──────────┴──────────┐
 *     │ORA  │ │control│     │ORB  │ │control│  │ flags  IFR & IER ≠ 0 │
 *     │DDRA │ │PCR 3-0│     │DDRB │ │PCR 7-4│  └─────────────────────┘
 *     └─────┘ └───────┘     └┬───┬┘ └─┬───┬─┘
 *                  timer 1 ─ PB7 PB6  │   │
 *                  timer 2 ───────┴── shift register
 *
 * Lines and pins: a line asserted is a pin low; what nobody drives is high.
 *
 * Sources: Rockwell R6522 data sheet (document 29000D47); where chips that were measured do otherwise, that and who
 * measured it are told at the place (timer-1.ts, timer-2.ts, shift-register.ts).
 */
import { defineDevice } from '@backplane/core';
import { Auxiliary, Flag, Register, viaFields } from './registers.js';
import { shiftRegister } from './shift-register.js';
import { timer1 } from './timer-1.js';
import { timer2 } from './timer-2.js';

/** Modes of CA2 in PCR 3-1 and of CB2 in PCR 7-5; those below are inputs, bit 1 for the edge, bit 0 for independence. */
const Mode2 = { Handshake: 4, Pulse: 5, Low: 6, High: 7 } as const;

export const via6522 = defineDevice({
  type: 'via-6522',
  version: 1,
  description: 'VIA 6522: ports, timers, shift register (MOS, Rockwell, Synertek, WDC)',
  size: 16,
  lines: ['irq', 'ca1', 'ca2', 'cb1', 'cb2'],
  ports: { pa: 8, pb: 8 },
  state: () => viaFields,
  create({ state, lines, ports, clock, event }) {
    const first = timer1(state, clock);
    const second = timer2(state, clock);
    const shifter = shiftRegister(state);

    const ca2Mode = () => (state.peripheral >> 1) & 7;
    const cb2Mode = () => (state.peripheral >> 5) & 7;
    const level = (line: 'ca1' | 'ca2' | 'cb1' | 'cb2') => (lines[line].asserted ? 0 : 1);

    // Time

    const timer1Timeout = event('timer-1', settle);
    const timer2Timeout = event('timer-2', settle);
    const shiftClock = event('shift-clock', () => {
      settleTimers();
      shifter.clockEdge(level('cb2'));
      driveControlB();
      driveIrq();
      arm();
    });
    const pulseA = event('pulse-a', () => {
      state.ca2Taken = 0;
      driveControlA();
    });
    const pulseB = event('pulse-b', () => {
      state.cb2Taken = 0;
      driveControlB();
    });

    /** Bring what depends on the clock up to now. */
    function settleTimers(): void {
      const timeouts = first.settle();
      if (timeouts > 0 && state.timer1Armed) {
        state.flags |= Flag.Timer1;
        if (state.auxiliary & Auxiliary.FreeRun) {
          state.timer1Output ^= timeouts & 1;
        } else {
          state.timer1Armed = 0;
          state.timer1Output = 1;
        }
        if (state.auxiliary & Auxiliary.OutputPB7) drivePortB();
      }
      if (second.settle()) state.flags |= Flag.Timer2;
    }

    /** A timeout. It leaves the shift clock alone: an edge may be due in this very cycle, and not have come yet. */
    function settle(): void {
      settleTimers();
      driveIrq();
      armTimers();
    }

    /** Have events only for what others can see: IRQ that is about to fall, PB7, the clock of the shift register. */
    function arm(): void {
      armTimers();
      armShiftClock();
    }

    function armTimers(): void {
      const interrupts = state.enabled & ~state.flags;
      if (state.timer1Armed && (interrupts & Flag.Timer1 || state.auxiliary & Auxiliary.OutputPB7)) {
        timer1Timeout.after(first.remaining());
      } else {
        timer1Timeout.cancel();
      }
      if (state.timer2Armed && interrupts & Flag.Timer2 && !second.countsPulses()) {
        timer2Timeout.after(second.remaining());
      } else {
        timer2Timeout.cancel();
      }
    }

    function armShiftClock(): void {
      if (!shifter.running()) shiftClock.cancel();
      else if (shifter.clockedByPhase2()) {
        if (!shiftClock.pending) shiftClock.after(1);
      } else if (second.countsPulses()) {
        // Not known from any source: no clock.
        shiftClock.cancel();
      } else {
        shiftClock.after(second.shiftRemaining());
      }
    }

    // Pins

    function driveIrq(): void {
      if (state.flags & state.enabled) lines.irq.assert();
      else lines.irq.release();
    }

    function drive(line: 'ca2' | 'cb1' | 'cb2', low: boolean): void {
      if (low) lines[line].assert();
      else lines[line].release();
    }

    function driveControlA(): void {
      const mode = ca2Mode();
      drive('ca2', mode === Mode2.Low || ((mode === Mode2.Handshake || mode === Mode2.Pulse) && state.ca2Taken === 1));
    }

    function driveControlB(): void {
      drive('cb1', shifter.makesClock() && (state.shiftEdges & 1) === 1);
      const mode = cb2Mode();
      const byControl =
        mode === Mode2.Low || ((mode === Mode2.Handshake || mode === Mode2.Pulse) && state.cb2Taken === 1);
      const direction = shifter.direction();
      drive('cb2', direction === 'out' ? state.shiftOutput === 0 : direction === 'none' && byControl);
    }

    function drivePortA(): void {
      ports.pa.drive(state.outputA, state.directionA);
    }

    /**
     * Timer 1 has PB7 where ACR bit 7 says so. The pin is an output only where DDRB says so ("both must be 1": R6522,
     * "Timer 1 operating modes", note); there are emulators that disagree.
     */
    const outputB = () =>
      state.auxiliary & Auxiliary.OutputPB7 ? (state.outputB & 0x7f) | (state.timer1Output << 7) : state.outputB;

    function drivePortB(): void {
      ports.pb.drive(outputB(), state.directionB);
      lookAtPB6();
    }

    /**
     * Timer 2 counts falling edges of PB6, whoever makes them. The flag comes as in timing with the step from 0 to $FFFF,
     * with edge N + 1 (Synertek's application note 5; keyboard decoders load 10 for 11 edges), though data sheets draw it
     * where the counter reaches 0.
     */
    function lookAtPB6(): void {
      const pb6 = (ports.pb.pins >> 6) & 1;
      const fell = state.pb6 === 1 && pb6 === 0;
      state.pb6 = pb6;
      if (!fell || !second.countsPulses()) return;
      state.timer2Pulses -= 1;
      if (state.timer2Pulses !== 0xffff || !state.timer2Armed) return;
      state.timer2Armed = 0;
      state.flags |= Flag.Timer2;
      driveIrq();
    }

    // Registers

    const flagsNow = () =>
      state.flags |
      (state.timer1Armed && first.timeouts() > 0 ? Flag.Timer1 : 0) |
      (second.timedOut() ? Flag.Timer2 : 0);

    const inputA = () => (state.auxiliary & Auxiliary.LatchA ? state.latchedA : ports.pa.pins);

    /** Port B gives back what was written for outputs, whatever their pins are; port A gives its pins. */
    function inputB(): number {
      const pins = state.auxiliary & Auxiliary.LatchB ? state.latchedB : ports.pb.pins;
      const value = (pins & ~state.directionB) | (state.outputB & state.directionB);
      return state.auxiliary & Auxiliary.OutputPB7 ? (value & 0x7f) | (state.timer1Output << 7) : value;
    }

    function peek(offset: number): number {
      switch (offset) {
        case Register.PortB:
          return inputB();
        case Register.PortA:
        case Register.PortANoHandshake:
          return inputA();
        case Register.DirectionB:
          return state.directionB;
        case Register.DirectionA:
          return state.directionA;
        case Register.Timer1CounterLow:
          return first.count() & 0xff;
        case Register.Timer1CounterHigh:
          return first.count() >> 8;
        case Register.Timer1LatchLow:
          return state.timer1Latch & 0xff;
        case Register.Timer1LatchHigh:
          return state.timer1Latch >> 8;
        case Register.Timer2CounterLow:
          return second.count() & 0xff;
        case Register.Timer2CounterHigh:
          return second.count() >> 8;
        case Register.Shift:
          return state.shift;
        case Register.AuxiliaryControl:
          return state.auxiliary;
        case Register.PeripheralControl:
          return state.peripheral;
        case Register.InterruptFlags: {
          const flags = flagsNow();
          return flags & state.enabled ? flags | 0x80 : flags;
        }
        default:
          // Bit 7 reads 1 (R6522, "Interrupt enable register").
          return state.enabled | 0x80;
      }
    }

    /** Port A is read or written: CA1's flag falls, CA2's too unless it is independent. CA2 is to say so to the world. */
    function takeA(): void {
      state.flags &= ~(isIndependent(ca2Mode()) ? Flag.CA1 : Flag.CA1 | Flag.CA2);
      state.ca2Taken = Number(ca2Mode() === Mode2.Handshake || ca2Mode() === Mode2.Pulse);
    }

    function tellA(): void {
      driveControlA();
      if (ca2Mode() === Mode2.Pulse) pulseA.after(1);
    }

    /** As for port A, but a read has no handshake. */
    function takeB(written: boolean): void {
      state.flags &= ~(isIndependent(cb2Mode()) ? Flag.CB1 : Flag.CB1 | Flag.CB2);
      if (written) state.cb2Taken = Number(cb2Mode() === Mode2.Handshake || cb2Mode() === Mode2.Pulse);
    }

    function tellB(): void {
      driveControlB();
      if (cb2Mode() === Mode2.Pulse) pulseB.after(1);
    }

    function accessShift(): void {
      if (shifter.access() && shifter.clockedByPhase2()) shiftClock.after(2);
      driveControlB();
    }

    function writeAuxiliary(value: number): void {
      const changed = state.auxiliary ^ value;
      if (changed & value & Auxiliary.OutputPB7) state.timer1Output = 1;
      if (changed & value & Auxiliary.LatchA) state.latchedA = ports.pa.pins;
      if (changed & value & Auxiliary.LatchB) state.latchedB = ports.pb.pins;
      if (changed & Auxiliary.CountPulses) {
        // Stopping takes a cycle, as starting does (VICE, `viacore_store`).
        const count = value & Auxiliary.CountPulses ? second.count() - 1 : second.count();
        second.load(count & 0xffff);
      }
      state.auxiliary = value;
      if (changed & Auxiliary.Shift) {
        shiftClock.cancel();
        // "The flag is disabled (held 0)" while the register is off.
        if (shifter.direction() === 'none') state.flags &= ~Flag.Shift;
      }
      drivePortB();
      driveControlB();
    }

    return {
      reset() {
        // All registers are cleared but the timers, their latches and the shift register (R6522, "Reset").
        settleTimers();
        state.outputA = 0;
        state.outputB = 0;
        state.directionA = 0;
        state.directionB = 0;
        state.peripheral = 0;
        writeAuxiliary(0);
        state.enabled = 0;
        state.timer1Armed = 0;
        state.timer2Armed = 0;
        state.shiftEdges = 16;
        state.ca2Taken = 0;
        state.cb2Taken = 0;
        state.flags = 0;
        pulseA.cancel();
        pulseB.cancel();
        drivePortA();
        drivePortB();
        driveControlA();
        driveControlB();
        driveIrq();
        arm();
      },
      read(offset) {
        settleTimers();
        const value = peek(offset);
        switch (offset) {
          case Register.PortB:
            takeB(false);
            break;
          case Register.PortA:
            takeA();
            tellA();
            break;
          case Register.Timer1CounterLow:
            state.flags &= ~Flag.Timer1;
            break;
          case Register.Timer2CounterLow:
            state.flags &= ~Flag.Timer2;
            break;
          case Register.Shift:
            accessShift();
            break;
          default:
            return value;
        }
        driveIrq();
        arm();
        return value;
      },
      peek,
      write(offset, value) {
        settleTimers();
        switch (offset) {
          case Register.PortB:
            state.outputB = value;
            // First, for the pins may make an edge of CB1 or CB2, which is later and counts.
            takeB(true);
            drivePortB();
            tellB();
            break;
          case Register.PortA:
            state.outputA = value;
            takeA();
            drivePortA();
            tellA();
            break;
          case Register.PortANoHandshake:
            state.outputA = value;
            drivePortA();
            break;
          case Register.DirectionB:
            state.directionB = value;
            drivePortB();
            break;
          case Register.DirectionA:
            state.directionA = value;
            drivePortA();
            break;
          case Register.Timer1CounterLow:
          case Register.Timer1LatchLow:
            state.timer1Latch = (state.timer1Latch & 0xff00) | value;
            break;
          case Register.Timer1CounterHigh:
            state.timer1Latch = (state.timer1Latch & 0xff) | (value << 8);
            first.load();
            state.timer1Armed = 1;
            state.timer1Output = 0;
            state.flags &= ~Flag.Timer1;
            if (state.auxiliary & Auxiliary.OutputPB7) drivePortB();
            break;
          case Register.Timer1LatchHigh:
            // This, too, clears the flag: so chips do, whatever Synertek's notes say (VICE, `viacore_store`).
            state.timer1Latch = (state.timer1Latch & 0xff) | (value << 8);
            state.flags &= ~Flag.Timer1;
            break;
          case Register.Timer2CounterLow:
            state.timer2Latch = value;
            break;
          case Register.Timer2CounterHigh:
            second.load((value << 8) | state.timer2Latch);
            state.timer2Armed = 1;
            state.flags &= ~Flag.Timer2;
            break;
          case Register.Shift:
            state.shift = value;
            accessShift();
            break;
          case Register.AuxiliaryControl:
            writeAuxiliary(value);
            break;
          case Register.PeripheralControl:
            state.peripheral = value;
            state.ca2Taken = 0;
            state.cb2Taken = 0;
            driveControlA();
            driveControlB();
            break;
          case Register.InterruptFlags:
            state.flags &= ~value;
            break;
          case Register.InterruptEnable:
            if (value & 0x80) state.enabled |= value & 0x7f;
            else state.enabled &= ~value;
            break;
        }
        driveIrq();
        arm();
      },
      lines: {
        ca1(low) {
          if (low === ((state.peripheral & 0x01) !== 0)) return;
          if (state.auxiliary & Auxiliary.LatchA) state.latchedA = ports.pa.pins;
          state.flags |= Flag.CA1;
          if (ca2Mode() === Mode2.Handshake) {
            state.ca2Taken = 0;
            driveControlA();
          }
          driveIrq();
        },
        ca2(low) {
          if (!isActiveEdge(ca2Mode(), low)) return;
          state.flags |= Flag.CA2;
          driveIrq();
        },
        cb1(low) {
          if (!shifter.makesClock()) {
            shifter.cb1Edge(low ? 0 : 1, level('cb2'));
            driveControlB();
          }
          if (low !== ((state.peripheral & 0x10) !== 0)) {
            if (state.auxiliary & Auxiliary.LatchB) state.latchedB = ports.pb.pins;
            state.flags |= Flag.CB1;
            if (cb2Mode() === Mode2.Handshake) {
              state.cb2Taken = 0;
              driveControlB();
            }
          }
          driveIrq();
        },
        cb2(low) {
          if (!isActiveEdge(cb2Mode(), low)) return;
          state.flags |= Flag.CB2;
          driveIrq();
        },
      },
      ports: { pb: () => lookAtPB6() },
    };
  },
});

/** Whether CA2 or CB2 is an input whose flag no access to the port clears. */
const isIndependent = (mode: number) => mode === 1 || mode === 3;

/** Whether CA2 or CB2 is an input and this its active edge. */
const isActiveEdge = (mode: number, low: boolean) => mode < 4 && low === mode < 2;
