import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = fileURLToPath(new URL('..', import.meta.url));
export const inBenchmarks = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A file of the reference data (`reference/…`, `software/…`), undefined where there is none: see tests/references.ts. */
export function findReference(path) {
  const { BACKPLANE_REFERENCES: named } = process.env;
  const roots = named ? [named] : [join(checkout, '../shared'), join(checkout, '.references')];
  return roots.map((root) => join(root, path)).find((file) => existsSync(file));
}
