/** An instruction set made ready: names laid out, encodings expanded, bodies elaborated when first asked for. */
import { BackplaneError, IsaError } from '../errors.js';
import type { InputDeclaration, InstructionSetDeclaration, OperandDeclaration, RowDeclaration } from './declaration.js';
import { Elaborator } from './elaborate.js';
import { type Body, type Expression, someExpression } from './ir.js';
import { type Operand, readSyntax, type SyntaxPart } from './syntax.js';
import { FIRST_REGISTER } from './words.js';

/** One encoding of one row. */
export interface Encoding {
  readonly page: string;
  readonly opcode: number;
  readonly row: RowDeclaration;
  /** Values of the row's lettered fields. */
  readonly fields: Readonly<Record<string, number>>;
  /** Not in the data sheet, or the row of another page that stands in here. */
  readonly undocumented: boolean;
  /**
   * Mnemonic in lower case; one that the assembler would not choose by itself has its bytes as suffix: `nop.1a`. Empty
   * for a prefix.
   */
  readonly mnemonic: string;
  /** What is written after the mnemonic. */
  readonly operands: readonly SyntaxPart[];
  /** Bytes and operands as they lie in memory. */
  readonly layout: readonly (number | Operand)[];
  /** Length of the whole instruction in bytes. */
  readonly length: number;
}

/** The text after a mnemonic, with operand tokens, such as `(n),y`. */
export const operandText = ({ operands }: Pick<Encoding, 'operands'>): string =>
  operands.map((part) => (typeof part === 'string' ? part : part.name)).join('');

/** A pin of the CPU and its place in the line word. */
export interface Input extends InputDeclaration {
  readonly name: string;
  /** Bit of the line word that is 1 while the line is asserted. */
  readonly levelBit: number;
  /** Bit of the line word that keeps an edge. */
  readonly edgeBit: number;
}

/** An ISA as engines, assembler, disassembler and laws see it. */
export class InstructionSet {
  readonly name: string;
  readonly declaration: InstructionSetDeclaration;
  /** Word of each register. */
  readonly registers: ReadonlyMap<string, number>;
  /** Number of words of CPU state. */
  readonly words: number;
  readonly inputs: readonly Input[];
  /** Encodings by page and opcode. */
  readonly pages: ReadonlyMap<string, readonly (Encoding | undefined)[]>;
  /** What lies before the opcodes of each page that is in memory, the longest first. */
  readonly #prefixes: ReadonlyMap<string, readonly (number | Operand)[]>;
  readonly #elaborator: Elaborator;
  /** By the fields, for an encoding that stands in on another page has those of its row. */
  readonly #bodies = new Map<Encoding['fields'], Body>();
  readonly #getters = new Map<string, Expression>();
  readonly #setters = new Map<string, Body | undefined>();
  readonly #edgeActions = new Map<string, Body | undefined>();
  readonly #conditions = new Map<string, Expression | undefined>();
  #step: Body | undefined;
  #reset: Body | undefined;

  constructor(declaration: InstructionSetDeclaration) {
    this.name = declaration.name;
    this.declaration = declaration;
    for (const key of ['registers', 'shown', 'programCounter', 'cycles', 'step', 'reset', 'rows'] as const) {
      if (declaration[key] === undefined) {
        throw new IsaError('isa/missing', `'${key}' is missing`, {
          path: declaration.name,
          mend: 'a description of an instruction set has to have it',
        });
      }
    }
    const names = Object.keys(declaration.registers);
    for (const [name, width] of Object.entries({ ...declaration.registers, ...declaration.locals })) {
      if (!Number.isInteger(width) || width < 1 || width > 31) {
        throw new IsaError('isa/width', `'${name}' has ${width} bits`, {
          path: declaration.name,
          mend: 'give it 1 to 31',
        });
      }
    }
    this.registers = new Map(names.map((name, index) => [name, FIRST_REGISTER + index]));
    this.words = FIRST_REGISTER + names.length;
    this.inputs = Object.entries(declaration.inputs ?? {}).map(([name, input], index) => ({
      ...input,
      name,
      levelBit: index,
      edgeBit: index + 16,
    }));
    const inputBits = this.inputs.flatMap(
      ({ name, sense, level, levelBit, edgeBit }): (readonly [string, number])[] => [
        [name, sense === 'edge' ? edgeBit : levelBit],
        ...(level ? ([[level, levelBit]] as const) : []),
      ],
    );
    this.#elaborator = new Elaborator(declaration, { registers: this.registers, inputs: new Map(inputBits) });
    this.#prefixes = prefixesOf(declaration);
    this.pages = this.#expandRows();
    if (!this.registers.has(declaration.programCounter)) {
      throw new IsaError('isa/program-counter', `no register '${declaration.programCounter}'`, {
        path: declaration.name,
      });
    }
  }

