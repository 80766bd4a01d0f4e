/** Chips with several parts that are alike: each part has all fields, under its own name. */
import type { Fields, StateOf } from '@backplane/core';

/** The fields of all parts, as a device declares them. */
export const fieldsOfParts = (parts: readonly string[], fields: Fields): Fields =>
  Object.fromEntries(
    parts.flatMap((part) => Object.entries(fields).map(([name, field]) => [`${part}.${name}`, field] as const)),
  );

/** The fields of one part, as plain properties. */
export function partOf<F extends Fields>(state: StateOf<Fields>, part: string, fields: F): StateOf<F> {
  const own = {};
  for (const name of Object.keys(fields)) {
    const key = `${part}.${name}`;
    Object.defineProperty(own, name, {
      get: () => state[key],
      set(value: number) {
        state[key] = value;
      },
    });
  }
  return own as StateOf<F>;
}
