/** The Motorola 6800, tried against its data sheet in each engine. What it is described with is motorola-6800.mjs. */
import {
  type BusCycle,
  createMachine,
  defineCpu,
  defineDevice,
  disassemble,
  type EngineChoice,
  type Machine,
} from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { translatorAfter } from '@backplane/core/interpreter';
import { cpuLaws, programBytes } from '@backplane/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { motorola6800 } from './motorola-6800.mjs';

const isa = motorola6800.instructionSet();
const { engines: compiled = [] } = motorola6800.definition;
const ENGINES = ['evaluator', ...compiled.map(({ name }) => name)] as const;

/** The same CPU with a translator that hardly waits: what is tried here does nothing for long. */
const eager = defineCpu({
  ...motorola6800.definition,
  variants: { 6800: () => isa },
  engines: compiled.map((engine) => (engine.name === 'translator' ? translatorAfter(2) : engine)),
});

/** [cycle, line, level]: 1 asserts the line, 0 lets it go. */
type Change = readonly [cycle: number, line: 'irq' | 'nmi' | 'halt' | 'reset', level: 0 | 1];

/** Moves the CPU's pins at given cycles. */
const pins = (changes: readonly Change[]) =>
  defineDevice({
    type: 'pins',
    version: 1,
    lines: ['irq', 'nmi', 'halt', 'reset'],
    create({ lines, clock, event }) {
      const next = event('next', () => {
        for (const [at, line, level] of changes) if (at === clock.now()) lines[line][level ? 'assert' : 'release']();
        if (changes.some(([at]) => at > clock.now())) next.after(1);
      });
      next.after(0);
      return {};
    },
  });

/** 64 KiB of RAM with a program in it. RESET has been taken, in two cycles. */
function machineWith(program: Uint8Array, engine: EngineChoice, changes: readonly Change[] = []): Machine {
  const wire = (line: string): [string, string] => [`pins.${line}`, `cpu.${line}`];
  const machine = createMachine(
    {
      clock: '1 MHz',
      cpu: { type: '6800' },
      devices: { pins: { type: 'pins' } },
      memory: [{ at: 0, ram: '64K', image: 'program' }],
      wires: ['irq', 'nmi', 'halt', 'reset'].map(wire),
    },
    { plugins: [eager, pins(changes)], images: { program }, engine },
  );
  machine.step();
  return machine;
}

/** 64 KiB that are what a source says. */
function imageOf(source: string): Uint8Array {
  const { bytes, origin } = assemble(isa, source);
  const image = new Uint8Array(0x10000);
  image.set(bytes, origin);
  return image;
}

describe.each(ENGINES)('laws in the %s', (engine) => {
  test.each(cpuLaws(isa, { runs: 4, engine }))('%s', (_name, law) => law());
});

test('there are the 197 instructions of the data sheet', () => {
  expect(isa.encodings.length).toBe(197);
  const bytes = Uint8Array.of(0x8b, 0x12, 0xab, 0x34, 0xbd, 0xfe, 0xdc, 0x26, 0xf7, 0xce, 0x12, 0x34, 0x5f, 0x63, 0x01);
  expect(disassemble(isa, bytes, 0x100).map(({ text }) => text)).toEqual([
    'adda #$12',
    'adda $34,x',
    'jsr $fedc',
    'bne $0100',
    'ldx #$1234',
    'clrb',
    'com $01,x',
  ]);
});

/** "MC6800" data sheet, tables 3 to 6: MPU cycles by opcode; `.` is none. */
const CYCLES = `
  .  2  .  .  .  .  2  2  4  4  2  2  2  2  2  2
  2  2  .  .  .  .  2  2  .  2  .  2  .  .  .  .
  4  .  4  4  4  4  4  4  4  4  4  4  4  4  4  4
  4  4  4  4  4  4  4  4  .  5  . 10  .  .  9 12
  2  .  .  2  2  .  2  2  2  2  2  .  2  2  .  2
  2  .  .  2  2  .  2  2  2  2  2  .  2  2  .  2
  7  .  .  7  7  .  7  7  7  7  7  .  7  7  4  7
  6  .  .  6  6  .  6  6  6  6  6  .  6  6  3  6
  2  2  2  .  2  2  2  .  2  2  2  2  3  8  3  .
  3  3  3  .  3  3  3  4  3  3  3  3  4  .  4  5
  5  5  5  .  5  5  5  6  5  5  5  5  6  8  6  7
  4  4  4  .  4  4  4  5  4  4  4  4  5  9  5  6
  2  2  2  .  2  2  2  .  2  2  2  2  .  .  3  .
  3  3  3  .  3  3  3  4  3  3  3  3  .  .  4  5
  5  5  5  .  5  5  5  6  5  5  5  5  .  .  6  7
  4  4  4  .  4  4  4  5  4  4  4  4  .  .  5  6`;

