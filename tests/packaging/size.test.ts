import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('core, zod included, loads in a browser bundle and takes at most 60 KB compressed', async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../packages/core/dist/index.js', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser', // a Node built-in would not resolve
    logLevel: 'silent',
    write: false,
  });
  expect(gzipSync(outputFiles[0].contents, { level: 9 }).length).toBeLessThanOrEqual(60 * 1024);
});
