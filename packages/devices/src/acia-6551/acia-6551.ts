/**
 * 6551 asynchronous communications interface adapter.
 *
 *     offset  read      write
 *     0       receiver data register   transmitter data register
 *     1       status    programmed reset, whatever is written
 *     2       command
 *     3       control
 *
 *          data bus                                   TxD ──> serial
 *     write 0 ──> [transmitter data] ──> [shift register] ──┘
 *     read  0 <── [receiver data] <── [shift register] <── RxD <── serial
 *
 * A frame takes the time that crystal, rate, word length, parity and stop bits give it; the fractions of a cycle are
 * kept, so that a stream neither drifts nor depends on how a run is cut. A byte goes out on the channel when its last
 * data bit does, at the beginning of the stop bit. Bytes come in no closer than a frame apart. Of the line itself there
 * are no bits, so there is neither a parity nor a framing error, and no break.
 *
 * Sources: Rockwell R6551 data sheet (document 29651N90, revision 4, June 1987) and, for the variant `w65c51n`, WDC
 * W65C51N data sheet.
 */
import { bit, defineDevice, f64, u8, z } from '@backplane/core';

const DATA = 0;
const STATUS = 1;
const COMMAND = 2;

const status = {
  overrun: 0x04,
  receiverFull: 0x08,
  transmitterEmpty: 0x10,
  noCarrier: 0x20,
  dataSetNotReady: 0x40,
  interrupt: 0x80,
} as const;

const command = {
  dataTerminalReady: 0x01,
  receiverInterruptOff: 0x02,
  /** Transmitter interrupt control: off, on with interrupt, on, break. */
  transmitter: 0x0c,
  transmitterInterrupt: 0x04,
  transmitterBreak: 0x0c,
  echo: 0x10,
  parity: 0x20,
} as const;

const control = { rate: 0x0f, receiverRate: 0x10, wordLength: 0x60, stopBits: 0x80 } as const;

/** Crystal / 16 / divisor is the rate (R6551, "Control register"). 0: an external clock at XTAL1, sixteen times the rate. */
const DIVISORS = [1, 2304, 1536, 1048, 856, 768, 384, 192, 96, 64, 48, 32, 24, 16, 12, 6] as const;

