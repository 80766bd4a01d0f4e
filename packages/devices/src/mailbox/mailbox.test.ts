import { deviceLaws } from '@backplane/core/testing';
import { expect, test } from 'vitest';
import { bench } from '../test-bench.js';
import { mailbox } from './mailbox.js';

test.each(deviceLaws(mailbox))('%s', (_name, law) => law());

/** Registers of each side, and the line that tells it of a byte. */
const A = { data: 0, status: 1, line: 'inta' };
const B = { data: 2, status: 3, line: 'intb' };

test.each([
  ['A to B', A, B],
  ['B to A', B, A],
])('a byte goes from %s, and interrupts until it is taken', (_way, from, to) => {
  const box = bench(mailbox);
  const seen = () => [
    box.peek(from.status),
    box.peek(to.status),
    box.lines[to.line]?.asserted,
    box.lines[from.line]?.asserted,
  ];
  expect(seen()).toEqual([0, 0, false, false]);
  box.write(from.data, 0x5a);
  expect(seen()).toEqual([0x40, 0x80, true, false]);
  expect(box.read(to.status)).toBe(0x80);
  expect(box.peek(to.data)).toBe(0x5a);
  expect(seen()).toEqual([0x40, 0x80, true, false]);
  expect(box.read(to.data)).toBe(0x5a);
  expect(seen()).toEqual([0, 0, false, false]);
  expect(box.read(to.data)).toBe(0x5a);
});

test('both ways at once', () => {
  const box = bench(mailbox);
  box.write(A.data, 1);
  box.write(B.data, 2);
  expect([box.read(A.status), box.read(B.status)]).toEqual([0xc0, 0xc0]);
  expect([box.read(A.data), box.read(B.data)]).toEqual([2, 1]);
});

test('a byte that was not taken is lost to the next', () => {
  const box = bench(mailbox);
  box.write(A.data, 1);
  box.write(A.data, 2);
  expect(box.read(B.data)).toBe(2);
});

test('writes to the status do nothing, and a reset empties both', () => {
  const box = bench(mailbox);
  box.write(A.status, 1);
  expect(box.read(B.status)).toBe(0);
  box.write(A.data, 1);
  box.write(B.data, 1);
  box.machine.reset();
  expect([box.peek(A.status), box.lines.inta?.asserted, box.lines.intb?.asserted]).toEqual([0, false, false]);
});
