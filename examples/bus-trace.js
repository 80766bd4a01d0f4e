// What a 6502 does on its bus when nobody looks: an INC across a page reads from a wrong address first, and writes the
// old value back before the new one.
import assert from 'node:assert/strict';
import { createMachine } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';

const { bytes, origin } = assemble(
  cpu6502.instructionSet(),
  `
        .org $0200
        ldx #$20
        inc $12f0,x         ; $1310
        jsr there
there:  pla
`,
);

const machine = createMachine(
  { clock: '1 MHz', cpu: { type: '6502' }, memory: [{ at: 0, ram: '64K' }] },
  { plugins: [cpu6502] },
);
machine.memory.load(origin, bytes);
machine.memory.poke(0x1310, 0x41);
machine.cpu.registers.pc = origin; // in place of the reset sequence
machine.cpu.registers.s = 0xff;

const hex = (value, digits) => value.toString(16).padStart(digits, '0');
const trace = [];
machine.onCycle = ({ cycle, kind, address, value }) => {
  trace.push(`${kind} ${hex(address, 4)} ${hex(value, 2)}`);
  console.log(`  ${String(cycle).padStart(3)}  ${kind === 'write' ? 'W' : 'r'}  ${hex(address, 4)}  ${hex(value, 2)}`);
};
for (let instruction = 0; instruction < 4; instruction += 1) {
  console.log(machine.cpu.disassemble(machine.cpu.programCounter).text);
  machine.step();
}

assert.deepEqual(trace.slice(2, 9), [
  'read 0202 fe',
  'read 0203 f0',
  'read 0204 12',
  'read 1210 00', // the carry into the high byte is still to come
  'read 1310 41',
  'write 1310 41', // as it was
  'write 1310 42',
]);
assert.equal(trace.length, 2 + 7 + 6 + 4);
