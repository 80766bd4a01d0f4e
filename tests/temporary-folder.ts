import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished } from 'vitest';

/** A folder for a test, or for all tests of a file, outside the checkout so that nothing of it is found by accident. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'backplane-')));
  const isInTest = expect.getState().currentTestName !== undefined;
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  if (isInTest) onTestFinished(remove);
  else afterAll(remove);
  return folder;
}
