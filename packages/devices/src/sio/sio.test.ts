import { createMachine } from '@backplane/core';
import { deviceLaws } from '@backplane/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bench, bench, pilot } from '../test-bench.js';
import { sio } from './sio.js';

/** What programs do: registers written by their number, data and status read. */
const accesses = fc
  .array(
    fc.oneof(
      fc.tuple(fc.constantFrom(2, 3), fc.constantFrom(1, 2, 3, 4, 5), fc.nat(255)).map(([at, register, value]) => [
        [at, register] as const,
        // One stop bit at least; READY, not WAIT; both directions on more often than not.
        [at, [value, value | 0x40, value, value | 0x01, value | 0x04, value | 0x08][register] as number] as const,
      ]),
      fc.constantFrom(0, 1, 2, 3).map((at) => [[at] as const]),
      fc.tuple(fc.constantFrom(0, 1), fc.nat(255)).map((write) => [write]),
      fc
        .tuple(fc.constantFrom(2, 3), fc.constantFrom(0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0xc0))
        .map((write) => [write]),
    ),
    { minLength: 1, maxLength: 25 },
  )
  .map((chunks) => chunks.flat());

test.each(deviceLaws(sio, { accesses }))('%s', (_name, law) => law());
const fast = { clockA: 800_000, clockB: 333_333 };
test.each(deviceLaws(sio, { accesses, config: fast, lines: ['ctsa', 'rxdb'] }))(
  '%s, at rates of its own',
  (_name, law) => law(),
);

test('a reset ends the interrupt before the modem lines are looked at, one of which may be joined to INT', () => {
  const laws = deviceLaws(sio, { accesses, config: fast, lines: ['ctsa', 'rxdb'], seed: -1238958582 });
  const reset = laws.find(([name]) => name === 'a reset after a reset changes nothing');
  reset?.[1]();
});

const DATA = 0;
const CONTROL = 2;
/** Add to reach channel B. */
const B = 1;

const AVAILABLE = 0x01;
const PENDING = 0x02;
const EMPTY = 0x04;
const CARRIER = 0x08;
const CLEAR_TO_SEND = 0x20;
const SYNC = 0x10;
const UNDERRUN = 0x40;
const BREAK = 0x80;
const ALL_SENT = 0x01;
const OVERRUN = 0x20;
const FRAMING = 0x40;
/** Read register 0 with modem inputs high. */
const IDLE = EMPTY | UNDERRUN;

/** Clock of 1.6 MHz at a machine of 1 MHz: with factor 16 a bit takes 10 cycles, a frame of 8N1 100. */
const CONFIG = { clockA: 1_600_000, clockB: 1_600_000 };
const FRAME = 100;

const set = (chip: Bench, register: number, value: number, channel = 0): void => {
  chip.write(CONTROL + channel, register);
  chip.write(CONTROL + channel, value);
};
const get = (chip: Bench, register: number, channel = 0): number => {
  if (register > 0) chip.write(CONTROL + channel, register);
  return chip.read(CONTROL + channel);
};
const command = (chip: Bench, number: number, channel = 0): void => chip.write(CONTROL + channel, number << 3);

/** 16 periods a bit, 8 bits, no parity, one stop bit, both directions on. */
function line(chip: Bench, channel = 0): Bench {
  set(chip, 4, 0x44, channel);
  set(chip, 3, 0xc1, channel);
  set(chip, 5, 0x68, channel);
  return chip;
}
/** Clocks are not wired, but for tests of just that. */
const CLOCKS = ['txca', 'rxca', 'txcb', 'rxcb'];
const chipAlone = (unwired = CLOCKS): Bench => bench(sio, CONFIG, 1_000_000, {}, unwired);
const opened = (unwired = CLOCKS): Bench => line(chipAlone(unwired));

