import { deviceLaws } from '@backplane/core/testing';
import { describe, expect, test } from 'vitest';
import { bench } from '../test-bench.js';
import { memoryMappedConsole } from './console.js';

test.each(deviceLaws(memoryMappedConsole))('%s', (_name, law) => law());

const DATA = 0;
const STATUS = 1;

describe('console', () => {
  test('prints what is written to the data register', () => {
    const { machine, write } = bench(memoryMappedConsole);
    let text = '';
    machine.on('output', ({ bytes }) => {
      text += String.fromCharCode(...bytes);
    });
    write(DATA, 0x48);
    write(STATUS, 0x21);
    write(DATA, 0x69);
    machine.run(0);
    expect(text).toBe('Hi');
  });

  test('has a character wait after the guest looked for one', () => {
    const { machine, read } = bench(memoryMappedConsole);
    machine.channel('console').write('ab');
    expect(until(() => read(STATUS))).toBe(0x80);
    expect(read(STATUS)).toBe(0x80);
    expect(read(DATA)).toBe(0x61);
    expect(until(() => read(DATA))).toBe(0x62);
    expect(read(DATA)).toBe(0);
    expect(read(STATUS)).toBe(0);
  });

  test('shows a debugger what waits, and leaves it there', () => {
    const { machine, read, peek } = bench(memoryMappedConsole);
    machine.channel('console').write('a');
    expect(peek(STATUS)).toBe(0);
    until(() => read(STATUS));
    expect(peek(STATUS)).toBe(0x80);
    expect(peek(DATA)).toBe(0x61);
    expect(read(DATA)).toBe(0x61);
  });

  test('forgets a waiting character at reset', () => {
    const { machine, read, peek } = bench(memoryMappedConsole);
    machine.channel('console').write('a');
    until(() => read(STATUS));
    machine.reset();
    expect(peek(STATUS)).toBe(0);
  });
});

/** Read until there is something. */
function until(read: () => number): number {
  for (let attempts = 0; attempts < 10; attempts += 1) {
    const value = read();
    if (value !== 0) return value;
  }
  return 0;
}
