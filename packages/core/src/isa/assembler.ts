/**
 * Text to bytes: the inverse of the disassembler, from the same encodings.
 *
 * The first pass reads every line, chooses encodings and so fixes all addresses; the second evaluates the expressions
 * and writes the bytes. Operands are matched against the operand texts of the encodings, part by part, so nothing here
 * knows an addressing mode.
 */
import { AssemblerError, suggest } from '../errors.js';
import type { OperandDeclaration } from './declaration.js';
import type { Encoding, InstructionSet } from './instruction-set.js';

/** What {@link assemble} may be told. */
export interface AssemblyOptions {
  /** Address of the first statement, 0 by default. */
  readonly origin?: number;
  /** Name of the source, for errors. */
  readonly name?: string;
  /** Symbols that the source may use without defining them. */
  readonly symbols?: Readonly<Record<string, number>>;
  /** Byte for what `.align` skips and for gaps between segments, 0 by default. */
  readonly fill?: number;
}

/** What {@link assemble} gives. */
export interface Assembly {
  /** The lowest address with code or data. */
  readonly origin: number;
  /** Everything from the lowest to the highest address, gaps filled. */
  readonly bytes: Uint8Array;
  /** The same without gaps, by ascending address. */
  readonly segments: readonly { readonly at: number; readonly bytes: Uint8Array }[];
  /** Values of labels and equates; a local label has its owner before it, `main@loop`. */
  readonly symbols: Readonly<Record<string, number>>;
  /** What each line made that made any bytes; lines are counted from 1. */
  readonly lines: readonly { readonly line: number; readonly address: number; readonly length: number }[];
}

/**
 * Assemble a source for any instruction set.
 *
 * - A line is `label: statement ; comment`, each part optional. `@name:` is local to the label before it.
 * - Equates: `NAME = expression`. Directives: `.org address`, `.byte 1, "text", …`, `.word 1, …`, `.text "…"`,
 *   `.fill count, value`, `.align multiple`.
 * - Expressions have C's operators and precedences, `<` and `>` before an operand for its low and high byte, `*` for
 *   the address of the statement, `$ff`, `0xff`, `%101`, `0b101`, `10` and `'c'`.
 * - Escapes in strings and characters: `\n \r \t \0 \" \' \\ \xNN`. A character is one byte: U+0000 to U+00FF.
 * - The shortest encoding wins that holds an operand known by then; what is defined further down takes the longest,
 *   and so does a literal written with that many digits: `$0012`.
 * - Where the instruction set has indirect modes, parentheses around a whole operand always mean one.
 *
 * @throws AssemblerError with the path `name:line:column` for the first fault found, and nothing else
 *
 * @example
 * const { bytes, symbols } = assemble(cpu6502.instructionSet(), `
 *   start: ldx #<message
 *   @loop: inx
 *          bne @loop
 *          jmp start
 *   message: .text "hello\n"
 * `, { origin: 0x8000, name: 'hello.s' });
 * symbols.message; // 0x8008
 */
export function assemble(isa: InstructionSet, source: string, options: AssemblyOptions = {}): Assembly {
  return new Assembler(isa, options).assemble(source);
}

/** Bytes from the lowest to the highest address that an assembly may span: 64 MiB. */
const LARGEST_SPAN = 2 ** 26;
/** Parentheses within parentheses, and equates that lead to equates. */
const DEEPEST_NESTING = 100;

const fault = (place: string, code: string, text: string, mend?: string): AssemblerError =>
  new AssemblerError(code, text, { path: place, ...(mend ? { mend } : {}) });

const hex = (value: number): string => `${value < 0 ? '-' : ''}$${Math.abs(value).toString(16).padStart(2, '0')}`;

// Expressions

type Operation = (...operands: number[]) => number;

/** A step of an expression in postfix order: values are pushed, operations take theirs from the top. */
type Step = { readonly place: string } & (
  | { readonly op: 'number'; readonly value: number }
  | { readonly op: 'symbol'; readonly name: string }
  | { readonly op: 'apply'; readonly arity: 1 | 2; readonly operation: Operation }
);

