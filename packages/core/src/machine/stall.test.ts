import { describe, expect, test } from 'vitest';
import type { CycleKind } from '../plugin/define-device.js';
import { defineDevice } from '../plugin/define-device.js';
import { u8 } from '../plugin/fields.js';
import { toyMachine } from '../testing/toy.js';
import type { EngineChoice } from './build.js';
import type { MachineConfig } from './config.js';
import type { BusCycle } from './cpu.js';
import type { Machine } from './machine.js';

/** A write of n to register 0, 1 or 2 stalls n reads, writes or idle cycles; to 3, cycles of every kind. */
const thief = defineDevice({
  type: 'thief',
  version: 1,
  size: 4,
  lines: ['tick'],
  state: () => ({ ticks: u8() }),
  create({ stall, state, event, lines }) {
    const kinds: readonly (readonly CycleKind[])[] = [['read'], ['write'], ['idle'], ['read', 'write', 'idle']];
    const tick = event('tick', () => {
      state.ticks += 1;
      lines.tick.assert();
    });
    return {
      reset: () => tick.after(12),
      peek: () => state.ticks,
      write: (offset, value) => stall(kinds[offset] ?? [], value),
    };
  },
});

function machineOf(source: string, config: Partial<MachineConfig> = {}, engine: EngineChoice = 'evaluator'): Machine {
  return toyMachine(
    source,
    { devices: { thief: { type: 'thief' } }, memory: [{ at: 0x8000, device: 'thief' }], ...config },
    [thief],
    engine,
  );
}

const shown = ({ cycle, kind, address, stalled }: BusCycle): string =>
  `${cycle} ${kind} ${address.toString(16)}${stalled ? ' stalled' : ''}`;

function traceOf(machine: Machine, cycles: number): string[] {
  const trace: string[] = [];
  machine.onCycle = (cycle) => void trace.push(shown(cycle));
  machine.run(cycles);
  return trace;
}

describe.each(['evaluator', 'interpreter'] as const)('in the %s, a stall', (engine) => {
  test('holds up the next cycle of its kind, that many cycles', () => {
    expect(traceOf(machineOf('LD #3\n ST $8000\n NOP\n NOP', {}, engine), 11).slice(6)).toEqual([
      '6 write 8000',
      '7 read 5 stalled',
      '8 read 5 stalled',
      '9 read 5 stalled',
      '10 read 5',
    ]);
  });

  test('lets cycles of other kinds pass', () => {
    const source = 'LD #2\n ST $8001\n NOP\n IDLE\n ST $0400\n NOP';
    expect(traceOf(machineOf(source, {}, engine), 18).slice(6)).toEqual([
      '6 write 8001',
      '7 read 5',
      '8 read 6',
      '9 idle 7',
      '10 read 7',
      '11 read 8',
      '12 read 9',
      '13 write 400 stalled',
      '14 write 400 stalled',
      '15 write 400',
      '16 read a',
      '17 read b',
    ]);
  });

  test('of idle cycles waits for one', () => {
    expect(traceOf(machineOf('LD #2\n ST $8002\n NOP\n IDLE', {}, engine), 12).slice(6)).toEqual([
      '6 write 8002',
      '7 read 5',
      '8 read 6',
      '9 idle 7 stalled',
      '10 idle 7 stalled',
      '11 idle 7',
    ]);
  });

  test('lets events come at their very cycle', () => {
    const machine = machineOf('LD #9\n ST $8003\n NOP\n loop: JMP loop', {}, engine);
    const seen: string[] = [];
    machine.onCycle = ({ cycle }) => void seen.push(`${cycle}:${machine.memory.peek(0x8000)}`);
    machine.run(20);
    expect(seen.slice(10, 14)).toEqual(['10:0', '11:0', '12:1', '13:1']);
  });

  test('is run through by any slices alike', () => {
    const source = 'loop: LD #9\n ST $8000\n LD #5\n ST $8001\n JMP loop';
    const whole = machineOf(source, {}, engine);
    whole.run(500);
    const sliced = machineOf(source, {}, engine);
    for (let slice = 0; slice < 250; slice += 1) sliced.run(2);
    expect(sliced.snapshot()).toEqual(whole.snapshot());
  });
});

