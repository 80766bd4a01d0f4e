import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BackplaneError, type Plugin } from '@backplane/core';

/** A plugin and where it came from, for `backplane list`. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly from: string;
}

/** CPUs and devices that need no mention in a config. */
export async function builtInPlugins(): Promise<LoadedPlugin[]> {
  const packages = await Promise.all([
    import('@backplane/cpu-6502').then((module) => ({ from: '@backplane/cpu-6502', module })),
    import('@backplane/cpu-z80').then((module) => ({ from: '@backplane/cpu-z80', module })),
    import('@backplane/devices').then((module) => ({ from: '@backplane/devices', module })),
  ]);
  return packages.flatMap(({ from, module }) => pluginsIn(module).map((plugin) => ({ plugin, from })));
}

/**
 * Load plugins by module specifier: `./my-device.mjs`, relative to `folder`, or a package that is installed there.
 *
 * @param path what named them, such as `plugins[0]`, to be said in errors
 */
export async function loadPlugins(specifier: string, folder: string, path: string): Promise<LoadedPlugin[]> {
  const plugins = pluginsIn(await loadModule(specifier, folder, path));
  if (plugins.length === 0) {
    throw new BackplaneError('runner/no-plugin', `module '${specifier}' exports no plugin`, {
      path,
      mend: 'export what defineDevice or defineCpu returned',
    });
  }
  return plugins.map((plugin) => ({ plugin, from: specifier }));
}

/** Import a module as {@link loadPlugins} does. */
export async function loadModule(specifier: string, folder: string, path: string): Promise<object> {
  const address = await locate(specifier, folder);
  if (address === undefined) {
    throw new BackplaneError('runner/no-plugin', `no module '${specifier}' seen from ${folder}`, {
      path,
      mend: 'write a path that begins with ./ or install the package',
    });
  }
  try {
    return (await import(address)) as object;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const fault =
      code === 'ERR_MODULE_NOT_FOUND' && !isBare(specifier)
        ? `no module '${specifier}' seen from ${folder}, or one that it imports is missing`
        : `module '${specifier}' does not load`;
    throw new BackplaneError('runner/no-plugin', fault, { path, mend: firstLine(error) });
  }
}

/** Where the import was written, inside of this package, helps nobody. */
const firstLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/ imported from .*|\n.*/s, '');

/** The plugins among the exports of a module. */
export function pluginsIn(module: object): Plugin[] {
  const found = new Set<Plugin>();
  for (const value of Object.values(module)) {
    for (const candidate of Array.isArray(value) ? (value as unknown[]) : [value])
      if (isPlugin(candidate)) found.add(candidate);
  }
  return [...found];
}

const isPlugin = (value: unknown): value is Plugin =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  (value.kind === 'device' || value.kind === 'cpu') &&
  'type' in value &&
  typeof value.type === 'string';

const isBare = (specifier: string) =>
  !isAbsolute(specifier) && !/^\.{0,2}\//.test(specifier) && !specifier.startsWith('file:');

/** The URL that `import` takes, seen from a folder: `import.meta.resolve` knows no other folder than its module's own. */
async function locate(specifier: string, folder: string): Promise<string | undefined> {
  if (specifier.startsWith('file:') || specifier.startsWith('node:')) return specifier;
  if (!isBare(specifier)) return pathToFileURL(resolve(folder, specifier)).href;
  try {
    return pathToFileURL(createRequire(join(folder, 'resolve.js')).resolve(specifier)).href;
  } catch {
    // A package of ES modules only has no entry for `require`.
    return locateModuleOnly(specifier, folder);
  }
}

async function locateModuleOnly(specifier: string, folder: string): Promise<string | undefined> {
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  for (let place = folder; ; place = dirname(place)) {
    const root = join(place, 'node_modules', name);
    const manifest = await readFile(join(root, 'package.json'), 'utf8').catch(() => undefined);
    if (manifest !== undefined) {
      const { exports } = JSON.parse(manifest) as { exports?: unknown };
      const entry = importEntry(exports, `.${rest ?? ''}`);
      return entry === undefined ? undefined : pathToFileURL(join(root, entry)).href;
    }
    if (place === dirname(place)) return undefined;
  }
}

/** The file that a package's `exports` give an `import` of `subpath`. */
function importEntry(exports: unknown, subpath: string): string | undefined {
  if (typeof exports === 'string') return subpath === '.' ? exports : undefined;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const entries = exports as Record<string, unknown>;
  if (subpath in entries) return importEntry(entries[subpath], '.');
  for (const condition of ['node', 'import', 'default']) {
    const entry = importEntry(entries[condition], subpath);
    if (entry !== undefined) return entry;
  }
  return undefined;
}