/** What the far end of channel A gets, with the cycle in which it comes. */
function sentBy(chip: Bench): { bytes: number[]; at: number[] } {
  const sent = { bytes: [] as number[], at: [] as number[] };
  chip.machine.on('output', ({ bytes }) => {
    sent.bytes.push(...bytes);
    sent.at.push(...[...bytes].map(() => chip.cycle - 1));
  });
  return sent;
}

/** Step by step, so that what comes is told in the cycle in which it comes. */
const pass = (chip: Bench, cycles: number): void => {
  for (let left = cycles; left > 0; left -= 1) chip.idle(1);
};

/** Have a byte arrive: the guest looks, the host hands it over, and a frame goes by. */
function arrives(chip: Bench, ...bytes: number[]): void {
  for (const byte of bytes) {
    chip.machine.channel('console').write(Uint8Array.of(byte));
    for (let looks = 0; looks < 4; looks += 1) chip.read(CONTROL);
    chip.idle(FRAME);
  }
}

/** Two chips whose channels A are joined, lines too. */
function pair(wires: readonly (readonly [string, string])[] = [], config: Readonly<Record<string, unknown>> = CONFIG) {
  const machine = createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'pilot', daisyChain: ['near', 'far'] },
      devices: { near: { type: 'sio', ...config }, far: { type: 'sio', ...config } },
      memory: [
        { at: 0x8000, device: 'near' },
        { at: 0x9000, device: 'far' },
      ],
      wires: [['near.seriala', 'far.seriala'], ...(wires as [string, string][])],
    },
    { plugins: [pilot, sio] },
  );
  const { registers } = machine.cpu;
  machine.step();
  const access = (kind: number, at: number, value = 0): number => {
    Object.assign(registers, { pc: at, kind, data: value });
    machine.step();
    return registers.data as number;
  };
  const at = (base: number) =>
    ({
      read: (offset: number) => access(1, base + offset),
      write: (offset: number, value: number) => void access(2, base + offset, value),
    }) as Bench;
  return { machine, near: line(at(0x8000)), far: line(at(0x9000)), idle: (cycles: number) => void machine.run(cycles) };
}

type Pair = ReturnType<typeof pair>;

describe('registers', () => {
  test('are reached by the pointer, once', () => {
    const chip = bench(sio);
    expect(get(chip, 0)).toBe(IDLE);
    expect(get(chip, 1)).toBe(ALL_SENT);
    expect(get(chip, 0)).toBe(IDLE);
    set(chip, 2, 0xa6, B);
    expect(get(chip, 2, B)).toBe(0xa6);
    expect(get(chip, 2)).toBe(0xff);
    expect(get(chip, 7)).toBe(0xff);
  });

  test('the vector belongs to channel B', () => {
    const chip = bench(sio);
    set(chip, 2, 0x11);
    expect(get(chip, 2, B)).toBe(0);
  });

  test('a command may choose a register too', () => {
    const chip = opened();
    chip.write(CONTROL, 0x10 | 1);
    expect(chip.read(CONTROL)).toBe(ALL_SENT);
  });
});

