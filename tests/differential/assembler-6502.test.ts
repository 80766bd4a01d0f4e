/** The assembler undoes the disassembler, for every encoding of every 6502. */
import { disassemble } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { cpu6502, variants } from '@backplane/cpu-6502';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe.each(Object.keys(variants))('%s', (variant) => {
  const isa = cpu6502.instructionSet(variant);

  test('every encoding with any operands', () => {
    const operand = fc.integer({ min: 0, max: 0xff });
    const address = fc.integer({ min: 0, max: 0xfffd });
    for (const { opcode } of isa.encodings) {
      fc.assert(
        fc.property(operand, operand, address, (first, second, origin) => {
          const [instruction] = disassemble(isa, Uint8Array.of(opcode, first, second), origin);
          expect(instruction?.encoding?.opcode).toBe(opcode);
          const { bytes } = assemble(isa, instruction?.text ?? '', { origin });
          expect([...bytes], instruction?.text).toEqual(instruction?.bytes);
        }),
        { numRuns: 20 },
      );
    }
  });

  test('any bytes', () => {
    const address = fc.integer({ min: 0, max: 0xff00 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 256 }), address, (code, origin) => {
        const source = disassemble(isa, code, origin).map(({ text }) => text);
        const { bytes } = assemble(isa, source.join('\n'), { origin });
        expect([...bytes]).toEqual([...code]);
      }),
    );
  });
});

test('a program', () => {
  const { bytes, symbols } = assemble(
    cpu6502.instructionSet(),
    `
    start: ldx #<message
    @loop: inx
           bne @loop
           jmp start
    message: .byte "hello", 10
    `,
    { origin: 0x8000, name: 'hello.s' },
  );
  expect(symbols.message).toBe(0x8008);
  expect([...bytes]).toEqual([0xa2, 0x08, 0xe8, 0xd0, 0xfd, 0x4c, 0x00, 0x80, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a]);
});
