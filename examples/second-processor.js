// A 6502 gives its work to a Z80. Each has memory and a clock of its own; between them is a mailbox, a byte each way. The
// 6502 sends a number, which wakes the Z80; that sends the high byte of its square back.
import assert from 'node:assert/strict';
import { createMachine } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';
import { z80 } from '@backplane/cpu-z80';
import { mailbox } from '@backplane/devices';

const host = ` .org $ff00
start:  ldx #0
send:   stx $d000
wait:   bit $d001           ; bit 7: a byte has come
        bpl wait
        lda $d000
        sta $0200,x
        inx
        bne send
done:   jmp done
        .org $fffa
        .word start, start, start`;
const second = `im 1
        ld sp,0
sleep:  ei
        halt
        jr sleep
        .org $38            ; the interrupt
        in a,(0)
        ld b,a
        ld e,a
        ld d,0
        ld hl,0
next:   add hl,de           ; B times
        djnz next
        ld a,h
        out (0),a
        ret`;
const code = (cpu, source) => assemble(cpu.instructionSet(), source).bytes;
const images = { host: code(cpu6502, host), second: code(z80, second) };
const main = {
  type: '6502',
  memory: [
    { at: 0, ram: '2K' },
    { at: 0xd000, device: 'mailbox', size: 2 },
    { at: 0xff00, rom: 'host' },
  ],
};
// The Z80 puts A on the upper half of the address bus; the ports are there for every A.
const io = [
  { at: 0, device: 'mailbox', offset: 2 },
  { at: 256, mirror: 0, of: 256, size: 0xff00 },
];
const cpus = { main, second: { type: 'z80', clock: '4 MHz', memory: [{ at: 0, ram: '64K', image: 'second' }], io } };
const devices = { mailbox: { type: 'mailbox' } };
const config = { clock: '1 MHz', cpus, devices, wires: [['mailbox.intb', 'second.int']], quantum: 20 };
const machine = createMachine(config, { plugins: [cpu6502, z80, mailbox], images });
machine.runUntil({ trap: true }, { cycles: 1_000_000 });
const squares = machine.memory.read(0x200, 256);
console.log(...squares.slice(0, 40), `… after ${machine.cycles} cycles of the 6502`);
assert.ok(squares.every((square, x) => square === (x * x) >> 8));
