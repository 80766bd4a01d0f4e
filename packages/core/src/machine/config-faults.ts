/** All that is wrong with a config, for whoever mends it; who makes a machine is told the first fault. */
import { ConfigError } from '../errors.js';
import type { Plugin } from './build.js';
import { issueError, machineConfigSchema } from './config.js';
import { parseDevice } from './devices.js';

/**
 * What is wrong with a config, as far as can be told of its parts one by one: the machine's keys, then of each device
 * the first fault.
 *
 * @example
 * import { configFaults } from '@backplane/core/json-schema';
 *
 * for (const { message } of configFaults(config, [cpu6502, countdown])) console.error(message);
 */
export function configFaults(config: unknown, plugins: readonly Plugin[]): ConfigError[] {
  const { error, data } = machineConfigSchema.safeParse(config);
  if (error) {
    return error.issues.flatMap((issue) =>
      // Of keys that are unknown at one place, zod tells in one.
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => issueError({ ...issue, keys: [key] }, [], config, []))
        : [issueError(issue, [], config, [])],
    );
  }
  return Object.entries(data.devices ?? {}).flatMap(([name, device]) => {
    const plugin = plugins.find(({ kind, type }) => kind === 'device' && type === device.type);
    if (plugin?.kind !== 'device') return [];
    try {
      parseDevice(plugin.definition, device, `devices.${name}`);
    } catch (fault) {
      if (fault instanceof ConfigError) return [fault];
      throw fault;
    }
    return [];
  });
}
