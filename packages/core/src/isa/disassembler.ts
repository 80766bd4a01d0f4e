/** Instruction bytes to text, by the same rows that the engines run. */
import type { InstructionSet } from './instruction-set.js';
import type { Instruction } from './instructions.js';
import type { Operand } from './syntax.js';

/** One disassembled instruction. */
export interface Disassembled {
  readonly address: number;
  /** Such as `lda ($12),y`; `.byte $xx` where no row has the encoding. */
  readonly text: string;
  readonly bytes: readonly number[];
  readonly length: number;
  readonly encoding: Instruction | undefined;
}

/** `value` as `$` and at least `bytes` × 2 digits. */
const hex = (value: number, bytes: number): string => `$${value.toString(16).padStart(bytes * 2, '0')}`;

/** The instruction at an address; `peek` must have no side effects. */
export function disassembleAt(isa: InstructionSet, peek: (address: number) => number, address: number): Disassembled {
  const { addressWidth, byteOrder } = isa.declaration;
  const limit = 2 ** addressWidth;
  const byteAt = (offset: number): number => peek((address + offset) % limit);
  const encoding = isa.instructions.at(byteAt);
  if (!encoding) return byteAsData(byteAt(0), address);
  const bytes = Array.from({ length: encoding.length }, (_, offset) => byteAt(offset));
  const values = new Map<Operand, number>();
  let next = 0;
  for (const part of encoding.layout) {
    const size = typeof part === 'number' ? 1 : part.bytes;
    const taken = bytes.slice(next, next + size);
    next += size;
    if (typeof part === 'number') continue;
    const ordered = byteOrder === 'little' ? taken.reverse() : taken;
    const value = ordered.reduce((sum, byte) => sum * 256 + byte, 0);
    const range = 256 ** size;
    const isNegative = (part.relative || part.signed) && value >= range / 2;
    values.set(part, isNegative ? value - range : value);
  }
  let text = '';
  for (const part of encoding.operands) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = values.get(part) as number;
    if (part.relative) {
      const target = (((address + encoding.length + value) % limit) + limit) % limit;
      text += hex(target, Math.ceil(addressWidth / 8));
    } else if (value < 0) text = `${text.replace(/\+$/, '')}-${hex(-value, part.bytes)}`;
    else text += hex(value, part.bytes);
  }
  const { mnemonic, length } = encoding;
  return { address, text: text === '' ? mnemonic : `${mnemonic} ${text}`, bytes, length, encoding };
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
