import { createMachine, defineDevice } from '@backplane/core';
import { deviceLaws } from '@backplane/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bench, bench, pilot } from '../test-bench.js';
import { pio } from './pio.js';

test.each(deviceLaws(pio))('%s', (_name, law) => law());

const A = 0;
const B = 1;
/** Control register of a port. */
const CONTROL = 2;

const MODE = [0x0f, 0x4f, 0x8f, 0xcf] as const;
const ENABLE = 0x83;
const DISABLE = 0x03;
/** Interrupt control words: enable, AND, high, mask follows. */
const AND = 0x40;
const HIGH = 0x20;
const watch = (logic: number) => 0x97 | logic;

type Line = 'ardy' | 'astb' | 'brdy' | 'bstb';
const isHigh = (chip: Bench, line: Line): boolean => !chip.lines[line]?.asserted;

function strobe(chip: Bench, line: Line): void {
  chip.lines[line]?.assert();
  chip.lines[line]?.release();
}

function programmed(port: number, ...words: number[]): Bench {
  const chip = bench(pio);
  for (const word of words) chip.write(CONTROL + port, word);
  return chip;
}

describe('after a reset', () => {
  test('ports are inputs, READY is low, no interrupt is on', () => {
    const chip = bench(pio);
    expect([chip.ports.pa?.pins, chip.ports.pb?.pins]).toEqual([0xff, 0xff]);
    expect([isHigh(chip, 'ardy'), isHigh(chip, 'brdy')]).toEqual([false, false]);
    strobe(chip, 'astb');
    chip.idle(1);
    expect(chip.irqSeen).toBe(false);
  });

  test('modes, outputs and masks are gone, the vector stays', () => {
    const chip = programmed(A, 0x42, MODE[0], ENABLE);
    chip.write(A, 0x55);
    chip.machine.reset();
    expect([chip.ports.pa?.pins, isHigh(chip, 'ardy')]).toEqual([0xff, false]);
    chip.write(CONTROL, MODE[0]);
    chip.write(CONTROL, ENABLE);
    expect(chip.read(A)).toBe(0);
    strobe(chip, 'astb');
    expect(chip.acknowledge()).toBe(0x42);
  });

  test('control registers cannot be read', () => {
    const chip = bench(pio);
    expect([chip.read(2), chip.read(3), chip.peek(2)]).toEqual([0xff, 0xff, 0xff]);
  });
});

