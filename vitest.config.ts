import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const minutes = 60_000;

export default defineConfig({
  resolve: {
    // Tests run on the sources: no build is needed, and a failure points at the line that was written.
    alias: [
      { find: '@backplane/core/assembler', replacement: source('packages/core/src/assembler.ts') },
      { find: '@backplane/core/fuzz', replacement: source('packages/core/src/fuzz/index.ts') },
      { find: '@backplane/core/history', replacement: source('packages/core/src/history/index.ts') },
      { find: '@backplane/core/interpreter', replacement: source('packages/core/src/interpreter.ts') },
      { find: '@backplane/core/json-schema', replacement: source('packages/core/src/json-schema.ts') },
      { find: '@backplane/core/testing', replacement: source('packages/core/src/testing/index.ts') },
      { find: /^@backplane\/([a-z0-9-]+)$/, replacement: `${source('packages/')}$1/src/index.ts` },
    ],
  },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './tests/conformance-reporter.ts', './tests/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{packages,scripts,examples,tests}/**/*.test.ts'],
          exclude: ['tests/{conformance,packaging}/**', '**/node_modules/**', '**/dist/**'],
          testTimeout: 4 * minutes,
        },
      },
      {
        extends: true,
        test: { name: 'conformance', include: ['tests/conformance/**/*.test.ts'], testTimeout: 10 * minutes },
      },
      {
        // What is published: these need `pnpm build` first.
        extends: true,
        test: {
          name: 'packaging',
          include: ['tests/packaging/**/*.test.ts'],
          testTimeout: 5 * minutes,
          hookTimeout: 5 * minutes,
        },
      },
    ],
  },
});
