import { expect, test } from 'vitest';
import { defineInstructionSet } from '../isa/instruction-set.js';
import { rtl } from '../isa/rtl-syntax.js';
import { createMachine } from '../machine/machine.js';
import { defineCpu } from '../plugin/define-cpu.js';
import { interpreter } from './interpreter.js';

test('an instruction set with prefixes runs in the evaluator', () => {
  const isa = defineInstructionSet({
    name: 'prefixed',
    addressWidth: 16,
    byteOrder: 'little',
    registers: { pc: 16, a: 8 },
    shown: ['pc', 'a'],
    programCounter: 'pc',
    cycles: { read: { kind: 'read' } },
    functions: { 'fetch()': rtl`let value = read(pc); pc += 1; value` },
    step: rtl`decode(main, fetch())`,
    reset: rtl`read(pc); pc = 0`,
    rows: [
      { encoding: '00000000', syntax: 'INC', code: rtl`a += 1` },
      { encoding: '00000001', syntax: 'AGAIN', code: rtl`decode(main, fetch())` },
    ],
  });
  expect(interpreter.supports(isa)).toBe(false);
  const cpu = defineCpu({
    type: 'prefixed',
    version: 1,
    variants: { only: () => isa },
    defaultVariant: 'only',
    engines: [interpreter],
  });
  const machine = createMachine(
    { clock: 1, cpu: { type: 'prefixed' }, memory: [{ at: 0, ram: '64K', image: 'ram' }] },
    { plugins: [cpu], images: { ram: Uint8Array.of(1, 1, 0, 0) }, engine: 'interpreter' },
  );
  machine.cpu.registers.pc = 0;
  machine.run(4);
  expect(machine.engine).toBe('evaluator');
  expect(machine.cpu.registers).toMatchObject({ pc: 4, a: 2 });
});
