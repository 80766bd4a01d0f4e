import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

/** Bundled into core: development dependencies, so that who installs core installs nothing else. */
const bundled = ['zod', 'eventemitter3'];

/**
 * zod's schemas bring with them how they become JSON Schema: 5 KB of core's 60, compressed, that only the entry
 * `json-schema` needs. Without these lines zod looks it up by the schema's type, which it does for that entry. Another KB
 * is how they become functions by `new Function`, which pays only where thousands of objects are read. One more is how
 * objects are read that contain themselves: no schema of ours goes that deep.
 */
const leanZod: Plugin = {
  name: 'lean-zod',
  setup(build) {
    build.onLoad({ filter: /zod\/v4\/classic\/schemas\.js$/ }, ({ path }) => {
      const cut = (text: string, pattern: RegExp, replacement: string): string => {
        if (!pattern.test(text)) throw new Error(`${path} has changed: nothing matches ${pattern}`);
        return text.replace(pattern, replacement);
      };
      const methods = '{ createStandardJSONSchemaMethod, createToJSONSchemaMethod }';
      const source = readFileSync(path, 'utf8');
      const interpreted = cut(source, /\$ZodObjectJIT\.init/, '$ZodObject.init');
      const acyclic = cut(interpreted, /if \(!core\.globalConfig\.memoizer\)\s*core\.config\(\{.*\}\);/, '');
      const bare = cut(acyclic, /^\s*inst\._zod\.processJSONSchema = .*$/gm, '');
      const contents = cut(
        bare,
        new RegExp(`^import ${methods} from .*$`, 'm'),
        'const createStandardJSONSchemaMethod = () => undefined, createToJSONSchemaMethod = createStandardJSONSchemaMethod;',
      );
      return { contents };
    });
  },
};

// Declarations are bundled by rollup.types.config.js. fast-check alone stays outside: it is an optional peer, needed
// only by `@backplane/core/testing`.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    assembler: 'src/assembler.ts',
    fuzz: 'src/fuzz/index.ts',
    history: 'src/history/index.ts',
    interpreter: 'src/interpreter.ts',
    'json-schema': 'src/json-schema.ts',
    testing: 'src/testing/index.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  sourcemap: true,
  clean: true,
  silent: true,
  esbuildPlugins: [leanZod],
  async onSuccess() {
    const licences = bundled.map((name) => {
      const file = readdirSync(`node_modules/${name}`).find((entry) => /^licen[cs]e/i.test(entry));
      return `${name}\n\n${readFileSync(`node_modules/${name}/${file}`, 'utf8').trim()}\n`;
    });
    writeFileSync('dist/THIRD-PARTY-LICENSES.txt', licences.join('\n----\n\n'));
  },
});
