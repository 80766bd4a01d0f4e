/**
 * Text to bytes: the inverse of the disassembler, from the same encodings.
 *
 * The first pass reads every line, chooses encodings and so fixes all addresses; the second evaluates the expressions
 * and writes the bytes. Operands are matched against the operand texts of the encodings, part by part, so nothing here
 * knows an addressing mode.
 */
import { AssemblerError, suggest } from '../errors.js';
import type { InstructionSet } from './instruction-set.js';
import { type Instruction, operandText } from './instructions.js';
import type { Operand } from './syntax.js';

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
 * - The shortest encoding wins that holds an operand known by then, or reaches its target; what is defined further
 *   down takes the longest. A literal asks for as many bytes as its digits have: `$0012` for two.
 * - Where the instruction set has indirect modes, parentheses around a whole operand always mean one.
 *
 * @throws AssemblerError with the path `name:line:column` for the first fault found, and nothing else
 *
 * @example
 * const { bytes, symbols } = assemble(isa, `
 *   LENGTH = end - message
 *   header:  .byte LENGTH, <message, >message
 *   message: .byte "hello", 10
 *   end:
 * `, { origin: 0x8000, name: 'hello.s' });
 * symbols.message; // 0x8003
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

const hex = (address: number): string => `$${address.toString(16).padStart(2, '0')}`;

// Expressions

/**
 * A step of an expression in postfix order: values are pushed, operations take theirs from the top. Hexadecimal and
 * binary digits are of so many bytes as they are written.
 */
type Step = { readonly place: string } & (
  | { readonly op: 'number'; readonly value: number; readonly writtenBytes?: number }
  | { readonly op: 'symbol'; readonly name: string }
  | { readonly op: 'apply'; readonly arity: 1 | 2; readonly operation: (...operands: number[]) => number }
);

interface Expression {
  readonly place: string;
  readonly steps: readonly Step[];
  /** Whether it is one pair of parentheses. */
  readonly isGroup: boolean;
}

const lowByte = (value: number): number => ((value % 256) + 256) % 256;
const powerOfTwo = (exponent: number): number => (exponent < 0 ? Number.NaN : 2 ** exponent);

const unaryOperators: Readonly<Record<string, (value: number) => number>> = {
  '-': (value) => -value,
  '~': (value) => -1 - value,
  '<': lowByte,
  '>': (value) => lowByte(Math.floor(value / 256)),
};

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

