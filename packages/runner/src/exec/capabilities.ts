import { BackplaneError } from '@backplane/core';
import type { Budget } from './budget.js';
import { type Directory, HostDirectory, OverlayDirectory } from './directory.js';
import type { Platform } from './platform.js';

/**
 * Open the directories that the command line gives: `NAME=PATH`, `NAME=PATH:ro`, `NAME=PATH:overlay`.
 *
 * @throws BackplaneError `runner/directory` for what is none of these
 */
export function openDirectories(
  given: readonly string[],
  platform: Platform,
  budget: Budget,
): ReadonlyMap<string, Directory> {
  const directories = new Map<string, Directory>();
  try {
    for (const text of given) {
      const [, written, path, mode] = /^([^=]*)=(.+?)(?::(ro|overlay))?$/s.exec(text) ?? [];
      const refuse = (fault: string, mend: string) =>
        new BackplaneError('runner/directory', fault, { path: '--dir', mend });
      if (written === undefined || path === undefined) {
        throw refuse(`'${text}' is not NAME=PATH`, 'write a=PATH, a=PATH:ro or a=PATH:overlay');
      }
      const name = platform.directoryNames.test(written) ? written : written.toLowerCase();
      if (!platform.directoryNames.test(name)) {
        throw refuse(
          `'${written}' is no name of a directory to programs of ${platform.name}`,
          `it must match ${platform.directoryNames}`,
        );
      }
      if (directories.has(name)) throw refuse(`'${name}' is given twice`, 'give each name once');
      const directory = new HostDirectory(path, { isWritable: mode === undefined, budget });
      directories.set(name, mode === 'overlay' ? new OverlayDirectory(directory, budget) : directory);
    }
    return directories;
  } catch (error) {
    for (const directory of directories.values()) directory.close();
    throw error;
  }
}
