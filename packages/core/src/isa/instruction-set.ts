/** An instruction set made ready: names laid out, encodings expanded, bodies elaborated when first asked for. */
import { BackplaneError, IsaError } from '../errors.js';
import type { InputDeclaration, InstructionSetDeclaration, OperandDeclaration, RowDeclaration } from './declaration.js';
import { Elaborator } from './elaborate.js';
import { type Body, type Expression, someExpression } from './ir.js';
import { FIRST_REGISTER } from './words.js';

/** One encoding of one row. */
export interface Encoding {
  readonly page: string;
  readonly opcode: number;
  readonly row: RowDeclaration;
  /** Values of the row's lettered fields. */
  readonly fields: Readonly<Record<string, number>>;
  /** Mnemonic in lower case; one that the assembler would not choose by itself has its opcode as suffix: `nop.1a`. */
  readonly mnemonic: string;
  /** Operand text in lower case with operand tokens, such as `(n),y`. */
  readonly operands: string;
  /** Operand tokens in order. */
  readonly tokens: readonly string[];
  /** Length of the whole instruction in bytes. */
  readonly length: number;
}

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
  readonly #elaborator: Elaborator;
  readonly #bodies = new Map<Encoding, Body>();
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
    this.pages = this.#expandRows();
    if (!this.registers.has(declaration.programCounter)) {
      throw new IsaError('isa/program-counter', `no register '${declaration.programCounter}'`, {
        path: declaration.name,
      });
    }
  }

  /** All encodings, page by page. */
  get encodings(): readonly Encoding[] {
    return [...this.pages.values()].flatMap((page) => page.filter((encoding) => encoding !== undefined));
  }

  get operands(): Readonly<Record<string, OperandDeclaration>> {
    return this.declaration.operands ?? {};
  }

  /** What an encoding does after its opcode was fetched. */
  body(encoding: Encoding): Body {
    let body = this.#bodies.get(encoding);
    if (!body) {
      const { code } = encoding.row;
      const where = `row ${encoding.row.encoding} ${encoding.row.syntax}`;
      body = this.#elaborator.row(Array.isArray(code) ? code : [code as never], encoding.fields, where);
      this.#bodies.set(encoding, body);
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
    for (const encoding of this.encodings) this.body(encoding);
    void [this.step, this.reset];
    for (const name of this.declaration.shown) void [this.getter(name), this.setter(name)];
  }

  #expandRows(): Map<string, (Encoding | undefined)[]> {
    const pages = new Map<string, (Encoding | undefined)[]>();
    const taken = new Map<string, Encoding[]>();
    for (const row of this.declaration.rows) {
      const where = `row ${row.encoding} ${row.syntax}`;
      const bits = row.encoding.replace(/[_ ]/g, '');
      if (!/^[01a-z]+$/.test(bits) || bits.length > 16) {
        throw new IsaError('isa/encoding', 'an encoding is 0, 1 and letters of fields', { path: where });
      }
      const pageName = row.page ?? 'main';
      const page = pages.get(pageName) ?? [];
      pages.set(pageName, page);
      for (const { opcode, fields } of expand(bits)) {
        if (row.where && !this.#elaborator.holds(row.where, fields, where)) continue;
        const other = page[opcode];
        if (other) {
          throw new IsaError('isa/overlap', `the encoding ${opcode.toString(16)} is taken by ${other.row.syntax}`, {
            path: where,
          });
        }
        const encoding = this.#encoding(row, pageName, opcode, fields, Math.ceil(bits.length / 8));
        page[opcode] = encoding;
        const text = `${encoding.mnemonic} ${encoding.operands}`;
        taken.set(text, [...(taken.get(text) ?? []), encoding]);
      }
    }
    // Of several encodings of one text the assembler takes the first documented one; the others get a suffix.
    for (const [, same] of taken) {
      const preferred = same.find(({ row }) => !row.undocumented) ?? same[0];
      for (const encoding of same) {
        if (encoding === preferred) continue;
        const page = pages.get(encoding.page) as (Encoding | undefined)[];
        page[encoding.opcode] = {
          ...encoding,
          mnemonic: `${encoding.mnemonic}.${encoding.opcode.toString(16).padStart(2, '0')}`,
        };
      }
    }
    return pages;
  }

  #encoding(
    row: RowDeclaration,
    page: string,
    opcode: number,
    fields: Readonly<Record<string, number>>,
    opcodeBytes: number,
  ): Encoding {
    const text = row.syntax.toLowerCase().trim();
    const space = text.indexOf(' ');
    const mnemonic = space < 0 ? text : text.slice(0, space);
    const operands = space < 0 ? '' : text.slice(space + 1).replace(/\s+/g, '');
    const tokens = (operands.match(/[a-z]\w*/g) ?? []).filter((word) => Object.hasOwn(this.operands, word));
    const length =
      opcodeBytes + tokens.reduce((sum, token) => sum + (this.operands[token] as OperandDeclaration).bytes, 0);
    return { page, opcode, row, fields, mnemonic, operands, tokens, length };
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
