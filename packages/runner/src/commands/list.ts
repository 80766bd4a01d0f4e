import { allPlugins } from '../load-machine.js';
import { readConfig } from '../read-config.js';
import { readyMadeMachines } from '../ready-made.js';

/** `backplane list`: what a config can be made of, and the machines that are ready. */
export async function list({ plugin = [] }: { plugin?: readonly string[] }): Promise<number> {
  const plugins = (await allPlugins([], process.cwd(), plugin)).sort((a, b) =>
    a.plugin.type < b.plugin.type ? -1 : 1,
  );
  const lines: string[] = [];

  lines.push('CPUs:');
  for (const { plugin, from } of plugins) {
    if (plugin.kind !== 'cpu') continue;
    const { version, description = '', variants, defaultVariant } = plugin.definition;
    lines.push(row(plugin.type, version, description, from));
    const names = Object.keys(variants).map((name) => (name === defaultVariant ? `${name} (unless named)` : name));
    lines.push(`${' '.repeat(22)}variants: ${names.join(', ')}`);
  }

  lines.push('', 'Devices:');
  for (const { plugin, from } of plugins) {
    if (plugin.kind !== 'device') continue;
    const { version, description = '' } = plugin.definition;
    lines.push(row(plugin.type, version, description, from));
  }

  lines.push('', 'Ready-made machines:');
  for (const [name, path] of readyMadeMachines()) {
    const { config } = await readConfig(path);
    lines.push(`  ${name.padEnd(19)} ${typeof config.description === 'string' ? config.description : ''}`.trimEnd());
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

const row = (type: string, version: number, description: string, from: string) =>
  `  ${type.padEnd(15)} v${String(version).padEnd(2)} ${description}${from.startsWith('@backplane/') ? '' : `  [${from}]`}`.trimEnd();
