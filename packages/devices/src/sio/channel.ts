/**
 * One channel of a Z80 SIO: transmitter, receiver and modem lines of an asynchronous line.
 *
 *     write ──> [buffer] ──> [shift register] ──> TxD
 *     read  <── [0 1 2]  <── [shift register] <── RxD
 *
 * A byte goes out on the channel when its last data bit does, at the beginning of the stop bits; one that comes in is
 * there after the time of its frame. Of the line itself there are no bits, so there is no parity error; TxD and RxD as
 * lines carry breaks.
 */
import {
  bit,
  bytes,
  type DeviceChannel,
  type DeviceClock,
  type DeviceEvent,
  type DeviceLine,
  type DeviceLink,
  type StateOf,
  u8,
} from '@backplane/core';
import { partOf } from '../parts.js';
import {
  CHARACTER_BITS,
  CLOCK_FACTORS,
  Command,
  Condition,
  Format,
  Interrupts,
  ON_FIRST_CHARACTER,
  Receive,
  Register,
  Status,
  Transmit,
} from './registers.js';
import { serialTimer, timerFields } from './serial-timer.js';

/** Characters that the receiver keeps. */
const DEPTH = 3;

const TIMERS = ['transmitTimer', 'receiveTimer', 'listenTimer'] as const;

export const channelFields = {
  /** Write registers 1 to 7 (2 is the chip's). */
  registers: bytes(8),
  /** The register that the next access reaches. */
  pointer: u8(),
  transmitBuffer: u8(),
  transmitFull: bit(),
  transmitShift: u8(),
  /** 0: nothing goes out; 1: start, data and parity bits; 2: stop bits. */
  transmitting: u8(),
  transmitInterrupt: bit(),
  /** 1: RTS is low. */
  requestToSend: bit(),
  receiveData: bytes(DEPTH),
  /** What went wrong with each of them. */
  receiveErrors: bytes(DEPTH),
  receiveCount: u8(),
  /** The last character that was read. */
  received: u8(),
  receiveShift: u8(),
  receiving: bit(),
  /** Errors that stay until they are reset. */
  latchedErrors: u8(),
  /** 1: the next character interrupts, in the mode that has only the first one do so. */
  awaitsFirst: bit(),
  /** 1: it has come, and was not read yet. */
  first: bit(),
  /** 1: RxD is low, for less than the time of a frame. */
  breaking: bit(),
  broken: bit(),
  underrun: bit(1),
  /** External status as read register 0 shows it. */
  external: u8(),
  /** 1: it changed, and what is shown is as it was then. */
  externalChanged: bit(),
  ...Object.fromEntries(
    TIMERS.flatMap((timer) => Object.entries(timerFields).map(([name, field]) => [`${timer}.${name}`, field])),
  ),
};

type Line = 'dtr' | 'rts' | 'cts' | 'dcd' | 'sync' | 'txd' | 'rxd' | 'txc' | 'rxc' | 'wrdy';

export interface ChannelSetup {
  readonly state: StateOf<typeof channelFields>;
  readonly lines: Readonly<Record<Line, DeviceLine>>;
  readonly serial: DeviceChannel;
  readonly links: { readonly receive: DeviceLink; readonly transmit: DeviceLink; readonly external: DeviceLink };
  readonly clock: DeviceClock;
  /** Frequency of both clocks, where no line brings them. */
  readonly hertz: number;
  event(name: string, handler: () => void): DeviceEvent;
  refuse(fault: string, mend: string): void;
}

/** The synchronous modes are not modelled; a program that wants them is told so. */
const ASYNCHRONOUS = 'choose 1, 1.5 or 2 stop bits in write register 4';

export interface Channel {
  readonly state: StateOf<typeof channelFields>;
  reset(): void;
  readData(): number;
  writeData(value: number): void;
  /** Read register 0 without the bit that channel A alone has. */
  status(): number;
  /** Read register 1. */
  conditions(): number;
  /** The guest looks at the status, and there is no character. */
  look(): void;
  writeRegister(register: number, value: number): void;
  command(command: number): void;
  resetUnderrun(): void;
  /** Ask for interrupts as the conditions for them hold. */
  update(): void;
  /** Whether the character at hand has an error, which gives receive interrupts a vector of their own. */
  isSpecial(): boolean;
  /** A byte arrives. */
  arrive(byte: number): void;
  readonly lines: { readonly [Name in 'cts' | 'dcd' | 'sync' | 'rxd' | 'txc' | 'rxc']: (low: boolean) => void };
}

