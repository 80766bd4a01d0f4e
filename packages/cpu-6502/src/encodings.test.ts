import { disassemble } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpu6502, variants } from './index.js';

describe.each(Object.keys(variants))('assembler and disassembler of the %s', (variant) => {
  const isa = cpu6502.instructionSet(variant);
  it('make the same bytes of every encoding', () => {
    const byte = fc.nat({ max: 0xff });
    const encodings = fc.constantFrom(...isa.encodings);
    fc.assert(
      fc.property(encodings, byte, byte, fc.nat({ max: 0xfff0 }), ({ opcode, length }, first, second, origin) => {
        const bytes = Uint8Array.of(opcode, first, second).subarray(0, length);
        const { text } = disassemble(isa, bytes, origin)[0] as { text: string };
        expect([...assemble(isa, text, { origin }).bytes], text).toEqual([...bytes]);
      }),
      { numRuns: 5000 },
    );
  });
});
