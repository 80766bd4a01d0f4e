import { expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { bit } from '../plugin/fields.js';
import { toyMachine } from '../testing/toy.js';

/** Holds `out` low but while it is on, and keeps that `in` has changed. */
const modem = defineDevice({
  type: 'modem',
  version: 1,
  size: 1,
  lines: ['in', 'out'],
  state: () => ({ changed: bit() }),
  create: ({ state, lines }) => ({
    reset() {
      state.changed = 0;
      lines.out.assert();
    },
    read: () => state.changed,
    peek: () => state.changed,
    write: () => lines.out.release(),
    lines: {
      in() {
        state.changed = 1;
      },
    },
  }),
});

test.each([
  ['near', 'far'],
  ['far', 'near'],
])('of %s and then %s leaves neither with a change that the reset of the other made', (...names) => {
  const machine = toyMachine(
    'ST 0x8000\n ST 0x8001\n loop: JMP loop',
    {
      devices: Object.fromEntries(names.map((name) => [name, { type: 'modem' }])),
      wires: [
        ['near.out', 'far.in'],
        ['far.out', 'near.in'],
      ],
      memory: names.map((device, index) => ({ at: 0x8000 + index, device })),
    },
    [modem],
    'evaluator',
  );
  const changes = () => [machine.memory.peek(0x8000), machine.memory.peek(0x8001)];
  expect(changes()).toEqual([0, 0]);
  machine.run(30);
  expect(changes()).toEqual([1, 1]);
  machine.reset();
  expect(changes()).toEqual([0, 0]);
});
