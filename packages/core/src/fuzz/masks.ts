/** What is known to differ and is not to be told again: a list that says of each entry why. */
import { BackplaneError } from '../errors.js';
import { type Instruction, operandText } from '../isa/instructions.js';
import * as z from '../zod.js';

const maskSchema = z.strictObject({
  /** A register; with `bits` only these of it. */
  register: z.string().optional(),
  bits: z.union([z.int(), z.string().regex(/^0x[0-9a-f]+$/i)]).optional(),
  /** Cycle counts, bus cycles, memory or ports. */
  what: z.enum(['cycles', 'accesses', 'ram', 'ports']).optional(),
  /** Of these instructions only: mnemonic, text, bytes, or `prefixes`. Alone: they are not run at all. */
  instruction: z.union([z.string(), z.array(z.string())]).optional(),
  /** A pin that is left alone. */
  pin: z.string().optional(),
  why: z.string().min(1),
});

/** Something that is known to differ. */
export type Mask = z.infer<typeof maskSchema>;

/** What prefixes are called that lead to no instruction. */
export const PREFIXES = 'prefixes';

/** The text of an instruction, such as `adc (n),y`. */
export const instructionText = (instruction: Instruction): string =>
  `${instruction.mnemonic} ${operandText(instruction)}`.trim();

const isNamed = (instruction: Instruction, names: readonly string[]): boolean => {
  const bytes = instruction.layout
    .map((part) => (typeof part === 'number' ? part.toString(16).padStart(2, '0') : '__'))
    .join(' ');
  const { mnemonic } = instruction;
  const texts = [
    instructionText(instruction),
    mnemonic,
    mnemonic.replace(/\..*/, ''),
    bytes.replace(/( __)+$/, ''),
    bytes,
  ];
  return names.some((name) => texts.includes(name.toLowerCase()));
};

export class Masks {
  readonly #masks: readonly (Mask & { readonly instructions: readonly string[] | undefined })[];
  readonly #known = new Map<Instruction, { readonly isOut: boolean; readonly isLast: boolean }>();

  readonly #only: readonly string[] | undefined;

  /**
   * @param only instructions that programs are made of, named as in a mask; all unless given
   * @throws BackplaneError `fuzz/masks` if it is no list of masks
   */
  constructor(masks: unknown = [], only?: readonly string[]) {
    this.#only = only;
    const { data, error } = z.array(maskSchema).safeParse(masks);
    if (!data) {
      const [issue] = error.issues;
      throw new BackplaneError('fuzz/masks', issue?.message ?? 'no list of masks', {
        path: issue?.path.join('.') || 'masks',
        mend: 'write [{ "register": "p", "bits": "0x30", "why": "they are no flags" }]',
      });
    }
    this.#masks = data.map((mask) => ({
      ...mask,
      instructions: mask.instruction === undefined ? undefined : [mask.instruction].flat(),
    }));
  }

  #about(instruction: Instruction) {
    let known = this.#known.get(instruction);
    if (!known) {
      const of = this.#masks.filter(({ instructions }) => instructions && isNamed(instruction, instructions));
      const isMasked = of.some(({ register, what }) => register === undefined && what === undefined);
      const isOut = isMasked || (this.#only !== undefined && !isNamed(instruction, this.#only));
      known = { isOut, isLast: of.length > 0 };
      this.#known.set(instruction, known);
    }
    return known;
  }

  /** Whether programs may have an instruction. */
  allows(instruction: Instruction): boolean {
    return !this.#about(instruction).isOut;
  }

  /** Whether programs may have prefixes that lead to no instruction. */
  get allowsPrefixes(): boolean {
    return this.#masks.every(({ instructions }) => !instructions?.includes(PREFIXES));
  }

  /** Whether a program is to end with this instruction, for nothing after it would be the same. */
  isLast(instruction: Instruction): boolean {
    return this.#about(instruction).isLast;
  }

  allowsPin(name: string): boolean {
    return this.#masks.every(({ pin }) => pin !== name);
  }

  /** The bits of a register that are compared after an instruction. */
  bits(register: string, instruction: Instruction | undefined): number {
    return this.#masks.reduce((bits, mask) => {
      if (mask.register !== register || !this.#applies(mask.instructions, instruction)) return bits;
      return bits & ~Number(mask.bits ?? -1);
    }, -1);
  }

  compares(what: NonNullable<Mask['what']>, instruction: Instruction | undefined): boolean {
    return this.#masks.every((mask) => mask.what !== what || !this.#applies(mask.instructions, instruction));
  }

  #applies(instructions: readonly string[] | undefined, instruction: Instruction | undefined): boolean {
    return instructions === undefined || (instruction !== undefined && isNamed(instruction, instructions));
  }
}
