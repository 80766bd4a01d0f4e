import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssemblerError } from '../errors.js';
import { type AssemblyOptions, assemble } from './assembler.js';
import type { InstructionSetDeclaration, RowDeclaration } from './declaration.js';
import { disassemble } from './disassembler.js';
import { defineInstructionSet, type InstructionSet } from './instruction-set.js';
import { rtl } from './rtl-syntax.js';

const row = (opcode: number, syntax: string, undocumented = false): RowDeclaration => ({
  encoding: opcode.toString(2).padStart(8, '0'),
  syntax,
  code: rtl``,
  undocumented,
});

const rows = [
  row(0x00, 'NOP'),
  row(0x1a, 'NOP', true),
  row(0x02, 'LD #b'),
  row(0x03, 'LD b'),
  row(0x04, 'LD w'),
  row(0x05, 'LD b,X'),
  row(0x06, 'LD w,X'),
  row(0x07, 'LD (b),Y'),
  row(0x08, 'LD (w)'),
  row(0x09, 'LD A'),
  row(0x0a, 'LD (X+b)'),
  row(0x10, 'BRA e'),
  row(0x11, 'BRA w'),
  row(0x12, 'LBRA f'),
  row(0x13, 'TEST b,e'),
  row(0x14, 'BIT 0,w'),
  row(0x15, 'BIT 7,w'),
  row(0x16, "EX A,A'"),
  row(0x17, 'LD (X+)'),
  row(0x18, 'FAR v'),
  row(0x20, 'JMP w'),
];

const declaration: InstructionSetDeclaration = {
  name: 'toy',
  addressWidth: 16,
  byteOrder: 'little',
  registers: { pc: 16 },
  shown: ['pc'],
  programCounter: 'pc',
  cycles: { read: { kind: 'read' } },
  step: rtl`decode(main, read(pc))`,
  reset: rtl`read(pc)`,
  operands: {
    b: { bytes: 1 },
    w: { bytes: 2 },
    v: { bytes: 3 },
    e: { bytes: 1, relative: true },
    f: { bytes: 2, relative: true },
  },
  rows,
};

const little = defineInstructionSet(declaration);
const big = defineInstructionSet({ ...declaration, byteOrder: 'big' });
const wide = defineInstructionSet({ ...declaration, addressWidth: 31 });
const withoutIndirection = defineInstructionSet({
  ...declaration,
  rows: rows.filter(({ syntax }) => !syntax?.includes('(')),
});

const bytesOf = (source: string, options?: AssemblyOptions, isa: InstructionSet = little): number[] => [
  ...assemble(isa, source, options).bytes,
];

const evaluate = (expression: string): number => assemble(little, `value = ${expression}`).symbols.value as number;

function errorOf(source: string, options?: AssemblyOptions, isa: InstructionSet = little): AssemblerError {
  try {
    assemble(isa, source, options);
  } catch (error) {
    if (error instanceof AssemblerError) return error;
    throw error;
  }
  throw new Error(`this has no error: ${source}`);
}

