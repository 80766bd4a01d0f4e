import { describe, expect, test } from 'vitest';
import { interpreter } from '../engine/interpreter.js';
import { assemble } from '../isa/assembler.js';
import { defineInstructionSet } from '../isa/instruction-set.js';
import { rtl } from '../isa/rtl-syntax.js';
import { defineCpu } from '../plugin/define-cpu.js';
import { defineDevice } from '../plugin/define-device.js';
import { toyMachine } from '../testing/toy.js';
import { createMachine } from './machine.js';

/** Asserts its line in each of these cycles, and releases it in the next. */
const pulses = (...cycles: number[]) =>
  defineDevice({
    type: 'pulses',
    version: 1,
    lines: ['out'],
    create({ lines, event }) {
      const each = cycles.map((_, index) => [
        event(`on${index}`, () => lines.out.assert()),
        event(`off${index}`, () => lines.out.release()),
      ]);
      return {
        reset() {
          cycles.forEach((cycle, index) => {
            each[index]?.[0]?.after(cycle);
            each[index]?.[1]?.after(cycle + 1);
          });
        },
      };
    },
  });

describe.each(['evaluator', 'interpreter'] as const)('in the %s', (engine) => {
  const machine = (input: string, source: string, ...cycles: number[]) =>
    toyMachine(
      source,
      { devices: { p: { type: 'pulses' } }, wires: [['p.out', `cpu.${input}`]] },
      [pulses(...cycles)],
      engine,
    );

  test('a level input is seen while it lasts', () => {
    // Instructions of the loop begin in cycles 1, 4, 7 …; IRQ is looked for at the end of the cycle before.
    const m = machine('irq', 'loop: JMP loop', 1, 2, 5, 8);
    m.run(20);
    expect(m.cpu.registers.irqs).toBe(0);
    const other = machine('irq', 'NOP\n NOP\n NOP\n NOP\n loop: JMP loop', 2, 3);
    other.run(20);
    expect(other.cpu.registers.irqs).toBe(2);
  });

  test('an edge is kept until it is taken, and one edge is taken once', () => {
    const m = machine('nmi', 'loop: JMP loop', 2, 8, 9);
    m.run(30);
    // The release in cycle 9 comes before the assertion in cycle 9: two edges within one instruction are one.
    expect(m.cpu.registers.nmis).toBe(2);
  });

  test('an edge with an action acts between two cycles of an instruction', () => {
    const m = machine('so', 'IDLE\n IDLE\n loop: JMP loop', 4);
    const seen: string[] = [];
    m.onCycle = ({ cycle }) => void seen.push(`${cycle}:${m.cpu.registers.v}`);
    m.run(6);
    expect(seen.slice(2, 6)).toEqual(['2:0', '3:0', '4:1', '5:1']);
  });

  test('a reset line starts the reset sequence once it is released', () => {
    const m = machine('reset', 'ADD #1\n ADD #1\n ADD #1\n ADD #1\n ADD #1\n ADD #1', 6);
    const seen: string[] = [];
    m.onCycle = ({ cycle, kind, address }) => void seen.push(`${cycle} ${kind} ${address}`);
    m.run(11);
    // In cycle 7 the CPU is still held.
    expect(seen.slice(5, 10)).toEqual(['5 read 4', '6 read 5', '8 idle 6', '9 read 0', '10 read 1']);
  });

  test('an edge leaves alone what the instruction it falls into has at hand', () => {
    const isa = defineInstructionSet({
      name: 'busy',
      addressWidth: 16,
      byteOrder: 'big',
      registers: { pc: 16, a: 8, v: 8 },
      shown: ['pc', 'a', 'v'],
      programCounter: 'pc',
      inputs: { so: { sense: 'edge', on: rtl`let one = a + 0x55 & 0xff; let two = one ^ v; v = one; a = two & one` } },
      cycles: { read: { kind: 'read' }, write: { kind: 'write' } },
      functions: { 'fetch()': rtl`let value = read(pc); pc += 1; value` },
      step: rtl`decode(main, fetch())`,
      reset: rtl`read(pc)`,
      operands: { nn: { bytes: 2 } },
      rows: [
        { encoding: '00000000', syntax: 'NOP', code: rtl`` },
        {
          encoding: '00000001',
          syntax: 'COPY nn',
          // The address stays in a local across four cycles.
          code: rtl`let high = fetch(); let at = high << 8 | fetch(); let value = read(at); write(at + 1 & 0xffff, value); read(at)`,
        },
      ],
    });
    const cpu = defineCpu({
      type: 'busy',
      version: 1,
      variants: { busy: () => isa },
      defaultVariant: 'busy',
      engines: [interpreter],
    });
    const program = assemble(isa, 'COPY $0400\n NOP').bytes;
    for (let cycle = 1; cycle < 7; cycle += 1) {
      const m = createMachine(
        {
          clock: 1_000_000,
          cpu: { type: 'busy' },
          devices: { p: { type: 'pulses' } },
          memory: [{ at: 0, ram: '32K', image: 'program' }],
          wires: [['p.out', 'cpu.so']],
        },
        { plugins: [cpu, pulses(cycle)], images: { program }, engine },
      );
      m.memory.poke(0x400, 0x77);
      const seen: string[] = [];
      m.onCycle = ({ kind, address }) => void seen.push(`${kind} ${address.toString(16)}`);
      m.run(7);
      expect(seen.slice(1, 7)).toEqual(['read 0', 'read 1', 'read 2', 'read 400', 'write 401', 'read 400']);
      expect(m.memory.peek(0x401)).toBe(0x77);
      expect(m.cpu.registers.v).toBe(0x55);
    }
  });
});

test('an edge may not take time', () => {
  const base = {
    name: 'slow',
    addressWidth: 16,
    byteOrder: 'big',
    registers: { pc: 16 },
    shown: ['pc'],
    programCounter: 'pc',
    cycles: { read: { kind: 'read' } },
    step: rtl`read(pc)`,
    reset: rtl`read(pc)`,
    rows: [],
  } as const;
  expect(() => defineInstructionSet({ ...base, inputs: { so: { sense: 'edge', on: rtl`read(pc)` } } })).toThrow(
    'input so at 1:1: no cycle may stand here, for it takes no time',
  );
});
