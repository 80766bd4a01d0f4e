/** Syntaxes of rows: text with operands, names from tables and values of fields in it. */
import { IsaError } from '../errors.js';
import type { InstructionSetDeclaration, OperandDeclaration } from './declaration.js';

/** A place for bytes in a syntax. */
export interface Operand extends OperandDeclaration {
  /** Its token in `operands`. */
  readonly name: string;
}

/** Text in lower case, and operands. */
export type SyntaxPart = string | Operand;

/** What an instruction is written like. */
export interface Syntax {
  readonly mnemonic: string;
  readonly operands: readonly SyntaxPart[];
}

type Piece =
  | string
  | Operand
  | { readonly table: readonly string[]; readonly field: string }
  | { readonly field: string };

const WORD = /([A-Za-z_]\w*)(?:\[(\w+)\])?|\s+|[^\sA-Za-z_]+/g;

/** Read a syntax once; what comes back writes it for the values of the fields. */
export function readSyntax(
  text: string,
  { operands = {}, tables = {} }: Pick<InstructionSetDeclaration, 'operands' | 'tables'>,
  fieldNames: readonly string[],
  where: string,
): (fields: Readonly<Record<string, number>>) => Syntax {
  const [, mnemonic = '', rest = ''] = /^\s*(\S+)\s*(.*)$/s.exec(text) ?? [];
  const pieces = (part: string): Piece[] =>
    Array.from(part.matchAll(WORD), ([whole, word, index]): Piece => {
      if (word === undefined) return whole.trim();
      if (index !== undefined) {
        const table = Object.hasOwn(tables, word) ? tables[word] : undefined;
        if (!table) throw new IsaError('isa/table', `no table '${word}'`, { path: where });
        if (!fieldNames.includes(index)) throw new IsaError('isa/table', `no field '${index}'`, { path: where });
        return { table, field: index };
      }
      if (Object.hasOwn(operands, word)) return { name: word, ...operands[word] } as Operand;
      return fieldNames.includes(word) ? { field: word } : word.toLowerCase();
    });
  const written = (part: readonly Piece[], fields: Readonly<Record<string, number>>): SyntaxPart[] => {
    const result: SyntaxPart[] = [];
    for (const piece of part) {
      if (typeof piece === 'object' && 'name' in piece) {
        // Of its own, so that the same token twice is two operands.
        result.push({ ...piece });
        continue;
      }
      const shown = typeof piece === 'string' ? piece : shownValue(piece, fields, where);
      const last = result.at(-1);
      if (typeof last === 'string') result[result.length - 1] = last + shown;
      else if (shown !== '') result.push(shown);
    }
    return result;
  };
  const [mnemonicPieces, operandPieces] = [pieces(mnemonic), pieces(rest)];
  return (fields) => ({
    mnemonic: written(mnemonicPieces, fields).join(''),
    operands: written(operandPieces, fields),
  });
}

function shownValue(
  piece: Exclude<Piece, string | Operand>,
  fields: Readonly<Record<string, number>>,
  where: string,
): string {
  const value = fields[piece.field] as number;
  if (!('table' in piece)) return `${value}`;
  const found = piece.table[value];
  if (found === undefined) throw new IsaError('isa/table', `the table has nothing at ${value}`, { path: where });
  return found.toLowerCase();
}
