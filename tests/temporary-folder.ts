import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder for the tests of one file, outside the checkout so that nothing of it is found by accident. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'backplane-')));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