describe.each(ENGINES)('in the %s', (engine) => {
  test('every instruction takes the cycles of the data sheet', () => {
    const wanted = CYCLES.trim().split(/\s+/);
    expect(wanted.length).toBe(256);
    const seen = wanted.map((_, opcode) => {
      if (!isa.pages.get('main')?.[opcode]) return '.';
      // Operands are 0: branches and jumps go on below, and what is pulled from the stack is 0.
      const image = new Uint8Array(0x10000).fill(1, 0x200);
      image.set([opcode, 0, 0], 0x1000);
      image.set([0x10, 0x00], 0xfffe);
      const machine = machineWith(image, engine);
      Object.assign(machine.cpu.registers, { sp: 0x180, x: 0x100 });
      const before = machine.cycles;
      machine.run(1);
      return `${machine.cycles - before}`;
    });
    expect(seen).toEqual(wanted);
  });
});

/**
 * "MC6800" data sheet, table 8: R reads, W writes, - is a cycle with VMA low. X is 20F8, SP is 3000, and X + 10 is 2008
 * before the carry.
 */
const BUS: Readonly<Record<string, string>> = {
  'adda #$12': 'R1000 R1001',
  'ldx #$1234': 'R1000 R1001 R1002',
  'adda $40': 'R1000 R1001 R0040',
  'cpx $40': 'R1000 R1001 R0040 R0041',
  'staa $40': 'R1000 R1001 -0040 W0040',
  'sts $40': 'R1000 R1001 -0040 W0040 W0041',
  'jmp $10,x': 'R1000 R1001 -20f8 -2008',
  'adda $10,x': 'R1000 R1001 -20f8 -2008 R2108',
  'lds $10,x': 'R1000 R1001 -20f8 -2008 R2108 R2109',
  'stab $10,x': 'R1000 R1001 -20f8 -2008 -2108 W2108',
  'asl $10,x': 'R1000 R1001 -20f8 -2008 R2108 -2108 W2108',
  'tst $10,x': 'R1000 R1001 -20f8 -2008 R2108 -2108 -2108',
  'stx $10,x': 'R1000 R1001 -20f8 -2008 -2108 W2108 W2109',
  'jsr $10,x': 'R1000 R1001 -20f8 W3000 W2fff -2ffe -20f8 -2008',
  'jmp $4321': 'R1000 R1001 R1002',
  'adda $4321': 'R1000 R1001 R1002 R4321',
  'cpx $4321': 'R1000 R1001 R1002 R4321 R4322',
  'staa $4321': 'R1000 R1001 R1002 -4321 W4321',
  'clr $4321': 'R1000 R1001 R1002 R4321 -4321 W4321',
  'tst $4321': 'R1000 R1001 R1002 R4321 -4321 -4321',
  'stx $4321': 'R1000 R1001 R1002 -4321 W4321 W4322',
  'jsr $4321': 'R1000 R1001 R1002 R4321 W3000 W2fff -2ffe -1002 R1002',
  daa: 'R1000 R1001',
  inx: 'R1000 R1001 -20f8 -20f9',
  des: 'R1000 R1001 -3000 -2fff',
  psha: 'R1000 R1001 W3000 -2fff',
  pulb: 'R1000 R1001 -3000 R3001',
  tsx: 'R1000 R1001 -3000 -3001',
  txs: 'R1000 R1001 -20f8 -20f7',
  rts: 'R1000 R1001 -3000 R3001 R3002',
  wai: 'R1000 R1001 W3000 W2fff W2ffe W2ffd W2ffc W2ffb W2ffa',
  rti: 'R1000 R1001 -3000 R3001 R3002 R3003 R3004 R3005 R3006 R3007',
  swi: 'R1000 R1001 W3000 W2fff W2ffe W2ffd W2ffc W2ffb W2ffa -2ff9 Rfffa Rfffb',
  'bra $1012': 'R1000 R1001 -1002 -1012',
  'beq $1012': 'R1000 R1001 -1002 -1012',
  'bsr $1012': 'R1000 R1001 -1002 W3000 W2fff -2ffe -1002 -1012',
};

