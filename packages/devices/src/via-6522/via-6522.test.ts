import { createMachine, defineDevice } from '@backplane/core';
import { deviceLaws } from '@backplane/core/testing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bench, bench, pilot } from '../test-bench.js';
import { Flag, Register } from './registers.js';
import { via6522 } from './via-6522.js';

test.each(deviceLaws(via6522))('%s', (_name, law) => law());

const enable = (via: Bench, flags: number) => via.write(Register.InterruptEnable, 0x80 | flags);

/** Load a timer and start it; the cycle of the write that starts it. */
function startTimer(via: Bench, timer: 1 | 2, count: number): number {
  via.write(timer === 1 ? Register.Timer1CounterLow : Register.Timer2CounterLow, count & 0xff);
  const { cycle } = via;
  via.write(timer === 1 ? Register.Timer1CounterHigh : Register.Timer2CounterHigh, count >> 8);
  return cycle;
}

/** Cycles from `start` to the first at whose end the CPU sees IRQ low. */
function cyclesToIrq(via: Bench, start: number, limit: number): number {
  while (via.cycle - start < limit) {
    const { cycle } = via;
    via.idle(1);
    if (via.irqSeen) return cycle - start;
  }
  return Number.NaN;
}

describe('timers', () => {
  test.each([1, 2] as const)('timer %i pulls IRQ in the cycle N + 2 after the write, N + 1.5 cycles later', (timer) => {
    for (const count of [0, 1, 2, 3, 0xff, 0x100, 0x101, 0x234]) {
      const via = bench(via6522);
      enable(via, Flag.Timer1 | Flag.Timer2);
      const start = startTimer(via, timer, count);
      expect(cyclesToIrq(via, start, count + 10)).toBe(count + 2);
    }
  });

  test.each([1, 2] as const)('timer %i shows its flag to a read in that cycle, and not before', (timer) => {
    const flag = timer === 1 ? Flag.Timer1 : Flag.Timer2;
    for (const enabled of [0, flag]) {
      for (const count of [0, 5, 0x1ff]) {
        const via = bench(via6522);
        enable(via, enabled);
        startTimer(via, timer, count);
        via.idle(count);
        expect(via.read(Register.InterruptFlags)).toBe(0);
        expect(via.read(Register.InterruptFlags)).toBe(enabled ? flag | 0x80 : flag);
      }
    }
  });

  test('timer 1 counts down to 0, shows $FFFF for a cycle and takes the latch again, in both modes', () => {
    for (const mode of [0x00, 0x40]) {
      const via = bench(via6522);
      via.write(Register.AuxiliaryControl, mode);
      startTimer(via, 1, 3);
      const seen = Array.from({ length: 11 }, () => via.read(Register.Timer1CounterLow));
      expect(seen).toEqual([3, 2, 1, 0, 0xff, 3, 2, 1, 0, 0xff, 3]);
    }
  });

  test('timer 2 counts on from $FFFF', () => {
    const via = bench(via6522);
    startTimer(via, 2, 0x102);
    const low = Array.from({ length: 5 }, () => via.read(Register.Timer2CounterLow));
    expect(low).toEqual([2, 1, 0, 0xff, 0xfe]);
    expect(via.read(Register.Timer2CounterHigh)).toBe(0);
    via.idle(0xfb);
    expect(via.read(Register.Timer2CounterLow)).toBe(0x01);
    expect(via.read(Register.Timer2CounterLow)).toBe(0x00);
    expect(via.peek(Register.Timer2CounterHigh)).toBe(0xff);
    expect(via.read(Register.Timer2CounterLow)).toBe(0xff);
  });

  test('timer 1 runs free with a period of N + 2 cycles', () => {
    const via = bench(via6522);
    via.write(Register.AuxiliaryControl, 0x40);
    enable(via, Flag.Timer1);
    const start = startTimer(via, 1, 10);
    for (const timeout of [12, 24, 36]) {
      expect(cyclesToIrq(via, start, 100)).toBe(timeout);
      via.read(Register.Timer1CounterLow);
      expect(via.irqSeen).toBe(false);
    }
  });

  test('one shot: a timer fires once for each write of its high byte', () => {
    for (const timer of [1, 2] as const) {
      const via = bench(via6522);
      enable(via, Flag.Timer1 | Flag.Timer2);
      const start = startTimer(via, timer, 4);
      expect(cyclesToIrq(via, start, 100)).toBe(6);
      via.write(Register.InterruptFlags, 0x7f);
      expect(cyclesToIrq(via, via.cycle, 70_000)).toBeNaN();
      expect(cyclesToIrq(via, startTimer(via, timer, 4), 100)).toBe(6);
    }
  });

  test('a new latch is loaded after the timeout; one written in the cycle of the timeout still counts', () => {
    // The counter shows $FFFF in cycle 6 after the start.
    for (const [written, expected] of [
      [6, 0x20],
      [7, 0x03],
    ] as const) {
      const via = bench(via6522);
      startTimer(via, 1, 4);
      via.idle(written - 1);
      via.write(Register.Timer1LatchLow, 0x20);
      expect(via.read(Register.Timer1CounterLow)).toBe(expected);
    }
  });

  test.each([
    ['reading the counter', (via: Bench) => via.read(Register.Timer1CounterLow)],
    ['writing the counter', (via: Bench) => via.write(Register.Timer1CounterHigh, 0xff)],
    ['writing the latch', (via: Bench) => via.write(Register.Timer1LatchHigh, 0xff)],
    ['writing the flag', (via: Bench) => via.write(Register.InterruptFlags, Flag.Timer1)],
  ])('%s takes timer 1 flag and IRQ back', (_how, access) => {
    const via = bench(via6522);
    enable(via, Flag.Timer1);
    startTimer(via, 1, 0);
    via.idle(5);
    expect(via.irqSeen).toBe(true);
    access(via);
    expect(via.irqSeen).toBe(false);
    expect(via.peek(Register.InterruptFlags)).toBe(0);
  });

  test('PB7 is low from the write to the timeout in one-shot mode', () => {
    const via = bench(via6522);
    via.write(Register.DirectionB, 0x80);
    via.write(Register.AuxiliaryControl, 0x80);
    expect(via.ports.pb?.pins).toBe(0xff);
    startTimer(via, 1, 3);
    const levels = Array.from({ length: 7 }, () => {
      via.idle(1);
      return (via.ports.pb?.pins ?? 0) >> 7;
    });
    expect(levels).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });

  test('PB7 is a square wave in free-running mode', () => {
    const via = bench(via6522);
    via.write(Register.DirectionB, 0x80);
    via.write(Register.AuxiliaryControl, 0xc0);
    startTimer(via, 1, 1);
    const levels = Array.from({ length: 12 }, () => via.read(Register.PortB) >> 7);
    expect(levels.join('')).toBe('001110001110');
  });

  test('timer 2 counts falling edges of PB6, and fires with edge N + 1', () => {
    const via = bench(via6522);
    via.write(Register.AuxiliaryControl, 0x20);
    enable(via, Flag.Timer2);
    startTimer(via, 2, 2);
    const pulse = () => {
      via.ports.pb?.drive(0, 0x40);
      via.idle(1);
      via.ports.pb?.drive(0, 0);
      via.idle(1);
    };
    via.idle(100);
    expect(via.read(Register.Timer2CounterLow)).toBe(2);
    pulse();
    pulse();
    expect(via.read(Register.Timer2CounterLow)).toBe(0);
    expect(via.irqSeen).toBe(false);
    pulse();
    expect(via.irqSeen).toBe(true);
    expect(via.peek(Register.Timer2CounterHigh)).toBe(0xff);
    via.read(Register.Timer2CounterLow);
    expect(via.irqSeen).toBe(false);
    pulse();
    expect(via.read(Register.Timer2CounterLow)).toBe(0xfe);
    expect(via.irqSeen).toBe(false);
  });

  test('law: looking often or seldom, with or without interrupts, a timer shows the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0x00, 0x40, 0x04, 0x20, 0xc0, 0x14),
        fc.nat(0x400),
        fc.nat(0x400),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 12 }),
        (mode, count1, count2, pauses) => {
          const [often, seldom] = [bench(via6522), bench(via6522)];
          for (const via of [often, seldom]) {
            enable(via, via === often ? Flag.Timer1 | Flag.Timer2 : 0);
            via.write(Register.AuxiliaryControl, mode);
            startTimer(via, 1, count1);
            startTimer(via, 2, count2);
          }
          for (const pause of pauses) {
            for (let cycle = 0; cycle < pause; cycle += 1) often.read(Register.Timer2CounterHigh);
            seldom.idle(pause);
          }
          for (let register = Register.Timer1CounterLow; register <= Register.Timer2CounterHigh; register += 1) {
            expect(often.peek(register)).toBe(seldom.peek(register));
          }
          expect(often.peek(Register.InterruptFlags) & 0x7f).toBe(seldom.peek(Register.InterruptFlags));
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('ports', () => {
  test('port A reads its pins, port B what was written to outputs', () => {
    const via = bench(via6522);
    via.write(Register.DirectionA, 0x0f);
    via.write(Register.DirectionB, 0x0f);
    via.write(Register.PortA, 0xff);
    via.write(Register.PortB, 0xff);
    via.ports.pa?.drive(0x00, 0x11);
    via.ports.pb?.drive(0x00, 0x11);
    expect(via.read(Register.PortA)).toBe(0xee);
    expect(via.read(Register.PortB)).toBe(0xef);
    expect(via.read(Register.PortANoHandshake)).toBe(0xee);
  });

  test('latching holds the pins as they were at the active edge', () => {
    const via = bench(via6522);
    via.write(Register.AuxiliaryControl, 0x03);
    for (const [line, port, register] of [
      ['ca1', 'pa', Register.PortA],
      ['cb1', 'pb', Register.PortB],
    ] as const) {
      via.ports[port]?.drive(0x5a, 0xff);
      via.lines[line]?.assert();
      via.ports[port]?.drive(0xa5, 0xff);
      expect(via.read(register)).toBe(0x5a);
      via.lines[line]?.release();
      via.lines[line]?.assert();
      expect(via.read(register)).toBe(0xa5);
    }
  });

  test('reset makes all pins inputs, and stops no counter', () => {
    const via = bench(via6522);
    via.write(Register.DirectionA, 0xff);
    via.write(Register.Timer1CounterHigh, 0x12);
    via.write(Register.Shift, 0x77);
    enable(via, 0x7f);
    expect(via.ports.pa?.pins).toBe(0);
    via.machine.reset();
    via.idle(1);
    expect(via.ports.pa?.pins).toBe(0xff);
    expect(via.peek(Register.InterruptEnable)).toBe(0x80);
    expect(via.peek(Register.Shift)).toBe(0x77);
    expect(via.peek(Register.Timer1LatchHigh)).toBe(0x12);
    expect(via.peek(Register.Timer1CounterHigh)).toBe(0x12);
  });
});

describe('control lines', () => {
  const sides = [
    { name: 'A', line1: 'ca1', line2: 'ca2', flag1: Flag.CA1, flag2: Flag.CA2, port: Register.PortA, shift: 0 },
    { name: 'B', line1: 'cb1', line2: 'cb2', flag1: Flag.CB1, flag2: Flag.CB2, port: Register.PortB, shift: 4 },
  ] as const;

  test.each(sides)('the active edge of C$name 1 sets its flag', ({ line1, flag1, shift, port }) => {
    for (const positive of [0, 1]) {
      const via = bench(via6522);
      enable(via, flag1);
      via.write(Register.PeripheralControl, positive << shift);
      via.lines[line1]?.assert();
      via.idle(1);
      expect(via.irqSeen).toBe(positive === 0);
      via.read(port);
      expect(via.irqSeen).toBe(false);
      via.lines[line1]?.release();
      via.idle(1);
      expect(via.irqSeen).toBe(positive === 1);
    }
  });

  test.each(sides)('C$name 2 as an input has its edge, and a flag that a port access clears or not', (side) => {
    for (const mode of [0, 1, 2, 3]) {
      const via = bench(via6522);
      via.write(Register.PeripheralControl, mode << (1 + side.shift));
      via.lines[side.line2]?.assert();
      expect(via.peek(Register.InterruptFlags)).toBe(mode < 2 ? side.flag2 : 0);
      via.lines[side.line2]?.release();
      expect(via.peek(Register.InterruptFlags)).toBe(side.flag2);
      via.write(side.port, 0);
      expect(via.peek(Register.InterruptFlags)).toBe(mode & 1 ? side.flag2 : 0);
    }
  });

  test.each(sides)('handshake $name: line 2 falls with a write and rises with the active edge of line 1', (side) => {
    const via = bench(via6522);
    via.write(Register.PeripheralControl, 0x08 << side.shift);
    expect(via.lines[side.line2]?.asserted).toBe(false);
    via.write(side.port, 0x12);
    expect(via.lines[side.line2]?.asserted).toBe(true);
    via.idle(10);
    expect(via.lines[side.line2]?.asserted).toBe(true);
    via.lines[side.line1]?.assert();
    expect(via.lines[side.line2]?.asserted).toBe(false);
  });

  test.each(sides)(
    'a write to port $name that makes an edge of line 1 leaves its flag set, its handshake answered',
    (side) => {
      let asks = () => false;
      const inverter = defineDevice({
        type: 'inverter',
        version: 1,
        ports: { in: 8 },
        lines: ['out', 'asked'],
        create({ lines }) {
          asks = () => lines.asked.asserted;
          return { ports: { in: (pins) => (pins & 1 ? lines.out.assert() : lines.out.release()) } };
        },
      });
      const machine = createMachine(
        {
          clock: 1_000_000,
          cpu: { type: 'pilot' },
          devices: { via: { type: 'via-6522' }, inverter: { type: 'inverter' } },
          memory: [{ at: 0x8000, device: 'via' }],
          wires: [
            [`via.${side.name === 'A' ? 'pa' : 'pb'}`, 'inverter.in'],
            [`via.${side.line1}`, 'inverter.out'],
            [`via.${side.line2}`, 'inverter.asked'],
          ],
        },
        { plugins: [pilot, via6522, inverter] },
      );
      machine.step();
      const write = (register: number, data: number) => {
        Object.assign(machine.cpu.registers, { pc: 0x8000 + register, kind: 2, data });
        machine.step();
      };
      const flags = () => machine.memory.peek(0x8000 + Register.InterruptFlags);
      write(side.name === 'A' ? Register.DirectionA : Register.DirectionB, 0xff);
      write(Register.PeripheralControl, 0x08 << side.shift);
      write(side.port, 0);
      expect([flags(), asks()]).toEqual([0, true]);
      write(side.port, 1);
      expect([flags(), asks()]).toEqual([side.flag1, false]);
      write(side.port, 1);
      expect([flags(), asks()]).toEqual([0, true]);
    },
  );

  test('only port A has a read handshake', () => {
    const via = bench(via6522);
    via.write(Register.PeripheralControl, 0x88);
    via.read(Register.PortANoHandshake);
    expect(via.lines.ca2?.asserted).toBe(false);
    via.read(Register.PortA);
    via.read(Register.PortB);
    expect(via.lines.ca2?.asserted).toBe(true);
    expect(via.lines.cb2?.asserted).toBe(false);
  });

  test.each(sides)('pulse $name: line 2 is low for one cycle', (side) => {
    const via = bench(via6522);
    via.write(Register.PeripheralControl, 0x0a << side.shift);
    const { cycle } = via;
    via.write(side.port, 0x12);
    via.idle(5);
    expect(via.edges).toEqual([
      { line: side.line2, low: true, cycle },
      { line: side.line2, low: false, cycle: cycle + 1 },
    ]);
  });

  test.each(sides)('C$name 2 can be held low or high', (side) => {
    const via = bench(via6522);
    via.write(Register.PeripheralControl, 0x0c << side.shift);
    expect(via.lines[side.line2]?.asserted).toBe(true);
    via.write(Register.PeripheralControl, 0x0e << side.shift);
    expect(via.lines[side.line2]?.asserted).toBe(false);
  });
});

describe('shift register', () => {
  /** Bits on CB2 as CB1 rises, with the cycles of CB1's edges. */
  function sent(via: Bench): { bits: string; clock: number[] } {
    let cb2 = '1';
    let bits = '';
    const clock: number[] = [];
    // Edges of one cycle: data changes with the falling clock.
    for (const { line, low, cycle } of via.edges) {
      if (line === 'cb2') cb2 = low ? '0' : '1';
      if (line !== 'cb1') continue;
      clock.push(cycle);
      if (!low) bits += cb2;
    }
    return { bits, clock };
  }

  test('mode 110: out with phase 2, the first edge two cycles after the write, one a cycle', () => {
    const via = bench(via6522);
    enable(via, Flag.Shift);
    via.write(Register.AuxiliaryControl, 0x18);
    via.edges.length = 0;
    const { cycle } = via;
    via.write(Register.Shift, 0xa3);
    expect(cyclesToIrq(via, cycle, 100)).toBe(17);
    via.idle(20);
    const { bits, clock } = sent(via);
    expect(bits).toBe('10100011');
    expect(clock).toEqual(Array.from({ length: 16 }, (_, edge) => cycle + 2 + edge));
    expect(via.peek(Register.Shift)).toBe(0xa3);
  });

  test('mode 101: out with timer 2, an edge two cycles after each underflow', () => {
    const via = bench(via6522);
    enable(via, Flag.Shift);
    via.write(Register.AuxiliaryControl, 0x14);
    const start = startTimer(via, 2, 5);
    via.edges.length = 0;
    via.write(Register.Shift, 0x35);
    const first = start + 7 + 2;
    expect(cyclesToIrq(via, start, 300)).toBe(first + 15 * 7 - start);
    via.idle(100);
    const { bits, clock } = sent(via);
    expect(bits).toBe('00110101');
    expect(clock).toEqual(Array.from({ length: 16 }, (_, edge) => first + edge * 7));
  });

  test.each([0, 1, 2, 3, 4, 5, 6])('mode 101: timer 1 times out %i cycles after an edge, and none is lost', (later) => {
    const via = bench(via6522);
    via.write(Register.AuxiliaryControl, 0x94);
    // Timer 1 is written a cycle after timer 2, and in one-shot mode PB7 has its one event.
    const start = startTimer(via, 2, 5);
    const third = start + 7 + 2 + 2 * 7;
    startTimer(via, 1, third + later - (via.cycle + 1) - 2);
    via.edges.length = 0;
    via.write(Register.Shift, 0x35);
    via.idle(200);
    const { bits, clock } = sent(via);
    expect(bits).toBe('00110101');
    expect(clock).toEqual(Array.from({ length: 16 }, (_, edge) => start + 7 + 2 + edge * 7));
  });

  test('mode 100: out for ever, no flag', () => {
    const via = bench(via6522);
    startTimer(via, 2, 0);
    via.write(Register.Shift, 0xf0);
    via.edges.length = 0;
    via.write(Register.AuxiliaryControl, 0x10);
    via.idle(4 * 32 + 4);
    expect(sent(via).bits).toMatch(/^(11110000){3,4}1*0*$/);
    expect(via.peek(Register.InterruptFlags) & Flag.Shift).toBe(0);
  });

  test.each([
    ['010, phase 2', 0x08],
    ['001, timer 2', 0x04],
  ])('mode %s: in, taken as CB1 rises', (_name, mode) => {
    const via = bench(via6522);
    via.write(Register.AuxiliaryControl, mode);
    startTimer(via, 2, 3);
    via.read(Register.Shift);
    const bits = [0, 1, 1, 0, 1, 0, 0, 1];
    let taken = 0;
    via.edges.length = 0;
    while (taken < 8 && via.cycle < 500) {
      const falls = via.edges.filter(({ line, low }) => line === 'cb1' && low).length;
      if (falls > taken) {
        if (bits[taken] === 0) via.lines.cb2?.assert();
        else via.lines.cb2?.release();
        taken = falls;
      }
      via.idle(1);
    }
    via.idle(20);
    expect(via.peek(Register.Shift)).toBe(0b01101001);
    expect(via.peek(Register.InterruptFlags) & Flag.Shift).toBe(Flag.Shift);
    via.read(Register.Shift);
    expect(via.peek(Register.InterruptFlags) & Flag.Shift).toBe(0);
  });

  /** Clock eight bits from outside. */
  function clockIn(via: Bench, bits: number[]): number[] {
    return bits.map((value) => {
      via.lines.cb1?.assert();
      if (value === 0) via.lines.cb2?.assert();
      else via.lines.cb2?.release();
      via.idle(1);
      const shown = via.lines.cb2?.asserted ? 0 : 1;
      via.lines.cb1?.release();
      via.idle(1);
      return shown;
    });
  }

  test('mode 011: in, clock from CB1, a flag after each eight', () => {
    const via = bench(via6522);
    via.write(Register.AuxiliaryControl, 0x0c);
    clockIn(via, [1, 0, 1]);
    via.read(Register.Shift);
    clockIn(via, [1, 1, 0, 0, 0, 1, 0]);
    expect(via.peek(Register.InterruptFlags) & Flag.Shift).toBe(0);
    clockIn(via, [1]);
    expect(via.peek(Register.InterruptFlags) & Flag.Shift).toBe(Flag.Shift);
    expect(via.read(Register.Shift)).toBe(0b11000101);
  });

  test('mode 111: out, clock from CB1', () => {
    const via = bench(via6522);
    via.write(Register.AuxiliaryControl, 0x1c);
    via.write(Register.Shift, 0x96);
    expect(clockIn(via, [1, 1, 1, 1, 1, 1, 1, 1])).toEqual([1, 0, 0, 1, 0, 1, 1, 0]);
    expect(via.peek(Register.InterruptFlags) & Flag.Shift).toBe(Flag.Shift);
  });

  test('mode 000: CB1 shifts, nothing is counted', () => {
    const via = bench(via6522);
    clockIn(via, [0, 1, 0, 1, 0, 1, 0, 1]);
    expect(via.peek(Register.Shift)).toBe(0x55);
    expect(via.peek(Register.InterruptFlags) & Flag.Shift).toBe(0);
  });
});
