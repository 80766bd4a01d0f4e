/** A small CPU for core's own tests: it has every kind of input, status and cycle that a description can have. */

import { interpreter } from '../engine/interpreter.js';
import { assemble } from '../isa/assembler.js';
import { defineInstructionSet, type InstructionSet } from '../isa/instruction-set.js';
import { rtl } from '../isa/rtl-syntax.js';
import type { EngineChoice, Plugin } from '../machine/build.js';
import type { MachineConfig } from '../machine/config.js';
import { createMachine, type Machine } from '../machine/machine.js';
import { type CpuPlugin, defineCpu } from '../plugin/define-cpu.js';

const toySet = (): InstructionSet =>
  defineInstructionSet({
    name: 'toy',
    addressWidth: 16,
    ioAddressWidth: 8,
    byteOrder: 'big',
    registers: { pc: 16, a: 8, v: 1, irqs: 8, nmis: 8, jammed: 1, stopped: 1, waiting: 1 },
    shown: ['pc', 'a', 'v', 'irqs', 'nmis'],
    programCounter: 'pc',
    inputs: {
      irq: { sense: 'level' },
      nmi: { sense: 'edge', level: 'nmiPin' },
      reset: { sense: 'level', resets: true },
      hold: { sense: 'level', stalls: ['read', 'write', 'idle'] },
      ready: { sense: 'level', stalls: ['read'] },
      so: { sense: 'edge', on: rtl`v = 1` },
      int: { sense: 'level', daisyChain: true },
    },
    cycles: {
      read: { kind: 'read' },
      write: { kind: 'write' },
      idle: { kind: 'idle' },
      input: { kind: 'read', space: 'io' },
      output: { kind: 'write', space: 'io' },
      acknowledge: { kind: 'acknowledge', length: 3 },
      endOfInterrupt: { kind: 'return' },
    },
    functions: {
      'fetch()': rtl`let value = read(pc); pc += 1; value`,
      'fetchWord()': rtl`let high = fetch(); high << 8 | fetch()`,
    },
    // Interrupts are counted, not taken.
    step: rtl`
      if (jammed | stopped) { idle(pc) }
      else if (waiting) { idle(pc); waiting = !(irq | nmi) }
      else {
        irqs += irq
        if (nmi) { nmi = 0; nmis += 1 }
        decode(main, fetch())
      }`,
    reset: rtl`idle(pc); pc = 0; jammed = 0; stopped = 0; waiting = 0`,
    powerOn: { a: 0x5a },
    status: { jammed: rtl`jammed`, stopped: rtl`stopped`, waiting: rtl`waiting` },
    operands: { n: { bytes: 1 }, nn: { bytes: 2 } },
    rows: [
      { encoding: '00000000', syntax: 'NOP', code: rtl`` },
      { encoding: '00000001', syntax: 'LD #n', code: rtl`a = fetch()` },
      { encoding: '00000010', syntax: 'LD nn', code: rtl`a = read(fetchWord())` },
      { encoding: '00000011', syntax: 'ST nn', code: rtl`let at = fetchWord(); write(at, a)` },
      { encoding: '00000100', syntax: 'JMP nn', code: rtl`pc = fetchWord()` },
      { encoding: '00000101', syntax: 'JNZ nn', code: rtl`let to = fetchWord(); if (a != 0) { pc = to }` },
      { encoding: '00000110', syntax: 'ADD #n', code: rtl`a += fetch()` },
      { encoding: '00000111', syntax: 'IDLE', code: rtl`idle(pc)` },
      { encoding: '00001000', syntax: 'JAM', code: rtl`jammed = 1` },
      { encoding: '00001001', syntax: 'STOP', code: rtl`stopped = 1` },
      { encoding: '00001010', syntax: 'WAIT', code: rtl`waiting = 1` },
      { encoding: '00001011', syntax: 'IN (n)', code: rtl`a = input(fetch())` },
      { encoding: '00001100', syntax: 'OUT (n)', code: rtl`let at = fetch(); output(at, a)` },
      { encoding: '00001101', syntax: 'LD INT', code: rtl`a = int` },
      { encoding: '00001110', syntax: 'ACK', code: rtl`a = acknowledge(pc)` },
      { encoding: '00001111', syntax: 'RETI', code: rtl`endOfInterrupt(); idle(pc)` },
    ],
  });

/** Plugin of the toy CPU, type `toy`. */
export const toy: CpuPlugin = defineCpu({
  type: 'toy',
  version: 1,
  variants: { toy: toySet },
  defaultVariant: 'toy',
  engines: [interpreter],
});

/** The bytes of a toy program that begins at address 0. */
export const toyProgram = (source: string): Uint8Array => assemble(toy.instructionSet(), source).bytes;

/** A toy CPU at 1 MHz, 32 KiB of RAM with a program in it, and what the test adds. */
export function toyMachine(
  source: string,
  { memory = [], ...config }: Partial<MachineConfig> = {},
  plugins: readonly Plugin[] = [],
  engine: EngineChoice = 'auto',
): Machine {
  return createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'toy' },
      memory: [{ at: 0, ram: '32K', image: 'program' }, ...memory],
      ...config,
    },
    { plugins: [toy, ...plugins], images: { program: toyProgram(source) }, engine },
  );
}
