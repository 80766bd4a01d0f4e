import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** What the packages need that is not bundled into them, and which of them has it. */
const LIBRARIES = { commander: 'runner', tinypool: 'runner', yaml: 'runner', 'fast-check': 'core' } as const;

export interface Installation {
  /** Path of the command's script. */
  readonly command: string;
  /** An empty folder to work in. */
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * Install the command from the sources, laid out as npm would: each package by itself, found through node_modules. So
 * the tests here need no build, and yet start what users start.
 */
export async function install(): Promise<Installation> {
  const root = await mkdtemp(join(tmpdir(), 'backplane-'));
  const scope = join(root, 'node_modules', '@backplane');
  for (const name of ['core', 'cpu-6502', 'cpu-z80', 'devices', 'runner']) {
    const source = join(checkout, 'packages', name);
    const target = join(scope, name);
    await mkdir(target, { recursive: true });
    await cp(join(source, 'package.json'), join(target, 'package.json'));
    await build({
      absWorkingDir: source,
      entryPoints: await entriesOf(source),
      outdir: join(target, 'dist'),
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      // As published: core brings its libraries with it, the others find theirs.
      ...(name === 'core' ? { external: ['fast-check'] } : { packages: 'external' as const }),
      // The checkout's own tsconfig leads from package names to sources.
      tsconfigRaw: {},
      logLevel: 'error',
    });
  }
  for (const [library, user] of Object.entries(LIBRARIES)) {
    await symlink(join(checkout, 'packages', user, 'node_modules', library), join(root, 'node_modules', library));
  }
  const command = join(scope, 'runner/dist/backplane.js');
  await cp(join(checkout, 'machines'), join(dirname(command), 'machines'), { recursive: true });
  const folder = join(root, 'work');
  await mkdir(folder);
  return { command, folder, remove: () => rm(root, { recursive: true, force: true }) };
}

/** The entries that a package is built from. */
async function entriesOf(source: string): Promise<string[] | Record<string, string>> {
  const { default: config } = (await import(join(source, 'tsup.config.ts'))) as {
    default: { entry: string[] | Record<string, string> };
  };
  return config.entry;
}
