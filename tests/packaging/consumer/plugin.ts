// Type-checked in a project that has the packed packages and no zod of its own.
import { bit, createMachine, defineDevice, u32, z } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';

const settings = z.object({ period: z.int().min(1).default(1000) });
type Settings = z.infer<typeof settings>;

export const countdown = defineDevice({
  type: 'countdown',
  version: 1,
  lines: ['irq'],
  size: 2,
  config: settings,
  state: ({ period }) => ({ period: u32(period satisfies number), fired: bit() }),
  create({ state, lines, event }) {
    const underflow = event('underflow', () => {
      state.fired = 1;
      lines.irq.assert();
      underflow.after(state.period);
    });
    return {
      reset() {
        state.fired = 0;
        lines.irq.release();
        underflow.after(state.period);
      },
      read: (offset) => (offset === 0 ? underflow.remaining() & 0xff : state.fired),
      write(_offset, value) {
        state.period = value + 1;
      },
    };
  },
});

const { period }: Settings = settings.parse({});
// @ts-expect-error: were `z` untyped, this would pass
const wrong: string = period;

export const machine = createMachine(
  {
    clock: 1_000_000,
    cpu: { type: '6502' },
    devices: { timer: { type: 'countdown', period, wrong } },
    memory: [
      { at: 0, ram: '32K' },
      { at: '0xd000', device: 'timer' },
    ],
    wires: [['timer.irq', 'cpu.irq']],
  },
  { plugins: [cpu6502, countdown] },
);
