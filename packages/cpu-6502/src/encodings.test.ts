import { disassemble } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpu6502, variants } from './index.js';

describe.each(Object.keys(variants))('assembler and disassembler of the %s', (variant) => {
  const isa = cpu6502.instructionSet(variant);
  it('make the same bytes of every encoding', () => {
    const operands = fc.tuple(fc.nat({ max: 0xff }), fc.nat({ max: 0xff }));
    fc.assert(
      fc.property(operands, fc.nat({ max: 0xfffd }), (bytesAfter, origin) => {
        for (const { opcode, length } of isa.encodings) {
          const bytes = [opcode, ...bytesAfter].slice(0, length);
          const [instruction] = disassemble(isa, Uint8Array.from(bytes), origin);
          expect(instruction?.length).toBe(length);
          expect([...assemble(isa, instruction?.text ?? '', { origin }).bytes], instruction?.text).toEqual(bytes);
        }
      }),
      { numRuns: 20 },
    );
  });
});
