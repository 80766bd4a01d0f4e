// A snapshot of each ready-made machine is committed: it must load for ever, and the machine must run on from it to the
// same state. `BACKPLANE_WRITE_FIXTURES=1` writes those of machines that have none yet.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createMachine, type MachineConfig, type Snapshot } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';
import { describe, expect, test } from 'vitest';
import { loadMachine } from '../../packages/runner/src/load-machine.js';
import { readyMadeMachines } from '../../packages/runner/src/ready-made.js';
import { standInDisk } from '../stand-in-disk.js';

interface Fixture {
  readonly before: Snapshot;
  /** Digests of the components 100,000 cycles later. */
  readonly after: Readonly<Record<string, string>>;
}

const BEFORE = 50_000;
const AFTER = 100_000;

/** Stands for the images that machines do not bring with them: counts, calls, writes, prints where it can. */
const program = `
        .org $8000
start:  ldx #$ff
        txs
loop:   inc $10
        bne skip
        inc $11
        jsr note
skip:   lda $10
        adc $11
        sta $0300,x
        dex
        jmp loop
note:   lda #'*'
        sta $f001
        rts
        .org $fffa
        .word start, start, start`;

const { bytes: rom } = assemble(cpu6502.instructionSet(), program);
const ram = new Uint8Array(0x10000);
ram.set(rom, 0x8000);
const disk = standInDisk();

const machines = await Promise.all([...readyMadeMachines().keys()].map((name) => loadMachine(name)));

describe.each(machines)('$name', ({ name, config, plugins, images }) => {
  const asked = JSON.stringify(config);
  const standIn: Record<string, Uint8Array> = asked.includes('"boot":"a"')
    ? { a: disk }
    : asked.includes('"image":"ram"')
      ? { ram }
      : { rom };
  const make = (machineConfig: MachineConfig = config) =>
    createMachine(machineConfig, { plugins, images: { ...standIn, ...images } });
  const file = fileURLToPath(new URL(`fixtures/${name}.json`, import.meta.url));

  if (process.env.BACKPLANE_WRITE_FIXTURES && !existsSync(file)) {
    const machine = make();
    machine.run(BEFORE);
    const before = machine.snapshot();
    machine.run(AFTER);
    writeFileSync(file, `${JSON.stringify({ before, after: digests(machine.snapshot()) })}\n`);
  }
  const { before, after }: Fixture = JSON.parse(readFileSync(file, 'utf8'));

  test('the committed snapshot is what the machine comes to', () => {
    const machine = make();
    machine.run(BEFORE);
    expect(digests(machine.snapshot())).toEqual(digests(before));
  });

  test('the committed snapshot loads, and the machine runs on from it', () => {
    const machine = make({ ...config, ramFill: 'random:1' });
    machine.run(1234);
    machine.loadSnapshot(before);
    machine.run(AFTER);
    expect(digests(machine.snapshot())).toEqual(after);
  });
});

function digests({ components }: Snapshot): Record<string, string> {
  return Object.fromEntries(components.map(({ id, digest }) => [id, digest]));
}
