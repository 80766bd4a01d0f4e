import { jsonSchema } from '@backplane/core/json-schema';
import { allPlugins } from '../load-machine.js';

/** `backplane schema`: the JSON Schema of a machine config, devices and CPUs included. */
export async function schema({ plugin = [] }: { plugin?: readonly string[] }): Promise<number> {
  process.stdout.write(await schemaText(plugin));
  return 0;
}

/** The schema as a file holds it. */
export async function schemaText(specifiers: readonly string[] = []): Promise<string> {
  const plugins = await allPlugins([], process.cwd(), specifiers);
  return `${JSON.stringify(jsonSchema(plugins.map(({ plugin }) => plugin)), null, 2)}\n`;
}
