import { createMachine, defineDevice, u8 } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { describe, expect, test } from 'vitest';
import { i8080, z80 } from './index.js';

/** Register 0 has a byte at the fourth read, and wants the first three to be tried again. Register 1 just has one. */
const slow = defineDevice({
  type: 'slow',
  version: 1,
  size: 2,
  lines: ['retry'],
  state: () => ({ reads: u8() }),
  create({ state, lines, event }) {
    const over = event('over', () => lines.retry.release());
    return {
      read(offset) {
        if (offset === 1) return 0x24;
        state.reads += 1;
        if (state.reads % 4 !== 0) {
          lines.retry.assert();
          over.after(0);
        }
        return state.reads % 4 === 0 ? 0x42 : 0x99;
      },
    };
  },
});

const run = (source: string, cpu = z80) => {
  const isa = cpu.instructionSet();
  const machine = createMachine(
    {
      clock: 4_000_000,
      cpu: { type: cpu.type },
      devices: { slow: { type: 'slow' } },
      memory: [{ at: 0, ram: '64K', image: 'program' }],
      io: [{ at: 0, device: 'slow' }, ...(cpu === i8080 ? [] : [{ at: 0x100, mirror: 0, of: 0x100, size: 0xff00 }])],
      wires: [['slow.retry', 'cpu.retry']],
    },
    {
      plugins: [cpu, slow],
      images: { program: assemble(isa, `${source}\n ${cpu === i8080 ? 'HLT' : 'halt'}`).bytes },
    },
  );
  machine.runUntil((at) => at.cpu.status !== 'running', { cycles: 10_000 });
  return machine;
};

describe('a device that wants an IN tried again', () => {
  test.each([
    ['IN A,(n)', 'LD A,$31\n IN A,(0)', 'af', 0x4200],
    ['IN r,(C)', 'LD BC,$3100\n IN D,(C)', 'de', 0x4200],
    ['an IN that changes its port', 'LD BC,$3100\n IN B,(C)', 'bc', 0x4200],
    ['INI', 'LD BC,$0100\n LD HL,$2000\n INI', 'hl', 0x2001],
    ['IND', 'LD BC,$0500\n LD HL,$2000\n IND', 'bc', 0x0400],
  ])('gets that from %s, which does nothing before', (_name, source, register, wanted) => {
    const { cpu, memory } = run(source);
    expect((cpu.registers[register] as number) & (register === 'af' ? 0xff00 : 0xffff)).toBe(wanted);
    if (register === 'hl') expect([memory.peek(0x2000), memory.peek(0x2001)]).toEqual([0x42, 0]);
  });

  test('gets that from the 8080 as well', () => {
    expect((run('MVI A,$31\n IN 0', i8080).cpu.registers.af as number) >> 8).toBe(0x42);
  });

  test('leaves other reads alone', () => {
    expect((run('LD C,1\n IN A,(0)\n IN B,(C)').cpu.registers.bc as number) >> 8).toBe(0x24);
  });
});
