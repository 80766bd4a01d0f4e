import { deviceLaws } from '@backplane/core/testing';
import { describe, expect, test } from 'vitest';
import { bench } from '../test-bench.js';
import { z80packConsole } from './console.js';

test.each(deviceLaws(z80packConsole))('%s', (_name, law) => law());

const STATUS = 0;
const DATA = 1;

describe('the console', () => {
  test('prints what is written to its data', () => {
    const { machine, write } = bench(z80packConsole);
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

  test('says by FF that a character waits, once the guest has looked', () => {
    const { machine, read, peek } = bench(z80packConsole);
    machine.channel('console').write('ab');
    const looks = Array.from({ length: 4 }, () => read(STATUS));
    expect([looks[0], looks.at(-1), peek(DATA)]).toEqual([0, 0xff, 0x61]);
    expect([read(DATA), read(STATUS)]).toEqual([0x61, 0]);
  });

  test('has a read of its data tried again until there is a character, for that read alone', () => {
    const { machine, read, idle, edges } = bench(z80packConsole);
    machine.channel('console').waits = true;
    read(DATA);
    expect(machine.run(3)).toEqual({ reason: 'input', cycles: 0 });
    machine.channel('console').write('x');
    idle(3);
    expect(edges).toEqual([
      { line: 'retry', low: true, cycle: 0 },
      { line: 'retry', low: false, cycle: 1 },
    ]);
    expect(read(DATA)).toBe(0x78);
    expect(edges.length).toBe(2);
  });

  test('hands a busy guest nothing for a look, and at once what it cannot do without', () => {
    const { machine, read } = bench(z80packConsole);
    machine.channel('console').write('a');
    expect(read(STATUS)).toBe(0);
    read(DATA);
    machine.run(0);
    expect(read(DATA)).toBe(0x61);
  });

  test('lets guest time go by when nobody will type', () => {
    const { read, idle, machine } = bench(z80packConsole);
    expect([read(DATA), machine.cycles]).toEqual([0, 1]);
    idle(1);
    expect(machine.cycles).toBe(1002);
  });

  test('forgets a waiting character at reset', () => {
    const { machine, read, peek } = bench(z80packConsole);
    machine.channel('console').write('a');
    for (let look = 0; look < 3; look += 1) read(STATUS);
    expect(peek(STATUS)).toBe(0xff);
    machine.reset();
    expect([peek(STATUS), peek(DATA)]).toEqual([0, 0]);
  });
});
