import { createMachine, type MachineConfig } from '@backplane/core';
import { deviceLaws } from '@backplane/core/testing';
import { describe, expect, test } from 'vitest';
import { type Bench, bench, pilot } from '../test-bench.js';
import { acia6551 } from './acia-6551.js';

test.each(deviceLaws(acia6551))('%s', (_name, law) => law());

const otherConfig = { variant: 'w65c51n', modem: true, receiverClock: 153_600 };
test.each(deviceLaws(acia6551, { config: otherConfig }))('%s, with modem lines and as W65C51N', (_name, law) => law());

const DATA = 0;
const STATUS = 1;
const COMMAND = 2;
const CONTROL = 3;

const OVERRUN = 0x04;
const RECEIVER_FULL = 0x08;
const TRANSMITTER_EMPTY = 0x10;
const NO_CARRIER = 0x20;
const DATA_SET_NOT_READY = 0x40;
const INTERRUPT = 0x80;

/** DTR, receiver interrupt off, transmitter on without interrupt. */
const POLLED = 0x0b;
/** 8 bits, 1 stop bit, 9600 baud: at 1 MHz a bit takes 104 1/6 cycles, a frame 1041 2/3. */
const BAUD_9600 = 0x1e;

function polled(config: Readonly<Record<string, unknown>> = {}): Bench {
  const acia = bench(acia6551, config);
  acia.write(COMMAND, POLLED);
  acia.write(CONTROL, BAUD_9600);
  return acia;
}

/** ACIAs at 0x8000, 0x9000 …, and a bus cycle of the CPU. */
function machineOf(acias: Readonly<Record<string, object>>, wires: NonNullable<MachineConfig['wires']>) {
  const names = Object.keys(acias);
  const machine = createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'pilot' },
      devices: Object.fromEntries(names.map((name) => [name, { ...acias[name], type: 'acia-6551' }])),
      memory: names.map((device, index) => ({ at: 0x8000 + index * 0x1000, device })),
      wires,
    },
    { plugins: [pilot, acia6551] },
  );
  const { registers } = machine.cpu;
  const cycle = (kind: number, address: number, data = 0) => {
    Object.assign(registers, { pc: address, kind, data });
    machine.step();
    return registers.data as number;
  };
  return { machine, cycle };
}

/** Bytes the host received, with the cycle after which they were there. */
function receivedBy(acia: Bench): { text: string; at: number[] } {
  const received = { text: '', at: [] as number[] };
  acia.machine.on('output', ({ bytes }) => {
    received.text += String.fromCharCode(...bytes);
    for (const _ of bytes) received.at.push(acia.cycle);
  });
  return received;
}

function cyclesUntil(acia: Bench, condition: () => boolean, limit = 5_000): number {
  const start = acia.cycle;
  while (!condition() && acia.cycle - start < limit) acia.idle(1);
  return acia.cycle - start;
}

describe('reset', () => {
  test('leaves the transmitter empty, all else off', () => {
    const acia = bench(acia6551);
    expect(acia.read(STATUS)).toBe(TRANSMITTER_EMPTY);
    expect(acia.read(COMMAND)).toBe(0);
    expect(acia.read(CONTROL)).toBe(0);
    expect(acia.lines.dtr?.asserted).toBe(false);
    expect(acia.lines.rts?.asserted).toBe(false);
  });

  test('a programmed reset keeps parity and control', () => {
    const acia = bench(acia6551);
    acia.write(COMMAND, 0x69);
    acia.write(CONTROL, 0x9e);
    expect(acia.lines.dtr?.asserted).toBe(true);
    expect(acia.lines.rts?.asserted).toBe(true);
    acia.write(STATUS, 0xff);
    expect(acia.read(COMMAND)).toBe(0x60);
    expect(acia.read(CONTROL)).toBe(0x9e);
    expect(acia.lines.dtr?.asserted).toBe(false);
    expect(acia.lines.rts?.asserted).toBe(false);
  });

  test('tells no change of DSR that its own DTR makes', () => {
    const { machine, cycle } = machineOf({ acia: { modem: true } }, [['acia.dtr', 'acia.dsr']]);
    cycle(2, 0x8000 + COMMAND, POLLED);
    cycle(1, 0x8000 + STATUS);
    machine.reset();
    cycle(0, 0);
    expect(cycle(1, 0x8000 + STATUS)).toBe(TRANSMITTER_EMPTY | NO_CARRIER | DATA_SET_NOT_READY);
  });
});