describe('statements', () => {
  test('a source with a bit of everything', () => {
    const assembly = assemble(
      little,
      `; a program
      SIZE = end - start
      start: ld #SIZE   ; labels may be used before they are defined
      @loop: LD table,x
        bra @loop
      next: jmp start
      @loop:
        bra @loop
      table: .byte 1, "a;\\"", 'b', -1
        .word table, -2
      end:`,
      { origin: 0x8000 },
    );
    expect(assembly.origin).toBe(0x8000);
    expect([...assembly.bytes]).toEqual([
      ...[0x02, 22, 0x06, 0x0c, 0x80, 0x10, 0xfb],
      ...[0x20, 0x00, 0x80, 0x10, 0xfe],
      ...[1, 0x61, 0x3b, 0x22, 0x62, 0xff, 0x0c, 0x80, 0xfe, 0xff],
    ]);
    expect(assembly.symbols).toEqual({
      SIZE: 22,
      start: 0x8000,
      'start@loop': 0x8002,
      next: 0x8007,
      'next@loop': 0x800a,
      table: 0x800c,
      end: 0x8016,
    });
    expect(assembly.lines).toEqual([
      { line: 3, address: 0x8000, length: 2 },
      { line: 4, address: 0x8002, length: 3 },
      { line: 5, address: 0x8005, length: 2 },
      { line: 6, address: 0x8007, length: 3 },
      { line: 8, address: 0x800a, length: 2 },
      { line: 9, address: 0x800c, length: 6 },
      { line: 10, address: 0x8012, length: 4 },
    ]);
  });

  test('the example of assemble()', () => {
    const { bytes, symbols } = assemble(
      little,
      `
      LENGTH = end - message
      header:  .byte LENGTH, <message, >message
      message: .byte "hello", 10
      end:
      `,
      { origin: 0x8000, name: 'hello.s' },
    );
    expect(symbols.message).toBe(0x8003);
    expect([...bytes]).toEqual([6, 0x03, 0x80, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a]);
  });

  test('nothing makes nothing', () => {
    expect(assemble(little, '', { origin: 7 })).toEqual({
      origin: 7,
      bytes: new Uint8Array(0),
      segments: [],
      symbols: {},
      lines: [],
    });
  });

  test('lines end in any of the three ways', () => {
    expect(bytesOf('nop\r\nnop\rnop\n')).toEqual([0, 0, 0]);
  });

  test('several labels may stand on one line, before anything', () => {
    expect(assemble(little, 'a: b : c: nop\n d: x = 5').symbols).toEqual({ a: 0, b: 0, c: 0, d: 1, x: 5 });
  });

  test('symbols may have the names of mnemonics, registers and what objects inherit', () => {
    const { symbols, bytes } = assemble(little, 'nop: jmp nop\n x: ld x,x\n__proto__: .word __proto__, constructor', {
      symbols: { constructor: 0x1234 },
    });
    expect([...bytes]).toEqual([0x20, 0, 0, 0x05, 3, 5, 0, 0x34, 0x12]);
    expect(Object.entries(symbols)).toContainEqual(['__proto__', 5]);
  });

  test('equates may need what comes further down, through others', () => {
    expect(assemble(little, 'a = b + 1\nb = c * 2\nnop\nc:').symbols).toEqual({ a: 3, b: 2, c: 1 });
  });

  test('.org makes segments, in ascending order, with filled gaps between', () => {
    const { origin, bytes, segments } = assemble(
      little,
      '.org 6\n.byte 6\n.org 2\n.byte 2\n.byte 3\n.org $7\n.byte 7',
      {
        fill: 0xee,
      },
    );
    expect(origin).toBe(2);
    expect([...bytes]).toEqual([2, 3, 0xee, 0xee, 6, 7]);
    expect(segments).toEqual([
      { at: 2, bytes: Uint8Array.of(2, 3) },
      { at: 6, bytes: Uint8Array.of(6, 7) },
    ]);
  });

  test('.fill and .align', () => {
    expect(bytesOf('.fill 2\n.fill 1, later\n.align 4\n.align 4\nlater: .fill 0', { fill: 0xee })).toEqual([
      ...[0xee, 0xee, 4, 0xee],
    ]);
  });

  test('.text has escapes and is not cut by a semicolon', () => {
    expect(bytesOf(String.raw`.text "\n\r\t\0\"\\\x7f;", "\xFFé" ; comment`)).toEqual([
      ...[0x0a, 0x0d, 0x09, 0x00, 0x22, 0x5c, 0x7f, 0x3b, 0xff, 0xe9],
    ]);
    expect(bytesOf('.text ""')).toEqual([]);
  });
});

