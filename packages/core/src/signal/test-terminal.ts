/** A machine that echoes what is typed, for tests of host channels. */
import type { MachineConfig } from '../machine/config.js';
import type { Machine } from '../machine/machine.js';
import { defineDevice } from '../plugin/define-device.js';
import { u8 } from '../plugin/fields.js';
import { toyMachine } from '../testing/toy.js';

/** Register 0: the byte that was typed, 0 if there is none. Register 1: what is written is sent. */
export const terminal = defineDevice({
  type: 'terminal',
  version: 1,
  size: 2,
  channels: ['serial'],
  state: () => ({ typed: u8() }),
  create: ({ state, channels }) => ({
    reset() {
      state.typed = 0;
    },
    read() {
      if (state.typed === 0) channels.serial.poll();
      const { typed } = state;
      state.typed = 0;
      return typed;
    },
    peek: () => state.typed,
    write(offset, value) {
      if (offset === 1) channels.serial.send(value);
    },
    channels: {
      serial(byte) {
        state.typed = byte;
      },
    },
  }),
});

/** Sends each typed byte back, one more than it was. */
const echo = `
  loop: LD $8000
        JNZ echo
        JMP loop
  echo: ADD #1
        ST $8001
        JMP loop`;

/** The echoing machine, its host channel `console`; input and output are logged. */
export function echoing(
  config: Partial<MachineConfig> = {},
  source = echo,
): { machine: Machine; console: ReturnType<Machine['channel']>; log: string[]; text: () => string } {
  const machine = toyMachine(
    source,
    {
      devices: { terminal: { type: 'terminal' } },
      memory: [{ at: 0x8000, device: 'terminal' }],
      wires: [['terminal.serial', 'host.console']],
      host: { console: { idle: 50 } },
      ...config,
    },
    [terminal],
  );
  const log: string[] = [];
  let text = '';
  machine.on('input', ({ channel, byte, cycles }) => void log.push(`${channel} < ${byte} at ${cycles}`));
  machine.on('output', ({ bytes }) => {
    text += String.fromCharCode(...bytes);
  });
  return { machine, console: machine.channel('console'), log, text: () => text };
}