describe('transmitter', () => {
  test('sends a byte in the time of its frame, with one more waiting', () => {
    const acia = polled();
    const { cycle } = acia;
    acia.write(DATA, 0x41);
    expect(acia.peek(STATUS)).toBe(TRANSMITTER_EMPTY);
    acia.write(DATA, 0x42);
    expect(acia.peek(STATUS)).toBe(0);
    const received = receivedBy(acia);
    cyclesUntil(acia, () => acia.peek(STATUS) === TRANSMITTER_EMPTY);
    // The next frame starts in the cycle in which, or after which, the first ends.
    expect(acia.cycle - 1 - cycle).toBe(Math.ceil(10 * (625 / 6)));
    cyclesUntil(acia, () => received.text === 'AB');
    expect(received.text).toBe('AB');
    expect((received.at[0] as number) - 1 - cycle).toBe(Math.ceil(9 * (625 / 6)));
    expect((received.at[1] as number) - 1 - cycle).toBe(Math.ceil(19 * (625 / 6)));
  });

  test('a third byte overwrites the one that waits', () => {
    const acia = polled();
    const received = receivedBy(acia);
    for (const byte of [0x41, 0x42, 0x43]) acia.write(DATA, byte);
    acia.idle(3_000);
    expect(received.text).toBe('AC');
  });

  test('a stream does not drift', () => {
    const acia = polled();
    const { cycle } = acia;
    const received = receivedBy(acia);
    for (let count = 0; count < 100; count += 1) {
      cyclesUntil(acia, () => (acia.peek(STATUS) & TRANSMITTER_EMPTY) !== 0);
      acia.write(DATA, 0x2e);
    }
    cyclesUntil(acia, () => received.at.length === 100);
    expect(received.at).toHaveLength(100);
    expect((received.at.at(-1) as number) - 1 - cycle).toBe(Math.ceil((99 * 10 + 9) * (625 / 6)));
  });

  test.each([
    ['8 bits', 0x1e, POLLED, 10],
    ['8 bits, 2 stop bits', 0x9e, POLLED, 11],
    ['8 bits with parity, one stop bit whatever bit 7 says', 0x9e, POLLED | 0x20, 11],
    ['7 bits with parity', 0x3e, POLLED | 0x20, 10],
    ['5 bits, 1.5 stop bits', 0xfe, POLLED, 7.5],
  ])('a frame of %s', (_name, control, command, bits) => {
    const acia = bench(acia6551);
    acia.write(CONTROL, control);
    acia.write(COMMAND, command);
    const { cycle } = acia;
    acia.write(DATA, 0xff);
    acia.write(DATA, 0xff);
    cyclesUntil(acia, () => acia.peek(STATUS) === TRANSMITTER_EMPTY);
    expect(acia.cycle - 1 - cycle).toBe(Math.ceil((bits * 625) / 6));
  });

  test.each([
    [0x10, 115_200],
    [0x11, 50],
    [0x13, 109.92],
    [0x18, 1_200],
    [0x1f, 19_200],
  ])('control %i is %f baud', (control, baud) => {
    const acia = bench(acia6551, {}, 100_000);
    acia.write(CONTROL, control);
    acia.write(COMMAND, POLLED);
    const { cycle } = acia;
    acia.write(DATA, 0);
    acia.write(DATA, 0);
    cyclesUntil(acia, () => acia.peek(STATUS) === TRANSMITTER_EMPTY, 100_000);
    expect(Math.abs(acia.cycle - 1 - cycle - 1_000_000 / baud)).toBeLessThan(2);
  });

  test('short words lose their high bits', () => {
    const acia = polled();
    acia.write(CONTROL, 0x3e);
    const received = receivedBy(acia);
    acia.write(DATA, 0xc1);
    acia.idle(2_000);
    expect(received.text).toBe('A');
  });

  test('switched off, it keeps what is written, and the data register full', () => {
    const acia = polled();
    const received = receivedBy(acia);
    acia.write(COMMAND, 0x01);
    acia.write(DATA, 0x41);
    acia.idle(5_000);
    expect(acia.peek(STATUS)).toBe(0);
    expect(received.text).toBe('');
    acia.write(COMMAND, POLLED);
    acia.idle(2_000);
    expect(received.text).toBe('A');
  });

  test('interrupts when the data register is empty, and goes on each character time', () => {
    const acia = bench(acia6551);
    acia.write(CONTROL, BAUD_9600);
    acia.write(COMMAND, 0x07);
    expect(acia.irqSeen).toBe(true);
    expect(acia.read(STATUS)).toBe(INTERRUPT | TRANSMITTER_EMPTY);
    expect(acia.irqSeen).toBe(false);
    expect(Math.abs(cyclesUntil(acia, () => acia.irqSeen) - 1_042)).toBeLessThan(3);
    acia.read(STATUS);
    acia.write(DATA, 0x41);
    acia.write(DATA, 0x42);
    acia.read(STATUS);
    expect(acia.irqSeen).toBe(false);
    cyclesUntil(acia, () => acia.irqSeen);
    expect(acia.read(STATUS)).toBe(INTERRUPT | TRANSMITTER_EMPTY);
    acia.write(COMMAND, POLLED);
    acia.idle(3_000);
    expect(acia.irqSeen).toBe(false);
  });
});

