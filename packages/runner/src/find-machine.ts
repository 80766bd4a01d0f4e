import { statSync } from 'node:fs';
import { BackplaneError, suggest } from '@backplane/core';
import { type ConfigFile, readConfig } from './read-config.js';
import { readyMadeMachines } from './ready-made.js';

/** The machine a user named, before its plugins and images are loaded. */
export interface FoundMachine extends ConfigFile {
  /** Its name in reports: the ready-made name, or the file as it was given. */
  readonly name: string;
}

/** Read the config of MACHINE: a ready-made name, or a file. A file named like a ready-made machine is `./NAME`. */
export async function findMachine(machine: string): Promise<FoundMachine> {
  const readyMade = readyMadeMachines();
  const file = readyMade.get(machine);
  if (file !== undefined) return { ...(await readConfig(file)), path: machine, name: machine };
  const isPath = /[/\\]|\.(?:json|ya?ml)$/i.test(machine);
  if (!isPath && statSync(machine, { throwIfNoEntry: false }) === undefined) {
    throw new BackplaneError('runner/no-machine', 'no such file and no ready-made machine', {
      path: machine,
      mend: suggest(machine, [...readyMade.keys()]),
    });
  }
  return { ...(await readConfig(machine)), name: machine };
}
