import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wired } from './test-wires.js';

describe('a port', () => {
  test('that is wired to nothing reads what it drives, and high where it drives nothing', () => {
    const { a } = wired(['a'], []);
    expect(a.ports.pa.pins).toBe(0xff);
    a.ports.pa.drive(0x55, 0x0f);
    expect(a.ports.pa.pins).toBe(0xf5);
  });

  test('drives the port it is wired to, whose pull-ups hold the rest', () => {
    const { a, b, log } = wired(['a', 'b'], [['a.pa', 'b.pb']]);
    a.ports.pa.drive(0x3c, 0xff);
    expect([a.ports.pa.pins, b.ports.pb.pins, b.ports.pa.pins]).toEqual([0x3c, 0x3c, 0xff]);
    expect(log).toEqual(['b.pb 3c']);
  });

  test('is low where either side drives low', () => {
    const { a, b } = wired(['a', 'b'], [['a.pa', 'b.pa']]);
    a.ports.pa.drive(0xf0, 0xff);
    b.ports.pa.drive(0xcc, 0xff);
    expect([a.ports.pa.pins, b.ports.pa.pins]).toEqual([0xc0, 0xc0]);
    // An input pulls nothing, whatever its value.
    b.ports.pa.drive(0x00, 0x00);
    expect(a.ports.pa.pins).toBe(0xf0);
  });

  test('is told once of several pins that change at once, and never of its own changes', () => {
    const { a, b, log } = wired(['a', 'b'], [['a.pa', 'b.pa']]);
    a.ports.pa.drive(0x00, 0xff);
    b.ports.pa.drive(0x00, 0xff);
    a.ports.pa.drive(0xff, 0xff);
    b.ports.pa.drive(0xff, 0xff);
    expect(log).toEqual(['b.pa 0', 'a.pa ff']);
  });
});

describe('slices', () => {
  test('join some pins and leave the others alone', () => {
    const { a, b } = wired(['a', 'b'], [['a.pa[0..3]', 'b.pb[4..7]']]);
    a.ports.pa.drive(0x05, 0xff);
    expect([b.ports.pb.pins, a.ports.pa.pins]).toEqual([0x5f, 0x05]);
    b.ports.pb.drive(0x00, 0x01);
    expect(a.ports.pa.pins).toBe(0x05);
  });

  test('may run backwards, which crosses the pins', () => {
    const { a, b } = wired(['a', 'b'], [['a.pa[0..3]', 'b.pb[3..0]']]);
    a.ports.pa.drive(0b0001, 0x0f);
    expect(b.ports.pb.pins).toBe(0b1111_1000);
  });

  test('of one pin join a line; a line asserted is a pin low', () => {
    const { a, b, log } = wired(['a', 'b'], [['a.pa[7]', 'b.in']]);
    a.ports.pa.drive(0x7f, 0x80);
    expect([b.lines.in.asserted, log]).toEqual([true, ['b.in true']]);
    a.ports.pa.drive(0x00, 0x00);
    b.lines.in.assert();
    expect(a.ports.pa.pins).toBe(0x7f);
  });

  test('may join pins of one port with one another', () => {
    const { a, log } = wired(['a'], [['a.pa[0..1]', 'a.pa[4..5]']]);
    a.ports.pa.drive(0xfe, 0x01);
    expect([a.ports.pa.pins, log]).toEqual([0b1110_1110, []]);
  });

  test('agree with a model of each pin', () => {
    const drive = fc.record({
      side: fc.constantFrom('a' as const, 'b' as const),
      value: fc.nat(255),
      direction: fc.nat(255),
    });
    const slice = fc.tuple(fc.nat(7), fc.nat(7));
    fc.assert(
      fc.property(
        slice,
        fc.nat(7),
        fc.boolean(),
        fc.array(drive, { maxLength: 10 }),
        ([from, to], start, up, drives) => {
          const length = Math.abs(to - from);
          const end = up ? start + length : start - length;
          fc.pre(end >= 0 && end <= 7);
          const { a, b } = wired(['a', 'b'], [[`a.pa[${from}..${to}]`, `b.pa[${start}..${end}]`]]);
          const state = { a: { value: 0, direction: 0 }, b: { value: 0, direction: 0 } };
          for (const { side, value, direction } of drives) {
            state[side] = { value, direction };
            (side === 'a' ? a : b).ports.pa.drive(value, direction);
          }
          const pulls = (side: 'a' | 'b', pin: number) => ((state[side].direction & ~state[side].value) >> pin) & 1;
          let [wantedA, wantedB] = [0, 0];
          for (let pin = 0; pin < 8; pin += 1) {
            if (!pulls('a', pin)) wantedA |= 1 << pin;
            if (!pulls('b', pin)) wantedB |= 1 << pin;
          }
          for (let step = 0; step <= length; step += 1) {
            const pinA = from + Math.sign(to - from) * step;
            const pinB = start + Math.sign(end - start) * step;
            if (!pulls('a', pinA) && !pulls('b', pinB)) continue;
            wantedA &= ~(1 << pinA);
            wantedB &= ~(1 << pinB);
          }
          expect([a.ports.pa.pins, b.ports.pa.pins]).toEqual([wantedA, wantedB]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
