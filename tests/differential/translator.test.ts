/** What translated code is to do beside the right thing: to run at all, and not to be translated over and over. */
import {
  createMachine,
  defineCpu,
  defineDevice,
  type Engine,
  type EngineChoice,
  type Machine,
  u8,
  z,
} from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { interpreter, translator, translatorAfter } from '@backplane/core/interpreter';
import { cpu6502 } from '@backplane/cpu-6502';
import { expect, test } from 'vitest';

/** Asserts its line every `period` cycles until it is read. */
const timer = defineDevice({
  type: 'timer',
  version: 1,
  size: 1,
  lines: ['irq'],
  config: z.object({ period: z.int().min(1) }),
  create({ config, lines, event }) {
    const elapsed = event('elapsed', () => {
      lines.irq.assert();
      elapsed.after(config.period);
    });
    return {
      reset: () => elapsed.after(config.period),
      read() {
        lines.irq.release();
        return 0;
      },
    };
  },
});

/** One register: the bank that is seen. */
const selector = defineDevice({
  type: 'selector',
  version: 1,
  size: 1,
  banks: ['window'],
  state: () => ({ looks: u8() }),
  create: ({ banks, state }) => ({
    read() {
      state.looks += 1;
      return state.looks & 0x80;
    },
    write: (_offset, value) => banks.window.select(value),
  }),
});

const eagerly = (used: Engine) =>
  defineCpu({
    ...cpu6502.definition,
    variants: { nmos: () => cpu6502.instructionSet('nmos') },
    engines: [interpreter, used],
  });

function machineOf(
  source: string,
  engine: EngineChoice,
  {
    period = 1_000_000_000,
    translator: used = translatorAfter(100),
    banks: count = 2,
    now = () => 0,
  }: {
    readonly period?: number;
    readonly translator?: Engine;
    readonly banks?: number;
    readonly now?: () => number;
  } = {},
): Machine {
  const { origin, bytes, symbols } = assemble(cpu6502.instructionSet(), source);
  const ram = new Uint8Array(0x10000);
  ram.set(bytes, origin);
  const banks = new Uint8Array(count * 0x1000);
  // Each bank returns another number.
  for (let bank = 0; bank < count; bank += 1) banks.set([0xa9, bank, 0x60], bank * 0x1000);
  const machine = createMachine(
    {
      clock: 1_000_000,
      cpu: { type: '6502' },
      devices: { timer: { type: 'timer', period }, selector: { type: 'selector' } },
      memory: [
        { at: 0, ram: '64K', image: 'ram' },
        { at: 0x5000, ram: count * 0x1000, image: 'banks', size: 0x1000, bank: 'selector.window', priority: 1 },
        { at: 0x0480, device: 'selector', priority: 2 },
        { at: 0x0481, device: 'timer', priority: 2 },
      ],
      wires: [['timer.irq', 'cpu.irq']],
    },
    { plugins: [eagerly(used), timer, selector], images: { ram, banks }, engine, now },
  );
  machine.cpu.registers.pc = symbols.main ?? origin;
  return machine;
}

const state = (machine: Machine): string =>
  `${JSON.stringify(machine.cpu.registers)} ${machine.cycles} ${Buffer.from(machine.checkpoint().bytes).toString('base64')}`;

const COUNT = `
        .org $0600
main:   cli
@loop:  inc $10
        lda $10
        adc #3
        sta $2000,x
        inx
        jsr add
        bne @loop
        jmp @loop
add:    clc
        adc $2000,y
        iny
        rts
irq:    pha
        lda $0481
        inc $20
        pla
        rti
        .org $fffe
        .word irq`;

test('a run may end at each cycle of a region', () => {
  for (let cycles = 1; cycles <= 160; cycles += 1) {
    const [wanted, seen] = (['evaluator', 'translator'] as const).map((engine) => {
      const machine = machineOf(COUNT, engine, { translator: translatorAfter(1) });
      machine.run(500);
      machine.run(cycles);
      return { state: state(machine), stats: machine.stats() };
    });
    expect(seen?.stats.cycles.translator).toBeGreaterThan(0);
    expect(seen?.state).toBe(wanted?.state);
  }
});

test('an interrupt may come at each cycle of a region', () => {
  for (let period = 90; period <= 190; period += 1) {
    const [wanted, seen] = (['evaluator', 'translator'] as const).map((engine) => {
      const machine = machineOf(COUNT, engine, { translator: translatorAfter(1), period });
      machine.run(3000);
      return { state: state(machine), stats: machine.stats() };
    });
    expect(seen?.stats.cycles.translator).toBeGreaterThan(0);
    expect(seen?.state).toBe(wanted?.state);
  }
});

