// A 6502 says hello: assemble a program, put it into a machine, run it, look at what it left.
import assert from 'node:assert/strict';
import { createMachine } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';
import { memoryMappedConsole } from '@backplane/devices';

const program = assemble(
  cpu6502.instructionSet(),
  `
console = $d000

        .org $f000
start:  ldx #0
next:   lda text,x
        beq done
        sta console
        inx
        bne next
done:   jmp done
text:   .byte "Hello from a 6502!", 10, 0

        .org $fffa
        .word start, start, start   ; NMI, RESET, IRQ
`,
);

const machine = createMachine(
  {
    clock: '1 MHz',
    cpu: { type: '6502' },
    devices: { terminal: { type: 'console' } },
    memory: [
      { at: 0x0000, ram: '32K' },
      { at: 0xd000, device: 'terminal' },
      { at: 0xf000, rom: 'program' },
    ],
    wires: [['terminal.serial', 'host.screen']],
  },
  { plugins: [cpu6502, memoryMappedConsole], images: { program: program.bytes } },
);

let printed = '';
machine.on('output', ({ bytes }) => {
  printed += new TextDecoder().decode(bytes);
});
const { reason, cycles } = machine.runUntil({ trap: true }, { cycles: 10_000 });

process.stdout.write(printed);
const { text } = machine.cpu.disassemble(machine.cpu.registers.pc);
console.log(
  `${cycles} cycles, ${machine.seconds * 1e6} µs of its own time; now it stands at '${text}', x is`,
  machine.cpu.registers.x,
);

assert.equal(reason, 'condition');
assert.equal(printed, 'Hello from a 6502!\n');
assert.equal(machine.cpu.registers.pc, program.symbols.done);