const hex = (value: number): string => value.toString(16).padStart(4, '0');
const shown = ({ kind, address }: BusCycle): string =>
  `${{ read: 'R', write: 'W' }[kind as string] ?? '-'}${hex(address)}`;

describe.each(ENGINES)('on the bus, in the %s', (engine) => {
  test.each(Object.entries(BUS))('%s', (source, wanted) => {
    const machine = machineWith(imageOf(` .org $1000\n ${source}\n .org $fffe\n .word $1000`), engine);
    Object.assign(machine.cpu.registers, { x: 0x20f8, sp: 0x3000, cc: 0 });
    const seen: string[] = [];
    machine.onCycle = (cycle) => seen.push(shown(cycle));
    machine.run(1);
    expect(seen.join(' ')).toBe(wanted);
  });
});

/** What an addition or subtraction comes to, told with numbers that have a sign and numbers that have none. */
function arithmetic(operation: string, left: number, right: number, carry: number): { result: number; cc: number } {
  const signed = (byte: number): number => (byte < 128 ? byte : byte - 256);
  const isSum = operation.startsWith('ad');
  const extra = operation === 'adca' || operation === 'sbca' ? carry : 0;
  const exact = isSum ? left + right + extra : left - right - extra;
  const exactSigned = isSum ? signed(left) + signed(right) + extra : signed(left) - signed(right) - extra;
  const result = ((exact % 256) + 256) % 256;
  const flags = [
    isSum && (left % 16) + (right % 16) + extra > 15,
    false,
    result > 127,
    result === 0,
    exactSigned > 127 || exactSigned < -128,
    exact > 255 || exact < 0,
  ];
  return { result, cc: 0xc0 + flags.reduce((cc, flag) => cc * 2 + Number(flag), 0) };
}

const DONE = 0x8000;

/** For all values of A, with the operand in 1 and the condition codes before in 2: the results, and the codes after. */
const tableOf = (operations: readonly string[]): Uint8Array =>
  imageOf(`
        .org $1000
start:  lds #$01ff
        ldx #$2000
        clr $0000
next:
${operations
  .map(
    (operation, index) => `
        ldaa $02
        tap
        ldaa $00
        ${operation}
        psha                ; STAA would change the codes
        tpa
        staa ${index * 2 + 1},x
        pula
        staa ${index * 2},x`,
  )
  .join('')}
${' inx\n'.repeat(operations.length * 2)}
        inc $0000
        beq done
        jmp next
done:   jmp ${DONE}
        .org ${DONE}
        bra *
        .org $fffe
        .word start`);
/** What `tableOf` finds for an operand and condition codes: a result and codes for each operation, for each A. */
function runTable(machine: Machine, operations: number, operand: number, cc: number): Uint8Array {
  machine.reset();
  machine.memory.load(1, Uint8Array.of(operand, cc));
  // Not until a trap: that is watched for by the interpreter.
  machine.run(50_000);
  for (let left = 40; left > 0 && machine.cpu.registers.pc !== DONE; left -= 1) machine.run(10_000);
  expect(machine.cpu.registers.pc).toBe(DONE);
  return machine.memory.read(0x2000, operations * 2 * 256);
}

/** DAA: C and H before, the ranges of the high and the low digit, what is added, C after (M68PRM(D), appendix A). */
const DAA: readonly (readonly [number, number, string, string, number, number])[] = [
  [0, 0, '0-9', '0-9', 0x00, 0],
  [0, 0, '0-8', 'a-f', 0x06, 0],
  [0, 1, '0-9', '0-3', 0x06, 0],
  [0, 0, 'a-f', '0-9', 0x60, 1],
  [0, 0, '9-f', 'a-f', 0x66, 1],
  [0, 1, 'a-f', '0-3', 0x66, 1],
  [1, 0, '0-2', '0-9', 0x60, 1],
  [1, 0, '0-2', 'a-f', 0x66, 1],
  [1, 1, '0-3', '0-3', 0x66, 1],
];