describe.each([
  ['A', A, 'pa', 'ardy', 'astb'],
  ['B', B, 'pb', 'brdy', 'bstb'],
] as const)('port %s', (_name, port, pins, ready, stb) => {
  test('in output mode shows the output register, and gives it back', () => {
    const chip = programmed(port, MODE[0]);
    chip.write(port, 0x5a);
    expect(chip.ports[pins]?.pins).toBe(0x5a);
    expect(chip.read(port)).toBe(0x5a);
  });

  test('in output mode is ready from a write until it was strobed, which interrupts', () => {
    const chip = programmed(port, 0x20, MODE[0], ENABLE);
    expect(isHigh(chip, ready)).toBe(false);
    chip.write(port, 1);
    expect(isHigh(chip, ready)).toBe(true);
    chip.lines[stb]?.assert();
    chip.idle(1);
    expect([isHigh(chip, ready), chip.irqSeen]).toEqual([true, false]);
    chip.lines[stb]?.release();
    chip.idle(1);
    expect([isHigh(chip, ready), chip.irqSeen]).toEqual([false, true]);
    expect(chip.acknowledge()).toBe(0x20);
    expect(chip.irqSeen).toBe(false);
  });

  test('that is ready and written again says so by an edge', () => {
    const chip = programmed(port, MODE[0]);
    chip.write(port, 1);
    const { cycle } = chip;
    chip.write(port, 2);
    chip.idle(5);
    expect(chip.edges.filter((edge) => edge.line === ready && edge.cycle >= cycle)).toEqual([
      { line: ready, low: true, cycle },
      { line: ready, low: false, cycle: cycle + 2 },
    ]);
  });

  test('stays ready when a mask is written, whatever its bits are', () => {
    for (const mask of [0x0f, 0xff]) {
      const chip = programmed(port, MODE[0]);
      chip.write(port, 1);
      chip.write(CONTROL + port, 0x97);
      chip.write(CONTROL + port, mask);
      expect(isHigh(chip, ready)).toBe(true);
    }
  });

  test('in input mode takes what is there while it is strobed', () => {
    const chip = programmed(port, 0x20, MODE[1], ENABLE);
    chip.ports[pins]?.drive(0x33, 0xff);
    expect(chip.read(port)).toBe(0);
    expect(isHigh(chip, ready)).toBe(true);
    chip.lines[stb]?.assert();
    expect(chip.peek(port)).toBe(0x33);
    chip.ports[pins]?.drive(0x44, 0xff);
    chip.lines[stb]?.release();
    chip.ports[pins]?.drive(0x55, 0xff);
    chip.idle(1);
    expect([isHigh(chip, ready), chip.irqSeen]).toEqual([false, true]);
    expect(chip.acknowledge()).toBe(0x20);
    expect(chip.read(port)).toBe(0x44);
    expect(isHigh(chip, ready)).toBe(true);
  });

  test('in control mode has inputs and outputs, bit by bit, and no handshake', () => {
    const chip = programmed(port, MODE[0]);
    chip.write(port, 0xa5);
    chip.write(CONTROL + port, MODE[3]);
    chip.write(CONTROL + port, 0x0f);
    expect(isHigh(chip, ready)).toBe(false);
    chip.ports[pins]?.drive(0x06, 0x0f);
    expect(chip.ports[pins]?.pins).toBe(0xa6);
    expect(chip.read(port)).toBe(0xa6);
    chip.write(port, 0x5f);
    expect(chip.ports[pins]?.pins).toBe(0x56);
    expect(chip.read(port)).toBe(0x56);
    strobe(chip, stb);
    expect([isHigh(chip, ready), chip.read(port)]).toEqual([false, 0x56]);
  });

  test.each([
    ['OR of lows', 0, 0xff, [0xfe, 0xff, 0xef, 0xee, 0xff], [1, 0, 1, 0, 0]],
    ['OR of highs', HIGH, 0x00, [0x01, 0x11, 0x00, 0x10, 0x80], [1, 0, 0, 1, 0]],
    ['AND of lows', AND, 0xff, [0xfe, 0xee, 0xef, 0xee, 0x00], [0, 1, 0, 1, 0]],
    ['AND of highs', AND | HIGH, 0x00, [0x10, 0x11, 0x01, 0xff, 0x11], [0, 1, 0, 1, 0]],
  ])('in control mode interrupts when %s becomes true', (_logic, logic, before, levels, interrupts) => {
    const chip = bench(pio);
    chip.ports[pins]?.drive(before, 0xff);
    // Pins 0 and 4 are looked at.
    for (const word of [0x20, MODE[3], 0xff, watch(logic), 0xee]) chip.write(CONTROL + port, word);
    const seen = levels.map((level) => {
      chip.ports[pins]?.drive(level, 0xff);
      chip.idle(1);
      if (!chip.irqSeen) return 0;
      expect(chip.acknowledge()).toBe(0x20);
      chip.endInterrupt();
      return 1;
    });
    expect(seen).toEqual(interrupts);
  });

  test('in control mode interrupts at once if the condition holds when the mask is written', () => {
    const chip = programmed(port, MODE[3], 0xff, watch(HIGH));
    expect(chip.irqSeen).toBe(false);
    chip.write(CONTROL + port, 0xfe);
    expect(chip.irqSeen).toBe(true);
  });

  test('in control mode looks at no pin that is masked', () => {
    const chip = programmed(port, MODE[3], 0xff, watch(AND), 0xff);
    chip.ports[pins]?.drive(0, 0xff);
    chip.idle(1);
    expect(chip.irqSeen).toBe(false);
  });

  test('keeps a request until it is enabled; a mask that follows forgets it', () => {
    const chip = programmed(port, MODE[1], DISABLE);
    strobe(chip, stb);
    chip.idle(1);
    expect(chip.irqSeen).toBe(false);
    chip.write(CONTROL + port, ENABLE);
    expect(chip.irqSeen).toBe(true);
    chip.write(CONTROL + port, DISABLE);
    expect(chip.irqSeen).toBe(false);
    chip.write(CONTROL + port, 0x17);
    chip.write(CONTROL + port, 0xff);
    chip.write(CONTROL + port, ENABLE);
    expect(chip.irqSeen).toBe(false);
  });

  test('does not interrupt between mode and direction', () => {
    const chip = programmed(port, MODE[1], ENABLE);
    strobe(chip, stb);
    chip.write(CONTROL + port, MODE[3]);
    expect(chip.irqSeen).toBe(false);
    chip.write(CONTROL + port, 0xff);
    expect(chip.irqSeen).toBe(true);
  });
});

