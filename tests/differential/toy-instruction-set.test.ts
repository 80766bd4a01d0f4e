/**
 * An instruction set that no part of core was made for, with 20-bit addresses and big-endian operands, in each engine.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type BusCycle,
  createMachine,
  defineCpu,
  defineDevice,
  defineInstructionSet,
  type EngineChoice,
  type Machine,
  rtl,
  u8,
} from '@backplane/core';
import { interpreter } from '@backplane/core/interpreter';
import { cpuLaws } from '@backplane/core/testing';
import { cpu6502, variants } from '@backplane/cpu-6502';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const address = { high: rtl`let value = read(where); where += 1; value` };

const slate = defineInstructionSet({
  name: 'slate',
  addressWidth: 20,
  ioAddressWidth: 8,
  byteOrder: 'big',
  registers: { where: 20, acc: 16, link: 20, less: 1, wake: 1, asleep: 1, broken: 1, taken: 8 },
  shown: ['where', 'acc', 'link', 'less', 'taken', 'low'],
  locals: { operand: 16 },
  views: { low: { width: 8, get: rtl`acc & 0xff`, set: rtl`acc = acc & 0xff00 | value` } },
  programCounter: 'where',
  inputs: {
    bell: { sense: 'edge', level: 'bellPin' },
    need: { sense: 'level' },
    hold: { sense: 'level', stalls: ['read', 'idle'] },
    flip: { sense: 'edge', on: rtl`less = less ^ 1` },
    clear: { sense: 'level', resets: true },
  },
  cycles: {
    read: { kind: 'read' },
    write: { kind: 'write' },
    idle: { kind: 'idle' },
    slow: { kind: 'read', length: 3 },
    input: { kind: 'read', space: 'io' },
    output: { kind: 'write', space: 'io', length: 2 },
  },
  functions: {
    'fetch()': address.high,
    'fetchWord()': rtl`let high = fetch(); high << 8 | fetch()`,
    'fetchAddress()': rtl`let top = fetch(); (top & 0xf) << 16 | fetchWord()`,
  },
  poll: rtl`wake = bell | need & less`,
  pollPolicy: 'end',
  step: rtl`
    if (broken) { idle(where) }
    else if (wake) { bell = 0; wake = 0; asleep = 0; taken += 1; idle(0xfffff); link = where; where = 0x12340 }
    else if (asleep) { idle(where); wake = bell | need }
    else { decode(main, fetch()) }`,
  reset: rtl`idle(where); where = slow(0) << 12; broken = 0; asleep = 0; wake = 0`,
  status: { jammed: rtl`broken`, waiting: rtl`asleep` },
  operands: { n: { bytes: 1 }, nn: { bytes: 2 }, nnn: { bytes: 3 } },
  rows: [
    { encoding: '00000000', syntax: 'PASS', code: rtl`idle(link)` },
    { encoding: '0001000k', syntax: 'SET nn', code: rtl`operand = fetchWord(); acc = k ? operand ^ acc : operand` },
    { encoding: '00010010', syntax: 'ADD nn', code: rtl`let sum = acc + fetchWord(); less = sum > 0xffff; acc = sum` },
    {
      encoding: '00010011',
      syntax: 'TAKE nnn',
      code: rtl`let at = fetchAddress(); let high = read(at); acc = high << 8 | slow(at + 1 & 0xfffff)`,
    },
    {
      encoding: '00010100',
      syntax: 'PUT nnn',
      code: rtl`let at = fetchAddress(); write(at, acc >> 8); if (acc != 0xffff) { write(at + 1 & 0xfffff, acc) }`,
    },
    { encoding: '00010101', syntax: 'GO nnn', code: rtl`where = fetchAddress()` },
    {
      encoding: '00010110',
      syntax: 'GOLESS nnn',
      code: rtl`let to = fetchAddress(); if (less) { idle(to); where = to }`,
    },
    { encoding: '00010111', syntax: 'CALL nnn', code: rtl`let to = fetchAddress(); link = where; where = to` },
    { encoding: '00011000', syntax: 'BACK', code: rtl`idle(where); where = link` },
    { encoding: '00011001', syntax: 'IN n', code: rtl`acc = input(fetch()); less = acc < 0x80` },
    { encoding: '00011010', syntax: 'OUT n', code: rtl`let at = fetch(); output(at, acc)` },
    { encoding: '00011011', syntax: 'SLEEP', code: rtl`asleep = 1` },
    { encoding: '00011100', syntax: 'BREAK', code: rtl`broken = 1` },
  ],
});

const cpu = defineCpu({
  type: 'slate',
  version: 1,
  variants: { slate: () => slate },
  defaultVariant: 'slate',
  engines: [interpreter],
});

/** Pulls every line some cycles after it was written to, and logs when. */
const teaser = (log: string[]) =>
  defineDevice({
    type: 'teaser',
    version: 1,
    size: 5,
    lines: ['bell', 'need', 'hold', 'flip', 'clear'],
    state: () => ({ line: u8() }),
    create({ state, lines, clock, event, stall }) {
      const all = [lines.bell, lines.need, lines.hold, lines.flip, lines.clear];
      const change = event('change', () => {
        log.push(`${clock.now()} change`);
        const line = all[state.line % all.length];
        if (line?.asserted) line.release();
        else {
          line?.assert();
          change.after(1 + (state.line >> 4));
        }
      });
      return {
        read(offset) {
          log.push(`${clock.now()} read ${offset}`);
          if (offset === 3) stall(['read', 'idle'], 2);
          return 0x10 + offset;
        },
        write(offset, value) {
          log.push(`${clock.now()} write ${offset} ${value}`);
          if (all.some(({ asserted }) => asserted)) return;
          state.line = value;
          change.after(offset);
        },
      };
    },
  });

