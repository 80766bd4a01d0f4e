import fc from 'fast-check';
import type { InstructionSet } from '../isa/instruction-set.js';

/** Bytes of one instruction: any encoding, operand bytes random with a liking for edges. */
export function instructionBytes(isa: InstructionSet): fc.Arbitrary<number[]> {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff));
  return fc.constantFrom(...isa.encodings).chain(({ layout }) => {
    const parts = layout.map((part) =>
      typeof part === 'number' ? fc.constant([part]) : fc.array(byte, { minLength: part.bytes, maxLength: part.bytes }),
    );
    return fc.tuple(...parts).map((bytes) => bytes.flat());
  });
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