test('a run may end at each cycle after an event, and after an access that had the host look anew', () => {
  const source = COUNT.replace('        inx\n', '        inx\n        txa\n        and #1\n        sta $0480\n');
  for (let cycles = 1; cycles <= 160; cycles += 1) {
    const [wanted, seen] = (['evaluator', 'translator'] as const).map((engine) => {
      const machine = machineOf(source, engine, { translator: translatorAfter(1), period: 400 });
      machine.run(8000);
      const { translator: before } = machine.stats().cycles;
      machine.run(cycles);
      const { translator: after } = machine.stats().cycles;
      return { state: state(machine), translated: after - before };
    });
    if (cycles > 100) expect(seen?.translated).toBeGreaterThan(0);
    expect(seen?.state).toBe(wanted?.state);
  }
});

test('most is translated though a timer interrupts every 1,000 cycles', () => {
  const machine = machineOf(COUNT, 'translator', { period: 1000, translator });
  machine.run(10_000_000);
  const { translator: translated, evaluator, interpreter: interpreted } = machine.stats().cycles;
  expect(translated / (translated + evaluator + interpreted)).toBeGreaterThan(0.7);
});

test('code and data that are delayed are translated', () => {
  // As the display of a home computer delays the CPU in some of its memory.
  const delays = {
    contention: { period: 8, phase: 3, cycles: [6, 5, 4, 3, 2, 1, 0, 0] },
    slow: { period: 3, cycles: [2] },
  };
  const { bytes, symbols } = assemble(
    cpu6502.instructionSet(),
    `
        .org $4000
main:   lda #0
        sta $10
        lda #$50
        sta $11
@loop:  lda $5000,x
        adc #3
        sta $5100,x
        lda ($10),y
        sta $8000,y
        inc $6001
        iny
        inx
        bne @loop
        jsr away
        jmp main
        .org $8800
away:   ldx #10
@turn:  lda $4000,x
        sta $9000,x
        dex
        bne @turn
        rts`,
  );
  const ram = new Uint8Array(0x10000);
  ram.set(bytes, symbols.main);
  const run = (engine: EngineChoice, used: Engine, cycles: readonly number[]): Machine => {
    const machine = createMachine(
      {
        clock: 1_000_000,
        cpu: { type: '6502' },
        delays,
        memory: [
          { at: 0, ram: 0x4000 },
          { at: 0x4000, ram: 0x4000, image: 'low', delay: 'contention' },
          { at: 0x8000, ram: 0x1000, image: 'middle', delay: 'slow' },
          { at: 0x9000, ram: 0x7000 },
        ],
      },
      {
        plugins: [eagerly(used)],
        images: { low: ram.slice(0x4000, 0x8000), middle: ram.slice(0x8000, 0x9000) },
        engine,
      },
    );
    machine.cpu.registers.pc = symbols.main ?? 0;
    for (const slice of cycles) machine.run(slice);
    return machine;
  };
  for (let cycles = 1; cycles <= 300; cycles += 1) {
    const [wanted, seen] = (['evaluator', 'translator'] as const).map((engine) =>
      run(engine, translatorAfter(1), [20_000, cycles]),
    ) as [Machine, Machine];
    expect(seen.stats().cycles.translator).toBeGreaterThan(0);
    expect(state(seen)).toBe(state(wanted));
  }
  const {
    translator: translated,
    evaluator,
    interpreter: interpreted,
  } = run('translator', translator, [10_000_000]).stats().cycles;
  expect(translated / (translated + evaluator + interpreted)).toBeGreaterThan(0.7);
});

test('a loop that polls a device in its own page is translated', () => {
  const source = `
        .org $0400
main:   lda $0480
        and #$40
        beq main
        jmp main`;
  const machine = machineOf(source, 'translator', { translator });
  machine.run(10_000_000);
  const { translator: translated, evaluator, interpreter: interpreted } = machine.stats().cycles;
  expect(translated / (translated + evaluator + interpreted)).toBeGreaterThan(0.9);
});

