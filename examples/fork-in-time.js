// A safe wants four digits, and a thief has a time machine. The safe stops comparing at the first wrong digit, so a
// right one costs it a few cycles more. The thief tries each digit from one checkpoint: 40 tries instead of 10,000.
import assert from 'node:assert/strict';
import { createMachine } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';
import { memoryMappedConsole } from '@backplane/devices';

const source = `
keys = $d000
        .org $f000
start:  ldx #4
read:   lda keys            ; 0: no key yet
        beq read
        sta $0f,x
        dex
        bne read
        ldx #3
check:  lda $10,x
        cmp secret,x
        bne wrong
        dex
        bpl check
        lda #'!'
        sta keys
wrong:  lda #'?'
        sta keys
        jmp start
secret: .text "8172"        ; last digit first
        .org $fffa
        .word start, start, start`;
const config = {
  clock: '1 MHz',
  cpu: { type: '6502' },
  devices: { keypad: { type: 'console' } },
  memory: [
    { at: 0x0000, ram: '4K' },
    { at: 0xd000, device: 'keypad' },
    { at: 0xf000, rom: 'safe' },
  ],
  wires: [['keypad.serial', 'host.keypad']],
};
const safe = assemble(cpu6502.instructionSet(), source).bytes;
const machine = createMachine(config, { plugins: [cpu6502, memoryMappedConsole], images: { safe } });
machine.run(1000);
const beforeTheKeys = machine.checkpoint();

function attempt(keys) {
  machine.restore(beforeTheKeys);
  machine.channel('keypad').write(keys);
  return machine.runUntil({ text: /[!?]/ }, { cycles: 100_000 }).cycles;
}

let known = '';
while (known.length < 4) {
  const cycles = [...'0123456789'].map((digit) => attempt((known + digit).padEnd(4, '0')));
  known += cycles.indexOf(Math.max(...cycles));
  console.log(`${known.padEnd(4, '.')}  ${cycles.join(' ')}`);
}
assert.equal(known, '2718');
