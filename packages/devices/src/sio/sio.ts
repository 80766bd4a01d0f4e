/**
 * Z80 SIO, serial input/output: two serial lines, in their asynchronous modes.
 *
 *     offset  read                         write
 *     0       channel A data
 *     1       channel B data
 *     2       channel A read register      channel A write register
 *     3       channel B read register      channel B write register
 *
 * So bit 0 is B/A and bit 1 is C/D; where a board has them otherwise, map the registers one by one with `offset`. Bits 2
 * to 0 of write register 0 say which register the next access reaches; after that it is register 0 again.
 *
 * The synchronous modes (Monosync, Bisync, SDLC) and the WAIT function are refused when a program chooses them.
 *
 * Lines: asserted is low. Modem inputs that are not wired are tied low. A clock that is not wired has the frequency
 * `clockA` or `clockB`.
 *
 * Source: Zilog, Z80 CPU Peripherals User Manual UM0081 (UM008101-0601), "Serial Input/Output".
 */
import { defineDevice, u8, z } from '@backplane/core';
import { fieldsOfParts, partOf } from '../parts.js';
import { channel, channelFields } from './channel.js';
import { Command, Interrupts, RESET_UNDERRUN, Register, Status } from './registers.js';

const CHANNELS = ['channelA', 'channelB'] as const;

/** "Channel A having a higher priority than channel B, and receiver, transmit and external/status in that order". */
const LINKS = ['receiveA', 'transmitA', 'externalA', 'receiveB', 'transmitB', 'externalB'] as const;

/** Bits 3 to 1 of a vector that the status affects (UM0081, "Write register 1"); a receive error adds 1. */
const CODES = { receiveA: 6, transmitA: 4, externalA: 5, receiveB: 2, transmitB: 0, externalB: 1 } as const;
/** "If no interrupts are pending" (UM0081, "Read register 2"). */
const NO_CODE = 3;

export const sio = defineDevice({
  type: 'sio',
  version: 1,
  description: 'Z80 SIO: two serial ports, asynchronous modes',
  size: 4,
  config: z.object({
    /** Frequency at RxCA and TxCA in hertz, where no line is wired to them. */
    clockA: z.int().min(1).default(1_843_200),
    /** The same for channel B. */
    clockB: z.int().min(1).default(1_843_200),
  }),
  lines: [
    ...['dtra', 'rtsa', 'ctsa', 'dcda', 'synca', 'txda', 'rxda', 'txca', 'rxca', 'wrdya'],
    ...['dtrb', 'rtsb', 'ctsb', 'dcdb', 'syncb', 'txdb', 'rxdb', 'txcb', 'rxcb', 'wrdyb'],
  ] as const,
  channels: ['seriala', 'serialb'],
  chain: LINKS,
  state: () => ({ vector: u8(), ...fieldsOfParts(CHANNELS, channelFields) }),
  create({ config, state, lines, channels, chain, clock, event, refuse }) {
    const a = channel({
      state: partOf(state, 'channelA', channelFields),
      lines: {
        dtr: lines.dtra,
        rts: lines.rtsa,
        cts: lines.ctsa,
        dcd: lines.dcda,
        sync: lines.synca,
        txd: lines.txda,
        rxd: lines.rxda,
        txc: lines.txca,
        rxc: lines.rxca,
        wrdy: lines.wrdya,
      },
      serial: channels.seriala,
      links: { receive: chain.receiveA, transmit: chain.transmitA, external: chain.externalA },
      clock,
      hertz: config.clockA,
      event: (name, handler) => event(`${name}-a`, handler),
      refuse,
    });
    const b = channel({
      state: partOf(state, 'channelB', channelFields),
      lines: {
        dtr: lines.dtrb,
        rts: lines.rtsb,
        cts: lines.ctsb,
        dcd: lines.dcdb,
        sync: lines.syncb,
        txd: lines.txdb,
        rxd: lines.rxdb,
        txc: lines.txcb,
        rxc: lines.rxcb,
        wrdy: lines.wrdyb,
      },
      serial: channels.serialb,
      links: { receive: chain.receiveB, transmit: chain.transmitB, external: chain.externalB },
      clock,
      hertz: config.clockB,
      event: (name, handler) => event(`${name}-b`, handler),
      refuse,
    });

    const pending = () => LINKS.find((link) => chain[link].pending);

    function vector(link: (typeof LINKS)[number] | undefined): number {
      if (!((b.state.registers[Register.Interrupts] as number) & Interrupts.StatusAffectsVector)) return state.vector;
      const isSpecial = (link === 'receiveA' && a.isSpecial()) || (link === 'receiveB' && b.isSpecial());
      const code = link === undefined ? NO_CODE : CODES[link] + Number(isSpecial);
      return (state.vector & 0xf1) | (code << 1);
    }

    function peek(offset: number): number | undefined {
      const own = offset & 1 ? b : a;
      if (offset < 2) return own.state.receiveCount > 0 ? own.state.receiveData[0] : own.state.received;
      switch (own.state.pointer) {
        case 0:
          return own.status() | (own === a && pending() ? Status.InterruptPending : 0);
        case 1:
          return own.conditions();
        case 2:
          return own === b ? vector(pending()) : undefined;
        default:
          return undefined;
      }
    }

    return {
      reset() {
        // First, for INT may be joined to a modem line, which the channels look at.
        for (const link of LINKS) {
          chain[link].cancel();
          chain[link].finish();
        }
        a.reset();
        b.reset();
      },
      peek,
      read(offset) {
        const own = offset & 1 ? b : a;
        if (offset < 2) return own.readData();
        const value = peek(offset);
        if (own.state.pointer === 0 && own.state.receiveCount === 0) own.look();
        own.state.pointer = 0;
        return value;
      },
      write(offset, value) {
        const own = offset & 1 ? b : a;
        if (offset < 2) {
          own.writeData(value);
          return;
        }
        const { pointer } = own.state;
        own.state.pointer = 0;
        if (pointer === Register.Command) {
          const command = (value >> 3) & 7;
          own.command(command);
          own.state.pointer = value & 7;
          if (value >> 6 === RESET_UNDERRUN) own.resetUnderrun();
          // A reset of channel A resets what knows the priorities, too (UM0081, "Write register 0").
          if (own === a && command === Command.ChannelReset) for (const link of LINKS) chain[link].finish();
          if (own === a && command === Command.ReturnFromInterrupt) {
            const served = LINKS.find((link) => chain[link].inService);
            if (served) chain[served].finish();
          }
        } else if (pointer === Register.Vector) {
          if (own === b) state.vector = value;
        } else own.writeRegister(pointer, value);
      },
      acknowledge(link) {
        const given = vector(link);
        // What asked goes on asking until the program has seen to it.
        a.update();
        b.update();
        return given;
      },
      lines: {
        ctsa: a.lines.cts,
        dcda: a.lines.dcd,
        synca: a.lines.sync,
        rxda: a.lines.rxd,
        txca: a.lines.txc,
        rxca: a.lines.rxc,
        ctsb: b.lines.cts,
        dcdb: b.lines.dcd,
        syncb: b.lines.sync,
        rxdb: b.lines.rxd,
        txcb: b.lines.txc,
        rxcb: b.lines.rxc,
      },
      channels: { seriala: a.arrive, serialb: b.arrive },
    };
  },
});