test('a guest that switches banks every 200 cycles is translated a few times', () => {
  const source = `
        .org $0600
main:   ldy #0
@loop:  sty $0480
        ldx #15
@work:  jsr $5000
        sta $10
        dex
        bpl @work
        tya
        eor #1
        tay
        bpl @loop`;
  const run = (engine: EngineChoice, cycles: number): Machine => {
    const machine = machineOf(source, engine);
    machine.run(cycles);
    return machine;
  };
  const eager = run('translator', 300_000);
  expect(state(eager)).toBe(state(run('evaluator', 300_000)));
  eager.run(20_000_000);
  const machine = machineOf(source, 'translator', { translator });
  machine.run(100_000_000);
  for (const { cycles, regions } of [eager.stats(), machine.stats()]) {
    expect(regions.compiled).toBeLessThan(100);
    expect(cycles.translator).toBeGreaterThan(0.7 * (cycles.evaluator + cycles.interpreter + cycles.translator));
  }
});

test('a guest that goes through many banks of data is translated a few times', () => {
  const source = `
        .org $0600
main:   inc $12
        lda $12
        and #$0f
        sta $0480
        ldx #100
@work:  lda $5001
        adc $5002
        sta $10
        dex
        bne @work
        jmp main`;
  const run = (engine: EngineChoice): Machine => {
    const machine = machineOf(source, engine, { banks: 16 });
    machine.run(400_000);
    return machine;
  };
  const machine = run('translator');
  expect(state(machine)).toBe(state(run('evaluator')));
  machine.run(5_000_000);
  expect(machine.stats().regions.compiled).toBeLessThan(20);
  expect(machine.stats().cycles.translator).toBeGreaterThan(4_000_000);
});

test('reads anywhere rely on memory that is one piece only while it is', () => {
  const source = `
        .org $0600
main:   inc $12
        ldx #200
@work:  lda ($10),y
        adc $2000,x
        sta $2000,x
        iny
        dex
        bne @work
        lda $12
        lsr a
        and #1
        sta $0400           ; the other bank, every other time
        jmp main`;
  const { origin, bytes } = assemble(cpu6502.instructionSet(), source);
  const ram = new Uint8Array(0x8000);
  ram.set(bytes, origin);
  ram.set([0xf0, 0xbf], 0x10);
  const banks = Uint8Array.from({ length: 0x10000 }, (_, index) => (index ^ (index >> 9)) & 0xff);
  const run = (engine: EngineChoice): Machine => {
    const machine = createMachine(
      {
        clock: 1_000_000,
        cpu: { type: '6502' },
        devices: { selector: { type: 'selector' } },
        memory: [
          { at: 0, ram: '32K', image: 'ram' },
          { at: 0x8000, ram: '64K', image: 'banks', size: '32K', bank: 'selector.window' },
          { at: 0x0400, device: 'selector', size: 0x100, access: 'write', priority: 1 },
        ],
      },
      { plugins: [eagerly(translatorAfter(100)), selector], images: { ram, banks }, engine },
    );
    machine.cpu.registers.pc = origin;
    machine.run(400_000);
    return machine;
  };
  const machine = run('translator');
  expect(state(machine)).toBe(state(run('evaluator')));
  expect(machine.stats().cycles.translator).toBeGreaterThan(200_000);
});

test('code that writes over its own operands is translated with them loaded', () => {
  const source = `
        .org $0600
main:   inc operand + 1
operand: lda #0
        sta $2000
        jmp main`;
  const run = (engine: EngineChoice): Machine => {
    const machine = machineOf(source, engine);
    machine.run(1_000_000);
    return machine;
  };
  const machine = run('translator');
  expect(state(machine)).toBe(state(run('evaluator')));
  const { cycles, regions } = machine.stats();
  expect(regions.invalidated).toBeGreaterThan(0);
  expect(regions.compiled).toBeLessThan(10);
  expect(cycles.translator).toBeGreaterThan(0.5 * 1_000_000);
});

test.each([
  ['in the midst of a region', 'bne *', 'inx\n bne main\n cpx #0\n'],
  ['that has waited for long', 'bne *', 'inc $11\n bne main\n'],
  ['by an indirect jump', 'jmp (pointer)', 'inx\n bne main\n'],
])('a run that looks for traps ends at the same one: %s', (_name, trap, middle) => {
  const source = `
        .org $0600
main:   inc $10
        ${middle.split('\n').join('\n        ')}
        lda $10
        cmp $12
        inc $12
        lda #1
here:   ${trap.replace('*', 'here')}
        jmp main
pointer: .word here`;
  const ends = (['evaluator', 'interpreter', 'translator'] as const).map((engine) => {
    const machine = machineOf(source, engine);
    const { reason } = machine.runUntil({ trap: true }, { cycles: 1_000_000 });
    machine.run(10_000);
    return [reason, state(machine), machine.runUntil({ trap: true }, { cycles: 100_000 }), state(machine)];
  });
  expect(ends[1]).toEqual(ends[0]);
  expect(ends[2]).toEqual(ends[0]);
});