  /** All instructions, page by page. */
  get encodings(): readonly Encoding[] {
    return [...this.pages.values()].flatMap((page) =>
      page.filter((encoding) => encoding !== undefined && encoding.length > 0),
    ) as Encoding[];
  }

  /** The instruction at an address of which `byteAt` gives the bytes, counted from it. */
  encodingAt(byteAt: (offset: number) => number): Encoding | undefined {
    for (const [name, prefix] of this.#prefixes) {
      let offset = 0;
      const fits = prefix.every((part) => {
        const at = offset;
        offset += typeof part === 'number' ? 1 : part.bytes;
        return typeof part !== 'number' || byteAt(at) === part;
      });
      const encoding = fits ? this.pages.get(name)?.[byteAt(offset)] : undefined;
      if (encoding && encoding.length > 0) return encoding;
    }
    return undefined;
  }

  get operands(): Readonly<Record<string, OperandDeclaration>> {
    return this.declaration.operands ?? {};
  }

  /** What an encoding does after its opcode was fetched. */
  body(encoding: Encoding): Body {
    const { row, fields } = encoding;
    let body = this.#bodies.get(fields);
    if (!body) {
      const { code } = row;
      body = this.#elaborator.row(Array.isArray(code) ? code : [code as never], fields, rowName(row));
      this.#bodies.set(fields, body);
    }
    return body;
  }

  /** One instruction, from its interrupt check on. */
  get step(): Body {
    this.#step ??= this.#elaborator.sequence(this.declaration.step, 'step');
    return this.#step;
  }

  /** The reset sequence. */
  get reset(): Body {
    this.#reset ??= this.#elaborator.sequence(this.declaration.reset, 'reset');
    return this.#reset;
  }

