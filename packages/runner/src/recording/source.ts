import { isAbsolute, relative, resolve } from 'node:path';
import { BackplaneError, z } from '@backplane/core';
import type { Json, Recording } from '@backplane/core/history';
import type { MachineOptions } from '../load-machine.js';
import { readyMadeMachines } from '../ready-made.js';

/** What a recording keeps of the command line: how its machine was put together. Paths are seen from its folder. */
const sourceSchema = z.looseObject({
  machine: z.string(),
  images: z.record(z.string(), z.string()).optional(),
  drives: z.record(z.string(), z.string()).optional(),
  variant: z.string().optional(),
  ramFill: z.string().optional(),
  plugins: z.array(z.string()).optional(),
});

/** A path as it is seen from a folder: relative if it lies below it, so that both can be moved together. */
function seenFrom(folder: string, path: string): string {
  const way = relative(resolve(folder), resolve(path));
  return way.startsWith('..') || isAbsolute(way) ? resolve(path) : `./${way.replaceAll('\\', '/')}`;
}

const isPath = (specifier: string) => /^\.{1,2}\//.test(specifier);

/** The source that goes into a recording in a folder. */
export function sourceOf(machine: string, options: MachineOptions, folder: string): Record<string, Json> {
  const { image = [], drives = {}, variant, ramFill, plugin = [] } = options;
  const seen = (path: string) => seenFrom(folder, path);
  const images = image.map((pair) => {
    const [name = '', ...path] = pair.split('=');
    return [name, seen(path.join('='))] as const;
  });
  return {
    machine: readyMadeMachines().has(machine) ? machine : seen(machine),
    ...(images.length > 0 && { images: Object.fromEntries(images) }),
    ...(Object.keys(drives).length > 0 && {
      drives: Object.fromEntries(Object.entries(drives).map(([drive, path]) => [drive, seen(path)])),
    }),
    ...(variant !== undefined && { variant }),
    ...(ramFill !== undefined && { ramFill }),
    ...(plugin.length > 0 && { plugins: plugin.map((one) => (isPath(one) ? seen(one) : one)) }),
  };
}

/** The command line that a recording's machine was made with. */
export function machineOf({ source }: Recording, folder: string): { machine: string; options: MachineOptions } {
  const { data } = sourceSchema.safeParse(source);
  if (data === undefined) {
    throw new BackplaneError('recording/source', 'it does not say how its machine is put together', {
      mend: 'replay it in a program, with Replay of @backplane/core/history',
    });
  }
  const { machine, images = {}, drives = {}, variant, ramFill, plugins = [] } = data;
  const found = (path: string) => resolve(folder, path);
  return {
    machine: readyMadeMachines().has(machine) ? machine : found(machine),
    options: {
      image: Object.entries(images).map(([name, path]) => `${name}=${found(path)}`),
      drives: Object.fromEntries(Object.entries(drives).map(([drive, path]) => [drive, found(path)])),
      ...(variant !== undefined && { variant }),
      ...(ramFill !== undefined && { ramFill }),
      plugin: plugins.map((one) => (isPath(one) ? found(one) : one)),
    },
  };
}
