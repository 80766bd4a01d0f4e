import type { Machine, MachineConfig, MappedRegion, Plugin } from '@backplane/core';
import { type Stretch, sizeText } from './memory-map.js';

/** Something that lint has to say. An error is what keeps a machine from being put together. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'note';
  /** Place in the config. */
  readonly path: string;
  readonly message: string;
}

const hex = (value: number) => `$${value.toString(16).padStart(4, '0')}`;
const range = (from: number, to: number) => (from === to ? hex(from) : `${hex(from)}–${hex(to)}`);

/** Addresses that nobody answers, regions that nobody sees. */
export function mapFindings(regions: readonly MappedRegion[], stretches: readonly Stretch[], space: string): Finding[] {
  const findings: Finding[] = [];
  for (const region of regions) {
    const seen = stretches.filter(({ read, write }) => read === region || write === region);
    if (seen.length === 0) {
      findings.push({
        severity: 'warning',
        path: region.path,
        message: `'${region.name}' is hidden by what lies above it`,
      });
    }
    for (const other of regions) {
      if (other === region || (other.priority ?? 0) <= (region.priority ?? 0)) continue;
      const from = Math.max(region.from, other.from);
      const to = Math.min(region.to, other.to);
      if (from <= to) {
        const message = `'${other.name}' (priority ${other.priority ?? 0}) lies over '${region.name}' at ${range(from, to)}`;
        findings.push({ severity: 'note', path: other.path, message });
      }
    }
  }
  const holes = stretches.filter(({ read, write }) => read === undefined && write === undefined);
  if (holes.length > 0) {
    const size = holes.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    const where = holes.slice(0, 4).map(({ from, to }) => range(from, to));
    const message = `${sizeText(size)} answer nothing: ${where.join(', ')}${holes.length > 4 ? ', …' : ''}`;
    findings.push({ severity: 'note', path: space, message });
  }
  return findings;
}

/** Inputs that float, lines that lead nowhere, channels without a far end, devices that nobody can reach. */
export function wiringFindings(machine: Machine, config: MachineConfig, plugins: readonly Plugin[]): Finding[] {
  const findings: Finding[] = [];
  const pins = new Map(
    Object.values(machine.cpus).flatMap(({ name, isa }) =>
      isa.inputs.map((input) => [`${name}.${input.name}`, input.name]),
    ),
  );
  const floating: string[] = [];
  const loose: string[] = [];
  for (const { members } of machine.nets()) {
    const [only = ''] = members;
    const [, line = ''] = only.split('.');
    if (members.every((member) => pins.has(member))) floating.push(...members);
    else if (members.length > 1 || only.includes('[')) continue;
    else if ([...pins.values()].includes(line)) {
      findings.push({
        severity: 'warning',
        path: only,
        message: `this line leads nowhere, and the CPU has an input ${line}`,
      });
    } else loose.push(only);
  }
  if (floating.length > 0)
    findings.push({ severity: 'note', path: '', message: `nothing drives ${floating.join(', ')}` });
  if (loose.length > 0)
    findings.push({ severity: 'note', path: '', message: `nothing is at the far end of ${loose.join(', ')}` });

  const ends = (config.wires ?? []).flat();
  const cpus = [config.cpu ?? [], Object.values(config.cpus ?? {})].flat();
  const mapped = new Set(
    machine.map().flatMap(({ kind, name, path }) => (kind === 'device' ? [deviceAt(config, path) ?? name] : [])),
  );
  for (const [name, { type }] of Object.entries(config.devices ?? {})) {
    const plugin = plugins.find((candidate) => candidate.kind === 'device' && candidate.type === type);
    if (plugin?.kind !== 'device') continue;
    const { definition } = plugin;
    for (const channel of definition.channels ?? []) {
      if (!ends.includes(`${name}.${channel}`)) {
        findings.push({ severity: 'warning', path: `${name}.${channel}`, message: 'this channel leads nowhere' });
      }
    }
    const isChained = cpus.some(({ daisyChain }) => daisyChain?.includes(name));
    if (definition.chain && !isChained) {
      const message = "no CPU has it in its 'daisyChain': its interrupts reach nobody";
      findings.push({ severity: 'warning', path: `devices.${name}`, message });
    }
    const isWired = ends.some((end) => end.startsWith(`${name}.`));
    if (!mapped.has(name) && definition.size !== undefined && definition.size !== 0) {
      findings.push({ severity: 'warning', path: `devices.${name}`, message: 'its registers are mapped nowhere' });
    } else if (!mapped.has(name) && !isWired && !isChained) {
      findings.push({ severity: 'warning', path: `devices.${name}`, message: 'it is neither mapped nor wired' });
    }
  }
  return findings;
}

/** The device of the region at a path such as `cpus.main.memory[3]`; a region's name need not be its device's. */
function deviceAt(config: MachineConfig, path: string): string | undefined {
  const region = path
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], config);
  return (region as { device?: string } | undefined)?.device;
}
