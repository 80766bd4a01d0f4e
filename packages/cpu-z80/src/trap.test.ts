import { createMachine } from '@backplane/core';
import { expect, it } from 'vitest';
import { z80 } from './index.js';

it.each(['evaluator', 'interpreter'] as const)('a jump to itself is a trap in the %s, though R counts on', (engine) => {
  const machine = createMachine(
    { clock: '4 MHz', cpu: { type: 'z80' }, memory: [{ at: 0, ram: '64K' }] },
    { plugins: [z80], engine },
  );
  // INC A; DJNZ to it; JR to itself.
  machine.memory.load(0x0200, Uint8Array.of(0x3c, 0x10, 0xfd, 0x18, 0xfe));
  Object.assign(machine.cpu.registers, { bc: 0x0300, af: 0, pc: 0x0200 });
  expect(machine.runUntil({ trap: true }, { cycles: 1000 }).reason).toBe('condition');
  expect(machine.cpu.registers).toMatchObject({ pc: 0x0203, bc: 0 });
  expect((machine.cpu.registers.af as number) >> 8).toBe(3);
});
