import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Code, encodeModule, I32, op } from './code.js';

/** LEB128 as the specification defines it, on BigInt. */
function decode(bytes: Uint8Array, isSigned: boolean): { value: number; length: number } {
  let value = 0n;
  let length = 0;
  for (;;) {
    const byte = bytes[length] as number;
    value |= BigInt(byte & 0x7f) << BigInt(7 * length);
    length += 1;
    if (byte < 0x80) break;
  }
  return { value: Number(isSigned ? BigInt.asIntN(7 * length, value) : value), length };
}

/** A module with one function of two parameters and a result, instantiated. */
function run(code: Code, locals = 0): (a: number, b: number) => number {
  const bytes = encodeModule([], [{ name: 'run', parameters: 2, hasResult: true, locals, code: code.bytes }]);
  expect(WebAssembly.validate(bytes)).toBe(true);
  const memory = new WebAssembly.Memory({ initial: 1 });
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } }).exports.run as never;
}

describe('LEB128', () => {
  const EDGES = [0, 1, 63, 64, 127, 128, 8191, 8192, 16383, 16384, 2 ** 20, 2 ** 27, 2 ** 28, 2 ** 31 - 1];

  test.each([...EDGES, 2 ** 31, 2 ** 32 - 1])('unsigned %i comes back, in as few bytes as can be', (value) => {
    const { bytes } = new Code().unsigned(value);
    expect(decode(bytes, false)).toEqual({ value, length: bytes.length });
    expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
  });

  test.each([...EDGES, ...EDGES.map((edge) => -edge || -1), -65, -(2 ** 31)])('signed %i comes back', (value) => {
    const { bytes } = new Code().signed(value);
    expect(decode(bytes, true)).toEqual({ value, length: bytes.length });
  });

  test('any number comes back', () => {
    fc.assert(fc.property(fc.integer(), (value) => decode(new Code().signed(value).bytes, true).value === value));
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), (value) => decode(new Code().unsigned(value).bytes, false).value === value),
    );
  });
});

describe('a buffer of code', () => {
  test('grows past its first size, by bytes and by pieces', () => {
    const code = new Code();
    for (let index = 0; index < 5000; index += 1) code.byte(index & 0xff);
    code.append(new Uint8Array(10_000).fill(7));
    expect(code.length).toBe(15_000);
    expect(code.bytes[4999]).toBe(4999 & 0xff);
    expect(code.bytes[14_999]).toBe(7);
  });

  test('gives what was cut off, to be put back elsewhere', () => {
    const code = new Code().byte(1).byte(2).byte(3);
    const tail = code.cut(1);
    expect([...code.byte(9).append(tail).bytes]).toEqual([1, 9, 2, 3]);
  });
});

describe('an instruction', () => {
  const OPERATORS = [
    [op.add, (a: number, b: number) => (a + b) | 0],
    [op.sub, (a: number, b: number) => (a - b) | 0],
    [op.and, (a: number, b: number) => a & b],
    [op.or, (a: number, b: number) => a | b],
    [op.xor, (a: number, b: number) => a ^ b],
    [op.shl, (a: number, b: number) => a << b],
    [op.shr, (a: number, b: number) => a >> b],
    [op.shrUnsigned, (a: number, b: number) => (a >>> b) | 0],
    [op.eq, (a: number, b: number) => Number(a === b)],
    [op.ne, (a: number, b: number) => Number(a !== b)],
    [op.lt, (a: number, b: number) => Number(a < b)],
    [op.gt, (a: number, b: number) => Number(a > b)],
    [op.le, (a: number, b: number) => Number(a <= b)],
    [op.ge, (a: number, b: number) => Number(a >= b)],
  ] as const;

  test.each(OPERATORS)('0x%i does what JavaScript does', (instruction, wanted) => {
    const compiled = run(new Code().getLocal(0).getLocal(1).byte(instruction));
    const value = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 31, 32, 2 ** 31 - 1, -(2 ** 31)));
    fc.assert(fc.property(value, value, (a, b) => compiled(a, b) === wanted(a, b)));
  });

  test('takes any constant', () => {
    for (const value of [0, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(run(new Code().constant(value))(0, 0)).toBe(value);
    }
  });

  test('loads and stores words and bytes at any offset', () => {
    const code = new Code().getLocal(0).getLocal(1).store(300).getLocal(0).loadByte(301);
    expect(run(code)(8, 0x12345678)).toBe(0x56);
    const bytes = new Code().getLocal(0).getLocal(1).storeByte(70_00).getLocal(0).load(7000);
    expect(run(bytes)(0, 0x1ff)).toBe(0xff);
  });

  test('selects, branches and counts: a table of three, a loop, a conditional', () => {
    const table = new Code().block().block().block().getLocal(0).branchTable([0, 1], 2);
    table.end().constant(10).byte(op.return).end().constant(11).byte(op.return).end().constant(12);
    expect([0, 1, 2, 99].map((value) => run(table)(value, 0))).toEqual([10, 11, 12, 12]);

    const triangle = new Code().block().loop().getLocal(0).byte(op.eqz).branchIf(1);
    triangle.getLocal(2).getLocal(0).byte(op.add).setLocal(2);
    triangle.getLocal(0).constant(1).byte(op.sub).teeLocal(0).byte(op.drop).branch(0).end().end().getLocal(2);
    expect(run(triangle, 1)(10, 0)).toBe(55);

    const either = new Code().getLocal(0).if(I32).constant(1).else().constant(2).end();
    either.constant(100).getLocal(1).byte(op.select);
    expect([run(either)(1, 1), run(either)(0, 1), run(either)(0, 0)]).toEqual([1, 2, 100]);
  });
});

test('a module calls what it imports, and other functions of its own, with 200 locals', () => {
  const bytes = encodeModule(
    [
      { name: 'double', parameters: 1, hasResult: true },
      { name: 'tell', parameters: 4, hasResult: false },
    ],
    [
      { name: 'run', parameters: 1, hasResult: true, locals: 200, code: new Code().getLocal(0).call(3).bytes },
      { name: 'inner', parameters: 1, hasResult: true, locals: 0, code: new Code().getLocal(0).call(0).bytes },
    ],
  );
  const memory = new WebAssembly.Memory({ initial: 1 });
  const host = { memory, double: (value: number) => 2 * value, tell: () => {} };
  const { run: doubled } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host }).exports as {
    run: (value: number) => number;
  };
  expect(doubled(21)).toBe(42);
});