describe('expressions', () => {
  test.each([
    ['$fF + 0x10 + %101 + 0b11 + 10', 255 + 16 + 5 + 3 + 10],
    ["'a' + '\\'' + '\\x01' + ' '", 97 + 39 + 1 + 32],
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['-7 / 2', -3],
    ['-7 % 4', -3],
    ['7 %2', 1],
    ['1 << 4 + 1', 32],
    ['-1 >> 4', -1],
    ['1 | 4 ^ 3 & 5 << 1', 7],
    ['$ffffffffff & $f0f0f0f0f0', 0xf0f0f0f0f0],
    ['~0', -1],
    ['--1', 1],
    ['-~1', 2],
    ['<$1234 + 1', 0x35],
    ['>$1234 + 1', 0x13],
    ['<(-1)', 0xff],
    ['>(-1)', 0xff],
    ['1 <<<$102', 4],
    ['0 * -1', 0],
  ])('%s is %i', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  test('* is the address of the statement', () => {
    expect(bytesOf('.org 8\nnop\n.byte *, * * 2, **2\nx = * + 1\n.byte x')).toEqual([0, 9, 18, 18, 13]);
  });
});

describe('operands', () => {
  test.each([
    ['ld #5', [0x02, 5]],
    ['LD  # -1', [0x02, 0xff]],
    ['ld $12', [0x03, 0x12]],
    ['ld $1234', [0x04, 0x34, 0x12]],
    ['ld 255', [0x03, 255]],
    ['ld 256', [0x04, 0, 1]],
    ['ld -1', [0x04, 0xff, 0xff]],
    ['ld $0012', [0x04, 0x12, 0]],
    ['ld $012', [0x04, 0x12, 0]],
    ['ld 0x0012', [0x04, 0x12, 0]],
    ['ld %000000010', [0x04, 2, 0]],
    ['ld 0b10', [0x03, 2]],
    ['ld $0012+0', [0x03, 0x12]],
    ['ld #$0012', [0x02, 0x12]],
    ['ld $12 , X', [0x05, 0x12]],
    ['ld $0012,x', [0x06, 0x12, 0]],
    ['ld ($12),y', [0x07, 0x12]],
    ['ld ($12)', [0x08, 0x12, 0]],
    ['ld (1+2)*3', [0x03, 9]],
    ['ld 3*(1+2)', [0x03, 9]],
    ['ld (1)+(2)', [0x03, 3]],
    ['ld #(1+2)', [0x02, 3]],
    ['ld ((1+2)*3)', [0x08, 9, 0]],
    ['ld a', [0x09]],
    ['ld (x+5)', [0x0a, 5]],
    ['ld ( X - 5 )', [0x0a, 0xfb]],
    ['ld (x+)', [0x17]],
    ['bit 7,$12', [0x15, 0x12, 0]],
    ['bit 4-4,$12', [0x14, 0x12, 0]],
    ["ex a,a'", [0x16]],
    ['test $12,*+3', [0x13, 0x12, 0]],
    ['far $123456', [0x18, 0x56, 0x34, 0x12]],
    ['far -2', [0x18, 0xfe, 0xff, 0xff]],
    ['nop', [0x00]],
    ['NOP.1A', [0x1a]],
  ])('%s', (source, bytes) => {
    expect(bytesOf(source)).toEqual(bytes);
  });

  test('operands have the byte order of the instruction set', () => {
    expect(bytesOf('ld $1234\nfar $123456\nlbra *\n.word $1234, -2', {}, big)).toEqual([
      ...[0x04, 0x12, 0x34, 0x18, 0x12, 0x34, 0x56, 0x12, 0xff, 0xfd, 0x12, 0x34, 0xff, 0xfe],
    ]);
  });

  test('what is known above may be short, what is not is long', () => {
    expect(bytesOf('low = 5\nld low\nld high\nhigh = 5')).toEqual([0x03, 5, 0x04, 5, 0]);
  });

  test('of a displacement and an address, the displacement is taken while it reaches', () => {
    expect(bytesOf('back: bra back\nbra $1000\nbra ahead\nahead:')).toEqual([
      ...[0x10, 0xfe, 0x11, 0x00, 0x10, 0x11, 0x08, 0x00],
    ]);
  });

  test('displacements go round the end of the address space', () => {
    expect(bytesOf('lbra $fff0\nbra $fffe')).toEqual([0x12, 0xed, 0xff, 0x10, 0xf9]);
  });

  test('parentheses just group where there is no indirection', () => {
    expect(bytesOf('ld (1+2)', {}, withoutIndirection)).toEqual([0x03, 3]);
  });
});

describe('errors', () => {
  test.each([
    ['asm/unknown-mnemonic', '\n  lbr 5', "toy.s:2:3: no instruction 'lbr'; did you mean 'lbra'?"],
    ['asm/unknown-directive', '.bite 5', "toy.s:1:1: no directive '.bite'; did you mean '.byte'?"],
    ['asm/operand', 'jmp', "toy.s:1:4: 'jmp' takes no such operand; it is written 'jmp w'"],
    ['asm/operand', 'jmp (5)', "toy.s:1:8: 'jmp' takes no such operand; it is written 'jmp w'"],
    ['asm/operand', 'ld 5,z', /^toy.s:1:6: 'ld' takes no such operand; it is written 'ld #b', 'ld b', /],
    ['asm/operand', 'nop 5', "toy.s:1:5: 'nop' takes no such operand; it is written 'nop'"],
    ['asm/operand', 'bit 6,5', /'bit 0,w', 'bit 7,w'/],
    ['asm/syntax', '5: nop', "toy.s:1:1: a label, a directive or an instruction expected, found '5: nop'"],
    ['asm/syntax', '.byte 1 2', "toy.s:1:9: the end of the line expected, found '2'"],
    ['asm/syntax', '.byte 1,', 'toy.s:1:9: an expression expected, found the end of the line'],
    ['asm/syntax', 'x = (1', 'toy.s:1:7: the rest of the expression expected, found the end of the line'],
    ['asm/syntax', '.text "abc', 'toy.s:1:11: a character or a closing quote expected, found the end of the line'],
    ['asm/syntax', '.text "\\q"', "toy.s:1:8: a character or a closing quote expected, found '\\q\"'"],
    ['asm/unknown-symbol', 'loop: jmp lop', "toy.s:1:11: no symbol 'lop'; did you mean 'loop'?"],
    ['asm/unknown-symbol', 'x = y', "toy.s:1:5: no symbol 'y'; did you mean 'x'?"],
    ['asm/forward-reference', '.org later\nlater:', "toy.s:1:6: 'later' is not known yet; define it above this line"],
    ['asm/duplicate-symbol', 'a:\n a = 1', "toy.s:2:2: 'a' is defined already; give it another name"],
    ['asm/circular-symbol', 'a = b\nb = a + 1', "toy.s:1:5: 'a' is defined by itself"],
    ['asm/arithmetic', 'x = 1 / 0', 'toy.s:1:7: the result is no whole number below 2^53'],
    ['asm/arithmetic', 'x = 1 << 99999', /whole number/],
    ['asm/arithmetic', 'x = 1 >> -1', /whole number/],
    ['asm/arithmetic', 'x = 9007199254740992', /whole number/],
    ['asm/out-of-range', '.byte 1, 256', 'toy.s:1:10: 256 is out of range; -128 to 255 ($ff) is possible'],
    ['asm/out-of-range', '.text "€"', /^toy.s:1:8: 8364 is out of range/],
    ['asm/out-of-range', 'ld #-129', /-128 to 255/],
    ['asm/out-of-range', 'ld $10000', /-32768 to 65535/],
    ['asm/out-of-range', '.fill 1, 256', /-128 to 255/],
    ['asm/out-of-range', '.fill -1', /0 to 65536/],
    ['asm/out-of-range', '.align 0', /1 to 65536/],
    ['asm/out-of-range', '.org $10000', /0 to 65535/],
    ['asm/out-of-range', 'lbra -1', /0 to 65535/],
    [
      'asm/out-of-range',
      '.org $200\ntest 0,$283',
      'toy.s:2:8: $283 is 1 byte out of reach; from $203 on, 128 bytes back or 127 ahead can be reached',
    ],
    ['asm/out-of-range', '.org $200\ntest 0,$180', /\$180 is 3 bytes out of reach/],
    ['asm/address-space', '.org $fffe\nld $1234', 'toy.s:2:1: 3 bytes at $fffe go beyond the last address, $ffff'],
    [
      'asm/overlap',
      'nop\nnop\n.org 0\n.fill 2',
      'toy.s:4:1: $00 has bytes from line 1 already; move one of them with .org',
    ],
    ['asm/overlap', '.org 1\nnop\n.org 0\n.fill 2', /^toy.s:4:1: \$01 has bytes from line 2 already/],
  ] as const)('%s: %j', (code, source, message) => {
    const error = errorOf(source, { name: 'toy.s' });
    expect(error.code).toBe(code);
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });

  test('nesting ends somewhere', () => {
    const nested = (depth: number): string => `x = ${'('.repeat(depth)}1${')'.repeat(depth)}`;
    expect(assemble(little, nested(100)).symbols).toEqual({ x: 1 });
    expect(errorOf(nested(101)).code).toBe('asm/syntax');

    const chain = (length: number): string =>
      Array.from({ length }, (_, index) => `s${index} = s${index + 1}`).join('\n');
    expect(assemble(little, `${chain(99)}\ns99 = 1`).symbols.s0).toBe(1);
    expect(errorOf(`${chain(100)}\ns100 = 1`)).toMatchObject({
      code: 'asm/circular-symbol',
      message: "101:8: 's100' is more than 100 equates deep",
    });
  });

  test('asm/too-large', () => {
    expect(errorOf('.fill $7ffffff0', {}, wide).code).toBe('asm/too-large');
    expect(errorOf('nop\n.org $7fffffff\nnop', {}, wide)).toMatchObject({ code: 'asm/too-large', path: '3:1' });
  });

  test('options at fault are told as well', () => {
    expect(errorOf('', { origin: 0x10000 })).toMatchObject({ code: 'asm/out-of-range', path: 'options.origin' });
    expect(errorOf('.byte x', { symbols: { x: 0.5 } }).code).toBe('asm/arithmetic');
  });
});

describe('laws', () => {
  // A mnemonic that takes a target both as address and as displacement prints both alike; such a pair needs two names.
  const unambiguous = rows.filter(({ syntax }) => syntax !== 'BRA w');

  test.each(['little', 'big'] as const)('assembling a disassembly gives the same bytes, %s endian', (byteOrder) => {
    const isa = defineInstructionSet({ ...declaration, byteOrder, rows: unambiguous });
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 0xff00 }),
        (bytes, origin) => {
          const source = disassemble(isa, bytes, origin).map(({ text }) => text);
          expect(bytesOf(source.join('\n'), { origin }, isa)).toEqual([...bytes]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  const fragment = fc.oneof(
    fc.constantFrom(...' \n\n\n:;,.()+-*/%&^|~<>#@=\'"$\\x'),
    fc.constantFrom(
      'nop',
      'ld ',
      'ld #',
      'bra ',
      'bit 7,',
      ',x',
      '),y',
      'a:',
      '@b:',
      'a',
      '@b',
      'c = ',
      'd = ',
      'c',
      'd',
    ),
    fc.constantFrom(
      '.org ',
      '.byte ',
      '.word ',
      '.text "',
      '.fill ',
      '.align ',
      '$12',
      '$1234',
      '65535',
      "'c'",
      '<<',
      '>>',
    ),
  );
  test.each([
    ['characters', fc.string({ unit: 'binary', maxLength: 200 })],
    ['fragments', fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join(''))],
    ['one fragment over and over', fc.tuple(fragment, fragment, fragment).map((parts) => parts.join('').repeat(2000))],
    ['one beginning over and over', fc.tuple(fragment, fragment).map((parts) => `ld ${parts.join('(').repeat(2000)}`)],
  ])('any text is an assembly or an AssemblerError, and soon: %s', (_, text) => {
    fc.assert(
      fc.property(text, (source) => {
        const start = performance.now();
        try {
          assemble(little, source);
        } catch (error) {
          if (!(error instanceof AssemblerError)) throw error;
          expect(error.code).toMatch(/^asm\/[a-z-]+$/);
        }
        expect(performance.now() - start).toBeLessThan(2000);
      }),
      { numRuns: 500 },
    );
  });
});