describe('the transmitter', () => {
  test('sends a byte when its last bit is over, and has room for one more', () => {
    const chip = opened();
    const sent = sentBy(chip);
    const { cycle } = chip;
    chip.write(DATA, 0x41);
    expect(get(chip, 0)).toBe(IDLE);
    chip.write(DATA, 0x42);
    expect(get(chip, 0)).toBe(IDLE & ~EMPTY);
    pass(chip, 2 * FRAME);
    expect(sent).toEqual({ bytes: [0x41, 0x42], at: [cycle + 90, cycle + FRAME + 90] });
  });

  test.each([
    ['5 bits', 0x44, 0x08, 0x1f, 60, 70],
    ['7 bits', 0x44, 0x28, 0x7f, 80, 90],
    ['6 bits', 0x44, 0x48, 0x3f, 70, 80],
    ['parity', 0x45, 0x68, 0xff, 100, 110],
    ['1½ stop bits', 0x48, 0x68, 0xff, 90, 105],
    ['2 stop bits', 0x4c, 0x68, 0xff, 90, 110],
    ['32 periods a bit', 0x84, 0x68, 0xff, 180, 200],
    ['64 periods a bit', 0xc4, 0x68, 0xff, 360, 400],
  ])('with %s takes its time', (_name, format, transmit, mask, data, frame) => {
    const chip = opened();
    const sent = sentBy(chip);
    set(chip, 4, format);
    set(chip, 5, transmit);
    const { cycle } = chip;
    const byte = mask === 0x1f ? 0x15 : 0xd5;
    chip.write(DATA, byte);
    chip.write(DATA, byte);
    pass(chip, 2 * frame);
    expect(sent).toEqual({ bytes: [byte & mask, byte & mask], at: [cycle + data, cycle + frame + data] });
  });

  test.each([
    [0xf1, 1, 1],
    [0xe2, 2, 2],
    [0xc5, 3, 5],
    [0x89, 4, 9],
    [0x11, 5, 0x11],
  ])('sends of %i just %i bits', (byte, bits, value) => {
    const chip = opened();
    const sent = sentBy(chip);
    set(chip, 5, 0x08);
    const { cycle } = chip;
    chip.write(DATA, byte);
    pass(chip, FRAME);
    expect(sent).toEqual({ bytes: [value], at: [cycle + 10 + 10 * bits] });
  });

  test('says when all is sent', () => {
    const chip = opened();
    chip.write(DATA, 1);
    chip.idle(97);
    expect(get(chip, 1)).toBe(0);
    expect(get(chip, 1)).toBe(ALL_SENT);
  });

  test('keeps a byte until it is enabled, by CTS too if that is wanted', () => {
    const chip = opened();
    const sent = sentBy(chip);
    set(chip, 5, 0x60);
    chip.write(DATA, 7);
    pass(chip, 200);
    expect(sent.bytes).toEqual([]);
    set(chip, 3, 0xe1);
    set(chip, 5, 0x68);
    pass(chip, 200);
    expect(sent.bytes).toEqual([]);
    chip.lines.ctsa?.assert();
    pass(chip, 200);
    expect(sent.bytes).toEqual([7]);
  });

  test('sends what waited for CTS when CTS matters no more', () => {
    const chip = opened();
    const sent = sentBy(chip);
    set(chip, 3, 0xe1);
    chip.write(DATA, 7);
    pass(chip, 200);
    expect(sent.bytes).toEqual([]);
    set(chip, 3, 0xc1);
    pass(chip, 200);
    expect(sent.bytes).toEqual([7]);
  });

  test('interrupts when its buffer becomes empty, until it is filled or told not to', () => {
    const chip = opened();
    set(chip, 1, 0x02);
    chip.idle(1);
    expect(chip.irqSeen).toBe(false);
    chip.write(DATA, 1);
    expect(chip.irqSeen).toBe(true);
    chip.write(DATA, 2);
    expect(chip.irqSeen).toBe(false);
    chip.idle(FRAME);
    expect(chip.irqSeen).toBe(true);
    command(chip, 5);
    expect(chip.irqSeen).toBe(false);
    chip.idle(3 * FRAME);
    expect(chip.irqSeen).toBe(false);
  });

  test('holds RTS until all is sent', () => {
    const chip = opened();
    set(chip, 5, 0x6a);
    expect(chip.lines.rtsa?.asserted).toBe(true);
    chip.write(DATA, 1);
    set(chip, 5, 0x68);
    expect(chip.lines.rtsa?.asserted).toBe(true);
    chip.idle(FRAME);
    expect(chip.lines.rtsa?.asserted).toBe(false);
  });

  test('has RTS, DTR and a break at its pins', () => {
    const chip = opened();
    const pins = () => ['rtsa', 'dtra', 'txda'].map((name) => chip.lines[name]?.asserted);
    expect(pins()).toEqual([false, false, false]);
    set(chip, 5, 0xfa);
    expect(pins()).toEqual([true, true, true]);
    command(chip, 3);
    expect(pins()).toEqual([false, false, false]);
  });

  test('is clocked by a line that is wired to it', () => {
    const chip = opened([]);
    const sent = sentBy(chip);
    chip.write(DATA, 0x5a);
    chip.idle(1000);
    expect(sent.bytes).toEqual([]);
    const tick = () => {
      chip.lines.txca?.assert();
      chip.lines.txca?.release();
    };
    for (let ticks = 0; ticks < 9 * 16 - 1; ticks += 1) tick();
    chip.idle(1);
    expect(sent.bytes).toEqual([]);
    tick();
    chip.idle(1);
    expect(sent.bytes).toEqual([0x5a]);
  });
});

