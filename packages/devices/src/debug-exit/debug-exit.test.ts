import { deviceLaws } from '@backplane/core/testing';
import { expect, test } from 'vitest';
import { bench } from '../test-bench.js';
import { debugExit } from './debug-exit.js';

test.each(deviceLaws(debugExit))('%s', (_name, law) => law());

test('a write to the debug register ends the run with that status', () => {
  const { machine } = bench(debugExit);
  const { registers } = machine.cpu;
  expect(machine.run(3).reason).toBe('cycles');
  Object.assign(registers, { pc: 0x8000, kind: 2, data: 42 });
  expect(machine.run(1_000).reason).toBe('exit');
  expect(machine.exitStatus).toBe(42);
});
