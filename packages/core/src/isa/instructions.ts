/** Encodings as they are written and as they lie in memory: what assembler, disassembler and laws need of them. */
import { IsaError } from '../errors.js';
import type { InstructionSetDeclaration } from './declaration.js';
import { bitsOf, type Encoding, fieldsOf, type Page, rowName } from './encodings.js';
import { type Operand, readSyntax, type Syntax, type SyntaxPart } from './syntax.js';

/** An encoding that is an instruction, not a prefix of one. */
export interface Instruction extends Encoding {
  /** Mnemonic in lower case; one that the assembler would not choose by itself has its bytes as suffix: `nop.1a`. */
  readonly mnemonic: string;
  /** What is written after the mnemonic. */
  readonly operands: readonly SyntaxPart[];
  /** Bytes and operands as they lie in memory. */
  readonly layout: readonly (number | Operand)[];
  /** Length of the whole instruction in bytes. */
  readonly length: number;
}

/** The text after a mnemonic, with operand tokens, such as `(n),y`. */
export const operandText = ({ operands }: Pick<Instruction, 'operands'>): string =>
  operands.map((part) => (typeof part === 'string' ? part : part.name)).join('');

/** The instructions of an ISA by the bytes and the text they have. */
export class Instructions {
  readonly all: readonly Instruction[];
  readonly #pages = new Map<string, (Instruction | undefined)[]>();
  /** What lies before the opcodes of each page that is in memory, the longest first. */
  readonly #prefixes: ReadonlyMap<string, readonly (number | Operand)[]>;

  constructor(declaration: InstructionSetDeclaration, pages: ReadonlyMap<string, Page>) {
    this.#prefixes = prefixesOf(declaration);
    const readers = new Map<Encoding['row'], (fields: Encoding['fields']) => Syntax>();
    for (const row of declaration.rows) {
      if (row.syntax === undefined) continue;
      if (!this.#prefixes.has(row.page ?? 'main')) {
        throw new IsaError('isa/page', `the page '${row.page}' has no prefix`, {
          path: rowName(row),
          mend: `give it one in 'pages', or the row no syntax`,
        });
      }
      readers.set(row, readSyntax(row.syntax, declaration, fieldsOf(row), rowName(row)));
    }
    for (const [name, page] of pages) {
      const prefix = this.#prefixes.get(name);
      if (!prefix) continue;
      const written = page.map((encoding): Instruction | undefined => {
        const read = encoding && readers.get(encoding.row);
        if (!read) return undefined;
        const syntax = read(encoding.fields);
        const layout = layoutOf(prefix, encoding, syntax.operands);
        // What is in memory and not in the text cannot be written.
        const isWhole = layout.every((part) => typeof part === 'number' || syntax.operands.includes(part));
        return isWhole ? { ...encoding, ...syntax, layout, length: lengthOf(layout) } : undefined;
      });
      this.#pages.set(name, written);
    }
    nameApart(this.#pages);
    this.all = [...this.#pages.values()].flatMap((page) => page.filter((instruction) => instruction !== undefined));
  }

  /** The instruction at an address of which `byteAt` gives the bytes, counted from it. */
  at(byteAt: (offset: number) => number): Instruction | undefined {
    for (const [page, prefix] of this.#prefixes) {
      let offset = 0;
      const fits = prefix.every((part) => {
        const at = offset;
        offset += typeof part === 'number' ? 1 : part.bytes;
        return typeof part !== 'number' || byteAt(at) === part;
      });
      const instruction = fits ? this.#pages.get(page)?.[byteAt(offset)] : undefined;
      if (instruction) return instruction;
    }
    return undefined;
  }
}

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
  { opcode, row }: Encoding,
  operands: readonly SyntaxPart[],
): (number | Operand)[] {
  const left = operands.filter((part) => typeof part === 'object');
  const before = prefix.map((part): number | Operand => {
    if (typeof part === 'number') return part;
    const place = left.findIndex(({ name }) => name === part.name);
    return place < 0 ? part : (left.splice(place, 1)[0] as Operand);
  });
  const size = Math.ceil(bitsOf(row).length / 8);
  const bytes = Array.from({ length: size }, (_, index) => (opcode >> (8 * (size - 1 - index))) & 0xff);
  return [...before, ...bytes, ...left];
}

const lengthOf = (layout: Instruction['layout']): number =>
  layout.reduce<number>((sum, part) => sum + (typeof part === 'number' ? 1 : part.bytes), 0);

/** Of several encodings of one text the assembler takes the first documented one; the others get a suffix. */
function nameApart(pages: Map<string, (Instruction | undefined)[]>): void {
  const taken = new Map<string, Instruction[]>();
  for (const page of pages.values()) {
    for (const encoding of page) {
      if (!encoding) continue;
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
      (pages.get(encoding.page) as Instruction[])[encoding.opcode] = {
        ...encoding,
        mnemonic: `${encoding.mnemonic}.${suffix}`,
      };
    }
  }
}