describe('in mode 2', () => {
  const bidirectional = () => {
    const chip = programmed(A, 0x20, MODE[2], ENABLE);
    for (const word of [0x40, MODE[3], 0xff, ENABLE]) chip.write(CONTROL + B, word);
    return chip;
  };

  test('data is on the pins while ASTB is low', () => {
    const chip = bidirectional();
    chip.write(A, 0x5a);
    expect([isHigh(chip, 'ardy'), isHigh(chip, 'brdy')]).toEqual([true, false]);
    expect(chip.ports.pa?.pins).toBe(0xff);
    chip.lines.astb?.assert();
    expect(chip.ports.pa?.pins).toBe(0x5a);
    chip.lines.astb?.release();
    expect(chip.ports.pa?.pins).toBe(0xff);
    expect(isHigh(chip, 'ardy')).toBe(false);
    expect(chip.acknowledge()).toBe(0x20);
  });

  test('input goes by the lines of port B, and has its vector', () => {
    const chip = bidirectional();
    chip.read(A);
    expect([isHigh(chip, 'ardy'), isHigh(chip, 'brdy')]).toEqual([false, true]);
    chip.ports.pa?.drive(0x77, 0xff);
    strobe(chip, 'bstb');
    chip.ports.pa?.drive(0, 0);
    expect(isHigh(chip, 'brdy')).toBe(false);
    expect(chip.acknowledge()).toBe(0x40);
    expect(chip.read(A)).toBe(0x77);
  });

  test('setting port B leaves BRDY alone, leaving the mode does not', () => {
    const chip = bidirectional();
    chip.read(A);
    chip.write(CONTROL + B, MODE[3]);
    chip.write(CONTROL + B, 0xff);
    expect(isHigh(chip, 'brdy')).toBe(true);
    chip.write(CONTROL + A, MODE[1]);
    expect(isHigh(chip, 'brdy')).toBe(false);
  });
});

test('who strobes as soon as READY rises has READY rise for each byte', () => {
  const rises: number[] = [];
  const eager = defineDevice({
    type: 'eager',
    version: 1,
    lines: ['ready', 'strobe'],
    create: ({ lines, clock }) => ({
      lines: {
        ready(low) {
          if (low) return;
          rises.push(clock.now());
          lines.strobe.assert();
          lines.strobe.release();
        },
      },
    }),
  });
  const machine = createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'pilot', daisyChain: ['pio'] },
      devices: { pio: { type: 'pio' }, eager: { type: 'eager' } },
      memory: [{ at: 0x8000, device: 'pio' }],
      wires: [
        ['pio.ardy', 'eager.ready'],
        ['pio.astb', 'eager.strobe'],
      ],
    },
    { plugins: [pilot, pio, eager] },
  );
  machine.step();
  const write = (at: number, data: number) => {
    Object.assign(machine.cpu.registers, { pc: 0x8000 + at, kind: 2, data });
    machine.step();
  };
  write(CONTROL, MODE[0]);
  const { cycles } = machine;
  for (const byte of [1, 2, 3]) write(A, byte);
  machine.run(5);
  expect(rises).toEqual([cycles, cycles + 1, cycles + 2]);
});

test('port A goes before port B', () => {
  const chip = programmed(A, 0x20, MODE[1], ENABLE);
  for (const word of [0x40, MODE[1], ENABLE]) chip.write(CONTROL + B, word);
  strobe(chip, 'bstb');
  strobe(chip, 'astb');
  expect(chip.acknowledge()).toBe(0x20);
  expect(chip.irqSeen).toBe(false);
  chip.endInterrupt();
  expect(chip.acknowledge()).toBe(0x40);
});

test('law: bytes that two PIOs hand one another by READY and STROBE arrive in order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(255), { minLength: 1, maxLength: 20 }), (bytes) => {
      const [sender, receiver] = [programmed(A, MODE[0]), programmed(A, MODE[1])];
      receiver.read(A);
      const arrived = bytes.map((byte) => {
        sender.write(A, byte);
        expect([isHigh(sender, 'ardy'), isHigh(receiver, 'ardy')]).toEqual([true, true]);
        receiver.ports.pa?.drive(sender.ports.pa?.pins ?? 0, 0xff);
        strobe(receiver, 'astb');
        strobe(sender, 'astb');
        expect([isHigh(sender, 'ardy'), isHigh(receiver, 'ardy')]).toEqual([false, false]);
        return receiver.read(A);
      });
      expect(arrived).toEqual(bytes);
    }),
    { numRuns: 20 },
  );
});
