// A machine from a config, run in plain node with whatever flags the test gives it.
import { createMachine } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import '@backplane/devices';

const ram = new Uint8Array(0x10000);
ram.set([0xa9, 0x2a, 0xa2, 0x05, 0x8d, 0x00, 0x02, 0xea, 0x4c, 0x08, 0x04], 0x0400); // lda #$2a; ldx #5; sta $0200; nop; jmp *
ram.set([0x00, 0x04], 0xfffc);

const machine = createMachine(
  {
    clock: 1_000_000,
    cpu: { type: '6502', variant: 'nmos' },
    memory: [{ at: 0, ram: '64K', image: 'ram' }],
  },
  { plugins: [cpu6502], images: { ram } },
);
machine.run(1000);

const hex = (value, digits) => value.toString(16).padStart(digits, '0');
const { a, x, pc } = machine.cpu.registers;
console.log(`a=${hex(a, 2)} x=${hex(x, 2)} pc=${hex(pc, 4)}`);