describe('receiver', () => {
  test('has a byte after the guest looked, at most one a frame', () => {
    const acia = polled();
    acia.machine.channel('console').write('abc');
    const arrivals: number[] = [];
    let text = '';
    while (text.length < 3 && acia.cycle < 10_000) {
      if ((acia.read(STATUS) & RECEIVER_FULL) === 0) continue;
      arrivals.push(acia.cycle);
      text += String.fromCharCode(acia.read(DATA));
    }
    expect(text).toBe('abc');
    expect(Math.abs((arrivals[1] as number) - (arrivals[0] as number) - 1_042)).toBeLessThan(3);
    expect(Math.abs((arrivals[2] as number) - (arrivals[0] as number) - 2_083)).toBeLessThan(3);
    expect(acia.read(STATUS) & RECEIVER_FULL).toBe(0);
  });

  test('takes nothing that nobody looks for', () => {
    const acia = polled();
    acia.machine.channel('console').write('a');
    acia.idle(5_000);
    expect(acia.peek(STATUS) & RECEIVER_FULL).toBe(0);
  });

  test('with its interrupt enabled looks by itself', () => {
    const acia = polled();
    acia.write(COMMAND, 0x09);
    acia.machine.channel('console').write('ab');
    cyclesUntil(acia, () => acia.irqSeen);
    expect(acia.read(STATUS)).toBe(INTERRUPT | TRANSMITTER_EMPTY | RECEIVER_FULL);
    expect(acia.irqSeen).toBe(false);
    acia.idle(3_000);
    expect(acia.irqSeen).toBe(false);
    expect(acia.read(DATA)).toBe(0x61);
    cyclesUntil(acia, () => acia.irqSeen);
    acia.read(STATUS);
    expect(acia.read(DATA)).toBe(0x62);
  });

  test('is off without DTR, and without a clock', () => {
    for (const [command, control] of [
      [0x0a, BAUD_9600],
      [POLLED, BAUD_9600 & ~0x10],
    ] as const) {
      const acia = bench(acia6551);
      acia.write(COMMAND, command);
      acia.write(CONTROL, control);
      acia.machine.channel('console').write('a');
      for (let count = 0; count < 2_000; count += 1) expect(acia.read(STATUS) & RECEIVER_FULL).toBe(0);
    }
  });

  test('takes its rate from RxC where there is a clock', () => {
    const acia = bench(acia6551, { receiverClock: 16 * 4_800 });
    acia.write(COMMAND, POLLED);
    acia.write(CONTROL, BAUD_9600 & ~0x10);
    acia.machine.channel('console').write('ab');
    cyclesUntil(acia, () => (acia.read(STATUS) & RECEIVER_FULL) !== 0);
    acia.read(DATA);
    const { cycle } = acia;
    while ((acia.read(STATUS) & RECEIVER_FULL) === 0 && acia.cycle < 10_000);
    expect(Math.abs(acia.cycle - cycle - 2_083)).toBeLessThan(4);
  });

  test('echoes what it receives in echo mode', () => {
    const acia = polled();
    acia.write(COMMAND, 0x13);
    const received = receivedBy(acia);
    expect(acia.lines.rts?.asserted).toBe(true);
    acia.machine.channel('console').write('a');
    for (let count = 0; count < 2_000; count += 1) acia.read(STATUS);
    acia.idle(1);
    expect(received.text).toBe('a');
  });

  test('keeps the first of two bytes, and says so, when one ACIA sends to another', () => {
    const { machine, cycle } = machineOf({ near: {}, far: {} }, [['near.serial', 'far.serial']]);
    for (const base of [0x8000, 0x9000]) {
      cycle(2, base + COMMAND, POLLED);
      cycle(2, base + CONTROL, BAUD_9600);
    }
    cycle(2, 0x8000 + DATA, 0x41);
    cycle(2, 0x8000 + DATA, 0x42);
    for (let count = 0; count < 1_500; count += 1) cycle(0, 0);
    expect(machine.memory.peek(0x9000 + STATUS)).toBe(TRANSMITTER_EMPTY | RECEIVER_FULL);
    for (let count = 0; count < 1_500; count += 1) cycle(0, 0);
    expect(machine.memory.peek(0x9000 + STATUS)).toBe(TRANSMITTER_EMPTY | RECEIVER_FULL | OVERRUN);
    expect(cycle(1, 0x9000 + DATA)).toBe(0x41);
    expect(machine.memory.peek(0x9000 + STATUS)).toBe(TRANSMITTER_EMPTY);
  });

  test('has no time to make up for after a sender that was too fast', () => {
    const { machine, cycle } = machineOf({ near: {}, far: {} }, [['near.serial', 'far.serial']]);
    cycle(2, 0x8000 + COMMAND, POLLED);
    cycle(2, 0x8000 + CONTROL, BAUD_9600);
    cycle(2, 0x9000 + COMMAND, POLLED);
    // 4800 baud: two frames of the sender.
    cycle(2, 0x9000 + CONTROL, 0x1c);
    for (let count = 0; count < 20; count += 1) {
      cycle(2, 0x8000 + DATA, count);
      machine.run(1_050);
    }
    // The stop bit of the last one is going out; what came is read until there is nothing more.
    let last = 0;
    for (let looks = 0; looks < 2_100; looks += 1) {
      if (cycle(1, 0x9000 + STATUS) & RECEIVER_FULL) last = cycle(1, 0x9000 + DATA);
    }
    expect(last).toBe(19);
  });

  test('that is switched off in the midst of a frame waits for none of it later', () => {
    const acia = polled();
    acia.machine.channel('console').write('ab');
    // The first byte is there at once; the second takes a frame from then on.
    while ((acia.read(STATUS) & RECEIVER_FULL) === 0);
    acia.read(DATA);
    acia.read(STATUS);
    acia.read(STATUS);
    acia.write(COMMAND, POLLED & ~0x01);
    acia.write(COMMAND, POLLED);
    acia.machine.channel('console').write('c');
    const { cycle } = acia;
    while ((acia.read(STATUS) & RECEIVER_FULL) === 0);
    expect(acia.cycle - cycle).toBeLessThan(1_042 + 5);
    expect(acia.read(DATA)).toBe('c'.charCodeAt(0));
  });
});

