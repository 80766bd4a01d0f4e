import { expect, test } from 'vitest';
import type { InstructionSetDeclaration } from './declaration.js';
import { defineInstructionSet } from './instruction-set.js';
import { rtl } from './rtl-syntax.js';

const declaration: InstructionSetDeclaration = {
  name: 'tiny',
  addressWidth: 16,
  byteOrder: 'little',
  registers: { pc: 16 },
  shown: ['pc'],
  programCounter: 'pc',
  cycles: { read: { kind: 'read' } },
  step: rtl`decode(main, read(pc))`,
  reset: rtl`pc = 0`,
  pages: { more: { prefix: '01' } },
  rows: [
    { encoding: '00000000', syntax: 'NOP', code: rtl`pc += 1` },
    { encoding: '00000001', code: rtl`decode(more, read(pc))` },
    { encoding: '00000000', page: 'more', syntax: 'SKIP', code: rtl`pc += 2` },
  ],
};

test('a description is sound', () => {
  expect(() => defineInstructionSet(declaration).check()).not.toThrow();
});

test('what every description has to have is asked for by name', () => {
  const { step: _, ...rest } = declaration;
  expect(() => defineInstructionSet(rest as InstructionSetDeclaration)).toThrow(
    "tiny: 'step' is missing; a description of an instruction set has to have it",
  );
});

test('a page without rows is not decoded', () => {
  const step = rtl`decode(man, read(pc))`;
  expect(() => defineInstructionSet({ ...declaration, step }).check()).toThrow(
    "step at 1:8: no row is on a page 'man'; did you mean 'main'?",
  );
});
