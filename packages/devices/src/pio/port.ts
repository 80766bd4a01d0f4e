/**
 * One port of a Z80 PIO: its registers, its mode and its interrupt logic. Handshake lines and pins are the chip's, for
 * mode 2 uses those of both ports.
 */
import { bit, type DeviceLink, type StateOf, u8 } from '@backplane/core';

/** Modes, as bits 7 and 6 of the mode word number them (UM0081, "Selecting an operating mode"). */
export const Mode = { Output: 0, Input: 1, Bidirectional: 2, Control: 3 } as const;

/** Bits of the interrupt control word (UM0081, "Setting the interrupt control word"). */
const Interrupt = { Enable: 0x80, And: 0x40, High: 0x20, MaskFollows: 0x10 } as const;

/** What the next control word is. */
const Next = { Any: 0, Direction: 1, Mask: 2 } as const;

export const portFields = {
  mode: u8(Mode.Input),
  /** Output register. */
  output: u8(),
  /** Input register. */
  input: u8(),
  /** Mode 3: pins that are inputs. */
  inputs: u8(),
  vector: u8(),
  interruptControl: u8(),
  /** Mode 3: pins that are not looked at. */
  mask: u8(0xff),
  next: u8(),
  /** 1: READY is high. */
  ready: bit(),
  /** Mode 3: whether the condition holds. */
  matches: bit(),
  /** An interrupt that waits for its enable flip-flop, or for the CPU. */
  requested: bit(),
};

export interface Port {
  readonly state: StateOf<typeof portFields>;
  /** Ask for an interrupt, now or when it is enabled. */
  request(): void;
  /** The CPU has acknowledged it. */
  acknowledged(): void;
  /** Mode 3: look whether the condition holds. */
  look(pins: number): void;
  /** A control word; whether it changed mode or direction. */
  writeControl(word: number): boolean;
  reset(): void;
}

export function port(state: StateOf<typeof portFields>, link: DeviceLink): Port {
  /** The flip-flop is held off while a direction or mask is still to come. */
  const isEnabled = () => (state.interruptControl & Interrupt.Enable) !== 0 && state.next === Next.Any;

  function update(): void {
    if (state.requested && isEnabled()) link.request();
    else link.cancel();
  }

  function request(): void {
    state.requested = 1;
    update();
  }

  return {
    state,
    request,
    acknowledged() {
      state.requested = 0;
    },
    look(pins) {
      if (state.mode !== Mode.Control || state.next !== Next.Any) return;
      const looked = ~state.mask & 0xff;
      const active = (state.interruptControl & Interrupt.High ? pins : ~pins) & looked;
      const matches = looked !== 0 && (state.interruptControl & Interrupt.And ? active === looked : active !== 0);
      // "Only when the result of the logical operation changes from false to true" (UM0081, "Control mode").
      if (matches && !state.matches) request();
      state.matches = Number(matches);
    },
    writeControl(word) {
      const { next } = state;
      state.next = Next.Any;
      if (next === Next.Direction) state.inputs = word;
      else if (next === Next.Mask) state.mask = word;
      else if ((word & 0x01) === 0) state.vector = word;
      else if ((word & 0x0f) === 0x0f) {
        state.mode = word >> 6;
        state.matches = 0;
        if (state.mode === Mode.Control) state.next = Next.Direction;
      } else if ((word & 0x0f) === 0x07) {
        state.interruptControl = word & 0xf0;
        state.matches = 0;
        if (word & Interrupt.MaskFollows) {
          // In any mode this "will cause any pending interrupt to be reset" (UM0081, same section).
          state.requested = 0;
          state.next = Next.Mask;
        }
      } else if ((word & 0x0f) === 0x03) {
        state.interruptControl = (state.interruptControl & ~Interrupt.Enable) | (word & Interrupt.Enable);
      }
      update();
      return next === Next.Direction || (next === Next.Any && (word & 0x0f) === 0x0f);
    },
    reset() {
      // The vector stays (UM0081, "Reset").
      state.mode = Mode.Input;
      state.output = 0;
      state.mask = 0xff;
      state.interruptControl &= ~Interrupt.Enable;
      state.next = Next.Any;
      state.matches = 0;
      state.requested = 0;
      update();
      link.finish();
    },
  };
}