  /** Value of a register or view. */
  getter(name: string): Expression {
    return kept(this.#getters, name, () => {
      const index = this.registers.get(name);
      if (index !== undefined) return { op: 'register', index };
      const view = this.declaration.views?.[name];
      if (!view) throw new BackplaneError('isa/unknown-register', `${this.name} has no register '${name}'`);
      return this.#elaborator.expression(view.get, `view ${name}`);
    });
  }

  /** Statements that put local 0 into a register or view; undefined if it cannot be set. */
  setter(name: string): Body | undefined {
    return kept(this.#setters, name, () => {
      const register = this.registers.get(name);
      if (register !== undefined) {
        return { block: [{ op: 'set', register, value: { op: 'local', index: 0 } }], locals: 1 };
      }
      const view = this.declaration.views?.[name];
      return view?.set && this.#elaborator.setter(view.set, view.width, `view ${name}`);
    });
  }

  /** Width in bits of a register or view. */
  width(name: string): number {
    return this.declaration.registers[name] ?? this.declaration.views?.[name]?.width ?? 0;
  }

  /** What happens at an edge of an input. */
  edgeAction(input: Input): Body | undefined {
    const { on, name } = input;
    return on && kept(this.#edgeActions, name, () => this.#elaborator.sequence(on, `input ${name}`));
  }

  /** A condition of `status`, or undefined where the ISA has none. */
  status(name: 'jammed' | 'stopped' | 'waiting'): Expression | undefined {
    const code = this.declaration.status?.[name];
    return code && kept(this.#conditions, name, () => this.#elaborator.expression(code, `status ${name}`));
  }

  /** Widths of the registers by the index of their word. */
  get registerWidths(): ReadonlyMap<number, number> {
    return new Map([...this.registers].map(([name, index]) => [index, this.width(name)]));
  }

  /** Registers that an edge of an input may change between any two cycles. */
  get volatileRegisters(): ReadonlySet<number> {
    return this.#elaborator.volatile;
  }

  /** Registers that decide whether the CPU has jammed or stopped. */
  get statusRegisters(): ReadonlySet<number> {
    const found = new Set<number>();
    for (const name of ['jammed', 'stopped'] as const) {
      const expression = this.status(name);
      if (expression) someExpression(expression, (part) => part.op === 'register' && !found.add(part.index));
    }
    return found;
  }

  /**
   * Elaborate everything now, so that any fault in the description shows.
   *
   * @throws IsaError for the first fault found
   */
  check(): void {
    for (const page of this.pages.values()) for (const encoding of page) if (encoding) this.body(encoding);
    void [this.step, this.reset];
    for (const name of this.declaration.shown) void [this.getter(name), this.setter(name)];
  }

  #expandRows(): Map<string, (Encoding | undefined)[]> {
    const pages = new Map<string, (Encoding | undefined)[]>();
    for (const row of this.declaration.rows) {
      const where = rowName(row);
      const bits = row.encoding.replace(/[_ ]/g, '');
      if (!/^[01a-z]+$/.test(bits) || bits.length > 16) {
        throw new IsaError('isa/encoding', 'an encoding is 0, 1 and letters of fields', { path: where });
      }
      const page = row.page ?? 'main';
      const encodings = pages.get(page) ?? [];
      pages.set(page, encodings);
      const textOf = this.#reader(row, page, bits);
      for (const { opcode, fields } of expand(bits)) {
        if (row.where && !this.#elaborator.holds(row.where, fields, where)) continue;
        const other = encodings[opcode];
        if (other) {
          const text = `the encoding ${opcode.toString(16)} is taken by ${other.row.syntax ?? 'a prefix'}`;
          throw new IsaError('isa/overlap', text, { path: where });
        }
        const undocumented = row.undocumented === true;
        encodings[opcode] = { page, opcode, row, fields, undocumented, ...textOf(opcode, fields) };
      }
    }
    for (const [page, { otherwise }] of Object.entries(this.declaration.pages ?? {})) {
      if (otherwise !== undefined) this.#standIn(pages, page, otherwise);
    }
    nameApart(pages);
    return pages;
  }

  /** How the instructions of a row are written and lie in memory. */
  #reader(
    row: RowDeclaration,
    page: string,
    bits: string,
  ): (opcode: number, fields: Encoding['fields']) => Pick<Encoding, 'mnemonic' | 'operands' | 'layout' | 'length'> {
    const prefix = this.#prefixes.get(page);
    if (row.syntax === undefined) return () => ({ mnemonic: '', operands: [], layout: [], length: 0 });
    if (!prefix) {
      throw new IsaError('isa/page', `the page '${page}' has no prefix`, {
        path: rowName(row),
        mend: `give it one in 'pages', or the row no syntax`,
      });
    }
    const letters = [...new Set(bits.replace(/[01]/g, ''))];
    const write = readSyntax(row.syntax, this.declaration, letters, rowName(row));
    return (opcode, fields) => {
      const { mnemonic, operands } = write(fields);
      const layout = layoutOf(prefix, opcode, Math.ceil(bits.length / 8), operands);
      return { mnemonic, operands, layout, length: lengthOf(layout) };
    };
  }

  /** Where a page has no row of its own, another one's stand in. */
  #standIn(pages: Map<string, (Encoding | undefined)[]>, page: string, otherwise: string): void {
    const encodings = pages.get(page) ?? [];
    pages.set(page, encodings);
    const prefix = this.#prefixes.get(page);
    pages.get(otherwise)?.forEach((encoding, opcode) => {
      if (!encoding || encodings[opcode]) return;
      const isInMemory = prefix !== undefined && encoding.length > 0;
      const layout = isInMemory ? layoutOf(prefix, opcode, 1, encoding.operands) : [];
      encodings[opcode] = { ...encoding, page, undocumented: true, layout, length: lengthOf(layout) };
    });
  }
}

const rowName = ({ encoding, syntax }: RowDeclaration): string => `row ${encoding} ${syntax ?? ''}`.trim();

