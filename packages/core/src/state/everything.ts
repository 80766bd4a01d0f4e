/** A machine with every kind of state, for tests of checkpoints and snapshots. */
import type { MachineConfig } from '../machine/config.js';
import { createMachine, type Machine } from '../machine/machine.js';
import { defineDevice } from '../plugin/define-device.js';
import { bit, bytes, f64, i32, u8, u16, u32 } from '../plugin/fields.js';
import { toy, toyProgram } from '../testing/toy.js';
import * as z from '../zod.js';

/** Fields of all kinds, a port, a bank, lines, a channel and two events. */
export const everything = defineDevice({
  type: 'everything',
  version: 3,
  size: 4,
  lines: ['irq', 'gate'],
  ports: { pa: 8 },
  channels: ['serial'],
  banks: ['rom'],
  config: z.object({ period: z.int().default(100) }),
  state: () => ({
    flag: bit(1),
    byte: u8(0x12),
    word: u16(0x1234),
    long: u32(0xdeadbeef),
    signed: i32(-5),
    never: f64(Number.POSITIVE_INFINITY),
    last: f64(0.5),
    data: bytes(20, 0x7e),
  }),
  create({ config, state, lines, ports, channels, banks, event }) {
    const tick = event('tick', () => {
      state.long += 1;
      state.data[state.long % 20] = state.byte;
      if (state.long % 2 === 1) lines.irq.assert();
      else lines.irq.release();
      ports.pa.drive(state.long, 0x0f);
      banks.rom.select(state.long % 4);
      channels.serial.poll();
      channels.serial.send(0x30 + (state.long % 10));
      tick.after(config.period);
    });
    const once = event('once', () => {
      state.never = 3;
    });
    return {
      reset() {
        tick.after(config.period);
        once.after(1_000_000);
      },
      read: (offset) => (offset === 0 ? once.remaining() : ports.pa.pins) & 0xff,
      peek: () => state.byte,
      write(_offset, value) {
        state.byte = value;
      },
      channels: {
        serial(byte) {
          state.word = state.word * 2 + byte;
        },
      },
    };
  },
});

const program = `
  loop: ADD #1
        ST $8000
        LD $8001
        ST $0300
        LD $9000
        JMP loop`;

/** The machine, powered on; `changes` go into its config. */
export function machineOfEverything(changes: Partial<MachineConfig> = {}, plugins = [toy, everything]): Machine {
  return createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'toy' },
      devices: { one: { type: 'everything' }, two: { type: 'everything', period: 77, clock: 500_000 } },
      memory: [
        { at: 0, ram: 0x400, image: 'program' },
        { at: 0x8000, device: 'one' },
        { at: 0x9000, rom: 'rom', bank: 'one.rom', size: 0x40 },
      ],
      wires: [
        ['one.irq', 'cpu.irq'],
        ['two.irq', 'one.gate'],
        ['one.pa[0..3]', 'two.pa[4..7]'],
        ['one.serial', 'host.console'],
      ],
      ramFill: 'random:1',
      host: { console: { idle: 10 } },
      ...changes,
    },
    {
      plugins,
      images: { program: toyProgram(program), rom: Uint8Array.from({ length: 0x100 }, (_, index) => index >> 6) },
    },
  );
}
