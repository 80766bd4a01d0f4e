import { describe, expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { bit, u32 } from '../plugin/fields.js';
import * as z from '../zod.js';
import { cpuLaws } from './cpu-laws.js';
import { deviceLaws } from './device-laws.js';
import { machineLaws } from './machine-laws.js';
import { probe, probeProgram } from './probe.js';

const countdown = defineDevice({
  type: 'countdown',
  version: 1,
  lines: ['irq'],
  size: 2,
  config: z.object({ period: z.int().min(1).default(1000) }),
  state: ({ period }) => ({ period: u32(period), fired: bit() }),
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
      peek: (offset) => (offset === 0 ? underflow.remaining() & 0xff : state.fired),
      write(offset, value) {
        if (offset === 0) state.period = value + 1;
        else {
          state.fired = 0;
          lines.irq.release();
        }
      },
    };
  },
});

const engines = ['evaluator', 'interpreter'] as const;

describe.each(engines)('laws of a sound device in the %s', (engine) => {
  test.each(deviceLaws(countdown, { engine }))('%s', (_name, check) => check());
});

describe.each(engines)('laws of the probe in the %s', (engine) => {
  test.each(cpuLaws(probe.instructionSet(), { engine }))('%s', (_name, check) => check());
});

describe.each(engines)('laws of a machine in the %s', (engine) => {
  const program = probeProgram([
    { op: 'write', address: 0x9000, value: 3 },
    { op: 'read', address: 0x9001 },
  ]);
  const laws = machineLaws(
    {
      clock: 1_000_000,
      cpu: { type: 'probe' },
      devices: { timer: { type: 'countdown', period: 40 } },
      memory: [
        { at: 0, ram: '32K', image: 'program' },
        { at: 0x9000, device: 'timer' },
      ],
      wires: [['timer.irq', 'cpu.irq']],
    },
    { plugins: [probe, countdown], images: { program } },
    { engine },
  );
  test.each(laws)('%s', (_name, check) => check());
});

describe('laws find a device that', () => {
  const broken = (name: string, law: string, create: Parameters<typeof defineDevice>[0]['create']) =>
    test(name, () => {
      const plugin = defineDevice({ type: 'broken', version: 1, size: 2, create });
      const [, check] = deviceLaws(plugin, { seed: 1 }).find(([found]) => found.includes(law)) as [string, () => void];
      expect(check).toThrow();
    });

  broken('keeps a variable of its own', 'declared fields', () => {
    let hidden = 0;
    return {
      read: () => hidden,
      write(_offset, value) {
        hidden = value;
      },
    };
  });
  broken('keeps a variable of its own, which is seldom set and cleared by a reset', 'declared fields', ({ event }) => {
    let rings = 0;
    const done = event('done', () => {
      rings = 1;
    });
    const look = (offset: number) => offset & rings;
    return {
      reset: () => {
        rings = 0;
      },
      read: look,
      peek: look,
      write(_offset, value) {
        rings = 0;
        done.after(value * 100);
      },
    };
  });
  broken('changes when it is looked at', 'looking', ({ event }) => {
    const tick = event('tick', () => {});
    return {
      peek: () => {
        tick.after(1000);
        return 0;
      },
    };
  });
  broken('throws', 'reset', () => ({
    reset() {
      throw new Error('no reset');
    },
  }));
});
