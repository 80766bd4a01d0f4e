import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const extensions = /\.(?:json|ya?ml)$/;

/**
 * The folder of ready-made machines: beside the built bundle, or the repository's own when run from its sources.
 */
function folder(): string | undefined {
  for (const place of ['./machines/', '../machines/', '../../../machines/']) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  }
  return undefined;
}

/** Ready-made machines by name, with the file of each, in the order of their names. */
export function readyMadeMachines(): ReadonlyMap<string, string> {
  const path = folder();
  if (path === undefined) return new Map();
  const files = readdirSync(path).filter((name) => extensions.test(name));
  return new Map(files.sort().map((name) => [name.replace(extensions, ''), `${path}${name}`]));
}
