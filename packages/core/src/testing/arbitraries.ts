import fc from 'fast-check';
import type { Encoding, InstructionSet } from '../isa/instruction-set.js';

/** Bytes of one instruction: any encoding of the page `main`, operand bytes random with a liking for edges. */
export function instructionBytes(isa: InstructionSet): fc.Arbitrary<number[]> {
  const encodings = (isa.pages.get('main') ?? []).filter((encoding): encoding is Encoding => encoding !== undefined);
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff));
  return fc
    .constantFrom(...encodings)
    .chain((encoding) =>
      fc
        .array(byte, { minLength: encoding.length - 1, maxLength: encoding.length - 1 })
        .map((operands) => [encoding.opcode, ...operands]),
    );
}

/** A random program: instructions one after the other. */
export function programBytes(
  isa: InstructionSet,
  { most = 100 }: { readonly most?: number } = {},
): fc.Arbitrary<Uint8Array> {
  return fc
    .array(instructionBytes(isa), { minLength: 1, maxLength: most })
    .map((parts) => Uint8Array.from(parts.flat()));
}

/** A value for each shown register. */
export function registerValues(isa: InstructionSet): fc.Arbitrary<Record<string, number>> {
  return fc.record(Object.fromEntries(isa.declaration.shown.map((name) => [name, fc.nat(2 ** isa.width(name) - 1)])));
}