describe('the receiver', () => {
  test('has a byte when its frame is over', () => {
    const { near, far, idle, machine } = pair();
    const { cycles } = machine;
    near.write(DATA, 0x5a);
    // The byte is on its way at the last data bit, and then takes a frame.
    idle(cycles + 90 + FRAME - 1 - machine.cycles);
    expect(far.read(CONTROL) & AVAILABLE).toBe(0);
    expect(far.read(CONTROL) & AVAILABLE).toBe(AVAILABLE);
    expect([far.read(DATA), far.read(CONTROL) & AVAILABLE, far.read(DATA)]).toEqual([0x5a, 0, 0x5a]);
  });

  test('keeps three characters; a fourth takes the place of the last, and says so', () => {
    const { near, far, idle } = pair();
    for (const byte of [1, 2, 3, 4, 5]) {
      near.write(DATA, byte);
      idle(2 * FRAME);
    }
    const read = [];
    for (let left = 3; left > 0; left -= 1) read.push(get(far, 1) & OVERRUN, far.read(DATA));
    expect(read).toEqual([0, 1, 0, 2, OVERRUN, 5]);
    expect(get(far, 1) & OVERRUN).toBe(OVERRUN);
    command(far, 6);
    expect(get(far, 1) & OVERRUN).toBe(0);
  });

  test.each([
    ['5 bits', 0x44, 0x01, 0xe0 | 0x15],
    ['7 bits', 0x44, 0x41, 0x80 | 0x55],
    ['6 bits', 0x44, 0x81, 0xc0 | 0x15],
    ['7 bits and odd parity', 0x45, 0x41, 0x80 | 0x55],
    ['7 bits and even parity', 0x47, 0x41, 0x55],
    ['5 bits and odd parity', 0x45, 0x01, 0xc0 | 0x15],
    ['8 bits and parity', 0x45, 0xc1, 0xd5],
  ])('with %s gives the others as ones', (_name, format, receive, wanted) => {
    const { near, far, idle } = pair();
    set(far, 4, format);
    set(far, 3, receive);
    near.write(DATA, 0xd5);
    idle(3 * FRAME);
    expect(far.read(DATA)).toBe(wanted);
  });

  test('takes nothing while it is off, or without DCD if that is wanted', () => {
    const chip = opened();
    set(chip, 3, 0xc0);
    arrives(chip, 1);
    expect(chip.read(CONTROL) & AVAILABLE).toBe(0);
    set(chip, 3, 0xe1);
    arrives(chip);
    expect(chip.read(CONTROL) & AVAILABLE).toBe(0);
    chip.lines.dcda?.assert();
    arrives(chip, 2);
    expect(chip.read(DATA)).toBe(1);
  });

  test('gets the next byte from the host when the program looks for it', () => {
    const chip = opened();
    chip.machine.channel('console').write('hi');
    const text: number[] = [];
    for (let looks = 0; looks < 1000 && text.length < 2; looks += 1) {
      if (chip.read(CONTROL) & AVAILABLE) text.push(chip.read(DATA));
    }
    expect(String.fromCharCode(...text)).toBe('hi');
  });

  test('need not be looked at while its interrupt is on', () => {
    const chip = opened();
    set(chip, 1, 0x10);
    chip.machine.channel('console').write('!');
    chip.idle(10 * FRAME);
    expect([chip.irqSeen, chip.read(DATA)]).toEqual([true, 0x21]);
  });

  test('is clocked by a line that is wired to it', () => {
    const chip = opened([]);
    arrives(chip, 0x5a);
    for (let ticks = 0; ticks < 160; ticks += 1) {
      expect(chip.peek(CONTROL) & AVAILABLE).toBe(0);
      chip.lines.rxca?.assert();
      chip.lines.rxca?.release();
    }
    expect(chip.read(DATA)).toBe(0x5a);
  });
});

