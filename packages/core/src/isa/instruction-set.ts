/** An instruction set made ready: names laid out, encodings expanded, bodies elaborated when first asked for. */
import { BackplaneError, IsaError, suggest } from '../errors.js';
import type { InputDeclaration, InstructionSetDeclaration, OperandDeclaration, RowDeclaration } from './declaration.js';
import { Elaborator } from './elaborate.js';
import { type Encoding, expandRows, FieldKeys, fieldsOf, type Page, rowName } from './encodings.js';
import { type Instruction, Instructions } from './instructions.js';
import { type Body, type Expression, someExpression } from './ir.js';
import { FIRST_REGISTER } from './words.js';

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
  /** Words of the registers that count by themselves. */
  readonly counters: ReadonlySet<number>;
  readonly inputs: readonly Input[];
  /** Encodings by page and opcode. */
  readonly pages: ReadonlyMap<string, Page>;
  readonly #elaborator: Elaborator;
  readonly #bodies = new Map<Encoding, Body>();
  /** By what makes them: the code, and the values of the fields in it. */
  readonly #alike = new Map<string, Body>();
  readonly #keys = new Map<RowDeclaration, FieldKeys>();
  readonly #getters = new Map<string, Expression>();
  readonly #setters = new Map<string, Body | undefined>();
  readonly #edgeActions = new Map<string, Body | undefined>();
  readonly #conditions = new Map<string, Expression | undefined>();
  #instructions: Instructions | undefined;
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
    this.counters = new Set(
      (declaration.counters ?? []).map((name) => {
        const word = this.registers.get(name);
        if (word !== undefined) return word;
        throw new IsaError('isa/counters', `no register '${name}'`, {
          path: declaration.name,
          mend: suggest(name, names),
        });
      }),
    );
    // All of one shape: an interrupt looks at them each time.
    this.inputs = Object.entries(declaration.inputs ?? {}).map(
      ([name, { sense, level, on, stalls, resets, daisyChain }], index) => ({
        name,
        sense,
        level,
        on,
        stalls,
        resets,
        daisyChain,
        levelBit: index,
        edgeBit: index + 16,
      }),
    );
    const inputBits = this.inputs.flatMap(
      ({ name, sense, level, levelBit, edgeBit }): (readonly [string, number])[] => [
        [name, sense === 'edge' ? edgeBit : levelBit],
        ...(level ? ([[level, levelBit]] as const) : []),
      ],
    );
    this.#elaborator = new Elaborator(declaration, { registers: this.registers, inputs: new Map(inputBits) });
    this.pages = expandRows(declaration, (condition, fields, where) =>
      this.#elaborator.holds(condition, fields, where),
    );
    if (!this.registers.has(declaration.programCounter)) {
      throw new IsaError('isa/program-counter', `no register '${declaration.programCounter}'`, {
        path: declaration.name,
      });
    }
  }

  /** All instructions, page by page. */
  get encodings(): readonly Instruction[] {
    return this.instructions.all;
  }

  /** How instructions are written and lie in memory; made when first asked for, for engines do without. */
  get instructions(): Instructions {
    this.#instructions ??= new Instructions(this.declaration, this.pages);
    return this.#instructions;
  }

  get operands(): Readonly<Record<string, OperandDeclaration>> {
    return this.declaration.operands ?? {};
  }

  /** What an encoding does after its opcode was fetched. */
  body(encoding: Encoding): Body {
    // Asked for several times while a module is printed.
    let body = this.#bodies.get(encoding);
    if (!body) {
      body = this.#elaborated(encoding);
      this.#bodies.set(encoding, body);
    }
    return body;
  }

  #elaborated({ row, fields }: Encoding): Body {
    const code = [row.code].flat();
    const keys = kept(this.#keys, row, () => new FieldKeys(code.map(({ rtl }) => rtl).join('\n'), fieldsOf(row)));
    return kept(this.#alike, keys.of(fields), () => this.#elaborator.row(code, fields, rowName(row)));
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
    void [this.step, this.reset, this.instructions];
    for (const name of this.declaration.shown) void [this.getter(name), this.setter(name)];
  }
}

/** What `make` made the first time. */
function kept<Key, Value>(made: Map<Key, Value>, key: Key, make: () => Value): Value {
  if (!made.has(key)) made.set(key, make());
  return made.get(key) as Value;
}

/**
 * Describe an instruction set. Rows are expanded at once; the RTL of a row is elaborated when it first runs
 * ({@link InstructionSet.check} does all of it).
 *
 * @throws IsaError for overlapping rows, bad widths and faults in the RTL of sequences, views and functions
 */
export const defineInstructionSet = (declaration: InstructionSetDeclaration): InstructionSet =>
  new InstructionSet(declaration);
