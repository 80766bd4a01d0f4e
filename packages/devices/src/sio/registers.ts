/** Registers of a channel of the Z80 SIO: their numbers and bits (UM0081, "Write registers", "Read registers"). */

export const Register = { Command: 0, Interrupts: 1, Vector: 2, Receive: 3, Format: 4, Transmit: 5 } as const;

/** Bits 5 to 3 of write register 0. */
export const Command = {
  ResetExternal: 2,
  ChannelReset: 3,
  InterruptOnNextCharacter: 4,
  ResetTransmitInterrupt: 5,
  ErrorReset: 6,
  ReturnFromInterrupt: 7,
} as const;

/** Bits 7 and 6 of write register 0. */
export const RESET_UNDERRUN = 3;

/** Write register 1. */
export const Interrupts = {
  External: 0x01,
  Transmit: 0x02,
  StatusAffectsVector: 0x04,
  ReceiveMode: 0x18,
  ReadyOnReceive: 0x20,
  Ready: 0x40,
  WaitReadyEnable: 0x80,
} as const;

/** Bits 4 and 3 of write register 1; 2 and 3 interrupt on every character. */
export const ON_FIRST_CHARACTER = 1;

/** Write register 3. */
export const Receive = { Enable: 0x01, AutoEnables: 0x20 } as const;

/** Write register 4. */
export const Format = { Parity: 0x01, Even: 0x02, StopBits: 0x0c } as const;

/** Write register 5. */
export const Transmit = { RequestToSend: 0x02, Enable: 0x08, Break: 0x10, DataTerminalReady: 0x80 } as const;

/** Read register 0. */
export const Status = {
  ReceiveAvailable: 0x01,
  InterruptPending: 0x02,
  TransmitEmpty: 0x04,
  CarrierDetect: 0x08,
  Sync: 0x10,
  ClearToSend: 0x20,
  Underrun: 0x40,
  Break: 0x80,
} as const;

/** Read register 1. */
export const Condition = { AllSent: 0x01, Overrun: 0x20, Framing: 0x40 } as const;

/** Bits of a character by bits 7 and 6 of write register 3, and by bits 6 and 5 of write register 5. */
export const CHARACTER_BITS = [5, 7, 6, 8] as const;

/** Periods of the clock in a bit, by bits 7 and 6 of write register 4. */
export const CLOCK_FACTORS = [1, 16, 32, 64] as const;
