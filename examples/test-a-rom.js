// Three test ROMs on five kinds of 6502. A ROM may end itself with an exit status, by a text, in a trap (a jump to
// itself), in a jam, or not at all: whatever it does, a run has an end and a reason.
import assert from 'node:assert/strict';
import { createMachine } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';
import { debugExit, memoryMappedConsole } from '@backplane/devices';

const roms = {
  // Decimal mode: 19 + 28 is 47. A 2A03 has no decimal adder.
  decimal:
    'sed \n clc \n lda #$19 \n adc #$28 \n cmp #$47 \n beq well \n lda #1 \n sta exit \n well: lda #0 \n sta exit',
  // $02 crashes an NMOS 6502; a 65C02 skips it, with the byte that follows.
  crash: '.byte $02, 0 \n trap: jmp trap',
  // BRA is new in the 65C02. On NMOS the same byte is a NOP with an operand.
  branch: ".byte $80, 6 \n lda #'n' \n sta console \n here: jmp here \n lda #'y' \n sta console \n there: jmp there",
};

function verdict(source, variant) {
  const { bytes } = assemble(
    cpu6502.instructionSet('nmos'),
    `console = $d000 \n exit = $d010 \n .org $e000 \n start: ${source} \n .org $fffa \n .word start, start, start`,
  );
  const machine = createMachine(
    {
      clock: '1 MHz',
      cpu: { type: '6502', variant },
      devices: { terminal: { type: 'console' }, exit: { type: 'debug-exit' } },
      memory: [
        { at: 0x0000, ram: '32K' },
        { at: 0xd000, device: 'terminal' },
        { at: 0xd010, device: 'exit' },
        { at: 0xe000, rom: 'rom' },
      ],
      wires: [['terminal.serial', 'host.console']],
    },
    { plugins: [cpu6502, debugExit, memoryMappedConsole], images: { rom: bytes } },
  );
  const { reason } = machine.runUntil({ trap: true }, { cycles: 10_000 });
  if (reason === 'exit') return `exit ${machine.exitStatus}`;
  const text = machine.channel('console').recentText;
  return { condition: text === '' ? 'trap' : `prints ${text}`, jam: 'jam', cycles: 'no end' }[reason];
}

const results = Object.keys(cpu6502.definition.variants).map((variant) => [
  variant,
  ...Object.values(roms).map((source) => verdict(source, variant)),
]);
for (const row of [['', ...Object.keys(roms)], ...results]) console.log(row.map((cell) => cell.padEnd(11)).join(''));

assert.deepEqual(results, [
  ['nmos', 'exit 0', 'jam', 'prints n'],
  ['2a03', 'exit 1', 'jam', 'prints n'],
  ['wdc', 'exit 0', 'trap', 'prints y'],
  ['rockwell', 'exit 0', 'trap', 'prints y'],
  ['synertek', 'exit 0', 'trap', 'prints y'],
]);
