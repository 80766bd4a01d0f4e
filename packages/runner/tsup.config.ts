import { cp } from 'node:fs/promises';
import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    backplane: 'src/backplane.ts',
    index: 'src/index.ts',
    'fuzz-worker': 'src/fuzz/worker.ts',
    'fuzz-serve': 'src/fuzz/serve.ts',
  },
  format: 'esm',
  target: 'node20',
  platform: 'node',
  sourcemap: true,
  clean: true,
  silent: true,
  dts: { entry: { index: 'src/index.ts' } },
  // The ready-made machines are found by name wherever the command is run, so they go where the command is.
  onSuccess: () => cp('../../machines', 'dist/machines', { recursive: true }),
});
