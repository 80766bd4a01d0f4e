import { expect, test } from 'vitest';
import type { MachineConfig } from '../machine/config.js';
import { ENTRY_WORDS, READ } from './bus.js';
import { busOf } from './test-bus.js';

const whole: MachineConfig['memory'] = [{ at: 0, ram: '64K' }];
const halves = (selector: object): MachineConfig['memory'] => [
  { at: 0, ram: '32K' },
  { at: 0x8000, ram: '64K', size: '32K', bank: 'map.low' },
  { at: 0x1000, device: 'map', size: 0x100, priority: 1, ...selector },
];

test('one piece of memory is flat, whoever listens to writes', () => {
  for (const bus of [busOf(whole), busOf(halves({ access: 'write' }))]) {
    expect(bus.flat).toBeGreaterThan(0);
    expect(bus.flat).toBe(bus.table[0x80 * ENTRY_WORDS + READ]);
  }
});

test('with a device, a gap, or a part that waits it is not', () => {
  expect(busOf(halves({})).flat).toBe(-1);
  expect(busOf([{ at: 0, ram: '32K' }]).flat).toBe(-1);
  const delays = { slow: { period: 1, cycles: [1] } };
  expect(busOf([{ at: 0, ram: '64K', delay: 'slow' }], { delays }).flat).toBe(-1);
});

test('nor is it with another bank, until the first one is back', () => {
  const bus = busOf(halves({ access: 'write' }));
  const { flat } = bus;
  bus.writeAny(0x1000, 1);
  expect(bus.flat).toBe(-1);
  bus.writeAny(0x1000, 2);
  expect(bus.flat).toBe(flat);
});
