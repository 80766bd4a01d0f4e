import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder;

/** A folder for this run, gone at its end. */
export function temporaryFolder() {
  if (!folder) {
    folder = mkdtempSync(join(tmpdir(), 'backplane-bench-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  }
  return folder;
}
