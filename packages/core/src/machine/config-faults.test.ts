import { expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { toy } from '../testing/toy.js';
import * as z from '../zod.js';
import { configFaults } from './config-faults.js';

const timer = defineDevice({
  type: 'timer',
  version: 1,
  config: z.object({ period: z.int() }),
  create: () => ({}),
});

const faultsOf = (config: unknown) => configFaults(config, [toy, timer]).map(({ message }) => message);

const sound = { clock: '1 MHz', cpu: { type: 'toy' }, devices: { one: { type: 'timer', period: 3 } } };

test('a sound config has none', () => {
  expect(faultsOf(sound)).toEqual([]);
});

test('all that is wrong with its keys is told', () => {
  expect(
    faultsOf({ ...sound, clck: 1, memry: [], openBus: 'x', memory: [{ at: 0 }, { at: 0, rom: 'a', ram: 1 }] }),
  ).toEqual([
    "memory[0]: a region needs one of 'ram', 'rom', 'device', 'mirror'; there is 'ram', 'rom', 'device', 'mirror'",
    "memory[1]: unknown key 'rom'; this kind has none",
    `openBus: 'x' is no whole number; write 53248, "0xd000", "$d000" or "32K"`,
    "unknown key 'clck'; did you mean 'clock'?",
    "unknown key 'memry'; did you mean 'memory'?",
  ]);
});

test('of each device the first fault is told; of one that nobody knows, none', () => {
  const devices = {
    one: { type: 'timer', period: 'x' },
    two: { type: 'timer', period: 1, perod: 2 },
    three: { type: 'other' },
  };
  expect(faultsOf({ ...sound, devices })).toEqual([
    'devices.one.period: expected number, received string',
    "devices.two: unknown key 'perod'; did you mean 'period'?",
  ]);
});
