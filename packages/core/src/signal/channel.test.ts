import { describe, expect, test } from 'vitest';
import { toyMachine } from '../testing/toy.js';
import { echoing, terminal } from './test-terminal.js';
import { wired } from './test-wires.js';

describe('a channel between devices', () => {
  test('carries bytes both ways at once, and nothing else anywhere', () => {
    const { a, b, log } = wired(['a', 'b'], [['a.serial', 'b.aux']]);
    a.channels.serial.send(0x141);
    b.channels.aux.send(0x42);
    b.channels.serial.send(0x43);
    expect(log).toEqual(['b.aux 65', 'a.serial 66']);
  });

  test('takes no notice of polls', () => {
    const { a, log } = wired(['a', 'b'], [['a.serial', 'b.serial']]);
    a.channels.serial.poll();
    expect(log).toEqual([]);
  });

  test('says whether it is wired', () => {
    const { a, b } = wired(
      ['a', 'b'],
      [
        ['a.serial', 'b.serial'],
        ['a.aux', 'host.tape'],
      ],
    );
    expect([a.channels.serial.connected, a.channels.aux.connected, b.channels.aux.connected]).toEqual([
      true,
      true,
      false,
    ]);
    // What is sent into nothing is lost.
    expect(() => b.channels.aux.send(1)).not.toThrow();
  });
});

describe('a host channel', () => {
  test('hands over what was typed to a guest that looks for it', () => {
    const { machine, console, text, log } = echoing();
    console.write('HAL');
    machine.run(3000);
    expect(text()).toBe('IBM');
    expect(log.map((entry) => entry.split(' at ')[0])).toEqual(['console < 72', 'console < 65', 'console < 76']);
    expect(console.queued).toBe(0);
  });

  test('waits until the guest has been idle so long', () => {
    const { machine, console, log } = echoing({ host: { console: { idle: 500 } } });
    console.write('AB');
    machine.run(3000);
    const [first, second] = log.map((entry) => Number(entry.split(' at ')[1])) as [number, number];
    expect(first).toBeGreaterThanOrEqual(500);
    // The guest looks every 10 cycles, and the echo comes some cycles after the input.
    expect(first).toBeLessThan(520);
    expect(second - first).toBeGreaterThanOrEqual(500);
    expect(second - first).toBeLessThan(550);
  });

  test('is idle after 1,000 cycles where the config does not say', () => {
    const { machine, console, log } = echoing({ host: {} });
    console.write('A');
    machine.run(3000);
    expect(Number(log[0]?.split(' at ')[1])).toBeGreaterThanOrEqual(1000);
  });

  test('counts output as activity', () => {
    // Looks for input and sends something, again and again: it is never idle.
    const { machine, console, log } = echoing({}, 'loop: LD $8000\n ST $8001\n JMP loop');
    console.write('A');
    machine.run(5000);
    expect(log).toEqual([]);
  });

  test('hands over nothing to a guest that does not look', () => {
    const { machine, console } = echoing({}, 'loop: JMP loop');
    console.write('A');
    console.waits = true;
    expect(machine.run(5000).reason).toBe('cycles');
    expect(console.queued).toBe(1);
  });

  test('sends text as UTF-8, bytes as they are, and line ends as the config says', () => {
    const bytesFor = (newline: 'lf' | 'cr' | 'crlf' | undefined, data: string | Uint8Array) => {
      const { machine, console, log } = echoing({ host: { console: { idle: 0, ...(newline && { newline }) } } });
      console.write(data);
      machine.run(500);
      return log.map((entry) => Number(/\d+/.exec(entry)?.[0]));
    };
    expect(bytesFor(undefined, 'a\né')).toEqual([0x61, 10, 0xc3, 0xa9]);
    expect(bytesFor('cr', 'a\nb')).toEqual([0x61, 13, 0x62]);
    expect(bytesFor('crlf', Uint8Array.of(0xff, 10))).toEqual([0xff, 13, 10]);
  });

  test('can forget what was written', () => {
    const { machine, console, text } = echoing();
    console.write('A');
    console.discard();
    console.write('B');
    machine.run(1000);
    expect(text()).toBe('C');
  });

  test('takes a megabyte of input in time', () => {
    const { console, machine } = echoing({ host: { console: { idle: 0 } } });
    const start = performance.now();
    console.write(new Uint8Array(1 << 20).fill(65));
    machine.run(100_000);
    expect(performance.now() - start).toBeLessThan(3000);
    expect(console.queued).toBeLessThan(1 << 20);
  });

  test('keeps the last of the output as text', () => {
    const { machine, console } = echoing({ host: { console: { idle: 0 } } });
    console.write('x'.repeat(20));
    machine.run(2000);
    expect(console.recentText).toBe('y'.repeat(20));
  });
});