export function channel(setup: ChannelSetup): Channel {
  const { state, lines, serial, links, clock, refuse } = setup;
  const { registers, receiveData, receiveErrors } = state;
  const register = (number: number) => registers[number] as number;
  const has = (number: number, bits: number) => (register(number) & bits) !== 0;
  /** A modem input that is not wired is tied low, as small boards have it. */
  const low = (line: 'cts' | 'dcd' | 'sync') => !lines[line].connected || lines[line].asserted;

  const isSynchronous = () => !has(Register.Format, Format.StopBits);
  const factor = () => CLOCK_FACTORS[register(Register.Format) >> 6] as number;
  const parityBits = () => (has(Register.Format, Format.Parity) ? 1 : 0);
  const receiveBits = () => CHARACTER_BITS[register(Register.Receive) >> 6] as number;
  const transmitOn = () =>
    has(Register.Transmit, Transmit.Enable) && (!has(Register.Receive, Receive.AutoEnables) || low('cts'));
  const receiveOn = () =>
    has(Register.Receive, Receive.Enable) && (!has(Register.Receive, Receive.AutoEnables) || low('dcd'));
  const receiveMode = () => (register(Register.Interrupts) & Interrupts.ReceiveMode) >> 3;
  const allSent = () => !state.transmitFull && state.transmitting === 0;

  const timer = (name: (typeof TIMERS)[number], line: DeviceLine, handler: () => void) =>
    serialTimer(
      partOf(state, name, timerFields),
      clock,
      line.connected ? undefined : setup.hertz,
      (call) => setup.event(name, call),
      handler,
    );
  const transmitTimer = timer('transmitTimer', lines.txc, transmitted);
  const receiveTimer = timer('receiveTimer', lines.rxc, receive);
  const listenTimer = timer('listenTimer', lines.rxc, () => {
    look();
    listen();
  });

  function drive(line: DeviceLine, isLow: boolean): void {
    if (isLow) line.assert();
    else line.release();
  }

  // Interrupts

  const errors = () => state.latchedErrors | (state.receiveCount > 0 ? (receiveErrors[0] as number) : 0);

  function update(): void {
    const ask = (link: DeviceLink, holds: boolean) => (holds ? link.request() : link.cancel());
    const mode = receiveMode();
    const onFirst = mode === ON_FIRST_CHARACTER && (state.first === 1 || errors() !== 0);
    ask(links.receive, onFirst || (mode > ON_FIRST_CHARACTER && state.receiveCount > 0));
    ask(links.transmit, state.transmitInterrupt === 1 && has(Register.Interrupts, Interrupts.Transmit));
    ask(links.external, state.externalChanged === 1 && has(Register.Interrupts, Interrupts.External));
    const isReady = has(Register.Interrupts, Interrupts.ReadyOnReceive) ? state.receiveCount > 0 : !state.transmitFull;
    const isReadyPin =
      has(Register.Interrupts, Interrupts.WaitReadyEnable) && has(Register.Interrupts, Interrupts.Ready);
    drive(lines.wrdy, isReadyPin && isReady);
  }

  // Transmitter

  /** With 5 bits or fewer, how many there are is told by ones above them (UM0081, "Write register 5"). */
  function transmitBits(): number {
    const bits = CHARACTER_BITS[(register(Register.Transmit) >> 5) & 3] as number;
    if (bits > 5) return bits;
    const ones = Math.clz32(~(state.transmitShift << 24));
    return Math.max(1, 5 - ones);
  }

  function startFrame(): void {
    if (state.transmitting !== 0 || !state.transmitFull || !transmitOn()) return;
    if (isSynchronous()) {
      refuse('the program sends in a synchronous mode', ASYNCHRONOUS);
      return;
    }
    state.transmitShift = state.transmitBuffer;
    state.transmitFull = 0;
    state.transmitting = 1;
    transmitTimer.start((1 + transmitBits() + parityBits()) * factor());
    if (has(Register.Interrupts, Interrupts.Transmit)) state.transmitInterrupt = 1;
    update();
  }

  function transmitted(): void {
    if (state.transmitting === 1) {
      state.transmitting = 2;
      const stopBits = (1 + ((register(Register.Format) & Format.StopBits) >> 2)) / 2;
      transmitTimer.start(Math.ceil(stopBits * factor()));
      // A break holds the line low, whatever is sent.
      if (!has(Register.Transmit, Transmit.Break)) serial.send(state.transmitShift & (0xff >> (8 - transmitBits())));
    } else {
      state.transmitting = 0;
      startFrame();
      driveRequestToSend();
    }
  }

  /** "When the bit is reset, the output goes high after the transmitter is empty" (UM0081, "Write register 5"). */
  function driveRequestToSend(): void {
    const holds = state.requestToSend === 1 && !allSent();
    state.requestToSend = Number(has(Register.Transmit, Transmit.RequestToSend) || holds);
    drive(lines.rts, state.requestToSend === 1);
  }

  // Receiver

  const frame = () => (2 + receiveBits() + parityBits()) * factor();
  const wantsByte = () =>
    receiveOn() && !isSynchronous() && !state.receiving && !state.broken && state.receiveCount === 0;

  function look(): void {
    if (wantsByte()) serial.poll();
  }

  /** With its interrupt enabled the guest waits without looking: look for it, once a character time. */
  function listen(): void {
    if (!serial.connected || receiveMode() === 0 || !wantsByte()) listenTimer.cancel();
    else if (!listenTimer.isRunning) listenTimer.start(frame());
  }

  /** Bits that a character does not have are ones; the parity bit is among what the CPU gets. */
  function word(byte: number): number {
    const bits = receiveBits();
    if (bits === 8) return byte;
    const data = byte & (0xff >> (8 - bits));
    if (parityBits() === 0) return data | (0xff << bits);
    let parity = has(Register.Format, Format.Even) ? 0 : 1;
    for (let rest = data; rest > 0; rest >>= 1) parity ^= rest & 1;
    return data | (parity << bits) | (0xff << (bits + 1));
  }

  function receive(): void {
    state.receiving = 0;
    if (state.breaking) {
      // "A null character plus framing error" (UM0081, "Read register 0").
      state.breaking = 0;
      state.broken = 1;
      keep(word(0), Condition.Framing);
      lookAtLines();
    } else keep(word(state.receiveShift), 0);
  }

  function keep(character: number, error: number): void {
    const isOverrun = state.receiveCount === DEPTH;
    if (!isOverrun) state.receiveCount += 1;
    const at = state.receiveCount - 1;
    receiveData[at] = character;
    // "Only the character that has been written over is flagged" (UM0081, "Read register 1").
    receiveErrors[at] = error | (isOverrun ? Condition.Overrun : 0);
    if (at === 0) comeToTop();
    if (state.awaitsFirst) {
      state.awaitsFirst = 0;
      state.first = 1;
    }
    update();
  }

  function comeToTop(): void {
    state.latchedErrors |= (receiveErrors[0] as number) & Condition.Overrun;
  }

  function updateReceiver(): void {
    if (!receiveOn()) {
      state.receiving = 0;
      state.breaking = 0;
      receiveTimer.cancel();
    }
    listen();
  }

  // Modem lines

  const externalNow = () =>
    (low('dcd') ? Status.CarrierDetect : 0) |
    (low('sync') ? Status.Sync : 0) |
    (low('cts') ? Status.ClearToSend : 0) |
    (state.underrun ? Status.Underrun : 0) |
    (state.broken ? Status.Break : 0);

  /** Any change interrupts, and keeps what is shown as it is until the program says that it has seen it. */
  function lookAtLines(): void {
    if (state.externalChanged || externalNow() === state.external) return;
    state.external = externalNow();
    state.externalChanged = 1;
    update();
  }

  function reset(): void {
    for (const each of [transmitTimer, receiveTimer, listenTimer]) each.cancel();
    registers.fill(0);
    for (const name of [
      'pointer',
      'transmitFull',
      'transmitting',
      'transmitInterrupt',
      'requestToSend',
      'receiveCount',
      'receiving',
      'latchedErrors',
      'awaitsFirst',
      'first',
      'breaking',
      'broken',
    ] as const) {
      state[name] = 0;
    }
    state.underrun = 1;
    // First, for they may be joined to the modem lines that are looked at then.
    for (const line of [lines.dtr, lines.rts, lines.txd]) line.release();
    state.external = externalNow();
    state.externalChanged = 0;
    update();
  }

  return {
    state,
    reset,
    update,
    look,
    readData() {
      if (state.receiveCount === 0) {
        look();
        return state.received;
      }
      state.received = receiveData[0] as number;
      receiveData.copyWithin(0, 1);
      receiveErrors.copyWithin(0, 1);
      state.receiveCount -= 1;
      state.first = 0;
      if (state.receiveCount > 0) comeToTop();
      update();
      listen();
      return state.received;
    },
    writeData(value) {
      state.transmitBuffer = value;
      state.transmitFull = 1;
      state.transmitInterrupt = 0;
      startFrame();
      update();
    },
    status: () =>
      state.external |
      (state.receiveCount > 0 ? Status.ReceiveAvailable : 0) |
      (state.transmitFull ? 0 : Status.TransmitEmpty),
    conditions: () => errors() | (allSent() ? Condition.AllSent : 0),
    isSpecial: () => errors() !== 0,
    writeRegister(number, value) {
      const before = receiveMode();
      registers[number] = value;
      switch (number) {
        case Register.Interrupts:
          if (receiveMode() !== before) state.awaitsFirst = Number(receiveMode() === ON_FIRST_CHARACTER);
          if (has(Register.Interrupts, Interrupts.WaitReadyEnable) && !has(Register.Interrupts, Interrupts.Ready)) {
            refuse('the program wants the CPU to be held up by WAIT', 'choose READY in write register 1, or neither');
          }
          break;
        case Register.Format:
          if (isSynchronous()) refuse('the program chooses a synchronous mode', ASYNCHRONOUS);
          break;
        case Register.Receive:
          // A byte may have waited for CTS, which matters only with Auto Enables.
          startFrame();
          break;
        case Register.Transmit:
          drive(lines.dtr, has(Register.Transmit, Transmit.DataTerminalReady));
          drive(lines.txd, has(Register.Transmit, Transmit.Break));
          startFrame();
          driveRequestToSend();
      }
      updateReceiver();
      update();
    },
    command(command) {
      switch (command) {
        case Command.ResetExternal:
          state.externalChanged = 0;
          lookAtLines();
          break;
        case Command.ChannelReset:
          reset();
          break;
        case Command.InterruptOnNextCharacter:
          // One that waits already is the next.
          if (receiveMode() === ON_FIRST_CHARACTER) state[state.receiveCount > 0 ? 'first' : 'awaitsFirst'] = 1;
          break;
        case Command.ResetTransmitInterrupt:
          state.transmitInterrupt = 0;
          break;
        case Command.ErrorReset:
          state.latchedErrors = 0;
          receiveErrors[0] = 0;
      }
      update();
    },
    resetUnderrun() {
      state.underrun = 0;
      state.external &= ~Status.Underrun;
    },
    arrive(byte) {
      if (!receiveOn() || state.broken || state.breaking) return;
      if (isSynchronous()) {
        refuse('the program receives in a synchronous mode', ASYNCHRONOUS);
        return;
      }
      // From a device that sends faster than this one is set to receive.
      if (state.receiving) receive();
      listenTimer.cancel();
      state.receiveShift = byte;
      state.receiving = 1;
      receiveTimer.start(frame());
    },
    lines: {
      cts() {
        lookAtLines();
        startFrame();
      },
      dcd() {
        lookAtLines();
        updateReceiver();
      },
      sync: lookAtLines,
      rxd(isLow) {
        if (isLow && receiveOn() && !isSynchronous()) {
          listenTimer.cancel();
          // Bytes come when their data bits are out: what is low now is what follows them.
          if (state.receiving) receive();
          state.breaking = 1;
          receiveTimer.start(frame());
        } else if (!isLow) {
          if (state.breaking) receiveTimer.cancel();
          state.breaking = 0;
          state.broken = 0;
          lookAtLines();
          listen();
        }
      },
      // "Data changes on the falling edge of TxC", and "is sampled on the rising edge of RxC".
      txc(isLow) {
        if (isLow) transmitTimer.tick();
      },
      rxc(isLow) {
        if (isLow) return;
        receiveTimer.tick();
        listenTimer.tick();
      },
    },
  };
}