interface Expression {
  readonly place: string;
  readonly steps: readonly Step[];
  /** How many bytes the digits of a lone hexadecimal or binary literal ask for. */
  readonly writtenBytes: number;
  /** Whether it is one pair of parentheses. */
  readonly isGroup: boolean;
}

const lowByte = (value: number): number => ((value % 256) + 256) % 256;

const unaryOperators: Readonly<Record<string, (value: number) => number>> = {
  '+': (value) => value,
  '-': (value) => -value,
  '~': (value) => -1 - value,
  '<': lowByte,
  '>': (value) => lowByte(Math.floor(value / 256)),
};

const powerOfTwo = (exponent: number): number => (exponent < 0 ? Number.NaN : 2 ** exponent);

/** Precedence and operation. JavaScript's own bit operators would cut values to 32 bits. */
const binaryOperators: Readonly<Record<string, readonly [number, (left: number, right: number) => number]>> = {
  '|': [1, (left, right) => Number(BigInt(left) | BigInt(right))],
  '^': [2, (left, right) => Number(BigInt(left) ^ BigInt(right))],
  '&': [3, (left, right) => Number(BigInt(left) & BigInt(right))],
  '<<': [4, (left, right) => left * powerOfTwo(right)],
  '>>': [4, (left, right) => Math.floor(left / powerOfTwo(right))],
  '+': [5, (left, right) => left + right],
  '-': [5, (left, right) => left - right],
  '*': [6, (left, right) => left * right],
  '/': [6, (left, right) => Math.trunc(left / right)],
  '%': [6, (left, right) => left % right],
};

