/** A CPU that does nothing but what laws of devices need: reads and writes at given addresses. */
import { interpreter } from '../engine/interpreter.js';
import { defineInstructionSet, type InstructionSet } from '../isa/instruction-set.js';
import { rtl } from '../isa/rtl-syntax.js';
import { type CpuPlugin, defineCpu } from '../plugin/define-cpu.js';

/** Accesses of a {@link probe} program. */
export type Access =
  | { readonly op: 'pause' }
  | { readonly op: 'acknowledge' }
  | { readonly op: 'return' }
  | { readonly op: 'read'; readonly address: number }
  | { readonly op: 'write'; readonly address: number; readonly value: number };

const probeSet = (): InstructionSet =>
  defineInstructionSet({
    name: 'probe',
    addressWidth: 16,
    byteOrder: 'big',
    registers: { pc: 16, seen: 8, sum: 16, interrupts: 16 },
    inputs: { irq: { sense: 'level', daisyChain: true }, hold: { sense: 'level', stalls: ['read'] } },
    shown: ['pc', 'seen', 'sum', 'interrupts'],
    programCounter: 'pc',
    cycles: {
      read: { kind: 'read' },
      write: { kind: 'write' },
      idle: { kind: 'idle' },
      acknowledge: { kind: 'acknowledge' },
      endOfInterrupt: { kind: 'return' },
    },
    functions: {
      'fetch()': rtl`let value = read(pc); pc += 1; value`,
      'fetchWord()': rtl`let high = fetch(); high << 8 | fetch()`,
    },
    step: rtl`interrupts += irq; decode(main, fetch())`,
    reset: rtl`idle(pc); pc = 0`,
    operands: { n: { bytes: 1 }, nn: { bytes: 2 } },
    rows: [
      { encoding: '00000000', syntax: 'PAUSE', code: rtl`idle(pc)` },
      { encoding: '00000001', syntax: 'READ nn', code: rtl`seen = read(fetchWord()); sum = (sum << 1) + seen` },
      { encoding: '00000010', syntax: 'WRITE nn,n', code: rtl`let at = fetchWord(); write(at, fetch())` },
      { encoding: '00000011', syntax: 'JUMP nn', code: rtl`pc = fetchWord()` },
      { encoding: '00000100', syntax: 'ACKNOWLEDGE', code: rtl`seen = acknowledge(pc); sum = (sum << 1) + seen` },
      { encoding: '00000101', syntax: 'RETURN', code: rtl`endOfInterrupt()` },
    ],
  });

/** Plugin of the probe, type `probe`. */
export const probe: CpuPlugin = defineCpu({
  type: 'probe',
  version: 1,
  description: 'reads and writes as told',
  variants: { probe: probeSet },
  defaultVariant: 'probe',
  engines: [interpreter],
});

/** The bytes of a program that makes accesses again and again, to be put at address 0. */
export function probeProgram(accesses: readonly Access[]): Uint8Array {
  const bytes = accesses.flatMap((access) => {
    if (access.op === 'pause') return [0];
    if (access.op === 'acknowledge') return [4];
    if (access.op === 'return') return [5];
    const address = [access.address >> 8, access.address & 0xff];
    return access.op === 'read' ? [1, ...address] : [2, ...address, access.value];
  });
  return Uint8Array.from([...bytes, 3, 0, 0]);
}
