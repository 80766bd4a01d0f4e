import { expect, test } from 'vitest';
import { steadyConditions } from './assumptions.js';
import { Node } from './region.js';
import type { Next, Step } from './specialize.js';

const next: Next = {
  op: 'next',
  address: { op: 'constant', value: 0 },
  isStop: false,
  isCall: false,
  isStill: false,
  isUndoable: false,
};
const set = (register: number): Step => ({ op: 'set', register, value: { op: 'constant', value: 1 } });
const when = (index: number, consequent: readonly Step[], alternate: readonly Step[] = []): Step => ({
  op: 'if',
  condition: { op: 'register', index },
  consequent,
  alternate,
});
const steady = (...steps: readonly (readonly Step[])[]): number[] => [
  ...steadyConditions({ nodes: steps.map((each) => new Node(0, each)) }),
];

test('a register that is only asked is steady', () => {
  expect(steady([when(1, [set(2)]), next], [when(3, [when(4, [])], [set(5)]), next])).toEqual([1, 4, 3]);
});

test('one that any instruction changes is not', () => {
  expect(steady([when(1, [set(2)]), next], [when(3, [], [set(1)]), next])).toEqual([3]);
});

test('one that decides where the program goes on is not', () => {
  expect(steady([when(1, [next], [next])])).toEqual([]);
});
