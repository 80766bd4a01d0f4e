import { describe, expect, test } from 'vitest';
import { BackplaneError } from '../errors.js';
import { echoing } from '../signal/test-terminal.js';
import { toyMachine } from '../testing/toy.js';
import type { Machine } from './machine.js';

type Events = 'output' | 'input' | 'stop';

function typing(text: string) {
  const bench = echoing({ host: { console: { idle: 0 } } });
  bench.console.write(text);
  return bench;
}

/** What an action throws inside a listener. */
function thrownInside(event: Events, action: (machine: Machine) => void): unknown {
  const { machine } = typing('abc');
  let thrown: unknown;
  machine.on(event, () => {
    try {
      action(machine);
    } catch (error) {
      thrown = error;
    }
  });
  machine.run(200);
  return thrown;
}

describe('inside a listener', () => {
  const checkpoint = toyMachine('NOP').checkpoint();
  const actions: [string, (machine: Machine) => void][] = [
    ['run', (machine) => machine.run(1)],
    ['runUntil', (machine) => machine.runUntil(0)],
    ['step', (machine) => machine.step()],
    ['reset', (machine) => machine.reset()],
    ['restore', (machine) => machine.restore(checkpoint)],
    ['loadSnapshot', (machine) => machine.loadSnapshot({})],
  ];
  for (const event of ['output', 'input', 'stop'] as const) {
    test.each(actions)(`of ${event}, %s is an error`, (_name, action) => {
      const error = thrownInside(event, action);
      expect(error).toBeInstanceOf(BackplaneError);
      expect(error).toMatchObject({
        code: 'machine/reentry',
        message: 'the machine is running; do it after the run has returned, not in a listener',
      });
    });
  }

  test('and inside a condition or a trace, running is an error too', () => {
    const { machine } = typing('');
    expect(() => machine.runUntil((inner) => inner.run(1).cycles > 0)).toThrow('the machine is running');
    machine.onCycle = () => void machine.step();
    expect(() => machine.run(10)).toThrow('the machine is running');
    machine.onCycle = null;
    expect(machine.run(10).reason).toBe('cycles');
  });

  test('of output or stop, a checkpoint and a snapshot can be taken', () => {
    const { machine } = typing('a');
    const taken: unknown[] = [];
    machine.on('output', () => taken.push(machine.checkpoint().cycles, machine.snapshot().format));
    machine.run(100);
    expect(taken).toEqual([machine.cycles, 'backplane-snapshot']);
  });
});

describe('a listener that throws', () => {
  /** All that a machine does with listeners of which one throws once, and the run is taken up again. */
  function interrupted(event: Events, input: string): { log: string[]; text: string; state: string } {
    const { machine, log, text } = typing(input);
    let hasThrown = false;
    machine.on(event, () => {
      if (hasThrown) return;
      hasThrown = true;
      throw new Error('listener');
    });
    expect(() => machine.run(20_000)).toThrow('listener');
    expect(machine.run(0).reason).toBe('cycles');
    return { log, text: text(), state: JSON.stringify(machine.snapshot()) };
  }

  function undisturbed(input: string): { log: string[]; text: string; state: string } {
    const { machine, log, text } = typing(input);
    machine.run(20_000);
    return { log, text: text(), state: JSON.stringify(machine.snapshot()) };
  }

  test.each(['input', 'output', 'stop'] as const)('leaves the machine as it was: %s', (event) => {
    const input = 'abcdefgh'.repeat(20);
    expect(interrupted(event, input)).toEqual(undisturbed(input));
  });

  test('when much output is handed on within a run, leaves the machine as it was', () => {
    // 4,096 bytes are handed on before the run has ended, in the middle of input.
    const make = () => {
      const bench = echoing({ host: { console: { idle: 0 } } }, 'loop: ST $8001\n LD $8000\n JNZ loop\n JMP loop');
      bench.console.write('x');
      return bench;
    };
    const plain = make();
    plain.machine.run(300_000);
    const thrown = make();
    let count = 0;
    thrown.machine.on('output', () => {
      count += 1;
      if (count === 2) throw new Error('listener');
    });
    expect(() => thrown.machine.run(300_000)).toThrow('listener');
    thrown.machine.run(0);
    expect(thrown.text()).toBe(plain.text());
    expect(count).toBeGreaterThan(2);
    expect(thrown.machine.snapshot()).toEqual(plain.machine.snapshot());
  });

  test('of the one channel does not keep the other from its input', () => {
    const { machine, console } = typing('abc');
    console.waits = true;
    machine.on('input', () => {
      throw new Error('listener');
    });
    expect(() => machine.run(1000)).toThrow('listener');
    expect(() => machine.run(0)).toThrow('listener');
    expect(() => machine.run(0)).toThrow('listener');
    expect(machine.run(0).reason).toBe('input');
    expect(console.queued).toBe(0);
  });
});

test('listeners hear of output, input and stops, until they are taken off', () => {
  const { machine } = typing('ab');
  const heard: string[] = [];
  const onStop = ({ reason }: { reason: string }): void => void heard.push(`stop ${reason}`);
  machine.on('output', ({ channel, bytes }) => void heard.push(`${channel} > ${String.fromCharCode(...bytes)}`));
  machine.on('input', ({ channel, byte, cycles }) => {
    expect(cycles).toBeLessThanOrEqual(machine.cycles);
    heard.push(`${channel} < ${String.fromCharCode(byte)}`);
  });
  machine.on('stop', onStop);
  machine.run(200);
  expect(heard).toEqual(['console < a', 'console < b', 'console > bc', 'stop cycles']);
  machine.off('stop', onStop);
  machine.run(200);
  expect(heard).toHaveLength(4);
});