describe('without input', () => {
  test('a guest sees that there is none, and its time goes on', () => {
    const { machine, console } = echoing();
    expect(machine.run(100_000)).toMatchObject({ reason: 'cycles' });
    expect(console.waiting).toBe(false);
  });

  test('but with more to come, its time stands still', () => {
    const { machine, console, text } = echoing();
    console.waits = true;
    const { reason, cycles } = machine.run(100_000);
    expect(reason).toBe('input');
    expect(cycles).toBeLessThan(100);
    expect(console.waiting).toBe(true);
    expect(machine.run(0)).toEqual({ reason: 'input', cycles: 0 });
    expect(machine.step()).toEqual({ reason: 'input', cycles: 0 });
    expect(machine.runUntil(0x1234)).toEqual({ reason: 'input', cycles: 0 });

    console.write('A');
    expect(console.waiting).toBe(false);
    // The run goes on to where it was to end in the first place, by way of the next wait.
    expect(machine.run(0).reason).toBe('input');
    expect(text()).toBe('B');
    console.waits = false;
    expect(machine.run(0).reason).toBe('cycles');
    expect(machine.cycles).toBeGreaterThanOrEqual(100_000);
    expect(machine.cycles).toBeLessThan(100_010);
  });

  test('and with none to come any more, a guest that only waits is stopped after a hundredfold patience', () => {
    const { machine, console, text } = echoing();
    console.waits = true;
    console.write('A');
    console.end();
    expect(console.ended).toBe(true);
    const { reason } = machine.run(100_000);
    expect(reason).toBe('input');
    expect(text()).toBe('B');
    expect(machine.cycles).toBeGreaterThan(5000);
    expect(machine.cycles).toBeLessThan(5300);
  });
});

test('a host may look for something in the output while the machine runs', () => {
  const { machine, console } = echoing({ host: { console: { idle: 0 } } });
  console.write('abcdef');
  console.expect((recent) => recent.length === 3);
  machine.run(500);
  expect(console.recentText).toBe('bcd');
  console.expect(undefined);
  machine.run(500);
  expect(console.recentText).toBe('bcdefg');
});

test('a reset forgets that the guest waits', () => {
  const { machine, console } = echoing();
  console.waits = true;
  expect(machine.run(1000).reason).toBe('input');
  const { cycles } = machine;
  machine.reset();
  expect(console.waiting).toBe(false);
  expect(machine.run(20)).toMatchObject({ reason: 'cycles' });
  expect(machine.cycles).toBeGreaterThanOrEqual(cycles + 20);
  // The guest has to be idle again before it gets anything.
  console.write('A');
  expect(machine.run(1000).reason).toBe('input');
  expect(machine.cycles).toBeGreaterThan(cycles + 100);
});

test('of two guests that want input, none gets any while the other must wait', () => {
  const source = `
    loop: LD $8000
          JNZ first
          LD $9000
          JNZ second
          JMP loop
    first:  ST $8001
            JMP loop
    second: ST $9001
            JMP loop`;
  const run = (inOrder: boolean): string[] => {
    const machine = toyMachine(
      source,
      {
        devices: { one: { type: 'terminal' }, two: { type: 'terminal' } },
        memory: [
          { at: 0x8000, device: 'one' },
          { at: 0x9000, device: 'two' },
        ],
        wires: [
          ['one.serial', 'host.one'],
          ['two.serial', 'host.two'],
        ],
        host: { one: { idle: 10 }, two: { idle: 10 } },
      },
      [terminal],
    );
    const log: string[] = [];
    machine.on('input', ({ channel, byte, cycles }) => void log.push(`${channel} ${byte} ${cycles}`));
    const [one, two] = [machine.channel('one'), machine.channel('two')];
    one.waits = true;
    two.waits = true;
    if (inOrder) {
      one.write('a');
      two.write('b');
    } else {
      expect(machine.run(500).reason).toBe('input');
      two.write('b');
      expect(machine.run(0)).toEqual({ reason: 'input', cycles: 0 });
      one.write('a');
    }
    expect(machine.run(500).reason).toBe('input');
    return log;
  };
  expect(run(false)).toEqual(run(true));
});

test('a channel that is not wired is not there', () => {
  expect(() => toyMachine('NOP').channel('console')).toThrow(
    "no channel 'host.console'; wire one: ['console.serial', 'host.console']",
  );
});

test('a guest that looks now and then counts as busy where the config says how often an idle one looks', () => {
  const delivered = (gap: number, looksEvery?: number): number => {
    const machine = toyMachine(
      `loop: IN (0)\n JNZ got\n ${'IDLE\n'.repeat(gap)} JMP loop\n got: JMP got`,
      {
        devices: { terminal: { type: 'terminal' } },
        io: [{ at: 0, device: 'terminal' }],
        wires: [['terminal.serial', 'host.console']],
        host: { console: { idle: 1000, ...(looksEvery === undefined ? {} : { looksEvery }) } },
      },
      [terminal],
    );
    machine.channel('console').write('x');
    let at = -1;
    machine.on('input', ({ cycles }) => {
      at = cycles;
    });
    machine.run(300_000);
    return at;
  };
  expect(delivered(10)).toBeLessThan(1100);
  expect(delivered(10, 50)).toBeLessThan(1100);
  expect(delivered(200)).toBeLessThan(1300);
  expect(delivered(200, 50)).toBeGreaterThan(100_000);
  expect(delivered(200, 50)).toBeLessThan(102_000);
});
