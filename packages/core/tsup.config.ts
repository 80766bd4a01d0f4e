import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

/** Bundled into core: development dependencies, so that who installs core installs nothing else. */
const bundled = ['zod', 'eventemitter3'];

// Declarations are bundled by rollup.types.config.js. fast-check alone stays outside: it is an optional peer, needed
// only by `@backplane/core/testing`.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    assembler: 'src/assembler.ts',
    interpreter: 'src/interpreter.ts',
    testing: 'src/testing/index.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  sourcemap: true,
  clean: true,
  silent: true,
  async onSuccess() {
    const licences = bundled.map((name) => {
      const file = readdirSync(`node_modules/${name}`).find((entry) => /^licen[cs]e/i.test(entry));
      return `${name}\n\n${readFileSync(`node_modules/${name}/${file}`, 'utf8').trim()}\n`;
    });
    writeFileSync('dist/THIRD-PARTY-LICENSES.txt', licences.join('\n----\n\n'));
  },
});
