import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { toyMachine } from '../testing/toy.js';
import { wired } from './test-wires.js';

describe('a net', () => {
  test('is asserted while any of its drivers asserts it', () => {
    const { a, b, c } = wired(
      ['a', 'b', 'c'],
      [
        ['a.out', 'b.out'],
        ['b.out', 'c.in'],
      ],
    );
    const seen = () => [a.lines.out.asserted, b.lines.out.asserted, c.lines.in.asserted];
    expect(seen()).toEqual([false, false, false]);
    expect([a.lines.out.connected, c.lines.in.connected, a.lines.in.connected]).toEqual([true, true, false]);
    a.lines.out.assert();
    b.lines.out.assert();
    b.lines.out.assert();
    a.lines.out.release();
    expect(seen()).toEqual([true, true, true]);
    b.lines.out.release();
    expect(seen()).toEqual([false, false, false]);
  });

  test('is the wired-OR of its drivers, whatever they do', () => {
    const names = ['a', 'b', 'c', 'd'] as const;
    const action = fc.record({ name: fc.constantFrom(...names), assert: fc.boolean() });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        const bench = wired(
          names,
          names.slice(1).map((name): [string, string] => ['a.out', `${name}.out`]),
        );
        const driving = new Set<string>();
        for (const { name, assert } of actions) {
          const before = driving.size > 0;
          if (assert) driving.add(name);
          else driving.delete(name);
          bench.log.length = 0;
          if (assert) bench[name].lines.out.assert();
          else bench[name].lines.out.release();
          const now = driving.size > 0;
          expect(bench.d.lines.out.asserted).toBe(now);
          // Everybody else is told of a change of the level, and of nothing else.
          const told =
            before === now ? [] : names.filter((other) => other !== name).map((other) => `${other}.out ${now}`);
          expect(bench.log).toEqual(told);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('need not have a wire: its driver alone sees it', () => {
    const { a, log } = wired(['a'], []);
    a.lines.out.assert();
    expect([a.lines.out.asserted, a.lines.in.asserted]).toEqual([true, false]);
    expect(log).toEqual([]);
  });
});

test('whoever is told and answers at once is heard by the others', () => {
  const relay = defineDevice({
    type: 'relay',
    version: 1,
    lines: ['in', 'out'],
    create: ({ lines }) => ({
      lines: {
        in(asserted) {
          if (asserted) lines.out.assert();
          else lines.out.release();
        },
      },
    }),
  });
  const source = defineDevice({
    type: 'source',
    version: 1,
    lines: ['out'],
    create({ lines, event }) {
      const on = event('on', () => lines.out.assert());
      return { reset: () => on.after(5) };
    },
  });
  const machine = toyMachine(
    'loop: JMP loop',
    {
      devices: { source: { type: 'source' }, one: { type: 'relay' }, two: { type: 'relay' } },
      wires: [
        ['source.out', 'one.in'],
        ['one.out', 'two.in'],
        ['two.out', 'cpu.irq'],
      ],
    },
    [relay, source],
  );
  machine.run(4);
  expect(machine.nets().some(({ asserted }) => asserted)).toBe(false);
  machine.run(10);
  expect(machine.nets().filter(({ asserted }) => asserted)).toHaveLength(3);
  expect(machine.cpu.registers.irqs).toBeGreaterThan(0);
});

test('devices that answer one another for ever are cut off', () => {
  const contrary = defineDevice({
    type: 'contrary',
    version: 1,
    lines: ['in', 'out'],
    create: ({ lines }) => ({
      reset: () => lines.out.assert(),
      lines: {
        in(asserted) {
          if (asserted) lines.out.release();
          else lines.out.assert();
        },
      },
    }),
  });
  const make = () =>
    toyMachine(
      'NOP',
      {
        devices: { one: { type: 'contrary' }, two: { type: 'contrary' }, three: { type: 'contrary' } },
        wires: [
          ['one.out', 'two.in'],
          ['two.out', 'three.in'],
          ['three.out', 'one.in'],
        ],
      },
      [contrary],
    );
  expect(make).not.toThrow();
});

describe('a CPU sees a line', () => {
  test('that was asserted while its device was created', () => {
    const early = defineDevice({
      type: 'early',
      version: 1,
      lines: ['irq'],
      create({ lines }) {
        lines.irq.assert();
        return {};
      },
    });
    const machine = toyMachine(
      'loop: JMP loop',
      { devices: { early: { type: 'early' } }, wires: [['early.irq', 'cpu.irq']] },
      [early],
    );
    machine.run(20);
    expect(machine.nets().find(({ members }) => members.includes('main.irq'))?.asserted).toBe(true);
    expect(machine.cpu.registers.irqs).toBeGreaterThan(0);
  });

  test('by the name of the CPU and by the name cpu', () => {
    const names = (wires: [string, string][]) => wired(['a'], wires).machine.nets()[0]?.members;
    expect(names([['a.out', 'cpu.irq']])).toEqual(['main.irq', 'a.out']);
    expect(names([['a.out', 'main.irq']])).toEqual(['main.irq', 'a.out']);
  });
});
