/** Instruction bytes to text, by the same rows that the engines run. */
import type { Encoding, InstructionSet } from './instruction-set.js';

/** One disassembled instruction. */
export interface Disassembled {
  readonly address: number;
  /** Such as `lda ($12),y`; `.byte $xx` where no row has the encoding. */
  readonly text: string;
  readonly bytes: readonly number[];
  readonly length: number;
  readonly encoding: Encoding | undefined;
}

/** `value` as `$` and at least `bytes` × 2 digits. */
const hex = (value: number, bytes: number): string => `$${value.toString(16).padStart(bytes * 2, '0')}`;

/** The instruction at an address; `peek` must have no side effects. */
export function disassembleAt(isa: InstructionSet, peek: (address: number) => number, address: number): Disassembled {
  const { addressWidth, byteOrder } = isa.declaration;
  const limit = 2 ** addressWidth;
  const byteAt = (offset: number): number => peek((address + offset) % limit);
  const encoding = isa.pages.get('main')?.[byteAt(0)];
  if (!encoding) {
    const byte = byteAt(0);
    return { address, text: `.byte ${hex(byte, 1)}`, bytes: [byte], length: 1, encoding: undefined };
  }
  const bytes = Array.from({ length: encoding.length }, (_, offset) => byteAt(offset));
  let next = encoding.length - encoding.tokens.reduce((sum, token) => sum + (isa.operands[token]?.bytes ?? 0), 0);
  const operands = encoding.operands.replace(/[a-z]\w*/g, (word) => {
    const operand = Object.hasOwn(isa.operands, word) ? isa.operands[word] : undefined;
    if (!operand) return word;
    const taken = bytes.slice(next, next + operand.bytes);
    next += operand.bytes;
    const ordered = byteOrder === 'little' ? taken.reverse() : taken;
    const value = ordered.reduce((sum, byte) => sum * 256 + byte, 0);
    if (!operand.relative) return hex(value, operand.bytes);
    const range = 256 ** operand.bytes;
    const displacement = value >= range / 2 ? value - range : value;
    return hex((((address + encoding.length + displacement) % limit) + limit) % limit, Math.ceil(addressWidth / 8));
  });
  return {
    address,
    text: operands === '' ? encoding.mnemonic : `${encoding.mnemonic} ${operands}`,
    bytes,
    length: encoding.length,
    encoding,
  };
}

/**
 * Disassemble a block of bytes from first to last.
 *
 * @param origin address of the first byte
 *
 * @example
 * const [first] = disassemble(cpu6502.instructionSet(), Uint8Array.of(0xa9, 0x41), 0x0200);
 * first.text; // 'lda #$41'
 */
export function disassemble(isa: InstructionSet, bytes: Uint8Array, origin = 0): Disassembled[] {
  const result: Disassembled[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const instruction = disassembleAt(isa, (address) => bytes[address - origin] ?? 0, origin + offset);
    // An instruction cut off by the end is bytes.
    const isWhole = offset + instruction.length <= bytes.length;
    const shown = isWhole ? instruction : byteAsData(bytes[offset] as number, origin + offset);
    result.push(shown);
    offset += shown.length;
  }
  return result;
}

const byteAsData = (byte: number, address: number): Disassembled => ({
  address,
  text: `.byte ${hex(byte, 1)}`,
  bytes: [byte],
  length: 1,
  encoding: undefined,
});
