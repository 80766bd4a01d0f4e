/**
 * Declared state: a device says which numbers it keeps, and gets them back as plain properties that live in the
 * machine's arena. What lives in the arena is checkpointed, restored, compared and snapshotted without the device
 * doing anything.
 */

/** How one field is stored. */
export type FieldKind = 'bit' | 'u8' | 'u16' | 'u32' | 'i32' | 'f64' | 'bytes';

/** A declared field: what it holds and what it starts as. Made by {@link bit}, {@link u8}, … never by hand. */
export interface Field<Kind extends FieldKind = FieldKind> {
  readonly kind: Kind;
  /** Value after power-on (numbers) or fill byte (arrays). */
  readonly initial: number;
  /** Number of elements of an array field, 1 for a number. */
  readonly length: number;
}

/** Named fields, as `state` of a device returns them. */
export type Fields = Readonly<Record<string, Field>>;

/** What a device sees of its fields: numbers as numbers, `bytes` as a `Uint8Array` over the arena. */
export type StateOf<F extends Fields> = {
  -readonly [Name in keyof F]: F[Name] extends Field<'bytes'> ? Uint8Array : number;
};

const numeric =
  <Kind extends FieldKind>(kind: Kind) =>
  (initial = 0): Field<Kind> => ({ kind, initial, length: 1 });

/** One bit: what is assigned is reduced to 0 or 1 (any odd number is 1). */
export const bit = numeric('bit');
/** An unsigned byte; assignment wraps. */
export const u8 = numeric('u8');
/** An unsigned 16-bit number; assignment wraps. */
export const u16 = numeric('u16');
/** An unsigned 32-bit number; assignment wraps. */
export const u32 = numeric('u32');
/** A signed 32-bit number; assignment wraps. */
export const i32 = numeric('i32');
/** A double: for times in clock cycles, which outgrow 32 bits. */
export const f64 = numeric('f64');
/** `length` bytes, each `fill` after power-on. */
export const bytes = (length: number, fill = 0): Field<'bytes'> => ({ kind: 'bytes', initial: fill, length });