describe('several stalls', () => {
  const double = (first: string, second: string) => `LD #3\n ST $800${first}\n ST $800${second}\n NOP\n IDLE`;

  test('add up', () => {
    // Reads are needed to make the second one, so the first is over by then; writes are not.
    const trace = traceOf(machineOf(double('1', '1')), 30);
    expect(trace.filter((line) => line.includes('stalled'))).toHaveLength(3);
    expect(trace.findIndex((line) => line.endsWith('write 8001 stalled'))).toBe(10);
  });

  test('of different kinds hold up what either wants', () => {
    // Idle cycles first, then, while those are pending, all kinds.
    const trace = traceOf(machineOf(double('2', '3')), 30);
    expect(trace.filter((line) => line.includes('stalled'))).toHaveLength(6);
  });

  test('of no cycles, or fewer, stall nothing', () => {
    const odd = defineDevice({
      type: 'odd',
      version: 1,
      size: 1,
      create: ({ stall }) => ({
        write() {
          for (const cycles of [0, -5, Number.NaN, 0.9]) stall(['read'], cycles);
        },
      }),
    });
    const machine = toyMachine(
      'ST $8000\n NOP',
      { devices: { odd: { type: 'odd' } }, memory: [{ at: 0x8000, device: 'odd' }] },
      [odd],
    );
    expect(traceOf(machine, 20).filter((line) => line.includes('stalled'))).toEqual([]);
  });
});

/** Asserts its line at once or later, and releases it later or never. */
const holder = (from: number, to: number, ticking = false) =>
  defineDevice({
    type: 'holder',
    version: 1,
    lines: ['hold'],
    state: () => ({ ticks: u8() }),
    create({ lines, event, state }) {
      const on = event('on', () => lines.hold.assert());
      const off = event('off', () => lines.hold.release());
      const tick = event('tick', () => {
        state.ticks += 1;
        tick.after(10);
      });
      return {
        reset() {
          on.after(from);
          off.after(to);
          if (ticking) tick.after(10);
        },
      };
    },
  });

const held = (input: string, plugin: ReturnType<typeof holder>, source: string, engine: EngineChoice = 'evaluator') =>
  toyMachine(source, { devices: { h: { type: 'holder' } }, wires: [['h.hold', `cpu.${input}`]] }, [plugin], engine);

describe.each(['evaluator', 'interpreter'] as const)('in the %s, a line that stalls', (engine) => {
  test('holds up cycles of its kinds from the cycle it is asserted in to the one it is released in', () => {
    const trace = traceOf(held('ready', holder(3, 6), 'NOP\n NOP\n NOP\n NOP', engine), 9);
    expect(trace.slice(2)).toEqual([
      '2 read 1',
      '3 read 2 stalled',
      '4 read 2 stalled',
      '5 read 2 stalled',
      '6 read 2',
      '7 read 3',
      '8 read 4',
    ]);
  });

  test('lets other kinds pass', () => {
    // READY holds reads; the write in cycle 4 and the idle cycle after it pass.
    const trace = traceOf(held('ready', holder(4, 9), 'ST $0400\n NOP', engine), 11);
    expect(trace.slice(4, 10)).toEqual([
      '4 write 400',
      '5 read 3 stalled',
      '6 read 3 stalled',
      '7 read 3 stalled',
      '8 read 3 stalled',
      '9 read 3',
    ]);
  });

  test('and is held for ever by a machine without events jams the CPU; time goes on', () => {
    const machine = held('hold', holder(50, Number.POSITIVE_INFINITY), 'loop: JMP loop', engine);
    expect(machine.run(1000)).toEqual({ reason: 'jam', cycles: 1000 });
    expect(machine.cpu.status).toBe('jammed');
    expect(machine.run(1000)).toEqual({ reason: 'jam', cycles: 1000 });
    expect(machine.runUntil(0x1234)).toEqual({ reason: 'jam', cycles: 0 });
  });

  test('and is held for ever though time passes jams the CPU after 2²⁴ cycles', () => {
    const machine = held('hold', holder(50, Number.POSITIVE_INFINITY, true), 'loop: JMP loop', engine);
    const { reason, cycles } = machine.run(1000);
    expect(reason).toBe('jam');
    expect(cycles).toBeGreaterThan(2 ** 24);
    expect(cycles).toBeLessThan(2 ** 24 + 100);
  });
});

