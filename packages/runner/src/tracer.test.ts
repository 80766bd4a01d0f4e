import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMachine, defineDevice, type EngineChoice, type Machine } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/temporary-folder.js';
import { TraceFile } from './trace-file.js';
import { Tracer } from './tracer.js';

/** Asserts its line 200 cycles after each access. */
const alarm = defineDevice({
  type: 'alarm',
  version: 1,
  size: 1,
  lines: ['irq'],
  create({ lines, event }) {
    const due = event('due', () => lines.irq.assert());
    return {
      read() {
        lines.irq.release();
        due.after(200);
        return 0;
      },
    };
  },
});

/** Counts in an operand of its own, and is interrupted. */
const SOURCE = `
        .org $0200
main:   lda $f000
        cli
loop:   ldx #0
        inc loop + 1
        jmp loop
handler: lda $f000
        rti
        .org $fffe
        .word handler`;

function machineIn(engine: EngineChoice): Machine {
  const { bytes, origin } = assemble(cpu6502.instructionSet(), SOURCE);
  const ram = new Uint8Array(0x10000);
  ram.set(bytes, origin);
  const machine = createMachine(
    {
      clock: '1 MHz',
      cpu: { type: '6502' },
      devices: { alarm: { type: 'alarm' } },
      memory: [
        { at: 0, ram: '64K', image: 'ram' },
        { at: 0xf000, device: 'alarm', priority: 1 },
      ],
      wires: [['alarm.irq', 'cpu.irq']],
    },
    { plugins: [cpu6502, alarm], images: { ram }, engine },
  );
  Object.assign(machine.cpu.registers, { pc: 0x200, s: 0xff });
  return machine;
}

async function traceIn(engine: EngineChoice): Promise<{ lines: string[]; machine: Machine }> {
  const machine = machineIn(engine);
  const path = join(temporaryFolder(), 'trace.txt');
  const file = await TraceFile.open(path);
  const tracer = new Tracer(machine, file);
  for (const cycles of [1, 700, 3000]) tracer.run({ halted: true }, cycles);
  await file.finish();
  return { lines: (await readFile(path, 'utf8')).trimEnd().split('\n'), machine };
}

test('a trace is the same in compiled code, and tells what was fetched, interrupts and changed operands included', async () => {
  const wanted = await traceIn('evaluator');
  const { lines, machine } = await traceIn('interpreter');
  expect(lines).toEqual(wanted.lines);
  expect(machine.stats().cycles.interpreter).toBeGreaterThan(2000);
  expect(lines).toHaveLength(machine.cycles);
  const texts = lines.flatMap((line) => line.slice(21) || []);
  // An operand that has just been written is shown as it was fetched.
  expect(texts.filter((text) => text.startsWith('ldx')).slice(0, 4)).toEqual([0, 1, 2, 3].map((n) => `ldx #$0${n}`));
  // The sequence of an interrupt reads the opcode twice: it has no text.
  const first = lines.findIndex((line, at) => / R fffe /.test(line) && / R ffff /.test(lines[at + 1] ?? ''));
  expect(lines.slice(first - 5, first).every((line) => line.slice(21) === '')).toBe(true);
  expect(lines[first + 2]).toMatch(/lda \$f000$/);
});