function isWithin(digit: number, range: string): boolean {
  const [least = 0, most = 0] = range.split('-').map((end) => Number.parseInt(end, 16));
  return digit >= least && digit <= most;
}

const toDecimal = (value: number): number => Number.parseInt(String(value), 16);
const signs = (result: number): number => (result > 127 ? 8 : 0) + (result === 0 ? 4 : 0);

describe.each(ENGINES)('arithmetic in the %s', (engine) => {
  test('ADD, ADC, SUB and SBC of all bytes with both carries', () => {
    const operations = ['adda', 'adca', 'suba', 'sbca'];
    const machine = machineWith(tableOf(operations.map((operation) => `${operation} $01`)), engine);
    for (const carry of [0, 1]) {
      // The evaluator, which is slow, does every fifth operand.
      for (let operand = 0; operand < 256; operand += engine === 'evaluator' ? 5 : 1) {
        const seen = runTable(machine, operations.length, operand, carry);
        for (let left = 0; left < 256; left += 1) {
          operations.forEach((operation, index) => {
            const at = (left * operations.length + index) * 2;
            // TAP has cleared H, which SUB and SBC leave alone.
            const { result, cc } = arithmetic(operation, left, operand, carry);
            if (seen[at] === result && seen[at + 1] === cc) return;
            expect({ operation, left, operand, carry, result: seen[at], cc: seen[at + 1] }).toEqual({ result, cc });
          });
        }
      }
    }
    expect(machine.stats().cycles[engine]).toBeGreaterThan(3_000_000);
  });

  test('ADC and DAA add decimal numbers', () => {
    const machine = machineWith(tableOf(['adca $01\n daa']), engine);
    for (const carry of [0, 1]) {
      for (let right = 0; right < 100; right += 1) {
        const seen = runTable(machine, 1, toDecimal(right), carry);
        for (let left = 0; left < 100; left += 1) {
          const at = 2 * toDecimal(left);
          const sum = left + right + carry;
          const result = toDecimal(sum % 100);
          const cc = signs(result) + Number(sum > 99);
          if (seen[at] === result && ((seen[at + 1] as number) & 0b1101) === cc) continue;
          expect({ left, right, carry, result: seen[at], cc: seen[at + 1] }).toEqual({ result, cc });
        }
      }
    }
  });

  test('DAA does what the table of the programming manual says, wherever it says something', () => {
    const machine = machineWith(tableOf(['daa']), engine);
    let covered = 0;
    for (const [carry, half] of [0, 1].flatMap((c) => [0, 1].map((h) => [c, h] as const))) {
      const seen = runTable(machine, 1, 0, (half << 5) | carry);
      for (let value = 0; value < 256; value += 1) {
        const row = DAA.find(
          ([c, h, high, low]) => c === carry && h === half && isWithin(value >> 4, high) && isWithin(value & 15, low),
        );
        if (!row) continue;
        covered += 1;
        const result = (value + row[4]) & 0xff;
        const cc = (seen[value * 2 + 1] as number) & 0b101101;
        expect([seen[value * 2], cc]).toEqual([result, (half << 5) + signs(result) + row[5]]);
      }
    }
    // 100 + 54 + 40 + 60 + 42 + 24 + 30 + 18 + 16 of 1024.
    expect(covered).toBe(384);
  });

  test('the other operations set the condition codes as the data sheet tells', () => {
    const names = ['nega', 'coma', 'lsra', 'rora', 'asra', 'asla', 'rola', 'deca', 'inca', 'tsta', 'clra'];
    const machine = machineWith(
      tableOf([...names, 'anda $01', 'oraa $01', 'eora $01', 'bita $01', 'cmpa $01']),
      engine,
    );
    for (const [operand, carry] of [
      [0x00, 0],
      [0x5a, 1],
      [0x80, 0],
      [0xff, 1],
    ] as const) {
      const seen = runTable(machine, 16, operand, carry | 0x2e);
      for (let left = 0; left < 256; left += 1) {
        const wanted = operated(left, operand, carry).map(([result, v, c, shown = result]) => [
          shown,
          0xe0 + signs(result) + v * 2 + c,
        ]);
        const at = left * 32;
        expect([left, ...seen.slice(at, at + 32)]).toEqual([left, ...wanted.flat()]);
      }
    }
  });
});