/** A device that steals many cycles at once, and, when these are nearly over, if it is greedy two more in each. */
const robber = (cycles: number, isGreedy: boolean) =>
  defineDevice({
    type: 'robber',
    version: 1,
    create({ event, stall }) {
      const first = event('first', () => {
        stall(['read', 'write', 'idle'], cycles);
        if (isGreedy) more.after(cycles - 10);
      });
      const more = event('more', () => {
        stall(['read', 'write', 'idle'], 2);
        more.after(1);
      });
      return {
        reset() {
          first.after(50);
        },
      };
    },
  });

const robbed = (cycles: number, isGreedy: boolean, engine: EngineChoice) =>
  toyMachine('loop: JMP loop', { devices: { r: { type: 'robber' } } }, [robber(cycles, isGreedy)], engine);

describe.each(['evaluator', 'interpreter'] as const)('in the %s, a device that steals cycles', (engine) => {
  test('and never leaves one jams the CPU after 2²⁴ cycles, watched or not', () => {
    const machine = robbed(2 ** 24 - 20, true, engine);
    const seen = machine.run(1000);
    expect(seen.reason).toBe('jam');
    expect(seen.cycles).toBe(50 + 2 ** 24 + 1);
    expect(machine.cpu.status).toBe('jammed');

    const watched = robbed(2 ** 24 - 20, true, engine);
    watched.onCycle = () => {};
    expect(watched.run(1000)).toEqual(seen);
  });

  test('may steal 2²⁴ at once', () => {
    const machine = robbed(2 ** 24, false, engine);
    expect(machine.run(1000).reason).toBe('cycles');
    expect(machine.cpu.status).toBe('running');
  });
});

describe('a CPU that hangs', () => {
  test('runs again after a reset, once nothing holds it up', () => {
    const machine = held('hold', holder(50, Number.POSITIVE_INFINITY), 'loop: ADD #1\n JMP loop');
    machine.run(1000);
    const [net] = machine.parts.wiring.nets.filter((one) => one.asserted);
    if (net) net.driverBits = 0;
    machine.parts.cpus.get('main')?.setInput(machine.cpu.isa.inputs[3] as never, false);
    machine.reset();
    expect(machine.cpu.status).toBe('running');
    const { a } = machine.cpu.registers;
    machine.run(20);
    expect(machine.cpu.registers.a).not.toBe(a);
  });

  test('is wakened by its reset line, too', () => {
    const rescue = defineDevice({
      type: 'holder',
      version: 1,
      lines: ['hold', 'reset'],
      create: ({ lines, event }) => {
        // Nothing is due when the line is asserted, so the CPU hangs at once; the host then pulls reset.
        const on = event('on', () => lines.hold.assert());
        return {
          reset: () => on.after(20),
          read: () => 0,
          lines: {
            reset(asserted) {
              if (asserted) lines.hold.release();
            },
          },
        };
      },
    });
    const button = defineDevice({
      type: 'button',
      version: 1,
      lines: ['reset'],
      create: ({ lines }) => {
        press = () => {
          lines.reset.assert();
          lines.reset.release();
        };
        return {};
      },
    });
    let press = (): void => {};
    const machine = toyMachine(
      'loop: ADD #1\n JMP loop',
      {
        devices: { h: { type: 'holder' }, b: { type: 'button' } },
        wires: [
          ['h.hold', 'cpu.hold'],
          ['b.reset', 'cpu.reset'],
          ['b.reset', 'h.reset'],
        ],
      },
      [rescue, button],
    );
    expect(machine.run(100).reason).toBe('jam');
    press();
    expect(machine.run(100).reason).toBe('cycles');
    expect(machine.cpu.status).toBe('running');
  });
});