test('law: a stream goes over the line in order and in its time, whatever the rate', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 30_000, max: 900_000 }),
      fc.array(fc.nat(255), { minLength: 2, maxLength: 12 }),
      (clockA, bytes) => {
        const { near, far, machine } = pair([], { clockA });
        const start = machine.cycles;
        const received: number[] = [];
        const waiting = [...bytes];
        near.write(DATA, waiting.shift() ?? 0);
        while (received.length < bytes.length && machine.cycles < 1_000_000) {
          if (waiting.length > 0 && near.read(CONTROL) & EMPTY) near.write(DATA, waiting.shift() ?? 0);
          if (far.read(CONTROL) & AVAILABLE) received.push(far.read(DATA));
        }
        expect(received).toEqual(bytes);
        // All frames of the sender but its last stop bit, and then one of the receiver.
        const bit = (16 * 1_000_000) / clockA;
        expect(Math.abs(machine.cycles - start - (10 * bytes.length - 1 + 10) * bit)).toBeLessThan(8);
      },
    ),
    { numRuns: 30 },
  );
});

describe('receive interrupts', () => {
  const receiving = (mode: number) => {
    const joined = pair();
    set(joined.far, 1, mode << 3);
    set(joined.far, 1, 0x04, B);
    set(joined.far, 2, 0x40, B);
    const send = (...bytes: number[]) => {
      for (const byte of bytes) {
        joined.near.write(DATA, byte);
        joined.idle(2 * FRAME);
      }
    };
    const interrupts = () => (joined.far.read(CONTROL) & PENDING) !== 0;
    return { ...joined, send, interrupts };
  };

  test('come with every character, until it is read', () => {
    const { far, send, interrupts } = receiving(3);
    expect(interrupts()).toBe(false);
    send(1, 2);
    expect([interrupts(), get(far, 2, B)]).toEqual([true, 0x4c]);
    far.read(DATA);
    expect(interrupts()).toBe(true);
    far.read(DATA);
    expect([interrupts(), get(far, 2, B)]).toEqual([false, 0x46]);
  });

  test('come with the first character only, until the next is asked for', () => {
    const { far, send, interrupts } = receiving(1);
    send(1);
    expect(interrupts()).toBe(true);
    far.read(DATA);
    send(2);
    expect(interrupts()).toBe(false);
    far.read(DATA);
    command(far, 4);
    expect(interrupts()).toBe(false);
    send(3);
    expect(interrupts()).toBe(true);
    far.read(DATA);
    send(4);
    command(far, 4);
    expect(interrupts()).toBe(true);
  });

  test('have a vector of their own for errors, in every mode', () => {
    for (const mode of [1, 2, 3]) {
      const { far, send, interrupts } = receiving(mode);
      send(1, 2, 3, 4);
      far.read(DATA);
      far.read(DATA);
      expect([interrupts(), get(far, 2, B)]).toEqual([true, 0x4e]);
      command(far, 6);
      expect(interrupts()).toBe(mode !== 1);
    }
  });

  test('can be off', () => {
    const { send, interrupts } = receiving(0);
    send(1);
    expect(interrupts()).toBe(false);
  });
});

