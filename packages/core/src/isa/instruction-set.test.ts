import { describe, expect, test } from 'vitest';
import type { Plugin } from '../machine/build.js';
import { createMachine, type Machine } from '../machine/machine.js';
import { defineCpu } from '../plugin/define-cpu.js';
import { defineDevice } from '../plugin/define-device.js';
import * as z from '../zod.js';
import { assemble } from './assembler.js';
import type { InstructionSetDeclaration } from './declaration.js';
import { disassemble } from './disassembler.js';
import { defineInstructionSet, type InstructionSet } from './instruction-set.js';
import { type Rtl, rtl } from './rtl-syntax.js';

const declaration: InstructionSetDeclaration = {
  name: 'tiny',
  addressWidth: 16,
  byteOrder: 'little',
  registers: { pc: 16 },
  shown: ['pc'],
  programCounter: 'pc',
  cycles: { read: { kind: 'read' } },
  step: rtl`decode(main, read(pc))`,
  reset: rtl`pc = 0`,
  pages: { more: { prefix: '01' } },
  rows: [
    { encoding: '00000000', syntax: 'NOP', code: rtl`pc += 1` },
    { encoding: '00000001', code: rtl`decode(more, read(pc))` },
    { encoding: '00000000', page: 'more', syntax: 'SKIP', code: rtl`pc += 2` },
  ],
};

test('a description is sound', () => {
  expect(() => defineInstructionSet(declaration).check()).not.toThrow();
});

test('what every description has to have is asked for by name', () => {
  const { step: _, ...rest } = declaration;
  expect(() => defineInstructionSet(rest as InstructionSetDeclaration)).toThrow(
    "tiny: 'step' is missing; a description of an instruction set has to have it",
  );
});

test('a page without rows is not decoded', () => {
  const step = rtl`decode(man, read(pc))`;
  expect(() => defineInstructionSet({ ...declaration, step }).check()).toThrow(
    "step at 1:8: no row is on a page 'man'; did you mean 'main'?",
  );
});

/** A byte or two of RAM, and a machine that runs it. */
function machineOf(
  isa: InstructionSet,
  bytes: readonly number[],
  plugins: readonly Plugin[] = [],
  config = {},
): Machine {
  const cpu = defineCpu({ type: 'tiny', version: 1, variants: { tiny: () => isa }, defaultVariant: 'tiny' });
  const machine = createMachine(
    { clock: 1, cpu: { type: 'tiny' }, memory: [{ at: 0, ram: '64K', image: 'ram' }], ...config },
    { plugins: [cpu, ...plugins], images: { ram: Uint8Array.from(bytes) } },
  );
  machine.cpu.registers.pc = 0;
  return machine;
}