describe('modem lines', () => {
  test('are tied low where nobody asks for them', () => {
    const acia = polled();
    expect(acia.read(STATUS)).toBe(TRANSMITTER_EMPTY);
  });

  test('a change of DCD interrupts, and is held until status is read', () => {
    const acia = polled({ modem: true });
    acia.lines.dcd?.assert();
    acia.lines.dsr?.assert();
    acia.read(STATUS);
    acia.read(STATUS);
    expect(acia.read(STATUS)).toBe(TRANSMITTER_EMPTY);
    acia.lines.dcd?.release();
    acia.lines.dcd?.assert();
    acia.idle(1);
    expect(acia.irqSeen).toBe(true);
    expect(acia.read(STATUS)).toBe(INTERRUPT | TRANSMITTER_EMPTY | NO_CARRIER);
    expect(acia.irqSeen).toBe(true);
    expect(acia.read(STATUS)).toBe(INTERRUPT | TRANSMITTER_EMPTY);
    expect(acia.irqSeen).toBe(false);
    acia.lines.dsr?.release();
    expect(acia.read(STATUS)).toBe(INTERRUPT | TRANSMITTER_EMPTY | DATA_SET_NOT_READY);
  });

  test('CTS high holds the transmitter', () => {
    const acia = polled({ modem: true });
    const received = receivedBy(acia);
    acia.write(DATA, 0x41);
    acia.idle(3_000);
    expect(received.text).toBe('');
    expect(acia.peek(STATUS) & TRANSMITTER_EMPTY).toBe(0);
    acia.lines.cts?.assert();
    acia.idle(3_000);
    expect(received.text).toBe('A');
  });
});

describe('W65C51N', () => {
  const variant = { variant: 'w65c51n' };

  test('always says that the transmitter is empty', () => {
    const acia = polled(variant);
    for (let count = 0; count < 3; count += 1) {
      acia.write(DATA, 0x41);
      expect(acia.read(STATUS)).toBe(TRANSMITTER_EMPTY);
    }
  });

  test('a byte written in the stop bit of the one before follows it; one written earlier ends it', () => {
    const nineBits = Math.ceil((9 * 625) / 6);
    for (const [pause, text] of [
      [nineBits + 1, 'AAA'],
      [nineBits - 2, 'A'],
    ] as const) {
      const acia = polled(variant);
      const received = receivedBy(acia);
      for (let count = 0; count < 3; count += 1) {
        acia.write(DATA, 0x41);
        acia.idle(pause - 1);
      }
      acia.idle(2_000);
      expect(received.text).toBe(text);
    }
  });

  test('never stops asking with its transmitter interrupt on', () => {
    const acia = polled(variant);
    acia.write(COMMAND, 0x07);
    for (let count = 0; count < 3; count += 1) {
      expect(acia.read(STATUS)).toBe(INTERRUPT | TRANSMITTER_EMPTY);
      expect(acia.irqSeen).toBe(true);
    }
  });
});
