import { defineDevice, z } from '@backplane/core';

/** Asserts its line every `period` cycles; a read releases it. */
export const intervalTimer = defineDevice({
  type: 'interval-timer',
  version: 1,
  size: 1,
  lines: ['irq'],
  config: z.object({ period: z.int().min(1).default(1000) }),
  state: () => ({}),
  create({ config, lines, event }) {
    const elapsed = event('elapsed', () => {
      lines.irq.assert();
      elapsed.after(config.period);
    });
    return {
      reset() {
        lines.irq.release();
        elapsed.after(config.period);
      },
      peek: () => 0,
      read() {
        lines.irq.release();
        return 0;
      },
      write() {},
    };
  },
});