/** Result (which N and Z tell of), V and C of each operation; what is in A after it, where that is not the result. */
function operated(a: number, operand: number, c: number): (readonly [number, number, number, number?])[] {
  const low = a % 2;
  const high = a > 127 ? 1 : 0;
  const isOther = (one: number, other: number): number => Number(one !== other);
  const [asr, asl] = [Math.floor(a / 2) + high * 128, (a * 2) % 256];
  const [ror, rol] = [Math.floor(a / 2) + c * 128, ((a * 2) % 256) + c];
  const compared = arithmetic('suba', a, operand, 0);
  return [
    [(256 - a) % 256, Number(a === 128), Number(a !== 0)],
    [255 - a, 0, 1],
    [Math.floor(a / 2), low, low],
    [ror, isOther(c, low), low],
    [asr, isOther(high, low), low],
    [asl, isOther(Number(asl > 127), high), high],
    [rol, isOther(Number(rol > 127), high), high],
    [(a + 255) % 256, Number(a === 128), c],
    [(a + 1) % 256, Number(a === 127), c],
    [a, 0, 0],
    [0, 0, 0],
    [a & operand, 0, c],
    [a | operand, 0, c],
    [a ^ operand, 0, c],
    [a & operand, 0, c, a],
    [compared.result, Math.floor(compared.cc / 2) % 2, compared.cc % 2, a],
  ];
}

describe.each(ENGINES)('16-bit registers in the %s', (engine) => {
  test('CPX compares all 16 bits for Z, and the high bytes alone for N and V', () => {
    const machine = machineWith(imageOf(' .org $1000\n cpx $40\n bra *\n .org $fffe\n .word $1000'), engine);
    const word = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 0x7fff, 0x8000, 0xffff, 0x1234, 0x1235));
    fc.assert(
      fc.property(word, word, fc.boolean(), (x, operand, isCarry) => {
        machine.memory.load(0x40, Uint8Array.of(operand >> 8, operand & 0xff));
        Object.assign(machine.cpu.registers, { pc: 0x1000, x, cc: 0x30 + Number(isCarry) });
        expect(machine.runUntil(0x1002, { cycles: 100 }).reason).toBe('condition');
        const { cc } = arithmetic('suba', x >> 8, operand >> 8, 0);
        expect(machine.cpu.registers.cc).toBe(0xf0 + (cc & 0b1010) + (x === operand ? 4 : 0) + Number(isCarry));
      }),
    );
  });
});

const TEXT = 0x1100;
const PROGRAM = `
        .org $40
first:  .fill 4             ; decimal, the first digits first
second: .fill 4
total:  .fill 4

        .org $1000
start:  lds #$01ff
        ldaa $20
        ldab $21
        jsr multiply
        staa $22
        stab $23
        ldx #$1100
        stx $30
        ldx #$2000
        stx $32
        bsr copy
        bsr add
done:   bra done

multiply:                   ; A times B, to A and B
        staa $10
        clra
        ldx #8
        rorb                ; the multiplier goes out bit by bit as the product comes in
again:  bcc skip
        adda $10
skip:   rora
        rorb
        dex
        bne again
        rts

copy:   ldx $30             ; from there to ($32), until 0 has been copied
        ldaa 0,x
        inx
        stx $30
        ldx $32
        staa 0,x
        inx
        stx $32
        tsta
        bne copy
        rts

add:    ldx #4              ; from the last byte to the first
        clc
digits: ldaa first-1,x
        adca second-1,x
        daa
        staa total-1,x
        dex                 ; leaves C alone
        bne digits
        rts

        .org $fffe
        .word start`;