function machineWith(bytes: Uint8Array, engine: EngineChoice): { machine: Machine; log: string[] } {
  const log: string[] = [];
  const wire = (line: string): [string, string] => [`teaser.${line}`, `cpu.${line}`];
  const machine = createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'slate' },
      devices: { teaser: { type: 'teaser' } },
      memory: [
        { at: 0, ram: 0x20000, image: 'program' },
        { at: 0x80000, mirror: 0x10000, of: 0x8000, size: 0x40000 },
        { at: 0xf0000, ram: 0x10000, delay: 'wait' },
        { at: 0x12350, device: 'teaser', priority: 1 },
        { at: 0x00120, device: 'teaser', priority: 1 },
      ],
      io: [{ at: 0x40, device: 'teaser' }],
      delays: { wait: { period: 5, cycles: [3, 0, 2] } },
      wires: ['bell', 'need', 'hold', 'flip', 'clear'].map(wire),
    },
    { plugins: [cpu, teaser(log)], images: { program: bytes }, engine },
  );
  return { machine, log };
}

const ENGINES = ['evaluator', 'interpreter'] as const;

test('the description is sound, and the interpreter takes it', () => {
  slate.check();
  expect(interpreter.supports(slate)).toBe(true);
});

describe.each(ENGINES)('in the %s', (engine) => {
  // The other laws compare states of a megabyte, which takes its time.
  const laws = cpuLaws(slate, { runs: 2, engine }).filter(([name]) =>
    /sound|bytes|registers|budget|run\(n\)/.test(name),
  );
  test.each(laws)('%s', (_name, law) => law());

  test('operands are big-endian, addresses have 20 bits, cycles their length', () => {
    const program = [0x10, 0x12, 0x34, 0x14, 0x09, 0xab, 0xcd, 0x13, 0x08, 0x2b, 0xcd, 0x15, 0x00, 0x00, 0x0b];
    const { machine } = machineWith(Uint8Array.from(program), engine);
    machine.cpu.registers.where = 0;
    expect(machine.run(4 + 3 + 7).reason).toBe('cycles');
    // The store went to a mirror of 0x12BCD.
    expect([...machine.memory.read(0x12bcd, 2)]).toEqual([0x12, 0x34]);
    machine.run(8);
    expect(machine.cpu.registers).toMatchObject({ acc: 0x1234, low: 0x34 });
    expect(machine.cycles).toBe(3 + 6 + 8 + 4 + 4);
    expect(machine.runUntil({ trap: true }, { cycles: 1000 }).reason).toBe('condition');
    expect(machine.cpu.registers.where).toBe(0x0b);
    expect(machine.stats().cycles[engine]).toBeGreaterThan(12);
  });

  test('an opcode that no row describes does nothing', () => {
    const { machine } = machineWith(Uint8Array.of(0x01, 0x0f, 0x1d, 0x80, 0xff, 0x15, 0x00, 0x00, 0x00), engine);
    machine.cpu.registers.where = 0;
    machine.run(5);
    expect(machine.cpu.registers).toMatchObject({ where: 5, acc: 0, link: 0 });
    expect(machine.cycles).toBe(5);
  });
});

