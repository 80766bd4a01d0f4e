/**
 * WebAssembly code as bytes: just the instructions that IR needs, and no more. WebAssembly core specification 1.0,
 * chapter 5 (binary format). An assembler library would be several times the size of core.
 */

/** Value types and block types. */
export const I32 = 0x7f;
export const EMPTY = 0x40;

/** Instructions without immediates. */
export const op = {
  unreachable: 0x00,
  else: 0x05,
  end: 0x0b,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  eqz: 0x45,
  eq: 0x46,
  ne: 0x47,
  lt: 0x48,
  gt: 0x4a,
  le: 0x4c,
  ge: 0x4e,
  geUnsigned: 0x4f,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  remUnsigned: 0x70,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shl: 0x74,
  shr: 0x75,
  shrUnsigned: 0x76,
} as const;

/** Bytes that grow. */
export class Code {
  #bytes = new Uint8Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Take the bytes from `mark` on away again. */
  cut(mark: number): Uint8Array {
    const bytes = this.#bytes.slice(mark, this.#length);
    this.#length = mark;
    return bytes;
  }

  byte(value: number): this {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  append(bytes: ArrayLike<number>): this {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  #grow(room: number): void {
    const grown = new Uint8Array(2 * (this.#length + room));
    grown.set(this.bytes);
    this.#bytes = grown;
  }

  /** LEB128, unsigned. */
  unsigned(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** LEB128, signed. */
  signed(value: number): this {
    let rest = value | 0;
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    return this.byte(rest & 0x7f);
  }

  constant(value: number): this {
    return this.byte(0x41).signed(value);
  }

  getLocal(index: number): this {
    return this.byte(0x20).unsigned(index);
  }

  setLocal(index: number): this {
    return this.byte(0x21).unsigned(index);
  }

  teeLocal(index: number): this {
    return this.byte(0x22).unsigned(index);
  }

  /** i32.load of the address on the stack + offset. */
  load(offset: number): this {
    return this.byte(0x28).byte(2).unsigned(offset);
  }

  /** i32.load of a constant address. */
  loadWord(address: number): this {
    return this.constant(0).load(address);
  }

  loadByte(offset: number): this {
    return this.byte(0x2d).byte(0).unsigned(offset);
  }

  store(offset: number): this {
    return this.byte(0x36).byte(2).unsigned(offset);
  }

  storeByte(offset: number): this {
    return this.byte(0x3a).byte(0).unsigned(offset);
  }

  block(type: number = EMPTY): this {
    return this.byte(0x02).byte(type);
  }

  loop(): this {
    return this.byte(0x03).byte(EMPTY);
  }

  if(type: number = EMPTY): this {
    return this.byte(0x04).byte(type);
  }

  else(): this {
    return this.byte(op.else);
  }

  end(): this {
    return this.byte(op.end);
  }

  branch(depth: number): this {
    return this.byte(0x0c).unsigned(depth);
  }

  branchIf(depth: number): this {
    return this.byte(0x0d).unsigned(depth);
  }

  branchTable(depths: readonly number[], otherwise: number): this {
    this.byte(0x0e).unsigned(depths.length);
    for (const depth of depths) this.unsigned(depth);
    return this.unsigned(otherwise);
  }

  call(index: number): this {
    return this.byte(0x10).unsigned(index);
  }
}

/** A function of a module. */
export interface FunctionCode {
  readonly name: string;
  readonly parameters: number;
  readonly hasResult: boolean;
  /** Locals beside the parameters, all i32. */
  readonly locals: number;
  readonly code: Uint8Array;
}

/** A function a module imports from `host`; all of i32. */
export interface FunctionImport {
  readonly name: string;
  readonly parameters: number;
  readonly hasResult: boolean;
}

/** A module that imports `host.memory` and functions, and exports all of its own functions. */
export function encodeModule(
  imports: readonly FunctionImport[],
  functions: readonly FunctionCode[],
): Uint8Array<ArrayBuffer> {
  const types: string[] = [];
  const typeOf = ({ parameters, hasResult }: { parameters: number; hasResult: boolean }): number => {
    const key = `${parameters},${hasResult ? 1 : 0}`;
    if (!types.includes(key)) types.push(key);
    return types.indexOf(key);
  };
  const importSection = new Code().unsigned(imports.length + 1);
  for (const imported of imports) {
    name(name(importSection, 'host'), imported.name).byte(0).unsigned(typeOf(imported));
  }
  name(name(importSection, 'host'), 'memory').byte(2).byte(0).unsigned(1);
  const functionSection = new Code().unsigned(functions.length);
  for (const own of functions) functionSection.unsigned(typeOf(own));
  const typeSection = new Code().unsigned(types.length);
  for (const key of types) {
    const [parameters, results] = key.split(',').map(Number) as [number, number];
    typeSection.byte(0x60).unsigned(parameters);
    for (let index = 0; index < parameters; index += 1) typeSection.byte(I32);
    typeSection.unsigned(results);
    if (results === 1) typeSection.byte(I32);
  }
  const exportSection = new Code().unsigned(functions.length);
  functions.forEach((own, index) => {
    name(exportSection, own.name)
      .byte(0)
      .unsigned(imports.length + index);
  });
  const codeSection = new Code().unsigned(functions.length);
  for (const { locals, code } of functions) {
    const body = new Code();
    if (locals === 0) body.unsigned(0);
    else body.unsigned(1).unsigned(locals).byte(I32);
    body.append(code).end();
    codeSection.unsigned(body.length).append(body.bytes);
  }
  const module = new Code().append([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const sections = [
    [1, typeSection],
    [2, importSection],
    [3, functionSection],
    [7, exportSection],
    [10, codeSection],
  ] as const;
  for (const [id, section] of sections) module.byte(id).unsigned(section.length).append(section.bytes);
  return module.bytes.slice();
}

function name(code: Code, text: string): Code {
  return code.unsigned(text.length).append(Array.from(text, (character) => character.charCodeAt(0)));
}
