import { expect, test } from 'vitest';
import { createMachine } from '../machine/machine.js';
import { defineDevice } from '../plugin/define-device.js';
import { u32 } from '../plugin/fields.js';
import { toy } from '../testing/toy.js';

test('the main CPU lies at the same place in all machines, so that they share one module', () => {
  const device = defineDevice({
    type: 'counter',
    version: 1,
    state: () => ({ count: u32() }),
    create: ({ event }) => {
      event('tick', () => {});
      return {};
    },
  });
  const memory = [{ at: 0, ram: '64K' }];
  const plain = createMachine({ clock: 1, cpu: { type: 'toy' }, memory }, { plugins: [toy] });
  const full = createMachine(
    {
      clock: 1,
      cpus: { one: { type: 'toy', memory }, two: { type: 'toy', memory } },
      devices: { a: { type: 'counter' }, b: { type: 'counter' } },
    },
    { plugins: [toy, device] },
  );
  expect(full.parts.cpus.get('one')?.offset).toBe(plain.parts.cpus.get('main')?.offset);
});
