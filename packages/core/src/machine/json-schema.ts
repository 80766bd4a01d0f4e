/** The JSON Schema of machine configs, made from the same schemas that check them. */
import { toJSONSchema } from 'zod';
import type * as z from '../zod.js';
import type { Plugin } from './build.js';
import { machineConfigSchema, mediaSchema } from './config.js';

type Schema = Record<string, unknown>;

const toSchema = (schema: z.ZodType): Schema => {
  const { $schema: _, ...rest } = toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;
  return rest;
};

/**
 * JSON Schema (draft 2020-12) of a machine config that may use these plugins; what `$schema` of a config points to.
 *
 * @example
 * import { jsonSchema } from '@backplane/core/json-schema';
 *
 * const schema = jsonSchema([cpu6502, countdown]);
 */
export function jsonSchema(plugins: readonly Plugin[]): Schema {
  const machine = toSchema(machineConfigSchema);
  const devices = plugins.flatMap((plugin) => {
    if (plugin.kind !== 'device') return [];
    const own = plugin.definition.config ? toSchema(plugin.definition.config) : {};
    const properties = {
      type: { const: plugin.type },
      clock: { type: ['number', 'string'] },
      ...(plugin.definition.media && { media: toSchema(mediaSchema) }),
      ...(own.properties as Schema),
    };
    return [
      {
        ...own,
        type: 'object',
        properties,
        required: ['type', ...((own.required as string[] | undefined) ?? [])],
        additionalProperties: false,
      },
    ];
  });
  const properties = machine.properties as Record<string, Schema>;
  if (devices.length > 0) properties.devices = { type: 'object', additionalProperties: { oneOf: devices } };
  const cpuTypes = plugins.flatMap((plugin) => (plugin.kind === 'cpu' ? [plugin.type] : []));
  const cpu = properties.cpu as { properties?: Record<string, Schema> } | undefined;
  if (cpu?.properties && cpuTypes.length > 0) cpu.properties.type = { enum: cpuTypes };
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Backplane machine', ...machine };
}
