import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeWithReferences, referencePath } from '../references.js';

describeWithReferences('reference data', () => {
  test('is what scripts/references.json lists', () => {
    const script = fileURLToPath(new URL('../../scripts/references.mjs', import.meta.url));
    const nowhere = 'http://127.0.0.1:1';
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [script, '--into', referencePath('..'), '--origin', nowhere],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^0 fetched, (\d+) already there, 0 missing of \1 published files/);
  });
});