const spot = fc.oneof(
  fc.constantFrom(0x00120, 0x00122, 0x12350, 0x12353, 0x12340, 0xf0010, 0x80000, 0xfffff, 0x1ffff),
  fc.nat(0x200),
  fc.nat(0xfffff),
);
const bytesOf = (at: number): number[] => [(at >> 16) & 0xff, (at >> 8) & 0xff, at & 0xff];
const instruction = fc.oneof(
  fc.tuple(fc.constantFrom(0x10, 0x11, 0x12), fc.nat(255), fc.nat(255)),
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(0x13, 0x14, 0x16, 0x17), spot).map(([opcode, at]) => [opcode, ...bytesOf(at)]),
  },
  fc.tuple(fc.constantFrom(0x19, 0x1a), fc.integer({ min: 0x3e, max: 0x46 })),
  fc.constantFrom([0x00], [0x18], [0x1b], [0x3f], [0xff]),
);
const life = fc.record({
  program: fc.array(instruction, { minLength: 1, maxLength: 40 }).map((parts) => parts.flat()),
  slices: fc.array(fc.nat(600), { minLength: 1, maxLength: 6 }),
  isTraced: fc.boolean(),
});

test('random programs come to the same in each engine', () => {
  let compiled = 0;
  let all = 0;
  fc.assert(
    fc.property(life, ({ program, slices, isTraced }) => {
      const code = [...program, 0x15, 0x00, 0x00, 0x00];
      const image = new Uint8Array(0x20000);
      image.set(code);
      image.set([0x11, 0x01, 0x80, 0x14, 0x00, 0x01, 0x22, 0x18], 0x12340);
      const [wanted, seen] = ENGINES.map((engine) => {
        const { machine, log } = machineWith(image, engine);
        machine.cpu.registers.where = 0;
        const cycles: BusCycle[] = [];
        if (isTraced) machine.onCycle = (cycle) => cycles.push(cycle);
        const total = slices.reduce((sum, slice) => sum + slice, 0);
        for (const slice of engine === 'evaluator' ? [total] : slices) machine.run(slice);
        if (engine === 'interpreter') {
          const { cycles: ran } = machine.stats();
          compiled += ran.interpreter;
          all += ran.interpreter + ran.evaluator;
        }
        return { log, cycles, components: machine.snapshot().components };
      });
      expect(seen).toEqual(wanted);
    }),
    { numRuns: 100 },
  );
  expect(compiled / all).toBeGreaterThan(0.2);
});

test('no file of the engines names a register or an opcode of an instruction set', () => {
  const folder = fileURLToPath(new URL('../../packages/core/src/engine/', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?<!\.test)\.ts$/.test(name),
  );
  expect(files.length).toBeGreaterThan(4);
  const sets = Object.keys(variants).map((variant) => cpu6502.instructionSet(variant));
  const mnemonics = sets.flatMap(({ encodings }) => encodings.map(({ mnemonic }) => mnemonic.split('.')[0] as string));
  const registers = sets.flatMap(({ declaration }) => [
    ...Object.keys(declaration.registers),
    ...Object.keys(declaration.inputs ?? {}),
  ]);
  // Of one letter, or words of plain English.
  const words = new Set([...mnemonics, ...registers].filter((word) => word.length > 1));
  for (const word of ['and', 'reset', 'interrupt', 'bit', 'jammed', 'stopped', 'waiting', 'so']) words.delete(word);
  for (const file of files) {
    const text = readFileSync(`${folder}${file}`, 'utf8');
    const names = text.match(/(['"`])\w+\1|\bregisters\.\w+/g) ?? [];
    expect(
      names.filter((name) => words.has(name.replace(/^registers\.|['"`]/g, '').toLowerCase())),
      file,
    ).toEqual([]);
  }
});