describe.each(ENGINES)('a program in the %s', (engine) => {
  test('multiplies, copies a text and adds decimal numbers', () => {
    const digits = (number: number): number[] =>
      [...String(number).padStart(8, '0').matchAll(/../g)].map(([pair]) => Number.parseInt(pair, 16));
    const machine = machineWith(imageOf(PROGRAM), engine);
    const { done } = assemble(isa, PROGRAM).symbols;
    const text = fc
      .string({ maxLength: 40 })
      .map((string) => [...Buffer.from(string.replaceAll('\0', ' '), 'latin1'), 0]);
    const number = fc.nat(99_999_999);
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), number, number, text, (one, other, first, second, letters) => {
        machine.reset();
        machine.memory.load(0x20, Uint8Array.of(one, other));
        machine.memory.load(0x40, Uint8Array.from([...digits(first), ...digits(second)]));
        machine.memory.load(TEXT, Uint8Array.from(letters));
        machine.run(10_000);
        expect(machine.cpu.registers.pc).toBe(done);
        const [high = 0, low = 0] = machine.memory.read(0x22, 2);
        expect(high * 256 + low).toBe(one * other);
        expect([...machine.memory.read(0x2000, letters.length)]).toEqual(letters);
        expect([...machine.memory.read(0x48, 4)]).toEqual(digits((first + second) % 100_000_000));
        expect((machine.cpu.registers.cc as number) & 1).toBe(first + second > 99_999_999 ? 1 : 0);
        expect(machine.cpu.registers.sp).toBe(0x01ff);
      }),
      { numRuns: 50 },
    );
    expect(machine.stats().cycles[engine]).toBeGreaterThan(100_000);
  });
});

const [RESET, SWI, NMI, IRQ] = [0x1000, 0x2000, 0x3000, 0x4000];

/** Runs from 0x1000 on, with NOPs wherever nothing else is; the stack is at 0x01ff, I is clear. The first cycle is 2. */
function interrupted(source: string, engine: EngineChoice, changes: readonly Change[]): Machine {
  const image = new Uint8Array(0x10000).fill(0x01);
  const { bytes } = assemble(isa, source, { origin: RESET });
  image.set(bytes, RESET);
  image.set(
    [IRQ, SWI, NMI, RESET].flatMap((vector) => [vector >> 8, 0]),
    0xfff8,
  );
  const machine = machineWith(image, engine, changes);
  Object.assign(machine.cpu.registers, { sp: 0x01ff, x: 0x1234, a: 0x56, b: 0x78, cc: 0 });
  return machine;
}

/** Where the CPU stands after each of some instructions, and how many cycles they took. */
const path = (machine: Machine, instructions: number): string[] =>
  Array.from({ length: instructions }, () => {
    const before = machine.cycles;
    machine.step();
    return `${hex(machine.cpu.registers.pc as number)} ${machine.cycles - before}`;
  });