/** What lies in memory before the opcodes of each page, the longest first. */
function prefixesOf({
  pages = {},
  operands = {},
}: InstructionSetDeclaration): Map<string, readonly (number | Operand)[]> {
  const prefixes = Object.entries({ main: { prefix: '' }, ...pages }).flatMap(([page, { prefix }]) => {
    if (prefix === undefined) return [];
    const words = prefix.split(' ').filter(Boolean);
    const parts = words.map((word): number | Operand => {
      const operand = Object.hasOwn(operands, word) ? operands[word] : undefined;
      if (operand) return { name: word, ...operand };
      if (/^[\da-f]{2}$/i.test(word)) return Number.parseInt(word, 16);
      throw new IsaError('isa/page', `'${word}' is neither a byte nor an operand`, { path: `page ${page}` });
    });
    return [[page, parts] as const];
  });
  return new Map(prefixes.sort(([, one], [, other]) => other.length - one.length));
}

/** Prefix, opcode, operands: an operand of the prefix is the first of that name in the text. */
function layoutOf(
  prefix: readonly (number | Operand)[],
  opcode: number,
  opcodeBytes: number,
  operands: readonly SyntaxPart[],
): (number | Operand)[] {
  const left = operands.filter((part) => typeof part === 'object');
  const before = prefix.map((part): number | Operand => {
    if (typeof part === 'number') return part;
    const place = left.findIndex(({ name }) => name === part.name);
    return place < 0 ? part : (left.splice(place, 1)[0] as Operand);
  });
  const bytes = Array.from({ length: opcodeBytes }, (_, index) => (opcode >> (8 * (opcodeBytes - 1 - index))) & 0xff);
  return [...before, ...bytes, ...left];
}

const lengthOf = (layout: Encoding['layout']): number =>
  layout.reduce<number>((sum, part) => sum + (typeof part === 'number' ? 1 : part.bytes), 0);

/** Of several encodings of one text the assembler takes the first documented one; the others get a suffix. */
function nameApart(pages: Map<string, (Encoding | undefined)[]>): void {
  const taken = new Map<string, Encoding[]>();
  for (const page of pages.values()) {
    for (const encoding of page) {
      if (!encoding || encoding.length === 0) continue;
      const text = `${encoding.mnemonic} ${operandText(encoding)}`;
      const same = taken.get(text);
      if (same) same.push(encoding);
      else taken.set(text, [encoding]);
    }
  }
  for (const same of taken.values()) {
    const preferred = same.find(({ undocumented }) => !undocumented) ?? same[0];
    for (const encoding of same) {
      if (encoding === preferred) continue;
      const bytes = encoding.layout.filter((part) => typeof part === 'number');
      const suffix = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
      (pages.get(encoding.page) as Encoding[])[encoding.opcode] = {
        ...encoding,
        mnemonic: `${encoding.mnemonic}.${suffix}`,
      };
    }
  }
}

/** What `make` made the first time. */
function kept<Key, Value>(made: Map<Key, Value>, key: Key, make: () => Value): Value {
  if (!made.has(key)) made.set(key, make());
  return made.get(key) as Value;
}

/** All opcodes of a bit pattern, with the values of its fields. */
function* expand(bits: string): Generator<{ opcode: number; fields: Record<string, number> }> {
  const letters = [...new Set(bits.replace(/[01]/g, ''))];
  const variable = bits.replace(/[01]/g, '').length;
  for (let choice = 0; choice < 2 ** variable; choice += 1) {
    const fields = Object.fromEntries(letters.map((letter) => [letter, 0]));
    let opcode = 0;
    let next = variable - 1;
    for (const character of bits) {
      let bit = Number(character);
      if (Number.isNaN(bit)) {
        bit = (choice >> next) & 1;
        next -= 1;
        fields[character] = ((fields[character] as number) << 1) | bit;
      }
      opcode = (opcode << 1) | bit;
    }
    yield { opcode, fields };
  }
}

/**
 * Describe an instruction set. Rows are expanded at once; the RTL of a row is elaborated when it first runs
 * ({@link InstructionSet.check} does all of it).
 *
 * @throws IsaError for overlapping rows, bad widths and faults in the RTL of sequences, views and functions
 */
export const defineInstructionSet = (declaration: InstructionSetDeclaration): InstructionSet =>
  new InstructionSet(declaration);
