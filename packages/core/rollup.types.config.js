import { dts } from 'rollup-plugin-dts';

// tsup's own bundling of declarations cannot follow zod's: it takes the ones of the CommonJS half and loses them.
// This is the same plugin, told to inline what is bundled, so that `z` of core is typed where zod is not installed.

/** The plugin copies `out T` of an interface to the aliases it makes of it, where TypeScript does not allow it. */
const withoutVarianceOfAliases = {
  name: 'without-variance-of-aliases',
  renderChunk: (code) => code.replace(/^type [^=\n]*<.*/gm, (alias) => alias.replace(/\b(?:in|out) (?=[A-Z])/g, '')),
};

export default {
  input: {
    index: 'src/index.ts',
    assembler: 'src/assembler.ts',
    fuzz: 'src/fuzz/index.ts',
    history: 'src/history/index.ts',
    interpreter: 'src/interpreter.ts',
    'json-schema': 'src/json-schema.ts',
    testing: 'src/testing/index.ts',
  },
  output: { dir: 'dist', format: 'esm' },
  external: ['fast-check'],
  plugins: [dts({ respectExternal: true, tsconfig: 'tsconfig.json' }), withoutVarianceOfAliases],
};
