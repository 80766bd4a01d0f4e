/** Going back to checkpoints again and again, in code that changes itself: translations must follow. */
import { type Checkpoint, createMachine, type EngineChoice, type Machine } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eager } from '../eager.js';

const source = `
        .org $0200
start:  ldx #0
loop:   lda #0          ; its operand is counted up by what is written to it below
        sta $10,x
        inx
        bne loop
        inc loop+1
        lda loop+1
        and #7
        bne start
        inc later       ; of code that has not run yet
        jmp later
later:  .byte $ea, $e8, $c8
        lda later
        and #$1f
        ora #$e8
        sta later
        jmp start`;
const { bytes } = assemble(cpu6502.instructionSet(), source);
const ram = new Uint8Array(0x10000);
ram.set(bytes, 0x200);

const make = (engine: EngineChoice): Machine => {
  const machine = createMachine(
    { clock: '1 MHz', cpu: { type: '6502' }, memory: [{ at: 0, ram: '64K', image: 'ram' }] },
    { plugins: [eager(cpu6502, 100)], images: { ram }, engine },
  );
  machine.cpu.registers.pc = 0x200;
  return machine;
};

/** NOP, INX, INY, DEY, and what stands for anything as an operand. */
const value = fc.constantFrom(0xea, 0xe8, 0xc8, 0x88);

const deed = fc.oneof(
  { weight: 5, arbitrary: fc.record({ run: fc.oneof(fc.nat(100), fc.nat(60_000)) }) },
  { weight: 1, arbitrary: fc.record({ keep: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ restore: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ poke: fc.constantFrom(0x204, 0x206, 0x207, 0x209, 0x20b, 0x213), value }) },
) as fc.Arbitrary<{ run?: number; keep?: number; restore?: number; poke?: number; value?: number }>;

test.each(['interpreter', 'translator'] as const)('the %s goes back as the evaluator does', (engine) => {
  let translated = 0;
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 30 }), (deeds) => {
      const machines = (['evaluator', engine] as const).map(make);
      const kept = machines.map((): (Checkpoint | undefined)[] => []);
      for (const { run, keep, restore, poke, value: byte = 0 } of [
        { run: 5000 },
        { keep: 0 },
        ...deeds,
      ] as typeof deeds) {
        const states = machines.map((machine, index) => {
          const own = kept[index] as (Checkpoint | undefined)[];
          if (run !== undefined) machine.run(run);
          if (keep !== undefined) own[keep] = machine.checkpoint();
          if (restore !== undefined && own[restore]) machine.restore(own[restore]);
          if (poke !== undefined) machine.memory.poke(poke, byte);
          return machine.checkpoint().bytes;
        });
        expect(Buffer.compare(states[0] as Uint8Array, states[1] as Uint8Array)).toBe(0);
      }
      translated += machines[1]?.stats().cycles[engine] ?? 0;
    }),
    { numRuns: 60 },
  );
  expect(translated).toBeGreaterThan(100_000);
});

const counting = `
        .org $0200
loop:   inx
        jmp loop
        .org $0210
other:  inx
        jmp other`;
const inSameGranule = assemble(cpu6502.instructionSet(), counting);

test.each([
  ['that was translated, and has changed since', 0x200],
  ['that was not translated before it changed', 0x210],
])('code %s is what the checkpoint has', (_name, at) => {
  const lives = (['evaluator', 'translator'] as const).map((engine) => {
    const machine = make(engine);
    machine.memory.load(0x200, inSameGranule.bytes);
    machine.run(20_000);
    const checkpoint = machine.checkpoint();
    const rounds = [1, 2, 3].map(() => {
      machine.restore(checkpoint);
      machine.restore(checkpoint);
      // INY, for once.
      machine.memory.poke(at, 0xc8);
      machine.cpu.registers.pc = at;
      machine.run(20_000);
      machine.restore(checkpoint);
      machine.cpu.registers.pc = at;
      machine.run(20_000);
      return { ...machine.cpu.registers };
    });
    return { rounds, compiled: machine.stats().regions.compiled };
  });
  expect(lives[1]?.rounds).toEqual(lives[0]?.rounds);
  expect(lives[1]?.compiled).toBeGreaterThan(1);
});

const wandering = `
        .org $0200
loop:   lda $20         ; a place anywhere above the stack
        clc
        adc #$67
        sta $20
        lda $21
        adc #$1d
        sta $21
        cmp #4
        bcc loop
        ldy #0
        lda ($20),y
        eor $22         ; 0 writes what is there already
        sta ($20),y
        ldx $20
        sta $3100,x
        jmp loop`;
const { bytes: wanderer } = assemble(cpu6502.instructionSet(), wandering);

/** Pages whose writes are told, since there is code in them or since they are as the restored state has them. */
const guardedPages = (machine: Machine): number => {
  const { table } = (machine.parts.cpus.get('main') as { memory: { table: Int32Array } }).memory;
  let pages = 0;
  for (let entry = 0; entry < table.length; entry += 8) if (table[entry + 5] !== 0) pages += 1;
  return pages;
};

test.each(['interpreter', 'translator'] as const)('the %s goes back to one state a hundred times', (engine) => {
  const round = fc.record({
    run: fc.nat(300),
    pokes: fc.array(fc.tuple(fc.nat(0xffff), fc.nat(255)), { maxLength: 2 }),
    changes: fc.constantFrom(0, 0, 1),
    from: fc.nat(255),
  });
  fc.assert(
    fc.property(fc.array(round, { minLength: 100, maxLength: 120 }), (rounds) => {
      const machines = (['evaluator', engine] as const).map(make);
      for (const machine of machines) {
        machine.memory.load(0x200, wanderer);
        machine.run(20_000);
      }
      const kept = machines.map((machine) => machine.checkpoint());
      rounds.forEach(({ run, pokes, changes, from }, index) => {
        const states = machines.map((machine, which) => {
          const checkpoint = kept[which] as Checkpoint;
          machine.restore(checkpoint);
          if (index % 10 === 0) expect(Buffer.compare(machine.checkpoint().bytes, checkpoint.bytes)).toBe(0);
          machine.memory.load(0x21, Uint8Array.of(from, changes));
          for (const [address, byte] of pokes) if (address >= 0x400) machine.memory.poke(address, byte);
          machine.run(run);
          return machine.checkpoint().bytes;
        });
        expect(Buffer.compare(states[0] as Uint8Array, states[1] as Uint8Array)).toBe(0);
        if (index === 60 && engine === 'translator') expect(guardedPages(machines[1] as Machine)).toBeGreaterThan(50);
      });
      // Another state, and the first one again.
      const later = machines.map((machine) => machine.checkpoint());
      for (const states of [kept, later, kept]) {
        for (const [which, machine] of machines.entries()) {
          machine.restore(states[which] as Checkpoint);
          machine.run(1000);
        }
        expect(
          Buffer.compare((machines[0] as Machine).checkpoint().bytes, (machines[1] as Machine).checkpoint().bytes),
        ).toBe(0);
      }
    }),
    { numRuns: 20 },
  );
});

test('a snapshot that was loaded in between leaves nothing behind', () => {
  const machine = make('translator');
  machine.memory.load(0x200, wanderer);
  machine.run(20_000);
  const checkpoint = machine.checkpoint();
  machine.run(20_000);
  const later = machine.snapshot();
  for (let round = 0; round < 50; round += 1) machine.restore(checkpoint);
  machine.loadSnapshot(later);
  machine.restore(checkpoint);
  expect(Buffer.compare(machine.checkpoint().bytes, checkpoint.bytes)).toBe(0);
});
