import { describe, expect, test } from 'vitest';
import { ConfigError } from '../errors.js';
import { wired } from './test-wires.js';

function refusal(...wires: [string, string][]): { code: string; message: string } {
  try {
    wired(['a', 'b'], wires);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { code: error.code, message: error.message };
  }
  throw new Error('the wires were accepted');
}

describe('a wire is refused', () => {
  test.each<[string, [string, string], string, string]>([
    [
      'to no device',
      ['a.out', 'c.in'],
      'config/unknown-component',
      "wires[0][1]: no CPU or device 'c'; did you mean 'a'?",
    ],
    [
      'to a name that is nearly right',
      ['mian.irq', 'a.out'],
      'config/unknown-component',
      "wires[0][0]: no CPU or device 'mian'; there is 'main', 'a', 'b', 'cpu', 'host'",
    ],
    [
      'to no pin',
      ['a.uot', 'b.in'],
      'config/unknown-pin',
      "wires[0][0]: 'a' has no line, port or channel 'uot'; there is 'out', 'in', 'pa', 'pb', 'serial', 'aux'",
    ],
    [
      'to no input of the CPU',
      ['a.out', 'cpu.nmii'],
      'config/unknown-pin',
      "wires[0][1]: 'main' has no line, port or channel 'nmii'; did you mean 'nmi'?",
    ],
    [
      'to pins a port lacks',
      ['a.pa[8]', 'b.in'],
      'config/unknown-pin',
      "wires[0][0]: 'a.pa' has 8 pins; name pins 0 to 7",
    ],
    [
      'to pins far beyond',
      ['a.pa[0..99999999999999999999]', 'b.pa'],
      'config/unknown-pin',
      "wires[0][0]: 'a.pa' has 8 pins; name pins 0 to 7",
    ],
    [
      'to a slice of a line',
      ['a.out[0]', 'b.in'],
      'config/unknown-pin',
      "wires[0][0]: 'a.out' is a line, it has no pins; write 'a.out'",
    ],
    [
      'to a slice of a channel',
      ['a.serial[0]', 'host.x'],
      'config/unknown-pin',
      "wires[0][0]: 'a.serial' is a channel, it has no pins; write 'a.serial'",
    ],
    [
      'to a slice of the host',
      ['a.serial', 'host.x[1..2]'],
      'config/unknown-pin',
      "wires[0][1]: 'host.x' is a channel, it has no pins; write 'host.x'",
    ],
    [
      'of different kinds',
      ['a.out', 'b.serial'],
      'config/wire-kind',
      "wires[0]: 'a.out' is a line, 'b.serial' is a channel; join lines with lines or single pins, pins with as many pins, channels with channels",
    ],
    [
      'from pins to the host',
      ['host.console', 'b.pa'],
      'config/wire-kind',
      "wires[0]: 'host.console' is a channel, 'b.pa' is pins of a port; join lines with lines or single pins, pins with as many pins, channels with channels",
    ],
    [
      'from host to host',
      ['host.a', 'host.b'],
      'config/wire-kind',
      "wires[0]: both ends are at the host; join a device's channel with it",
    ],
    [
      'of different widths',
      ['a.pa', 'b.pb[0..3]'],
      'config/wire-width',
      "wires[0]: 8 against 4 pins; name as many on both sides, such as 'a.pa[0..3]'",
    ],
    [
      'from many pins to a line',
      ['a.pa[2..3]', 'b.in'],
      'config/wire-width',
      "wires[0]: 2 against 1 pins; name as many on both sides, such as 'a.pa[2]'",
    ],
    [
      'of a channel with itself',
      ['a.serial', 'a.serial'],
      'config/wire-taken',
      "wires[0]: 'a.serial' is joined twice; a channel has two ends; join each once",
    ],
  ])('%s', (_name, pair, code, message) => {
    expect(refusal(pair)).toEqual({ code, message });
  });

  test.each(['', 'a', 'a.', '.out', 'a.out.x', 'a.pa[', 'a.pa[0..]', 'a.pa[-1]', 'a out', '__proto__', 'a.pa[0]x'])(
    'if an end reads %j',
    (text) => {
      expect(refusal([text, 'b.in'])).toEqual({
        code: 'config/wire',
        message: `wires[0][0]: '${text}' names no end of a wire; write 'timer.irq', 'via.pa[0..3]' or 'host.console'`,
      });
    },
  );

  test('to a channel that has its two ends already', () => {
    expect(refusal(['a.serial', 'host.console'], ['b.serial', 'host.console']).message).toBe(
      "wires[1]: 'host.console' is joined twice; a channel has two ends; join each once",
    );
    expect(refusal(['a.serial', 'b.serial'], ['a.serial', 'b.aux']).code).toBe('config/wire-taken');
  });

  test.each(['constructor.in', '__proto__.in', 'a.constructor', 'a.__proto__', 'toString.irq'])(
    'to %s, which every object has',
    (end) => {
      expect(refusal([end, 'b.in']).code).toMatch(/^config\/unknown-(component|pin)$/);
    },
  );
});

describe('wires may', () => {
  test('be drawn twice, and in a ring', () => {
    const { a, b, machine } = wired(
      ['a', 'b'],
      [
        ['a.out', 'b.in'],
        ['b.in', 'a.out'],
        ['a.out', 'a.out'],
      ],
    );
    a.lines.out.assert();
    expect(b.lines.in.asserted).toBe(true);
    expect(machine.nets().find(({ asserted }) => asserted)?.members).toEqual(['a.out', 'b.in']);
  });

  test('join host channels of any name, even one that every object has', () => {
    const { machine } = wired(
      ['a', 'b'],
      [
        ['a.serial', 'host.constructor'],
        ['host.tape-1', 'b.serial'],
      ],
    );
    expect(machine.channels).toEqual(['constructor', 'tape-1']);
  });
});

test('thousands of wires are joined at once', () => {
  const chain = Array.from({ length: 20_000 }, (_, index): [string, string] => [
    `a.pa[${index % 8}]`,
    `b.pa[${(index * 3) % 8}]`,
  ]);
  const start = performance.now();
  wired(['a', 'b'], chain);
  expect(performance.now() - start).toBeLessThan(1500);
});

test('thousands of devices may be joined in a row', () => {
  // Each wire joins two nets that many wires have made already.
  const names = Array.from({ length: 600 }, (_, index) => `d${index}`);
  const wires = names.slice(1).map((name, index): [string, string] => [`${name}.pa[0]`, `${names[index]}.pa[1]`]);
  const start = performance.now();
  const { machine } = wired(names, wires.reverse());
  expect(performance.now() - start).toBeLessThan(1500);
  expect(machine.nets().filter(({ members }) => members.length === 2)).toHaveLength(599);
});
