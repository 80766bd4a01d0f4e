import { deviceLaws } from '@backplane/core/testing';
import { describe, expect, test } from 'vitest';
import { bench } from '../test-bench.js';
import { z80packAuxiliary } from './auxiliary.js';
import { z80packPrinter } from './printer.js';

describe.each([z80packPrinter, z80packAuxiliary])('$type', (device) => {
  test.each(deviceLaws(device))('%s', (_name, law) => law());

  test('puts out what is written to its data', () => {
    const { machine, write } = bench(device);
    let text = '';
    machine.on('output', ({ bytes }) => {
      text += String.fromCharCode(...bytes);
    });
    for (const letter of 'Hi\r\n') write(1, letter.charCodeAt(0));
    write(0, 0x21);
    machine.run(0);
    expect(text).toBe('Hi\r\n');
  });
});

test('the printer is ready, and reads as the end of a file', () => {
  const { read } = bench(z80packPrinter);
  expect([read(0), read(1), read(1)]).toEqual([0xff, 0x1a, 0x1a]);
});

describe('the auxiliary device', () => {
  /** A byte, asked for again as long as the device wants that. */
  const take = ({ read, edges, machine }: ReturnType<typeof bench>): number => {
    for (;;) {
      const before = edges.length;
      const value = read(1);
      if (edges.length === before || edges.at(-1)?.low === false) return value;
      machine.run(2);
    }
  };

  test('gives the bytes it has, then the end', () => {
    const dut = bench(z80packAuxiliary);
    dut.machine.channel('console').write('ab');
    expect([take(dut), dut.read(0), take(dut), dut.read(0)]).toEqual([0x61, 0, 0x62, 0]);
    expect([take(dut), dut.read(0), take(dut)]).toEqual([0x1a, 0xff, 0x1a]);
    dut.write(0, 0);
    expect(dut.read(0)).toBe(0);
  });

  test('waits for a host that may still write', () => {
    const { machine, read } = bench(z80packAuxiliary);
    machine.channel('console').waits = true;
    read(1);
    expect(machine.run(10).reason).toBe('input');
    machine.channel('console').end();
    machine.run(1);
    expect([read(1), read(0)]).toEqual([0x1a, 0xff]);
  });
});
