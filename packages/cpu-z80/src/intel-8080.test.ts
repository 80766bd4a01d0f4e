import { createMachine, defineDevice, disassemble, type Machine } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { describe, expect, it } from 'vitest';
import { i8080 } from './index.js';

const isa = i8080.instructionSet();

/** Asks for an interrupt at power-on and gives an RST. */
const requester = defineDevice({
  type: 'requester',
  version: 1,
  chain: ['link'],
  create: ({ chain }) => ({ reset: () => chain.link.request(), acknowledge: () => 0xd7 }),
});

function machineWith(source: string, daisyChain: string[] = []): Machine {
  const machine = createMachine(
    {
      clock: '2 MHz',
      cpu: { type: '8080', daisyChain },
      devices: { requester: { type: 'requester' } },
      memory: [{ at: 0, ram: '64K' }],
    },
    { plugins: [i8080, requester] },
  );
  machine.memory.load(0x0200, assemble(isa, source, { origin: 0x0200 }).bytes);
  Object.assign(machine.cpu.registers, { sp: 0x8000, hl: 0x1000 });
  machine.cpu.registers.pc = 0x0200;
  return machine;
}

describe('instruction set of the 8080', () => {
  it('has no fault in any row, and describes every opcode', () => {
    isa.check();
    expect(isa.encodings).toHaveLength(256);
    expect(isa.encodings.filter(({ undocumented }) => !undocumented)).toHaveLength(244);
  });

  it.each([
    ['mov a,m', [0x7e]],
    ['mvi m,$12', [0x36, 0x12]],
    ['lxi sp,$1234', [0x31, 0x34, 0x12]],
    ['push psw', [0xf5]],
    ['ldax d', [0x1a]],
    ['sbb e', [0x9b]],
    ['cpi $7f', [0xfe, 0x7f]],
    ['jpo $0100', [0xe2, 0x00, 0x01]],
    ['cnz $0100', [0xc4, 0x00, 0x01]],
    ['rm', [0xf8]],
    ['rst 7', [0xff]],
    ['out $01', [0xd3, 0x01]],
    ['jmp.cb $0100', [0xcb, 0x00, 0x01]],
  ])('writes %s as Intel does', (text, bytes) => {
    expect([...assemble(isa, text).bytes]).toEqual(bytes);
    expect(disassemble(isa, Uint8Array.from(bytes))[0]?.text).toBe(text);
  });
});

describe('states of the 8080', () => {
  // "8080/8085 Assembly Language Programming Manual" (Intel, 1981), appendix A; carry is clear, zero is not.
  it.each([
    [4, ['nop', 'add b', 'rlc', 'daa', 'cma', 'stc', 'xchg', 'ei', 'di']],
    [5, ['mov b,c', 'inr a', 'dcr l', 'inx h', 'dcx sp', 'pchl', 'sphl', 'rnz']],
    [7, ['mov b,m', 'mov m,b', 'mvi a,1', 'add m', 'cpi 1', 'ldax b', 'stax d', 'hlt']],
    [
      10,
      [
        'lxi h,1',
        'mvi m,1',
        'inr m',
        'dcr m',
        'dad h',
        'jmp $1234',
        'jnz $1234',
        'jz $1234',
        'pop h',
        'ret',
        'in 1',
        'out 1',
      ],
    ],
    [11, ['push h', 'rst 3', 'rz', 'cnz $1234']],
    [13, ['lda $1234', 'sta $1234']],
    [16, ['lhld $1234', 'shld $1234']],
    [17, ['call $1234', 'cz $1234']],
    [18, ['xthl']],
  ] as const)('are %i', (states, instructions) => {
    for (const instruction of instructions) {
      const machine = machineWith(instruction);
      machine.cpu.registers.af = 0x0042;
      machine.step();
      expect(machine.cycles, instruction).toBe(states);
    }
  });
});

describe('an interrupt of the 8080', () => {
  it('runs what the device puts on the bus, after the instruction that follows EI', () => {
    const machine = machineWith('ei \n nop \n nop', ['requester']);
    for (let step = 0; step < 3; step += 1) machine.step();
    expect(machine.cpu.registers).toMatchObject({ pc: 0x0010, sp: 0x7ffe, inte: 0 });
    expect(machine.cycles).toBe(4 + 4 + 11);
    expect([...machine.memory.read(0x7ffe, 2)]).toEqual([0x02, 0x02]);
  });

  it('ends HLT', () => {
    const machine = machineWith('ei \n hlt', ['requester']);
    for (let step = 0; step < 3; step += 1) machine.step();
    expect(machine.cpu.registers).toMatchObject({ pc: 0x0010, halted: 0 });
  });

  it('is not there without EI: HLT waits for ever', () => {
    const machine = machineWith('hlt', ['requester']);
    machine.run(1000);
    expect(machine.cpu.status).toBe('waiting');
    expect(machine.cpu.registers.pc).toBe(0x0201);
  });
});

describe('flags of the 8080', () => {
  const flagsAfter = (source: string): string => {
    const machine = machineWith(source);
    machine.cpu.registers.af = 0x0002;
    for (const _ of source.split('\n')) machine.step();
    return (machine.cpu.registers.af as number).toString(16).padStart(4, '0');
  };

  it.each([
    ['bit 1 is set, bits 3 and 5 are not', 'lxi h,$ffff \n push h \n pop psw', 'ffd7'],
    ['parity after an addition', 'mvi a,$7f \n adi 1', '8092'],
    ['AC of a subtraction is the carry of adding the complement', 'mvi a,$10 \n sui 1', '0f06'],
    ['AC of ANA is bit 3 of either operand', 'mvi a,$08 \n ani $f7', '0056'],
    ['AC of DCR', 'mvi a,$10 \n dcr a', '0f06'],
  ])('%s', (_what, source, af) => expect(flagsAfter(source)).toBe(af));
});