const SPACE = /\s*/y;
const LABEL = /(@?[a-z_]\w*)\s*:/iy;
const EQUATE = /(@?[a-z_]\w*)\s*=/iy;
const DIRECTIVE = /\.\w*/y;
const MNEMONIC = /[a-z][\w.]*/iy;
const UNARY = /[-+~<>]/y;
// Only before what may begin an operand: an operand text may itself end with such a character.
const BINARY = /(?:<<|>>|[-+*/%&^|])(?=\s*[-+~<>$%\w'@*(])/y;
const NUMBER = /(?:\$|0x)([\da-f]+)|(?:%|0b)([01]+)|(\d+)/iy;
const SYMBOL = /@?[a-z_]\w*/iy;
const CHARACTER = /\\(?:x([\da-f]{2})|([nrt0"'\\]))|([^\\])/isy;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0' };

/** Reads one line. What is not there gives undefined; the furthest place where something was missed is kept. */
class Cursor {
  position = 0;
  furthest = 0;
  /** The label that local names belong to. */
  owner: string;
  readonly #text: string;
  readonly #line: string;
  readonly #here: number;
  #lastGroup = { start: -1, end: -1 };

  constructor(text: string, line: string, here: number, owner: string) {
    this.#text = text;
    this.#line = line;
    this.#here = here;
    this.owner = owner;
  }

  place(position = this.position): string {
    return `${this.#line}:${position + 1}`;
  }

  /** What matches next, spaces before it skipped. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    SPACE.lastIndex = this.position;
    this.position += SPACE.exec(this.#text)?.[0].length ?? 0;
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.#text);
    if (!match) {
      this.furthest = Math.max(this.furthest, this.position);
      return undefined;
    }
    this.position = pattern.lastIndex;
    return match;
  }

  takeText(text: string): boolean {
    const start = this.position;
    if (this.take(/^\w/.test(text) ? /\w+/y : /[^\s\w]/y)?.[0].toLowerCase() === text) return true;
    this.furthest = Math.max(this.furthest, this.position);
    this.position = start;
    return false;
  }

  /** Whether only a comment, if anything, is left. */
  get isAtEnd(): boolean {
    return this.take(/;|$/y) !== undefined;
  }

  syntaxError(wanted: string): AssemblerError {
    const found = this.#text.slice(this.furthest, this.furthest + 12).trimEnd();
    return fault(
      this.place(this.furthest),
      'asm/syntax',
      `${wanted} expected, found ${found === '' ? 'the end of the line' : `'${found}'`}`,
    );
  }

  expectEnd(): void {
    if (!this.isAtEnd) throw this.syntaxError('the end of the line');
  }

  expectExpression(): Expression {
    const expression = this.expression();
    if (!expression) throw this.syntaxError('an expression');
    return expression;
  }

  expression(): Expression | undefined {
    this.take(SPACE);
    const start = this.position;
    const steps: Step[] = [];
    const writtenBytes = this.#binary(steps, 0, 0);
    if (writtenBytes === undefined) return undefined;
    const isGroup = this.#lastGroup.start === start && this.#lastGroup.end === this.position;
    return { place: this.place(start), steps, writtenBytes: steps.length === 1 ? writtenBytes : 0, isGroup };
  }

  /** The characters of a string, each an expression. */
  string(): Expression[] | undefined {
    if (!this.takeText('"')) return undefined;
    const characters: Expression[] = [];
    while (this.#text[this.position] !== '"') {
      const place = this.place();
      const value = this.#character();
      if (value === undefined) throw this.syntaxError('a character or a closing quote');
      characters.push({ place, steps: [{ op: 'number', value, place }], writtenBytes: 0, isGroup: false });
    }
    this.position += 1;
    return characters;
  }

  /** Code of the next character or escape, spaces included. */
  #character(): number | undefined {
    CHARACTER.lastIndex = this.position;
    const match = CHARACTER.exec(this.#text);
    if (!match) {
      this.furthest = this.position;
      return undefined;
    }
    this.position = CHARACTER.lastIndex;
    const [, code, escape = '', plain] = match;
    return code ? Number.parseInt(code, 16) : (plain ?? ESCAPES[escape] ?? escape).charCodeAt(0);
  }

  /** Operators that bind tighter than `weakest`; gives the bytes the last literal asks for, undefined for no match. */
  #binary(steps: Step[], weakest: number, depth: number): number | undefined {
    let writtenBytes = this.#unary(steps, depth);
    while (writtenBytes !== undefined) {
      const start = this.position;
      const [operator] = this.take(BINARY) ?? [];
      const [precedence, operation] = (operator && binaryOperators[operator]) || [0, Math.max];
      if (!operator || precedence <= weakest) {
        this.position = start;
        return writtenBytes;
      }
      const place = this.place(this.position - operator.length);
      writtenBytes = this.#binary(steps, precedence, depth);
      steps.push({ op: 'apply', arity: 2, operation, place });
    }
    return undefined;
  }

  #unary(steps: Step[], depth: number): number | undefined {
    const operators: Step[] = [];
    for (let match = this.take(UNARY); match; match = this.take(UNARY)) {
      const operation = unaryOperators[match[0]] as Operation;
      operators.push({ op: 'apply', arity: 1, operation, place: this.place(match.index) });
    }
    const writtenBytes = this.#primary(steps, depth);
    for (const operator of operators.reverse()) steps.push(operator);
    return writtenBytes;
  }

  #primary(steps: Step[], depth: number): number | undefined {
    const start = this.position;
    const place = this.place();
    const number = this.take(NUMBER);
    if (number) {
      const [, hexadecimal, binary, decimal] = number;
      const digits = hexadecimal ?? binary ?? decimal ?? '';
      steps.push({ op: 'number', value: Number.parseInt(digits, hexadecimal ? 16 : binary ? 2 : 10), place });
      return decimal ? 0 : Math.ceil(digits.length / (hexadecimal ? 2 : 8));
    }
    const [symbol] = this.take(SYMBOL) ?? [];
    if (symbol) steps.push({ op: 'symbol', name: this.qualified(symbol), place });
    else if (this.takeText('*')) steps.push({ op: 'number', value: this.#here, place });
    else if (this.takeText("'")) {
      const value = this.#character();
      if (value === undefined || !this.takeText("'")) return undefined;
      steps.push({ op: 'number', value, place });
    } else if (depth < DEEPEST_NESTING && this.takeText('(')) {
      const writtenBytes = this.#binary(steps, 0, depth + 1);
      if (writtenBytes === undefined || !this.takeText(')')) return undefined;
      this.#lastGroup = { start, end: this.position };
      return writtenBytes;
    } else return undefined;
    return 0;
  }

  qualified(name: string): string {
    return name.startsWith('@') ? this.owner + name : name;
  }
}

// Operand patterns

type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** A number in an operand text: any expression of this value. */
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'operand'; readonly operand: OperandDeclaration };

/** An encoding and its operand text in parts. */
interface Pattern {
  readonly encoding: Encoding;
  readonly parts: readonly Part[];
  /** Parts that are no operands: of two patterns that match, the one with more of them is meant. */
  readonly literals: number;
}

interface Match extends Pattern {
  readonly operands: readonly { readonly operand: OperandDeclaration; readonly expression: Expression }[];
}

interface Patterns {
  readonly byMnemonic: ReadonlyMap<string, readonly Pattern[]>;
  readonly hasIndirection: boolean;
}

const patternsOf = new WeakMap<InstructionSet, Patterns>();

function preparePatterns(isa: InstructionSet): Patterns {
  const byMnemonic = new Map<string, Pattern[]>();
  const encodings = isa.pages.get('main')?.filter((encoding) => encoding !== undefined) ?? [];
  for (const encoding of encodings) {
    const parts = (encoding.operands.match(/\$[\da-f]+|\w+|[^\s\w]/g) ?? []).map((text): Part => {
      const operand = Object.hasOwn(isa.operands, text) ? isa.operands[text] : undefined;
      if (operand) return { kind: 'operand', operand };
      if (/^\$|^\d+$/.test(text) && text !== '$') return { kind: 'number', value: Number(text.replace('$', '0x')) };
      return { kind: 'text', text };
    });
    const pattern = { encoding, parts, literals: parts.filter(({ kind }) => kind !== 'operand').length };
    byMnemonic.set(encoding.mnemonic, [...(byMnemonic.get(encoding.mnemonic) ?? []), pattern]);
  }
  const patterns = { byMnemonic, hasIndirection: encodings.some(({ operands }) => operands.includes('(')) };
  patternsOf.set(isa, patterns);
  return patterns;
}

// Passes

/** What a line puts into memory. */
interface Piece {
  readonly line: number;
  readonly place: string;
  readonly address: number;
  readonly length: number;
  write(target: Uint8Array): void;
}

const DIRECTIVES = ['.org', '.byte', '.word', '.text', '.fill', '.align'];

class Assembler {
  readonly #isa: InstructionSet;
  readonly #patterns: Patterns;
  readonly #options: AssemblyOptions;
  /** One more than the highest address. */
  readonly #limit: number;
  readonly #symbols: Map<string, number | Expression>;
  readonly #resolving = new Set<string>();
  readonly #pieces: Piece[] = [];
  #line = 0;
  #here: number;
  #owner = '';
  #isFirstPass = true;

  constructor(isa: InstructionSet, options: AssemblyOptions) {
    this.#isa = isa;
    this.#patterns = patternsOf.get(isa) ?? preparePatterns(isa);
    this.#options = options;
    this.#limit = 2 ** isa.declaration.addressWidth;
    this.#symbols = new Map(Object.entries(options.symbols ?? {}));
    this.#here = this.#within(options.origin ?? 0, 'options.origin', 0, this.#limit - 1);
  }

  assemble(source: string): Assembly {
    const { name, origin = 0, fill = 0 } = this.#options;
    for (const text of source.split(/\r\n?|\n/)) {
      this.#line += 1;
      const line = name === undefined ? `${this.#line}` : `${name}:${this.#line}`;
      this.#statement(new Cursor(text, line, this.#here, this.#owner));
    }
    this.#isFirstPass = false;

    const symbols = Object.fromEntries([...this.#symbols.keys()].map((key) => [key, this.#lookup(key, '') as number]));
    const ordered = [...this.#pieces].sort((one, other) => one.address - other.address);
    const runs = contiguousRuns(ordered);
    const first = ordered[0]?.address ?? origin;
    const bytes = new Uint8Array((runs.at(-1)?.end ?? first) - first).fill(fill);
    for (const { address, length, write } of this.#pieces)
      write(bytes.subarray(address - first, address - first + length));
    return {
      origin: first,
      bytes,
      segments: runs.map(({ at, end }) => ({ at, bytes: bytes.slice(at - first, end - first) })),
      symbols,
      lines: this.#pieces.map(({ line, address, length }) => ({ line, address, length })),
    };
  }

  #statement(cursor: Cursor): void {
    for (let label = cursor.take(LABEL); label; label = cursor.take(LABEL)) {
      const [, name] = label as unknown as [string, string];
      this.#define(cursor.qualified(name), this.#here, cursor.place(label.index));
      if (!name.startsWith('@')) {
        this.#owner = name;
        cursor.owner = name;
      }
    }
    if (cursor.isAtEnd) return;
    const equate = cursor.take(EQUATE);
    if (equate) {
      const [, name] = equate as unknown as [string, string];
      this.#define(cursor.qualified(name), cursor.expectExpression(), cursor.place(equate.index));
      return cursor.expectEnd();
    }
    const word = cursor.take(DIRECTIVE) ?? cursor.take(MNEMONIC);
    if (!word) throw cursor.syntaxError('a label, a directive or an instruction');
    const place = cursor.place(word.index);
    const name = word[0].toLowerCase();
    if (!name.startsWith('.')) return this.#instruction(name, cursor, place);
    this.#directive(name, cursor, place);
    cursor.expectEnd();
  }

  #directive(name: string, cursor: Cursor, place: string): void {
    switch (name) {
      case '.org': {
        this.#here = this.#known(cursor.expectExpression(), 0, this.#limit - 1);
        return;
      }
      case '.byte':
      case '.text':
        return this.#data(cursor, place, 1);
      case '.word':
        return this.#data(cursor, place, 2);
      case '.fill': {
        const count = this.#known(cursor.expectExpression(), 0, this.#limit);
        const value = cursor.takeText(',') ? cursor.expectExpression() : undefined;
        return this.#emit(place, count, (target) => {
          if (value) this.#put(target.subarray(0, 1), this.#value(value), value.place);
          target.fill(value ? (target[0] ?? 0) : (this.#options.fill ?? 0));
        });
      }
      case '.align': {
        const multiple = this.#known(cursor.expectExpression(), 1, this.#limit);
        return this.#emit(place, (multiple - (this.#here % multiple)) % multiple, () => {});
      }
      default:
        throw fault(place, 'asm/unknown-directive', `no directive '${name}'`, suggest(name, DIRECTIVES));
    }
  }

  #data(cursor: Cursor, place: string, size: number): void {
    const values: Expression[] = [];
    do {
      for (const value of cursor.string() ?? [cursor.expectExpression()]) values.push(value);
    } while (cursor.takeText(','));
    this.#emit(place, values.length * size, (target) => {
      values.forEach((value, index) => {
        this.#put(target.subarray(index * size, (index + 1) * size), this.#value(value), value.place);
      });
    });
  }

  #instruction(mnemonic: string, cursor: Cursor, place: string): void {
    const patterns = this.#patterns.byMnemonic.get(mnemonic);
    if (!patterns) {
      const known = [...this.#patterns.byMnemonic.keys()];
      throw fault(place, 'asm/unknown-mnemonic', `no instruction '${mnemonic}'`, suggest(mnemonic, known));
    }
    const start = cursor.position;
    cursor.furthest = start;
    const matches = patterns.flatMap((pattern) => {
      cursor.position = start;
      return this.#match(pattern, cursor) ?? [];
    });
    const most = matches.reduce((literals, match) => Math.max(literals, match.literals), 0);
    const candidates = matches
      .filter(({ literals }) => literals === most)
      .sort((one, other) => one.encoding.length - other.encoding.length);
    const chosen = candidates.find((match) => this.#holds(match)) ?? candidates.at(-1);
    if (!chosen) {
      const forms = patterns.map(({ encoding }) => `'${mnemonic} ${encoding.operands}'`.replace(" '", "'"));
      const written = `it is written ${forms.slice(0, 12).join(', ')}${forms.length > 12 ? ', …' : ''}`;
      throw fault(cursor.place(cursor.furthest), 'asm/operand', `'${mnemonic}' does not take this operand`, written);
    }
    const { encoding, operands } = chosen;
    const end = this.#here + encoding.length;
    this.#emit(place, encoding.length, (target) => {
      let offset = encoding.length - operands.reduce((sum, { operand }) => sum + operand.bytes, 0);
      for (let index = 0, rest = encoding.opcode; index < offset; index += 1, rest = Math.floor(rest / 256)) {
        target[offset - 1 - index] = rest;
      }
      for (const { operand, expression } of operands) {
        const value = operand.relative ? this.#displacement(operand, expression, end) : this.#value(expression);
        this.#put(target.subarray(offset, offset + operand.bytes), value, expression.place);
        offset += operand.bytes;
      }
    });
  }

  #match(pattern: Pattern, cursor: Cursor): Match | undefined {
    const operands: { operand: OperandDeclaration; expression: Expression }[] = [];
    let before = ',';
    for (const [index, part] of pattern.parts.entries()) {
      if (part.kind === 'text') {
        // `(r+d)` is also written `(r-1)`: the sign is then the operand's.
        const maySign = part.text === '+' && pattern.parts[index + 1]?.kind === 'operand';
        if (!cursor.takeText(part.text) && !(maySign && cursor.take(/(?=-)/y))) return undefined;
        before = part.text;
        continue;
      }
      const expression = cursor.expression();
      if (!expression || (expression.isGroup && before === ',' && this.#patterns.hasIndirection)) return undefined;
      if (part.kind === 'operand') operands.push({ operand: part.operand, expression });
      else if (this.#evaluate(expression, false) !== part.value) return undefined;
      before = '';
    }
    return cursor.isAtEnd ? { ...pattern, operands } : undefined;
  }

  /** Whether operands are known already and have room as they are written. */
  #holds({ encoding, operands }: Match): boolean {
    return operands.every(({ operand: { bytes, relative }, expression }) => {
      const value = this.#evaluate(expression, false);
      if (value === undefined) return false;
      if (relative) return excess(this.#distance(value, this.#here + encoding.length), bytes) === 0;
      return expression.writtenBytes <= bytes && value >= 0 && value < 256 ** bytes;
    });
  }

  #displacement({ bytes }: OperandDeclaration, expression: Expression, end: number): number {
    const target = this.#within(this.#value(expression), expression.place, 0, this.#limit - 1);
    const distance = this.#distance(target, end);
    const beyond = excess(distance, bytes);
    if (beyond === 0) return distance;
    const reach = 256 ** bytes / 2;
    const text = `${hex(target)} is ${beyond} byte${beyond === 1 ? '' : 's'} out of reach`;
    throw fault(
      expression.place,
      'asm/out-of-range',
      text,
      `${-reach} to ${reach - 1} bytes from ${hex(end)} can be reached`,
    );
  }

  /** From one address to another the shorter way round, as address arithmetic wraps. */
  #distance(to: number, from: number): number {
    const forward = (((to - from) % this.#limit) + this.#limit) % this.#limit;
    return forward < this.#limit / 2 ? forward : forward - this.#limit;
  }

  #emit(place: string, length: number, write: (target: Uint8Array) => void): void {
    const address = this.#here;
    if (address + length > this.#limit) {
      const last = hex(this.#limit - 1);
      throw fault(place, 'asm/address-space', `${length} bytes at ${hex(address)} go beyond the last address, ${last}`);
    }
    this.#here += length;
    if (length > 0) this.#pieces.push({ line: this.#line, place, address, length, write });
  }

  /** Fill `target` with a value, signed or unsigned. */
  #put(target: Uint8Array, value: number, place: string): void {
    const values = 256 ** target.length;
    this.#within(value, place, -values / 2, values - 1);
    const ordered = this.#isa.declaration.byteOrder === 'little' ? target : target.map(() => 0);
    for (let index = 0; index < target.length; index += 1) ordered[index] = Math.floor(value / 256 ** index);
    if (ordered !== target) target.set(ordered.reverse());
  }

  #within(value: number, place: string, low: number, high: number): number {
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    throw fault(place, 'asm/out-of-range', `${value} is out of range`, `${low} to ${high} (${hex(high)}) is possible`);
  }

  #define(name: string, value: number | Expression, place: string): void {
    if (this.#symbols.has(name)) {
      throw fault(place, 'asm/duplicate-symbol', `'${name}' is defined already`, 'give it another name');
    }
    this.#symbols.set(name, value);
  }

  /** A value that the first pass has to know. */
  #known(expression: Expression, low: number, high: number): number {
    return this.#within(this.#value(expression), expression.place, low, high);
  }

  #value(expression: Expression): number {
    return this.#evaluate(expression, true) as number;
  }

  /** Undefined for what is not known yet, unless it must be known. */
  #evaluate({ steps }: Expression, mustBeKnown: boolean): number | undefined {
    const stack: number[] = [];
    for (const step of steps) {
      let value: number | undefined;
      if (step.op === 'number') value = step.value;
      else if (step.op === 'apply') value = step.operation(...stack.splice(-step.arity));
      else value = this.#lookup(step.name, mustBeKnown ? step.place : undefined);
      if (value === undefined) return undefined;
      if (!Number.isSafeInteger(value)) {
        throw fault(step.place, 'asm/arithmetic', 'the result is no whole number below 2^53');
      }
      stack.push(value + 0);
    }
    return stack[0];
  }

  /** Value of a symbol; undefined for one that is not known yet, an error if a `place` has to know it. */
  #lookup(name: string, place: string | undefined): number | undefined {
    const symbol = this.#symbols.get(name);
    if (typeof symbol === 'number') return symbol;
    if (symbol === undefined) {
      if (place === undefined) return undefined;
      if (this.#isFirstPass) {
        throw fault(place, 'asm/forward-reference', `'${name}' is not known yet`, 'define it above this line');
      }
      throw fault(place, 'asm/unknown-symbol', `no symbol '${name}'`, suggest(name, [...this.#symbols.keys()]));
    }
    if (this.#resolving.has(name) || this.#resolving.size === DEEPEST_NESTING) {
      const how = this.#resolving.has(name) ? 'by itself' : `through more than ${DEEPEST_NESTING} others`;
      throw fault(symbol.place, 'asm/circular-symbol', `'${name}' is defined ${how}`);
    }
    this.#resolving.add(name);
    const value = this.#evaluate(symbol, place !== undefined);
    this.#resolving.delete(name);
    if (value !== undefined) this.#symbols.set(name, value);
    return value;
  }
}

/** By how many bytes a displacement is too far for so many bytes. */
function excess(displacement: number, bytes: number): number {
  const reach = 256 ** bytes / 2;
  return Math.max(0, displacement - (reach - 1), -reach - displacement);
}

/** Pieces by ascending address to the runs they form without a gap. */
function contiguousRuns(pieces: readonly Piece[]): { at: number; end: number }[] {
  const runs: { at: number; end: number }[] = [];
  let previous: Piece | undefined;
  for (const piece of pieces) {
    const { address, length, place } = piece;
    const run = runs.at(-1);
    if (previous && run && address < run.end) {
      const [later, earlier] = piece.line > previous.line ? [piece, previous] : [previous, piece];
      const text = `${hex(address)} has bytes from line ${earlier.line} already`;
      throw fault(later.place, 'asm/overlap', text, 'move one of them with .org');
    }
    if (address + length - (pieces[0] as Piece).address > LARGEST_SPAN) {
      const text = `from ${hex((pieces[0] as Piece).address)} to here it is more than ${LARGEST_SPAN} bytes`;
      throw fault(place, 'asm/too-large', text, 'assemble the parts apart');
    }
    if (run?.end === address) run.end += length;
    else runs.push({ at: address, end: address + length });
    previous = piece;
  }
  return runs;
}
