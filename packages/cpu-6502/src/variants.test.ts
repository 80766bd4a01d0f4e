import { createMachine, type InstructionSet } from '@backplane/core';
import { describe, expect, it } from 'vitest';
import { cpu6502, variants } from './index.js';

const names = Object.keys(variants);

describe.each(names)('instruction set of the %s', (variant) => {
  const isa: InstructionSet = cpu6502.instructionSet(variant);

  it('has no fault in any row', () => isa.check());

  it('describes every opcode', () => {
    expect(isa.encodings.map(({ opcode }) => opcode)).toEqual(Array.from({ length: 256 }, (_, opcode) => opcode));
  });

  it('has documented mnemonics of three letters, or four with a bit number', () => {
    for (const { row } of isa.encodings) expect(row.syntax).toMatch(/^[A-Z]{3}[0-7]?( |$)/);
  });
});

describe('the family', () => {
  const documented = (variant: string): number =>
    cpu6502.instructionSet(variant).encodings.filter(({ row }) => !row.undocumented).length;

  it('has as many documented opcodes as the data sheets', () => {
    expect(Object.fromEntries(names.map((variant) => [variant, documented(variant)]))).toEqual({
      nmos: 151,
      '2a03': 151,
      wdc: 212,
      rockwell: 210,
      synertek: 178,
    });
  });

  it('makes a machine as the example of cpu6502 does', () => {
    const machine = createMachine(
      { clock: '1 MHz', cpu: { type: '6502', variant: 'wdc' }, memory: [{ at: 0, ram: '64K' }] },
      { plugins: [cpu6502] },
    );
    expect(machine.cpu.isa).toBe(cpu6502.instructionSet('wdc'));
    expect(Object.keys(machine.cpu.registers)).toEqual(['pc', 'a', 'x', 'y', 's', 'p']);
  });

  it('is one instruction set a variant, made once', () => {
    expect(cpu6502.instructionSet('wdc')).toBe(cpu6502.instructionSet('wdc'));
    expect(cpu6502.instructionSet()).toBe(cpu6502.instructionSet('nmos'));
  });
});