test('what translating took is told by the clock that the machine was given', () => {
  let time = 0;
  const machine = machineOf(COUNT.replace('$0600', '$0700'), 'translator', { now: () => (time += 5) });
  machine.run(100_000);
  const { compiled, milliseconds } = machine.stats().regions;
  expect(compiled).toBeGreaterThan(0);
  expect(milliseconds).toBe(5 * compiled);
});

test('what was hot in one machine is sooner so in the next', () => {
  const source = COUNT.replace('$0600', '$0800');
  const first = machineOf(source, 'translator', { translator });
  first.run(120_000);
  expect(first.stats().regions.live).toBe(0);
  first.run(2_000_000);
  const second = machineOf(source, 'translator', { translator });
  second.run(120_000);
  expect(second.stats().regions).toMatchObject({ compiled: 0 });
  expect(second.stats().regions.live).toBeGreaterThan(0);
});

test('a program that goes on changing its code has little of it translated', () => {
  // Sixteen loops, of each of which an instruction is another one after all of them have run.
  const loops = Array.from(
    { length: 16 },
    (_, index) => `
        ldx #0
        ldy #0
loop${index}: ${'inc $20 \n '.repeat(3)}
        dex
        bne loop${index}
        dey
        bne loop${index}
        lda loop${index}
        eor #$20        ; INC n, DEC n
        sta loop${index}`,
  );
  const machine = machineOf(`.org $0600 \n main: ${loops.join('')} \n jmp main`, 'translator', { translator });
  machine.run(200_000_000);
  const { compiled } = machine.stats().regions;
  expect(compiled).toBeGreaterThan(3);
  expect(compiled).toBeLessThan(16);
});

test('jumps to wait for are a whole number', () => {
  for (const jumps of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => translatorAfter(jumps)).toThrow(expect.objectContaining({ code: 'engine/jumps' }));
});

test('what decides within instructions and stays is taken for granted, as long as it does', () => {
  // Sums in binary, then in decimal: a region of the loop asks at its beginning how it is to add.
  const source = (change: string): string => `
        .org $0600
main:   lda #<main
        sta $30
        lda #>main
        sta $31
        ldx #3
sums:   jsr sum
        dex
        bne sums
        ${change}
        jmp ($0030)     ; a region ends here
sum:    ldy #50
        clc
loop:   lda $20
        adc #$19
        sta $20
        dey
        bne loop
        rts`;
  const life = (engine: EngineChoice, change: string): { states: Uint8Array[]; machine: Machine } => {
    const machine = machineOf(source(change), engine);
    const states = [300_000, 500_000, 700_000].map((cycles) => {
      machine.run(cycles);
      return machine.checkpoint().bytes;
    });
    return { states, machine };
  };
  for (const change of ['nop', 'sed', 'php \n pla \n eor #8 \n pha \n plp']) {
    const { states, machine } = life('translator', change);
    expect(states).toEqual(life('evaluator', change).states);
    const { interpreter: interpreted, translator: translated } = machine.stats().cycles;
    expect(translated).toBeGreaterThan(0.9 * (translated + interpreted));
  }
});

test('what one machine has translated, the next one has', () => {
  const first = machineOf(COUNT, 'translator');
  first.run(100_000);
  const second = machineOf(COUNT, 'translator');
  second.run(100_000);
  expect(first.stats().regions.live).toBeGreaterThan(0);
  expect(second.stats().regions).toMatchObject({ live: first.stats().regions.live, compiled: 0 });
  expect(state(second)).toBe(state(first));
});

test('a restored machine runs the code that it then has', () => {
  const machine = machineOf(COUNT, 'translator');
  machine.run(50_000);
  const before = machine.checkpoint();
  // Another addend, in the midst of what was translated.
  const at = machine.memory.read(0x0600, 32).indexOf(0x69);
  machine.memory.poke(0x0600 + at + 1, 7);
  machine.run(50_000);
  const changed = machine.checkpoint();
  machine.restore(before);
  machine.memory.poke(0x0600 + at + 1, 7);
  machine.run(50_000);
  expect(Buffer.compare(machine.checkpoint().bytes, changed.bytes)).toBe(0);
  machine.restore(before);
  machine.run(50_000);
  expect(Buffer.compare(machine.checkpoint().bytes, changed.bytes)).not.toBe(0);
  const other = machineOf(COUNT, 'evaluator');
  other.run(100_000);
  expect(state(machine)).toBe(state(other));
});
