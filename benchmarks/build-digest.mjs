import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './paths.mjs';

/** Digest of the built packages: contenders load them at different times, and all must get the same. */
export function buildDigest() {
  const hash = createHash('sha256');
  for (const name of ['core', 'cpu-6502', 'cpu-z80', 'devices', 'runner']) {
    const folder = join(checkout, 'packages', name, 'dist');
    const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
    for (const file of files.sort()) hash.update(file).update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 12);
}
