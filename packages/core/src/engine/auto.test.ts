/** In a file of its own, for a process that has run an instruction set is warm for it. */
import { expect, test } from 'vitest';
import { createMachine, defineCpu, defineInstructionSet, rtl } from '../index.js';
import { interpreter } from '../interpreter.js';

const pacer = defineInstructionSet({
  name: 'pacer',
  addressWidth: 16,
  byteOrder: 'little',
  registers: { pc: 16, count: 8 },
  shown: ['pc', 'count'],
  programCounter: 'pc',
  cycles: { read: { kind: 'read' }, idle: { kind: 'idle' } },
  step: rtl`let opcode = read(pc); pc += 1; decode(main, opcode)`,
  reset: rtl`idle(pc); pc = 0`,
  rows: [{ encoding: '0000000n', syntax: 'PACE n', code: rtl`idle(pc); count += n` }],
});

test('one long run is warm at the same place as many short ones', () => {
  const cpu = defineCpu({
    type: 'pacer',
    version: 1,
    variants: { pacer: () => pacer },
    defaultVariant: 'pacer',
    engines: [interpreter],
  });
  const make = () =>
    createMachine({ clock: '1 MHz', cpu: { type: 'pacer' }, memory: [{ at: 0, ram: '64K' }] }, { plugins: [cpu] });
  const machine = make();
  machine.run(4_000_000);
  const { evaluator, interpreter: interpreted } = machine.stats().cycles;
  expect(evaluator).toBeGreaterThan(1000);
  expect(evaluator).toBeLessThan(20_000);
  expect(evaluator + interpreted).toBe(machine.cycles);
  const next = make();
  next.run(1_000_000);
  expect(next.stats().cycles.evaluator).toBe(1);
});
