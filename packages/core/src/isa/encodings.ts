/** Rows to encodings: which row an opcode of a page has, and the values of its fields. */
import { IsaError } from '../errors.js';
import type { InstructionSetDeclaration, RowDeclaration } from './declaration.js';
import type { Rtl } from './rtl-syntax.js';

/** One encoding of one row. */
export interface Encoding {
  readonly page: string;
  readonly opcode: number;
  readonly row: RowDeclaration;
  /** Values of the row's lettered fields. */
  readonly fields: Readonly<Record<string, number>>;
  /** Not in the data sheet, or the row of another page that stands in here. */
  readonly undocumented: boolean;
}

/** Encodings by opcode. */
export type Page = readonly (Encoding | undefined)[];

/** A row as errors name it. */
export const rowName = ({ encoding, syntax }: RowDeclaration): string => `row ${encoding} ${syntax ?? ''}`.trim();

/** The bits of a row's encoding, without what separates them. */
export const bitsOf = ({ encoding }: RowDeclaration): string => encoding.replace(/[_ ]/g, '');

/** What a piece of RTL is, given the values of the fields that it names: the same text for the same values is the same. */
export class FieldKeys {
  readonly #text: string;
  readonly #used: readonly string[];

  /** @param fields names of all fields */
  constructor(text: string, fields: readonly string[]) {
    this.#text = text;
    this.#used = fields.filter((field) => new RegExp(`\\b${field}\\b`).test(text));
  }

  of(fields: Encoding['fields']): string {
    let key = this.#text;
    for (const field of this.#used) key += `;${field}=${fields[field]}`;
    return key;
  }
}

/** Letters that are fields of an encoding. */
export const fieldsOf = (row: RowDeclaration): string[] => [...new Set(bitsOf(row).replace(/[01]/g, ''))];

/**
 * The encodings of all pages.
 *
 * @param holds whether the condition of a row holds for the values of its fields
 */
export function expandRows(
  { rows, pages: declared = {} }: InstructionSetDeclaration,
  holds: (condition: Rtl, fields: Encoding['fields'], where: string) => boolean,
): ReadonlyMap<string, Page> {
  const pages = new Map<string, (Encoding | undefined)[]>();
  const pageNamed = (name: string): (Encoding | undefined)[] => {
    const page = pages.get(name) ?? [];
    pages.set(name, page);
    return page;
  };
  const known = new Map<string, boolean>();
  for (const row of rows) {
    const where = rowName(row);
    const bits = bitsOf(row);
    if (!/^[01a-z]+$/.test(bits) || bits.length > 16) {
      throw new IsaError('isa/encoding', 'an encoding is 0, 1 and letters of fields', { path: where });
    }
    const name = row.page ?? 'main';
    const page = pageNamed(name);
    const undocumented = row.undocumented === true;
    const { where: condition } = row;
    const keys = condition && new FieldKeys(condition.rtl, fieldsOf(row));
    for (const { opcode, fields } of expand(bits)) {
      if (condition && keys) {
        const key = keys.of(fields);
        const isOfRow = known.get(key) ?? holds(condition, fields, where);
        known.set(key, isOfRow);
        if (!isOfRow) continue;
      }
      const other = page[opcode];
      if (other) {
        const text = `the encoding ${opcode.toString(16)} is taken by ${other.row.syntax ?? 'a prefix'}`;
        throw new IsaError('isa/overlap', text, { path: where });
      }
      page[opcode] = { page: name, opcode, row, fields, undocumented };
    }
  }
  for (const [name, { otherwise }] of Object.entries(declared)) {
    const page = pageNamed(name);
    if (otherwise === undefined) continue;
    pages.get(otherwise)?.forEach((encoding, opcode) => {
      if (encoding) page[opcode] ??= { ...encoding, page: name, undocumented: true };
    });
  }
  return pages;
}

/** All opcodes of a bit pattern, with the values of its fields. */
function expand(bits: string): { opcode: number; fields: Record<string, number> }[] {
  const letters = [...new Set(bits.replace(/[01]/g, ''))];
  const variable = bits.replace(/[01]/g, '').length;
  return Array.from({ length: 2 ** variable }, (_, choice) => {
    const fields: Record<string, number> = {};
    for (const letter of letters) fields[letter] = 0;
    let opcode = 0;
    let next = variable - 1;
    for (const character of bits) {
      let bit = character === '1' ? 1 : 0;
      if (character > '1') {
        bit = (choice >> next) & 1;
        next -= 1;
        fields[character] = ((fields[character] as number) << 1) | bit;
      }
      opcode = (opcode << 1) | bit;
    }
    return { opcode, fields };
  });
}
