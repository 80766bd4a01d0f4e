import { deviceLaws } from '@backplane/core/testing';
import { expect, test } from 'vitest';
import { bench } from '../test-bench.js';
import { compactFlash } from './compact-flash.js';

test.each(deviceLaws(compactFlash))('%s', (_name, law) => law());

test('an empty CompactFlash socket is never busy, and swallows commands', () => {
  const { read, write } = bench(compactFlash);
  const STATUS = 7;
  const SET_FEATURES = 0xef;
  for (let register = 0; register < 8; register += 1) expect(read(register)).toBe(0);
  write(STATUS, SET_FEATURES);
  expect(read(STATUS)).toBe(0);
});
