import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, type TestContext, test } from 'vitest';

const checkout = fileURLToPath(new URL('..', import.meta.url));

/**
 * Where the reference data lies: the folder that `BACKPLANE_REFERENCES` names, else `../shared` beside the checkout,
 * else the cache that `pnpm references` fills. It holds `reference/` (vectors, traces, test programs) and `software/`.
 */
function findRoot(): string | undefined {
  const named = process.env.BACKPLANE_REFERENCES;
  if (named) {
    if (existsSync(join(named, 'reference'))) return named;
    throw new Error(`BACKPLANE_REFERENCES: ${named} has no folder 'reference'`);
  }
  return [join(checkout, '../shared'), join(checkout, '.references')].find((root) =>
    existsSync(join(root, 'reference')),
  );
}

const root = findRoot();
const required = Boolean(process.env.CI) || process.env.BACKPLANE_REQUIRE_REFERENCES === '1';

export const hasReferences = root !== undefined;

/** Path of a vector, a trace or a test program: `referencePath('singlestep/6502/a9.json.gz')`. */
export const referencePath = (relative: string): string => join(root ?? missing(), 'reference', relative);

/** Path of real software or of what a right run of it prints: `softwarePath('expected/taliforth2.txt')`. */
export const softwarePath = (relative: string): string => join(root ?? missing(), 'software', relative);

/**
 * A suite that needs reference data, all of it or just the files or folders in `needs` (`'reference/interrupts/6502'`).
 * Where they are missing the suite is skipped and the summary says so; where they are required (`CI`, or
 * `BACKPLANE_REQUIRE_REFERENCES=1`) it fails.
 */
export function describeWithReferences(name: string, suite: () => void, ...needs: string[]): void {
  const absent = root === undefined ? ['reference data'] : needs.filter((path) => !existsSync(join(root, path)));
  if (absent.length === 0) describe(name, suite);
  else if (required) describe(name, () => test('has its reference data', () => expect(absent).toEqual([])));
  else describe(name, () => test('needs reference data', (context) => skip(context, absent)));
}

/** The reporter finds skipped suites by this mark. */
function skip(context: TestContext, absent: string[]): void {
  context.task.meta.missingReferences = absent;
  context.skip();
}

declare module 'vitest' {
  interface TaskMeta {
    missingReferences?: string[];
  }
}

function missing(): never {
  throw new Error('no reference data: use describeWithReferences');
}