export const acia6551 = defineDevice({
  type: 'acia-6551',
  version: 1,
  description: 'ACIA 6551: serial port (MOS, Rockwell, Synertek; WDC 65C51N as variant)',
  size: 4,
  config: z.object({
    /**
     * `w65c51n`: the chip that WDC sells. It "loads the Transmitter Data Register (TDR) and Transmitter Shift Register
     * (TSR) at the same time" and says for ever that the TDR is empty (W65C51N data sheet, note on status bit 4):
     * software counts out the time of a character, and one written too early ends the one before it.
     */
    variant: z.enum(['6551', 'w65c51n']).default('6551'),
    /** Frequency at XTAL1 in hertz. */
    crystal: z.int().min(1).default(1_843_200),
    /** Frequency at RxC in hertz, sixteen times the rate, for software that clears control bit 4; 0: not connected. */
    receiverClock: z.int().min(0).default(0),
    /** Whether CTS, DCD and DSR are the lines of these names; they are tied low otherwise, as small boards have them. */
    modem: z.boolean().default(false),
  }),
  lines: ['irq', 'dtr', 'rts', 'cts', 'dcd', 'dsr'],
  channels: ['serial'],
  state: () => ({
    command: u8(),
    control: u8(),
    interrupt: bit(),
    transmitData: u8(),
    transmitFull: bit(),
    transmitShift: u8(),
    /** 1: a frame is on the line. */
    transmitting: bit(),
    /** When the frame on the line, or the last one, ends: in cycles, with fraction. */
    transmitEnd: f64(),
    receiveData: u8(),
    receiveFull: bit(),
    overrun: bit(),
    receiveShift: u8(),
    receiving: bit(),
    /** When the frame that comes in, or the last one, is complete. */
    receiveEnd: f64(),
    noCarrier: bit(),
    dataSetNotReady: bit(),
    /** 1: DCD or DSR changed and the status register was not read since. */
    modemChanged: bit(),
  }),
  create({ config, state, lines, channels, clock, event }) {
    const onlyOneRegister = config.variant === 'w65c51n';

    const low = (line: 'cts' | 'dcd' | 'dsr') => !config.modem || lines[line].asserted;
    const ready = () => (state.command & command.dataTerminalReady) !== 0;
    const transmitterMode = () => state.command & command.transmitter;

    /** Off, break and CTS hold what is in the data register, and TDRE stays 0. */
    const transmitterOn = () =>
      ready() && transmitterMode() !== 0 && transmitterMode() !== command.transmitterBreak && low('cts');
    const transmitterInterrupts = () => ready() && transmitterMode() === command.transmitterInterrupt;

    const receiverHertz = () => (state.control & control.receiverRate ? rate() : config.receiverClock / 16);
    const receiverOn = () => ready() && low('dcd') && receiverHertz() > 0;
    const receiverInterrupts = () => ready() && (state.command & command.receiverInterruptOff) === 0;

    const rate = () => config.crystal / 16 / (DIVISORS[state.control & control.rate] as number);
    const dataBits = () => 8 - ((state.control & control.wordLength) >> 5);
    const parityBits = () => (state.command & command.parity ? 1 : 0);
    const stopBits = () => {
      if ((state.control & control.stopBits) === 0) return 1;
      if (dataBits() === 8 && parityBits() === 1) return 1;
      return dataBits() === 5 && parityBits() === 0 ? 1.5 : 2;
    };
    const frameBits = () => 1 + dataBits() + parityBits() + stopBits();
    const word = (byte: number) => byte & (0xff >> (8 - dataBits()));

    function driveIrq(): void {
      // With DTR high "all interrupts are disabled"; the status bit stays.
      if (state.interrupt && ready()) lines.irq.assert();
      else lines.irq.release();
    }

    function interrupt(): void {
      state.interrupt = 1;
      driveIrq();
    }

    // Transmitter

    const lastBitSent = event('last-bit-sent', () => {
      channels.serial.send(word(state.transmitShift));
      frameSent.after(Math.max(0, Math.ceil(state.transmitEnd) - clock.now()));
    });

    const frameSent = event('frame-sent', () => {
      state.transmitting = 0;
      if (state.transmitFull) startFrame();
      else underrun();
    });

    function startFrame(): void {
      if (!state.transmitFull || !transmitterOn()) return;
      if (state.transmitting) {
        if (!onlyOneRegister) return;
        // Of the frame before is lost what has not gone out. In its stop bit that is nothing.
        state.transmitEnd = clock.now();
      }
      frameSent.cancel();
      state.transmitShift = state.transmitData;
      state.transmitFull = 0;
      state.transmitting = 1;
      const cycles = clock.hertz / rate();
      state.transmitEnd = frameBegin() + frameBits() * cycles;
      lastBitSent.after(Math.ceil(state.transmitEnd - stopBits() * cycles) - clock.now());
      if (transmitterInterrupts()) interrupt();
    }

    /** Frames follow one another without a gap: now is up to a cycle after the end of the last one. */
    function frameBegin(): number {
      const since = clock.now() - state.transmitEnd;
      return since >= 0 && since < 1 ? state.transmitEnd : clock.now();
    }

    /**
     * While nothing is written, "continuous mark" interrupts at the end of each character time (R6551, "Transmit data
     * register not loaded by processor").
     */
    function underrun(): void {
      if (!transmitterInterrupts()) return;
      state.transmitEnd = frameBegin() + (frameBits() * clock.hertz) / rate();
      frameSent.after(Math.ceil(state.transmitEnd) - clock.now());
      interrupt();
    }

    // Receiver

    const frameReceived = event('frame-received', receive);

    /** With the receiver interrupt enabled the guest waits without looking: look for it, once a character time. */
    const listen = event('listen', () => {
      look();
      listenOn();
    });

    const wantsByte = () => receiverOn() && !state.receiveFull && !state.receiving;

    /** The guest looks for a byte and there is none. */
    function look(): void {
      if (wantsByte()) channels.serial.poll();
    }

    function listenOn(): void {
      if (channels.serial.connected && receiverInterrupts() && wantsByte()) listen.after(Math.ceil(receiverFrame()));
      else listen.cancel();
    }

    const receiverFrame = () => (frameBits() * clock.hertz) / receiverHertz();

    function receive(): void {
      state.receiving = 0;
      // The byte that is there already stays, the new one is lost (R6551, "Overrun").
      if (state.receiveFull) state.overrun = 1;
      else {
        state.receiveData = state.receiveShift;
        state.receiveFull = 1;
        if (receiverInterrupts()) interrupt();
      }
      if (state.command & command.echo && transmitterMode() === 0 && low('cts')) {
        channels.serial.send(state.receiveShift);
      }
    }

    /** What of a frame has come is forgotten, and the time that it would have taken. */
    function abort(): void {
      state.receiving = 0;
      state.receiveEnd = Math.min(state.receiveEnd, clock.now());
      frameReceived.cancel();
    }

    // Modem lines

    /** A change of DCD or DSR interrupts and holds the status bits until status is read (R6551, "Status register"). */
    function lookAtModem(): void {
      if (state.modemChanged) return;
      const noCarrier = low('dcd') ? 0 : 1;
      const dataSetNotReady = low('dsr') ? 0 : 1;
      if (noCarrier === state.noCarrier && dataSetNotReady === state.dataSetNotReady) return;
      state.noCarrier = noCarrier;
      state.dataSetNotReady = dataSetNotReady;
      state.modemChanged = 1;
      interrupt();
    }

    function updateReceiver(): void {
      if (!receiverOn()) abort();
      listenOn();
    }

    // Registers

    const statusValue = () =>
      (state.overrun ? status.overrun : 0) |
      (state.receiveFull ? status.receiverFull : 0) |
      (!state.transmitFull || onlyOneRegister ? status.transmitterEmpty : 0) |
      (state.noCarrier ? status.noCarrier : 0) |
      (state.dataSetNotReady ? status.dataSetNotReady : 0) |
      (state.interrupt ? status.interrupt : 0);

    function readStatus(): number {
      const value = statusValue();
      if (!state.receiveFull) look();
      state.interrupt = 0;
      state.modemChanged = 0;
      lookAtModem();
      // The transmitter of the W65C51N never stops asking.
      if (onlyOneRegister && transmitterInterrupts()) state.interrupt = 1;
      driveIrq();
      return value;
    }

    function readData(): number {
      if (!state.receiveFull) look();
      state.receiveFull = 0;
      state.overrun = 0;
      listenOn();
      return state.receiveData;
    }

    function writeCommand(value: number): void {
      const interrupted = transmitterInterrupts();
      state.command = value;
      if (value & command.dataTerminalReady) lines.dtr.assert();
      else lines.dtr.release();
      if (value & (command.transmitter | command.echo)) lines.rts.assert();
      else lines.rts.release();
      startFrame();
      // An empty data register asks at once.
      if (transmitterInterrupts() && !interrupted && !state.transmitFull) {
        if (state.transmitting) interrupt();
        else underrun();
      }
      updateReceiver();
      driveIrq();
    }

    return {
      reset() {
        for (const each of [lastBitSent, frameSent, frameReceived, listen]) each.cancel();
        state.control = 0;
        state.transmitFull = 0;
        state.transmitting = 0;
        state.receiveFull = 0;
        state.overrun = 0;
        state.modemChanged = 0;
        state.noCarrier = low('dcd') ? 0 : 1;
        state.dataSetNotReady = low('dsr') ? 0 : 1;
        state.interrupt = 0;
        writeCommand(0);
      },
      read(offset) {
        if (offset === DATA) return readData();
        if (offset === STATUS) return readStatus();
        return offset === COMMAND ? state.command : state.control;
      },
      peek(offset) {
        if (offset === DATA) return state.receiveData;
        if (offset === STATUS) return statusValue();
        return offset === COMMAND ? state.command : state.control;
      },
      write(offset, value) {
        if (offset === DATA) {
          state.transmitData = value;
          state.transmitFull = 1;
          startFrame();
        } else if (offset === STATUS) {
          // Programmed reset: parity control, control register and what is in the data registers stay.
          state.overrun = 0;
          writeCommand(state.command & 0xe0);
        } else if (offset === COMMAND) {
          writeCommand(value);
        } else {
          state.control = value;
          updateReceiver();
        }
      },
      lines: {
        cts: () => startFrame(),
        dcd() {
          lookAtModem();
          updateReceiver();
        },
        dsr: () => lookAtModem(),
      },
      channels: {
        serial(byte) {
          if (!receiverOn()) return;
          // From a device that sends faster than this one is set to receive.
          if (state.receiving) {
            abort();
            receive();
          }
          listen.cancel();
          state.receiveShift = word(byte);
          state.receiving = 1;
          state.receiveEnd = Math.max(clock.now(), state.receiveEnd + receiverFrame());
          frameReceived.after(Math.ceil(state.receiveEnd) - clock.now());
        },
      },
    };
  },
});