describe('external status', () => {
  test('is shown, and kept as it was at the first change until that is seen', () => {
    const chip = chipAlone();
    const modem = () => get(chip, 0) & (CARRIER | SYNC | CLEAR_TO_SEND);
    expect(modem()).toBe(0);
    set(chip, 1, 0x01);
    chip.lines.ctsa?.assert();
    chip.lines.dcda?.assert();
    chip.idle(1);
    expect([modem(), chip.irqSeen]).toEqual([CLEAR_TO_SEND, true]);
    command(chip, 2);
    expect([modem(), chip.irqSeen]).toEqual([CLEAR_TO_SEND | CARRIER, true]);
    command(chip, 2);
    expect(chip.irqSeen).toBe(false);
    chip.lines.synca?.assert();
    chip.idle(1);
    expect([modem(), chip.irqSeen]).toEqual([CLEAR_TO_SEND | CARRIER | SYNC, true]);
  });

  test('of inputs that are not wired is that of pins tied low', () => {
    const chip = chipAlone([...CLOCKS, 'ctsa', 'dcda', 'synca']);
    expect(get(chip, 0)).toBe(EMPTY | UNDERRUN | CARRIER | CLEAR_TO_SEND | SYNC);
  });

  test('has the underrun latch, which a program may reset', () => {
    const chip = chipAlone();
    expect(get(chip, 0) & UNDERRUN).toBe(UNDERRUN);
    chip.write(CONTROL, 0xc0);
    expect(get(chip, 0) & UNDERRUN).toBe(0);
  });

  test('tells a break and its end, with a null character', () => {
    const { near, far, idle } = pair([['near.txda', 'far.rxda']]);
    set(far, 1, 0x01);
    set(near, 5, 0x78);
    idle(FRAME - 10);
    expect(get(far, 0) & (BREAK | PENDING)).toBe(0);
    idle(20);
    expect(get(far, 0) & (BREAK | PENDING | AVAILABLE)).toBe(BREAK | PENDING | AVAILABLE);
    expect(get(far, 1) & FRAMING).toBe(FRAMING);
    expect(far.read(DATA)).toBe(0);
    expect(get(far, 1) & FRAMING).toBe(0);
    command(far, 2);
    expect(get(far, 0) & (BREAK | PENDING)).toBe(BREAK);
    set(near, 5, 0x68);
    expect(get(far, 0) & (BREAK | PENDING)).toBe(PENDING);
    command(far, 2);
    expect(get(far, 0) & (BREAK | PENDING)).toBe(0);
    near.write(DATA, 9);
    idle(2 * FRAME);
    expect(far.read(DATA)).toBe(9);
  });

  test('of a byte that a break follows is that of any byte, and then a break', () => {
    const { near, far, idle } = pair([['near.txda', 'far.rxda']]);
    near.write(DATA, 0x5a);
    while ((get(near, 1) & ALL_SENT) === 0);
    set(near, 5, 0x78);
    idle(2 * FRAME);
    expect([get(far, 1) & FRAMING, far.read(DATA)]).toEqual([0, 0x5a]);
    expect([get(far, 1) & FRAMING, far.read(DATA)]).toEqual([FRAMING, 0]);
    expect(get(far, 0) & (BREAK | AVAILABLE)).toBe(BREAK);
  });

  test.each([
    ['of the chip', [['near.rtsb', 'near.ctsa']], ({ machine }: Pair) => machine.reset()],
    ['of the channel', [['near.rtsa', 'near.ctsa']], ({ near }: Pair) => command(near, 3)],
  ] as const)('has no change after a reset %s that its own lines made', (_whose, wires, reset) => {
    const joined = pair(wires);
    const { near, machine } = joined;
    for (const channel of [0, B]) set(line(near, channel), 5, 0x6a, channel);
    command(near, 2);
    expect(get(near, 0) & CLEAR_TO_SEND).toBe(CLEAR_TO_SEND);
    reset(joined);
    machine.step();
    set(near, 1, 0x01);
    expect(get(near, 0) & (CLEAR_TO_SEND | PENDING)).toBe(0);
  });

  test('knows no break that is shorter than a frame', () => {
    const { near, far, idle } = pair([['near.txda', 'far.rxda']]);
    set(near, 5, 0x78);
    idle(FRAME / 2);
    set(near, 5, 0x68);
    idle(FRAME);
    expect(get(far, 0) & (BREAK | AVAILABLE)).toBe(0);
  });
});