describe('tables', () => {
  const regular: InstructionSetDeclaration = {
    ...declaration,
    registers: { pc: 16, a: 8, b: 8, changed: 1 },
    shown: ['pc', 'a', 'b', 'changed'],
    tables: { r: ['a', 'b', '(none)'], alu: ['inc', 'dec'] },
    functions: {
      'fetch()': rtl`let value = read(pc); pc += 1; value`,
      'inc(value)': rtl`value + 1`,
      'dec(value)': rtl`value - 1`,
    },
    pulses: { changed: ['a'] },
    operands: { d: { bytes: 1, signed: true } },
    pages: { more: { prefix: 'dd d', otherwise: 'main' } },
    step: rtl`decode(main, fetch())`,
    rows: [
      { encoding: '000000yz', where: rtl`y != z`, syntax: 'LD r[y],r[z]', code: rtl`r[y] = r[z]` },
      { encoding: '000001kz', syntax: 'alu[k] r[z]', code: rtl`r[z] = alu[k](r[z])` },
      { encoding: '000010kk', syntax: 'ADD A,k', code: rtl`a += k` },
      { encoding: '00001100', syntax: 'KEEP', code: rtl`changed = changed` },
      { encoding: '11011101', code: rtl`let more = fetch(); decode(more, fetch())` },
      { encoding: '00000000', page: 'more', syntax: 'ADD (A+d)', code: rtl`a += 1` },
    ],
  };
  const isa = defineInstructionSet(regular);

  test('name registers and functions by fields, in code and in text', () => {
    isa.check();
    const text = (...bytes: number[]) =>
      disassemble(isa, Uint8Array.from(bytes)).map((instruction) => instruction.text);
    expect(text(0x01, 0x02, 0x04, 0x07, 0x0a)).toEqual(['ld a,b', 'ld b,a', 'inc a', 'dec b', 'add a,2']);
    const machine = machineOf(isa, [0x0b, 0x02, 0x07, 0x05, 0x05]);
    machine.run(5);
    expect(machine.cpu.registers).toMatchObject({ a: 3, b: 4 });
  });

  test('must have what is asked for', () => {
    const fault = (code: Rtl) => () =>
      defineInstructionSet({ ...regular, rows: [{ encoding: '000000yy', syntax: 'X', code }] }).check();
    expect(fault(rtl`r[y] = 0`)).toThrow("row 000000yy X at 1:1: unknown name '(none)'");
    expect(fault(rtl`alu[y](a)`)).toThrow("row 000000yy X at 1:5: 'alu' has nothing at 2");
    expect(fault(rtl`r[a] = 0`)).toThrow('row 000000yy X at 1:3: an index of constants and fields expected');
    expect(fault(rtl`rr[0] = 0`)).toThrow("row 000000yy X at 1:1: no table 'rr'; did you mean 'r'?");
    const syntax = (text: string) => () =>
      defineInstructionSet({ ...regular, rows: [{ encoding: '000000yy', syntax: text, code: rtl`` }] }).check();
    expect(syntax('X q[y]')).toThrow("row 000000yy X q[y]: no table 'q'");
    expect(syntax('X r[k]')).toThrow("row 000000yy X r[k]: no field 'k'");
    expect(syntax('X r[y]')).toThrow('row 000000yy X r[y]: the table has nothing at 3');
  });

  test('pulses tell whether the last instruction assigned a register', () => {
    const machine = machineOf(isa, [0x01, 0x0c, 0x02, 0x0c, 0x05]);
    const seen = Array.from({ length: 5 }, () => {
      machine.step();
      return machine.cpu.registers.changed;
    });
    expect(seen).toEqual([1, 1, 0, 0, 0]);
  });

  test('a page has the bytes before it, operands among them, and may borrow rows', () => {
    const bytes = Uint8Array.of(0xdd, 0xfe, 0x00, 0xdd, 0x05, 0x01, 0xdd);
    const texts = disassemble(isa, bytes).map((instruction) => instruction.text);
    // A borrowed row's text has no place for the operand of the prefix.
    expect(texts).toEqual(['add (a-$02)', '.byte $dd', 'inc b', 'ld a,b', '.byte $dd']);
    expect([...assemble(isa, 'add (a-2)').bytes]).toEqual([0xdd, 0xfe, 0x00]);
    const machine = machineOf(isa, [0xdd, 0x00, 0x0b]);
    machine.step();
    expect(machine.cpu.registers).toMatchObject({ pc: 3, a: 3, changed: 1 });
  });

  test('what has a text needs a page in memory', () => {
    const rows = [...regular.rows, { encoding: '00000000', page: 'elsewhere', syntax: 'NOP', code: rtl`` }];
    expect(() => defineInstructionSet({ ...regular, rows }).check()).toThrow(
      "row 00000000 NOP: the page 'elsewhere' has no prefix; give it one in 'pages', or the row no syntax",
    );
    expect(() => defineInstructionSet({ ...regular, pages: { more: { prefix: 'dd q' } } }).check()).toThrow(
      "page more: 'q' is neither a byte nor an operand",
    );
  });
});

describe('a poll at the end of a row', () => {
  const late = defineInstructionSet({
    ...declaration,
    registers: { pc: 16, seen: 1 },
    shown: ['pc', 'seen'],
    inputs: { irq: { sense: 'level' } },
    cycles: { read: { kind: 'read', length: 4 } },
    poll: rtl`seen = irq`,
    pollPolicy: 'end',
    pages: {},
    rows: [{ encoding: '00000000', syntax: 'NOP', code: rtl`pc += 1` }],
  });
  const alarm = defineDevice({
    type: 'alarm',
    version: 1,
    lines: ['out'],
    config: z.object({ at: z.int() }),
    create({ config, lines, event }) {
      const ring = event('ring', () => lines.out.assert());
      return { reset: () => ring.after(config.at) };
    },
  });

  test.each([
    [6, 1],
    [7, 1],
    [8, 0],
  ])('sees what happens a cycle before it: at %i', (at, seen) => {
    const machine = machineOf(late, [], [alarm], {
      devices: { alarm: { type: 'alarm', at } },
      wires: [['alarm.out', 'cpu.irq']],
    });
    machine.step();
    machine.step();
    expect(machine.cycles).toBe(8);
    expect(machine.cpu.registers.seen).toBe(seen);
  });
});