describe.each(ENGINES)('interrupts in the %s', (engine) => {
  test('IRQ stacks all registers, sets I and goes by its vector; RTI brings them back', () => {
    const machine = interrupted('nop', engine, [
      [2, 'irq', 1],
      [15, 'irq', 0],
    ]);
    machine.memory.load(IRQ, Uint8Array.of(0x3b));
    expect(path(machine, 2)).toEqual(['1001 2', '4000 12']);
    expect([...machine.memory.read(0x01f9, 7)]).toEqual([0xc0, 0x78, 0x56, 0x12, 0x34, 0x10, 0x01]);
    expect(machine.cpu.registers).toMatchObject({ sp: 0x01f8, cc: 0xd0 });
    expect(path(machine, 2)).toEqual(['1001 10', '1002 2']);
    expect(machine.cpu.registers).toMatchObject({ sp: 0x01ff, x: 0x1234, a: 0x56, b: 0x78, cc: 0xc0 });
  });

  test('IRQ waits while I is set, and for one instruction more after CLI', () => {
    const machine = interrupted('sei\n nop\n cli\n nop', engine, [[4, 'irq', 1]]);
    expect(path(machine, 5)).toEqual(['1001 2', '1002 2', '1003 2', '1004 2', '4000 12']);
  });

  test('NMI is taken once an edge, whatever I is, and before an IRQ', () => {
    const machine = interrupted('nop', engine, [
      [2, 'irq', 1],
      [2, 'nmi', 1],
    ]);
    machine.cpu.registers.cc = 0;
    expect(path(machine, 4)).toEqual(['1001 2', '3000 12', '3001 2', '3002 2']);
    machine.cpu.registers.cc = 0;
    expect(path(machine, 2)).toEqual(['3003 2', '4000 12']);
  });

  test('SWI goes by a vector of its own', () => {
    const machine = interrupted('swi', engine, []);
    expect(path(machine, 1)).toEqual(['2000 12']);
    expect(machine.cpu.registers.cc).toBe(0xd0);
  });

  test('WAI has stacked everything before the interrupt comes', () => {
    const machine = interrupted('wai\n nop', engine, [[20, 'irq', 1]]);
    machine.run(9);
    expect(machine.cpu.status).toBe('waiting');
    expect(machine.cpu.registers.sp).toBe(0x01f8);
    machine.runUntil(IRQ, { cycles: 100 });
    expect(machine.cycles).toBe(24);
    expect([...machine.memory.read(0x01f9, 7)]).toEqual([0xc0, 0x78, 0x56, 0x12, 0x34, 0x10, 0x01]);
    expect(machine.cpu.registers.sp).toBe(0x01f8);
  });

  test('WAI with I set waits for NMI', () => {
    const machine = interrupted('sei\n wai', engine, [
      [4, 'irq', 1],
      [50, 'nmi', 1],
    ]);
    machine.runUntil(NMI, { cycles: 100 });
    expect(machine.cycles).toBe(54);
  });

  test('HALT stops between instructions, and an NMI meanwhile is not lost', () => {
    const machine = interrupted('ldx $40\n nop\n nop', engine, [
      [3, 'halt', 1],
      [10, 'nmi', 1],
      [11, 'nmi', 0],
      [30, 'halt', 0],
    ]);
    expect(path(machine, 1)).toEqual(['1002 4']);
    machine.run(20);
    expect(machine.cpu.registers.pc).toBe(0x1002);
    machine.runUntil(NMI, { cycles: 100 });
    expect(machine.cycles).toBe(43);
    expect([...machine.memory.read(0x01fe, 2)]).toEqual([0x10, 0x02]);
  });

  test('RESET sets I and goes by its vector', () => {
    const machine = interrupted('ldx $40\n bra *', engine, [
      [30, 'reset', 1],
      [40, 'reset', 0],
    ]);
    machine.run(30);
    machine.runUntil(RESET, { cycles: 100 });
    expect(machine.cpu.registers).toMatchObject({ pc: RESET, cc: 0xd0 });
    expect(machine.cycles).toBe(43);
  });
});

test('random programs with random interrupts come to the same in every engine', () => {
  const change = fc.tuple(
    fc.nat(3000),
    fc.constantFrom('irq', 'nmi', 'halt', 'reset') as fc.Arbitrary<Change[1]>,
    fc.constantFrom(0, 1),
  ) as fc.Arbitrary<Change>;
  const shares = new Map<EngineChoice, number>();
  fc.assert(
    fc.property(
      programBytes(isa),
      fc.array(change, { maxLength: 12 }),
      fc.array(fc.nat(900), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      (program, changes, slices, isTraced) => {
        // Over and over, and from its end back to 0, for a translator wants to see code again.
        const code = [...program, 0x7e, 0, 0];
        const image = Uint8Array.from({ length: 0x10000 }, (_, at) => code[at % code.length] as number);
        const [wanted, ...others] = ENGINES.map((engine) => {
          const machine = machineWith(image, engine, changes);
          machine.cpu.registers.cc = 0;
          const cycles: BusCycle[] = [];
          if (isTraced) machine.onCycle = (cycle) => cycles.push(cycle);
          const total = slices.reduce((sum, slice) => sum + slice, 0);
          for (const slice of engine === 'evaluator' ? [total] : slices) machine.run(slice);
          const { cycles: ran } = machine.stats();
          shares.set(engine, (shares.get(engine) ?? 0) + ran[engine]);
          return { cycles, components: machine.snapshot().components };
        });
        for (const other of others) expect(other).toEqual(wanted);
      },
    ),
    { numRuns: 100 },
  );
  for (const engine of ENGINES) expect(shares.get(engine)).toBeGreaterThan(500);
});
