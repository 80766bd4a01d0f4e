// Two 6502s with clocks of their own and two mailboxes between them: `main` sends a number, `helper` doubles it.
import assert from 'node:assert/strict';
import { bit, createMachine, defineDevice, u8 } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';

// Register 0 is the letter; bit 7 of register 1 tells whether there is one. Taking the letter empties the box.
const mailbox = defineDevice({
  type: 'mailbox',
  version: 1,
  size: 2,
  state: () => ({ letter: u8(), full: bit() }),
  create: ({ state }) => ({
    peek: (offset) => (offset === 0 ? state.letter : state.full << 7),
    read(offset) {
      if (offset === 0) state.full = 0;
      return this.peek(offset);
    },
    write(_offset, value) {
      state.letter = value;
      state.full = 1;
    },
  }),
});

const rom = (program) =>
  assemble(cpu6502.instructionSet(), ` .org $f000 \n${program}\n .org $fffa \n .word start, start, start`).bytes;
const main = rom(`
start:  ldx #0
        lda #1
send:   sta $00,x
        sta $d000
wait:   bit $d003
        bpl wait
        lda $d002
        inx
        cpx #8
        bne send
done:   jmp done`);
const helper = rom(`
start:  bit $d001
        bpl start
        lda $d000
        asl a
        sta $d002
        jmp start`);

const boxes = [
  { at: 0xd000, device: 'to' },
  { at: 0xd002, device: 'fro' },
];
const cpu = (clock, rom) => ({ type: '6502', clock, memory: [{ at: 0, ram: '1K' }, ...boxes, { at: 0xf000, rom }] });
const cpus = { main: cpu('1 MHz', 'main'), helper: cpu('1.79 MHz', 'helper') };
const devices = { to: { type: 'mailbox' }, fro: { type: 'mailbox' } };
const config = { clock: '1 MHz', cpus, devices, quantum: 'instruction' };
const machine = createMachine(config, { plugins: [cpu6502, mailbox], images: { main, helper } });
machine.runUntil({ trap: true }, { cycles: 10_000 });
console.log(...machine.memory.read(0, 8));
console.log(`${machine.cpus.main.cycles} cycles of main, ${machine.cpus.helper.cycles} of helper`);
assert.deepEqual([...machine.memory.read(0, 8)], [1, 2, 4, 8, 16, 32, 64, 128]);
