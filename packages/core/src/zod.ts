/**
 * The part of zod that machine configs are made of, handed on to plugins as `z`. The whole of zod takes 92 KB
 * compressed, these names 29.
 */
export type { infer, input, output, RefinementCtx, ZodError, ZodType } from 'zod';
export {
  array,
  boolean,
  enum,
  int,
  literal,
  looseObject,
  NEVER,
  number,
  object,
  record,
  strictObject,
  string,
  union,
} from 'zod';