describe('READY', () => {
  test('is low while a transmitter has room, or a receiver a character', () => {
    const chip = opened();
    const ready = () => chip.lines.wrdya?.asserted;
    expect(ready()).toBe(false);
    set(chip, 1, 0xc0);
    expect(ready()).toBe(true);
    chip.write(DATA, 1);
    chip.write(DATA, 2);
    expect(ready()).toBe(false);
    chip.idle(FRAME);
    expect(ready()).toBe(true);
    set(chip, 1, 0xe0);
    expect(ready()).toBe(false);
    arrives(chip, 1);
    expect(ready()).toBe(true);
  });
});

describe('interrupts', () => {
  test('come in the order of the manual, each with its vector', () => {
    const { machine, near, far, idle } = pair();
    for (const channel of [0, B]) {
      line(far, channel);
      set(far, 1, 0x1f, channel);
    }
    set(far, 2, 0xa1, B);
    near.write(DATA, 1);
    idle(2 * FRAME);
    far.write(DATA, 1);
    far.write(DATA + B, 1);
    const { registers } = machine.cpu;
    const acknowledge = () => {
      Object.assign(registers, { kind: 3 });
      machine.step();
      return registers.data as number;
    };
    const end = () => {
      Object.assign(registers, { kind: 4 });
      machine.step();
    };
    expect(acknowledge()).toBe(0xad);
    far.read(DATA);
    end();
    expect(acknowledge()).toBe(0xa9);
    command(far, 5);
    // Of lower priority: nothing comes before the return.
    expect(acknowledge()).toBe(0xff);
    // Which the program may also do by a command.
    command(far, 7);
    expect(acknowledge()).toBe(0xa1);
    command(far, 5, B);
    end();
    expect(acknowledge()).toBe(0xff);
  });

  test('have the vector as it was written if the status does not affect it', () => {
    const chip = opened();
    set(chip, 2, 0x37, B);
    set(chip, 1, 0x02);
    chip.write(DATA, 1);
    expect(chip.acknowledge()).toBe(0x37);
  });

  test('a reset of channel A forgets what is in service', () => {
    const chip = opened();
    line(chip, B);
    set(chip, 1, 0x02);
    set(chip, 1, 0x02, B);
    chip.write(DATA, 1);
    chip.acknowledge();
    chip.write(DATA + B, 1);
    expect(chip.irqSeen).toBe(false);
    command(chip, 3);
    chip.idle(1);
    expect(chip.irqSeen).toBe(true);
  });
});

describe('what is refused', () => {
  const refusal = (message: string) =>
    expect.objectContaining({ code: 'device/refused', path: 'devices.dut', message: `devices.dut: ${message}` });
  const mend = 'choose 1, 1.5 or 2 stop bits in write register 4';

  test('a synchronous mode', () => {
    const chip = bench(sio);
    chip.write(CONTROL, 4);
    expect(() => chip.write(CONTROL, 0x20)).toThrow(refusal(`the program chooses a synchronous mode; ${mend}`));
  });

  test('sending without having chosen another', () => {
    const chip = bench(sio);
    set(chip, 5, 0x68);
    expect(() => chip.write(DATA, 1)).toThrow(refusal(`the program sends in a synchronous mode; ${mend}`));
  });

  test('the WAIT function', () => {
    const chip = bench(sio);
    chip.write(CONTROL, 1);
    expect(() => chip.write(CONTROL, 0x80)).toThrow(
      refusal('the program wants the CPU to be held up by WAIT; choose READY in write register 1, or neither'),
    );
  });

  test('receiving in a synchronous mode', () => {
    const { machine, near, far } = pair();
    command(far, 3);
    set(far, 3, 0xc1);
    near.write(DATA, 1);
    expect(() => machine.run(2 * FRAME)).toThrow(`devices.far: the program receives in a synchronous mode; ${mend}`);
  });
});