describe('functions called by several rows', () => {
  const calling: InstructionSetDeclaration = {
    ...declaration,
    registers: { pc: 16, a: 8, b: 8 },
    locals: { m: 8 },
    views: { both: { width: 16, get: rtl`a << 8 | b`, set: rtl`a = value >> 8; b = value` } },
    shown: ['pc', 'a', 'b'],
    functions: {
      'difference(x, y)': rtl`let result = x - y; b += 1; result`,
      'doubled(x)': rtl`x + x`,
      'next(x)': rtl`m = x + 1; m`,
      'twice()': rtl`m += m`,
    },
    pages: {},
    step: rtl`let opcode = read(pc); pc += 1; decode(main, opcode)`,
    rows: [
      { encoding: '00000000', syntax: 'SAME', code: rtl`let t = a; a = difference(t, t)` },
      { encoding: '00000001', syntax: 'OTHER', code: rtl`let t = a; let u = b; a = difference(t, u)` },
      { encoding: '00000010', syntax: 'TURNED', code: rtl`let t = a; let u = b; a = difference(u, t)` },
      { encoding: '00000011', syntax: 'KNOWN', code: rtl`a = difference(a, 3)` },
      { encoding: '00000100', syntax: 'OTHERKNOWN', code: rtl`a = difference(a, 4)` },
      { encoding: '00000101', syntax: 'DECLARED', code: rtl`m = a; a = difference(m, b); a += m` },
      { encoding: '00000110', syntax: 'DECLARES', code: rtl`a = next(a); a += m` },
      { encoding: '00000111', syntax: 'AGAIN', code: rtl`m = b; a = next(m); twice(); a += m` },
      { encoding: '00001000', syntax: 'NARROW', code: rtl`a = doubled(a > 1)` },
      { encoding: '00001001', syntax: 'WIDE', code: rtl`a = doubled(both) >> 8` },
      { encoding: '00001010', syntax: 'VIEWS', code: rtl`both = both + 0x102` },
    ],
  };
  const results: Record<string, readonly [a: number, b: number]> = {
    same: [0, 6],
    other: [4, 6],
    turned: [0xfc, 6],
    known: [6, 6],
    otherknown: [5, 6],
    declared: [13, 6],
    declares: [20, 5],
    again: [18, 5],
    narrow: [2, 5],
    wide: [18, 5],
    views: [10, 7],
  };

  test('each have their own operands and locals', () => {
    const isa = defineInstructionSet(calling);
    for (const { mnemonic, opcode } of isa.encodings) {
      const machine = machineOf(isa, [opcode]);
      Object.assign(machine.cpu.registers, { a: 9, b: 5 });
      machine.step();
      expect([mnemonic, machine.cpu.registers.a, machine.cpu.registers.b]).toEqual([
        mnemonic,
        ...(results[mnemonic] ?? []),
      ]);
    }
  });

  test('do not depend on which row came first', () => {
    const [one, other] = [defineInstructionSet(calling), defineInstructionSet(calling)];
    const bodies = one.encodings.map((encoding) => one.body(encoding));
    expect([...other.encodings].reverse().map((encoding) => other.body(encoding))).toEqual([...bodies].reverse());
  });

  test('cannot call themselves, one by way of the other', () => {
    const functions = { 'ping(x)': rtl`pong(x)`, 'pong(x)': rtl`ping(x)` };
    const rows = [{ encoding: '00000000', syntax: 'PING', code: rtl`ping(1)` }];
    expect(() => defineInstructionSet({ ...calling, functions, rows }).check()).toThrow("'ping' calls itself");
  });

  test('may have the name of a view that has a setter, which is another thing', () => {
    const isa = defineInstructionSet({
      ...calling,
      functions: { 'both(value)': rtl`a = value` },
      rows: [{ encoding: '00000000', syntax: 'ROW', code: rtl`let t = b; both(t); both = t` }],
    });
    const machine = machineOf(isa, [0]);
    Object.assign(machine.cpu.registers, { a: 9, b: 5 });
    machine.step();
    expect([machine.cpu.registers.a, machine.cpu.registers.b]).toEqual([0, 5]);
  });
});
