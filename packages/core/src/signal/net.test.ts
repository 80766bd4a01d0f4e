import { expect, test } from 'vitest';
import { createMachine } from '../machine/machine.js';
import { defineDevice } from '../plugin/define-device.js';
import { probe } from '../testing/probe.js';

const button = defineDevice({ type: 'button', version: 1, lines: ['irq'], create: () => ({}) });

const machineWith = (count: number) => {
  const names = Array.from({ length: count }, (_, index) => `b${index}`);
  return createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'probe' },
      devices: Object.fromEntries(names.map((name) => [name, { type: 'button' }])),
      wires: names.map((name): [string, string] => [`${name}.irq`, 'cpu.irq']),
    },
    { plugins: [probe, button] },
  );
};

test('a net has 32 drivers at most, and says so', () => {
  expect(machineWith(32).nets()[0]?.members).toHaveLength(33);
  expect(() => machineWith(33)).toThrow("wires: more than 32 lines and pins are joined with 'main.irq'; split them");
});