const LABEL = /(@?[a-z_]\w*)\s*:/iy;
const EQUATE = /(@?[a-z_]\w*)\s*=/iy;
const WORD = /\.\w*|[a-z][\w.]*/iy;
const UNARY = /[-~<>]/y;
// Only before what may begin an operand: an operand text may itself end with such a character.
const BINARY = /(?:<<|>>|[-+*/%&^|])(?=\s*[-~<>$%\w'@*(])/y;
const NUMBER = /(?:\$|0x)([\da-f]+)|(?:%|0b)([01]+)|(\d+)/iy;
const SYMBOL = /@?[a-z_]\w*/iy;
const CHARACTER = /\\(?:x([\da-f]{2})|([nrt0"'\\]))|([^\\])/iy;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0' };

/** Reads one line. What is not there gives undefined or false; the furthest place where something was missed is kept. */
class Cursor {
  position = 0;
  furthest = 0;
  #lastGroup = { start: -1, end: -1 };
  readonly #text: string;
  /** What places begin with, `name:line`. */
  readonly #line: string;
  readonly #here: number;
  readonly #qualify: (name: string) => string;

  /** @param qualify gives local names their owner */
  constructor(text: string, line: string, here: number, qualify: (name: string) => string) {
    this.#text = text;
    this.#line = line;
    this.#here = here;
    this.#qualify = qualify;
  }

  place(position = this.position): string {
    return `${this.#line}:${position + 1}`;
  }

  skipSpace(): void {
    while (/\s/.test(this.#text[this.position] ?? '')) this.position += 1;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    this.skipSpace();
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.#text);
    if (match) this.position = pattern.lastIndex;
    else this.furthest = Math.max(this.furthest, this.position);
    return match ?? undefined;
  }

  /** A character, or a whole word, in lower case. */
  takeText(text: string): boolean {
    const start = this.position;
    const [found] = this.take(/\w+|[^\w\s]/y) ?? [];
    if (found?.toLowerCase() === text) return true;
    this.furthest = Math.max(this.furthest, this.position - (found?.length ?? 0));
    this.position = start;
    return false;
  }

  /** Whether only a comment, if anything, is left. */
  get isAtEnd(): boolean {
    return this.take(/(?=;|$)/y) !== undefined;
  }

  syntaxError(wanted: string): AssemblerError {
    const found = this.#text.slice(this.furthest, this.furthest + 12).trimEnd();
    const shown = found === '' ? 'the end of the line' : `'${found}'`;
    return fault(this.place(this.furthest), 'asm/syntax', `${wanted} expected, found ${shown}`);
  }

  expectEnd(): void {
    if (!this.isAtEnd) throw this.syntaxError('the end of the line');
  }

  expectExpression(): Expression {
    this.skipSpace();
    const start = this.position;
    const expression = this.expression();
    if (!expression) throw this.syntaxError(this.furthest > start ? 'the rest of the expression' : 'an expression');
    return expression;
  }

  expression(): Expression | undefined {
    this.skipSpace();
    const start = this.position;
    const steps: Step[] = [];
    if (!this.#binary(steps, 0, 0)) return undefined;
    const isGroup = this.#lastGroup.start === start && this.#lastGroup.end === this.position;
    return { place: this.place(start), steps, isGroup };
  }

  /** The characters of a string, each an expression. */
  string(): Expression[] | undefined {
    if (!this.takeText('"')) return undefined;
    const characters: Expression[] = [];
    while (this.#text[this.position] !== '"') {
      const place = this.place();
      const steps: Step[] = [];
      if (!this.#character(steps, place)) throw this.syntaxError('a character or a closing quote');
      characters.push({ place, steps, isGroup: false });
    }
    this.position += 1;
    return characters;
  }

  /** The next character, be it a space, or escape. */
  #character(steps: Step[], place: string): boolean {
    CHARACTER.lastIndex = this.position;
    const match = CHARACTER.exec(this.#text);
    if (!match) {
      this.furthest = this.position;
      return false;
    }
    const [whole, code, escaped = '', plain] = match;
    const character = plain ?? ESCAPES[escaped.toLowerCase()] ?? escaped;
    steps.push({ op: 'number', value: code ? Number.parseInt(code, 16) : character.charCodeAt(0), place });
    this.position += whole.length;
    return true;
  }

  /** Operands and the operators between them that bind tighter than `weakest`. */
  #binary(steps: Step[], weakest: number, depth: number): boolean {
    if (!this.#unary(steps, depth)) return false;
    for (;;) {
      const end = this.position;
      const [operator = ''] = this.take(BINARY) ?? [];
      const [precedence, operation] = binaryOperators[operator] ?? [0, Math.max];
      if (precedence <= weakest) {
        this.position = end;
        return true;
      }
      const place = this.place(this.position - operator.length);
      if (!this.#binary(steps, precedence, depth)) return false;
      steps.push({ op: 'apply', arity: 2, operation, place });
    }
  }

  #unary(steps: Step[], depth: number): boolean {
    const operators: Step[] = [];
    for (let match = this.take(UNARY); match; match = this.take(UNARY)) {
      const operation = unaryOperators[match[0]] ?? Math.max;
      operators.push({ op: 'apply', arity: 1, operation, place: this.place(match.index) });
    }
    const isThere = this.#primary(steps, depth);
    for (const operator of operators.reverse()) steps.push(operator);
    return isThere;
  }

  #primary(steps: Step[], depth: number): boolean {
    const start = this.position;
    const place = this.place();
    const number = this.take(NUMBER);
    if (number) {
      const [, hexadecimal, binary, decimal] = number;
      const [digits, bitsEach] = hexadecimal ? [hexadecimal, 4] : [binary ?? '', 1];
      const value = decimal ? Number(decimal) : Number.parseInt(digits, 2 ** bitsEach);
      steps.push({ op: 'number', value, writtenBytes: Math.ceil((digits.length * bitsEach) / 8), place });
      return true;
    }
    const [symbol] = this.take(SYMBOL) ?? [];
    if (symbol) {
      steps.push({ op: 'symbol', name: this.#qualify(symbol), place });
      return true;
    }
    if (this.takeText('*')) {
      steps.push({ op: 'number', value: this.#here, place });
      return true;
    }
    if (this.takeText("'")) return this.#character(steps, place) && this.takeText("'");
    if (depth === DEEPEST_NESTING || !this.takeText('(')) return false;
    if (!this.#binary(steps, 0, depth + 1) || !this.takeText(')')) return false;
    this.#lastGroup = { start, end: this.position };
    return true;
  }
}

// Operand patterns

type Part =
  | { readonly text: string }
  /** A number in an operand text: any expression of this value. */
  | { readonly value: number }
  | Operand;

/** An encoding and its operand text in parts. */
interface Pattern {
  readonly encoding: Instruction;
  readonly parts: readonly Part[];
  /** Parts that are no operands: of two patterns that match, the one with more of them is meant. */
  readonly literals: number;
}

interface Match extends Pattern {
  readonly operands: ReadonlyMap<Operand, Expression>;
}

interface Patterns {
  readonly byMnemonic: ReadonlyMap<string, readonly Pattern[]>;
  readonly hasIndirection: boolean;
}

const prepared = new WeakMap<InstructionSet, Patterns>();

function patternsOf(isa: InstructionSet): Patterns {
  const known = prepared.get(isa);
  if (known) return known;
  const byMnemonic = new Map<string, Pattern[]>();
  let hasIndirection = false;
  for (const encoding of isa.encodings) {
    const parts = encoding.operands.flatMap((part): Part[] => {
      if (typeof part === 'object') return [part];
      hasIndirection ||= part.includes('(');
      return (part.match(/\$[\da-f]+|\w+|[^\s\w]/g) ?? []).map((text) =>
        /^(\$\w+|\d+)$/.test(text) ? { value: Number(text.replace('$', '0x')) } : { text },
      );
    });
    const pattern = { encoding, parts, literals: parts.filter((part) => !('bytes' in part)).length };
    const others = byMnemonic.get(encoding.mnemonic);
    if (others) others.push(pattern);
    else byMnemonic.set(encoding.mnemonic, [pattern]);
  }
  const patterns = { byMnemonic, hasIndirection };
  prepared.set(isa, patterns);
  return patterns;
}

// Passes

/** What a line puts into memory. */
interface Piece {
  readonly line: number;
  readonly place: string;
  readonly address: number;
  readonly length: number;
  /** The second pass. What is not written is filled. */
  write(target: Uint8Array): void;
}

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
  /** The label that local names belong to. */
  #owner = '';
  #isFirstPass = true;

  constructor(isa: InstructionSet, options: AssemblyOptions) {
    this.#isa = isa;
    this.#patterns = patternsOf(isa);
    this.#options = options;
    this.#limit = 2 ** isa.declaration.addressWidth;
    this.#symbols = new Map(Object.entries(options.symbols ?? {}));
    this.#here = within(options.origin ?? 0, 'options.origin', 0, this.#limit - 1);
  }

  assemble(source: string): Assembly {
    const { name, fill = 0 } = this.#options;
    const start = this.#here;
    for (const text of source.split(/\r\n?|\n/)) {
      this.#line += 1;
      const place = name === undefined ? `${this.#line}` : `${name}:${this.#line}`;
      this.#statement(new Cursor(text, place, this.#here, (symbol) => this.#qualified(symbol)));
    }
    this.#isFirstPass = false;

    const symbols = Object.fromEntries([...this.#symbols.keys()].map((key) => [key, this.#lookup(key, '') as number]));
    const runs = contiguousRuns(this.#pieces);
    const origin = runs[0]?.at ?? start;
    const bytes = new Uint8Array((runs.at(-1)?.end ?? origin) - origin).fill(fill);
    for (const { address, length, write } of this.#pieces) write(bytes.subarray(address - origin).subarray(0, length));
    const segments = runs.map(({ at, end }) => ({ at, bytes: bytes.slice(at - origin, end - origin) }));
    const lines = this.#pieces.map(({ line, address, length }) => ({ line, address, length }));
    return { origin, bytes, segments, symbols, lines };
  }

  #statement(cursor: Cursor): void {
    for (let label = cursor.take(LABEL); label; label = cursor.take(LABEL)) {
      const [, name = ''] = label;
      this.#define(this.#qualified(name), this.#here, cursor.place(label.index));
      if (!name.startsWith('@')) this.#owner = name;
    }
    if (cursor.isAtEnd) return;
    const equate = cursor.take(EQUATE);
    const word = equate ?? cursor.take(WORD);
    if (!word) throw cursor.syntaxError('a label, a directive or an instruction');
    const place = cursor.place(word.index);
    const name = word[0].toLowerCase();
    if (equate) this.#define(this.#qualified(equate[1] ?? ''), cursor.expectExpression(), place);
    else if (name.startsWith('.')) this.#directive(name, cursor, place);
    else this.#instruction(name, cursor, place);
    cursor.expectEnd();
  }

  #directive(name: string, cursor: Cursor, place: string): void {
    /** A value that decides on addresses, so the first pass has to know it. */
    const known = (low: number, high: number): number => {
      const expression = cursor.expectExpression();
      return within(this.#value(expression), expression.place, low, high);
    };
    const data = (size: number): void => {
      const values: Expression[] = [];
      do {
        for (const value of cursor.string() ?? [cursor.expectExpression()]) values.push(value);
      } while (cursor.takeText(','));
      this.#emit(place, values.length * size, (target) => {
        for (const [index, value] of values.entries()) {
          this.#put(target.subarray(index * size, (index + 1) * size), this.#value(value), value.place);
        }
      });
    };
    const directives: Readonly<Record<string, () => void>> = {
      '.org': () => {
        this.#here = known(0, this.#limit - 1);
      },
      '.byte': () => data(1),
      '.word': () => data(2),
      '.text': () => data(1),
      '.fill': () => {
        const count = known(0, this.#limit);
        const value = cursor.takeText(',') && cursor.expectExpression();
        this.#emit(place, count, (target) => {
          if (value) target.fill(within(this.#value(value), value.place, -0x80, 0xff));
        });
      },
      '.align': () => {
        const multiple = known(1, this.#limit);
        this.#emit(place, (multiple - (this.#here % multiple)) % multiple, () => {});
      },
    };
    const directive = Object.hasOwn(directives, name) ? directives[name] : undefined;
    if (!directive) {
      const mend = suggest(name, Object.keys(directives));
      throw fault(place, 'asm/unknown-directive', `no directive '${name}'`, mend);
    }
    directive();
  }

  #instruction(mnemonic: string, cursor: Cursor, place: string): void {
    const patterns = this.#patterns.byMnemonic.get(mnemonic);
    if (!patterns) {
      const mend = suggest(mnemonic, [...this.#patterns.byMnemonic.keys()]);
      throw fault(place, 'asm/unknown-mnemonic', `no instruction '${mnemonic}'`, mend);
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
    const chosen = candidates.find((match) => this.#hasRoom(match)) ?? candidates.at(-1);
    if (!chosen) {
      const forms = patterns.map(({ encoding }) => `'${`${mnemonic} ${operandText(encoding)}`.trim()}'`);
      const mend = `it is written ${forms.slice(0, 12).join(', ')}${forms.length > 12 ? ', …' : ''}`;
      throw fault(cursor.place(cursor.furthest), 'asm/operand', `'${mnemonic}' takes no such operand`, mend);
    }
    cursor.position = chosen.end;

    const { encoding, operands } = chosen;
    const next = this.#here + encoding.length;
    this.#emit(place, encoding.length, (target) => {
      let offset = 0;
      for (const part of encoding.layout) {
        if (typeof part === 'number') {
          target[offset] = part;
          offset += 1;
          continue;
        }
        const expression = operands.get(part) as Expression;
        const value = part.relative ? this.#displacement(part.bytes, expression, next) : this.#value(expression);
        this.#put(target.subarray(offset, offset + part.bytes), value, expression.place);
        offset += part.bytes;
      }
    });
  }

  #match(pattern: Pattern, cursor: Cursor): (Match & { readonly end: number }) | undefined {
    const operands = new Map<Operand, Expression>();
    let before = ',';
    for (const [index, part] of pattern.parts.entries()) {
      if ('text' in part) {
        // `(r+n)` may be written `(r-1)`: the sign is the operand's then.
        const isSigned = part.text === '+' && 'bytes' in (pattern.parts[index + 1] ?? {}) && cursor.take(/(?=-)/y);
        if (!isSigned && !cursor.takeText(part.text)) return undefined;
        before = part.text;
        continue;
      }
      const expression = cursor.expression();
      if (!expression || (expression.isGroup && before === ',' && this.#patterns.hasIndirection)) return undefined;
      if ('bytes' in part) operands.set(part, expression);
      else if (this.#evaluate(expression, false) !== part.value) return undefined;
      before = '';
    }
    return cursor.isAtEnd ? { ...pattern, operands, end: cursor.position } : undefined;
  }

  /** Whether operands are known by now and have room in this encoding as they are written. */
  #hasRoom({ encoding, operands }: Match): boolean {
    return [...operands].every(([{ bytes, relative }, expression]) => {
      const value = this.#evaluate(expression, false);
      if (value === undefined) return false;
      if (relative) return excess(this.#distance(value, this.#here + encoding.length), bytes) === 0;
      const [literal, ...more] = expression.steps;
      const isWide = literal?.op === 'number' && more.length === 0 && (literal.writtenBytes ?? 0) > bytes;
      return !isWide && value >= 0 && value < 256 ** bytes;
    });
  }

  #displacement(bytes: number, expression: Expression, next: number): number {
    const target = within(this.#value(expression), expression.place, 0, this.#limit - 1);
    const distance = this.#distance(target, next);
    const beyond = excess(distance, bytes);
    if (beyond === 0) return distance;
    const text = `${hex(target)} is ${beyond} byte${beyond === 1 ? '' : 's'} out of reach`;
    const reach = 256 ** bytes / 2;
    const mend = `from ${hex(next)} on, ${reach} bytes back or ${reach - 1} ahead can be reached`;
    throw fault(expression.place, 'asm/out-of-range', text, mend);
  }

  /** From one address to another the shorter way round, for addresses wrap. */
  #distance(to: number, from: number): number {
    const ahead = (((to - from) % this.#limit) + this.#limit) % this.#limit;
    return ahead < this.#limit / 2 ? ahead : ahead - this.#limit;
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

  /** Fill `target` with a value, be it signed or not. */
  #put(target: Uint8Array, value: number, place: string): void {
    const values = 256 ** target.length;
    let rest = within(value, place, -values / 2, values - 1);
    for (let index = 0; index < target.length; index += 1) {
      target[index] = rest;
      rest = Math.floor(rest / 256);
    }
    if (this.#isa.declaration.byteOrder === 'big') target.reverse();
  }

  #define(name: string, value: number | Expression, place: string): void {
    if (this.#symbols.has(name)) {
      throw fault(place, 'asm/duplicate-symbol', `'${name}' is defined already`, 'give it another name');
    }
    this.#symbols.set(name, value);
  }

  #qualified(name: string): string {
    return name.startsWith('@') ? this.#owner + name : name;
  }

  #value(expression: Expression): number {
    return this.#evaluate(expression, true) as number;
  }

  /** Undefined for what is not known yet, unless it must be. */
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
      // No -0.
      stack.push(value + 0);
    }
    return stack[0];
  }

  /** Undefined for what is not known yet, unless there is a `place` that must know it. */
  #lookup(name: string, place: string | undefined): number | undefined {
    const symbol = this.#symbols.get(name);
    if (typeof symbol === 'number') return symbol;
    if (!symbol) {
      if (place === undefined) return undefined;
      if (this.#isFirstPass) {
        throw fault(place, 'asm/forward-reference', `'${name}' is not known yet`, 'define it above this line');
      }
      throw fault(place, 'asm/unknown-symbol', `no symbol '${name}'`, suggest(name, [...this.#symbols.keys()]));
    }
    if (this.#resolving.has(name) || this.#resolving.size === DEEPEST_NESTING) {
      const how = this.#resolving.has(name) ? 'defined by itself' : `more than ${DEEPEST_NESTING} equates deep`;
      throw fault(symbol.place, 'asm/circular-symbol', `'${name}' is ${how}`);
    }
    this.#resolving.add(name);
    const value = this.#evaluate(symbol, place !== undefined);
    this.#resolving.delete(name);
    if (value !== undefined) this.#symbols.set(name, value);
    return value;
  }
}

function within(value: number, place: string, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw fault(place, 'asm/out-of-range', `${value} is out of range`, `${low} to ${high} (${hex(high)}) is possible`);
}

/** By how many bytes a displacement is too far for so many bytes. */
function excess(displacement: number, bytes: number): number {
  const reach = 256 ** bytes / 2;
  return Math.max(0, displacement - (reach - 1), -reach - displacement);
}

/** The runs that pieces form without a gap, by ascending address. */
function contiguousRuns(pieces: readonly Piece[]): { readonly at: number; end: number }[] {
  const runs: { readonly at: number; end: number }[] = [];
  let previous: Piece | undefined;
  for (const piece of [...pieces].sort((one, other) => one.address - other.address)) {
    const { address, length } = piece;
    const run = runs.at(-1);
    if (previous && run && address < run.end) {
      const [earlier, later] = piece.line < previous.line ? [piece, previous] : [previous, piece];
      const text = `${hex(address)} has bytes from line ${earlier.line} already`;
      throw fault(later.place, 'asm/overlap', text, 'move one of them with .org');
    }
    if (run?.end === address) run.end += length;
    else runs.push({ at: address, end: address + length });
    const span = address + length - (runs[0]?.at ?? 0);
    if (span > LARGEST_SPAN) {
      throw fault(piece.place, 'asm/too-large', `the image spans ${span} bytes`, `assemble ${LARGEST_SPAN} at a time`);
    }
    previous = piece;
  }
  return runs;
}
