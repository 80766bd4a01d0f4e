/** The machine config: its schema, and how faults in it are told. The same object serves code, JSON and YAML. */

import type { core } from 'zod';
import { ConfigError, suggest } from '../errors.js';
import * as z from '../zod.js';

/** Read `53248`, `"0xd000"`, `"$d000"` or `"32K"`; undefined for anything else. */
export function parseInteger(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  const match = /^\s*(?:(?:0x|\$)([0-9a-f]+)|0b([01]+)|(\d+)\s*([km])?(?:i?b)?)\s*$/i.exec(value);
  if (!match) return undefined;
  const [, hexadecimal, binary, decimal, unit] = match;
  if (hexadecimal !== undefined) return Number.parseInt(hexadecimal, 16);
  if (binary !== undefined) return Number.parseInt(binary, 2);
  const scale = unit === undefined ? 1 : unit.toLowerCase() === 'k' ? 1024 : 1024 * 1024;
  return Number(decimal) * scale;
}

/** Schema of a number that may be written as text: `"0xd000"`, `"$d000"`, `"32K"`. Devices may use it in their config. */
export const integer = z.union([z.number(), z.string()]).transform((value, context) => {
  const parsed = parseInteger(value);
  if (parsed === undefined) {
    context.addIssue({
      code: 'custom',
      message: `'${value}' is no whole number; write 53248, "0xd000", "$d000" or "32K"`,
    });
    return z.NEVER;
  }
  return parsed;
});

const frequency = z.union([z.number(), z.string()]);

const placement = {
  /** First address. */
  at: integer,
  /** Which of overlapping regions is seen; the highest. */
  priority: z.int().optional(),
  /** Answer only reads, or only writes; the other is answered by what lies below. */
  access: z.enum(['read', 'write']).optional(),
  /** Name in maps and messages. */
  name: z.string().optional(),
};

const memoryPlacement = {
  ...placement,
  /** Size of the window; by default the size of the memory. */
  size: integer.optional(),
  /** Device and bank selector that choose which part of the memory the window shows. */
  bank: z.string().optional(),
  /** Name of an entry of `delays`: accesses take longer at certain times. */
  delay: z.string().optional(),
};

const region = z.union([
  z.strictObject({ ...memoryPlacement, ram: integer, image: z.string().optional() }),
  z.strictObject({ ...memoryPlacement, rom: z.string() }),
  z.strictObject({
    ...placement,
    device: z.string(),
    offset: integer.optional(),
    size: integer.optional(),
    repeat: z.boolean().optional(),
  }),
  z.strictObject({ ...placement, mirror: integer, of: integer, size: integer }),
]);

/** What is in the drives of a device. */
export const mediaSchema = z
  .record(
    z.string(),
    z.strictObject({
      /** Name of the image; the drive's own by default. */
      image: z.string().optional(),
      /** What becomes of what the guest writes. */
      mode: z.enum(['read-only', 'overlay', 'write-through']).optional(),
    }),
  )
  .optional();

const cpu = z.looseObject({
  type: z.string(),
  variant: z.string().optional(),
  clock: frequency.optional(),
  /** Devices whose interrupts it acknowledges, highest priority first. */
  daisyChain: z.array(z.string()).optional(),
  memory: z.array(region).optional(),
  io: z.array(region).optional(),
});

/** Schema of a machine config, but for what its devices add. */
export const machineConfigSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  /** Modules to load plugins from; only the runner reads this. */
  plugins: z.array(z.string()).optional(),
  /** Default files of images, relative to the config; only the runner reads this. */
  images: z.record(z.string(), z.string()).optional(),
  clock: frequency,
  cpu: cpu.optional(),
  cpus: z.record(z.string(), cpu).optional(),
  devices: z.record(z.string(), z.looseObject({ type: z.string(), clock: frequency.optional() })).optional(),
  memory: z.array(region).optional(),
  io: z.array(region).optional(),
  wires: z.array(z.array(z.string()).length(2, 'a wire has two ends; write two names')).optional(),
  /** What a read of nothing gives. */
  openBus: integer.optional(),
  /** What RAM holds at power-on: `zero`, `pattern:0x55aa`, `random:SEED`. */
  ramFill: z.string().optional(),
  /** Delay tables: cycles an access waits, by the cycle of the period it falls into. */
  delays: z
    .record(
      z.string(),
      z.strictObject({ period: z.int().min(1), phase: z.int().optional(), cycles: z.array(z.int().min(0).max(255)) }),
    )
    .optional(),
  /** Ends of channels at the host. */
  host: z
    .record(
      z.string(),
      z.strictObject({
        /** Cycles of the machine's clock without output after which a guest that looks for input gets the next byte. */
        idle: z.int().min(0).optional(),
        /** Cycles from one look for input to the next, on average, beyond which the guest counts as busy all the same. */
        looksEvery: z.int().min(1).optional(),
        /** What the host sends for a line end. */
        newline: z.enum(['lf', 'cr', 'crlf']).optional(),
      }),
    )
    .optional(),
  /** Length of the CPUs' turns in ticks of the machine's clock, or `instruction`. */
  quantum: z.union([z.int().min(1), z.literal('instruction')]).optional(),
});

/** A machine config as it is written. */
export type MachineConfig = z.input<typeof machineConfigSchema>;

/** A machine config with numbers made numbers. */
export type ParsedConfig = z.output<typeof machineConfigSchema>;
export type ParsedRegion = z.output<typeof region>;
export type ParsedCpu = z.output<typeof cpu>;

/** Names a user might have meant by an unknown key, by what stands beside it. */
const KEYS = {
  machine: Object.keys(machineConfigSchema.shape),
  region: [
    'at',
    'ram',
    'rom',
    'device',
    'mirror',
    'of',
    'size',
    'image',
    'offset',
    'repeat',
    'bank',
    'priority',
    'access',
    'delay',
    'name',
  ],
};

/** `['memory', 1, 'device']` as `memory[1].device`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

/** The first of zod's findings, as our own error. */
export const configError = (
  { issues }: core.$ZodError,
  prefix: readonly PropertyKey[],
  input: unknown,
  keys: readonly string[] = [],
): ConfigError => issueError(issues[0] as core.$ZodIssue, prefix, input, keys);

/** One of zod's findings, as our own error. */
export function issueError(
  found: core.$ZodIssue,
  prefix: readonly PropertyKey[],
  input: unknown,
  keys: readonly string[],
): ConfigError {
  const issue = deepest(found, input);
  const path = formatPath([...prefix, ...issue.path]);
  const at = path === '' ? {} : { path };
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] as string;
    const candidates =
      keys.length > 0 && issue.path.length === 0 ? keys : issue.path.length === 0 ? KEYS.machine : KEYS.region;
    // A key of another kind of region.
    const mend = candidates.includes(key) ? 'this kind has none' : suggest(key, candidates);
    return new ConfigError('config/unknown-key', `unknown key '${key}'`, { ...at, mend });
  }
  const [fault = issue.message, mend] = issue.message.split('; ');
  return new ConfigError('config/invalid', fault.replace(/^Invalid input: /, ''), { ...at, ...(mend ? { mend } : {}) });
}

/** Of a union's findings, those of the member that was meant: the one that names the fewest keys as unknown. */
function deepest(issue: core.$ZodIssue, input: unknown): core.$ZodIssue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], input);
  if (typeof value !== 'object' || value === null) {
    return { ...issue, message: issue.path.length > 0 ? 'this is of the wrong kind' : issue.message };
  }
  const kinds = ['ram', 'rom', 'device', 'mirror'];
  const meant = kinds.findIndex((kind) => kind in value);
  if (meant < 0 || issue.errors.length !== kinds.length) {
    return {
      ...issue,
      message: `a region needs one of ${kinds.map((kind) => `'${kind}'`).join(', ')}; ${suggest(Object.keys(value).find((key) => !KEYS.region.includes(key)) ?? '', kinds)}`,
    };
  }
  const inner = issue.errors[meant]?.[0] as core.$ZodIssue;
  return deepest({ ...inner, path: [...issue.path, ...inner.path] }, input);
}

/**
 * Check a machine config.
 *
 * @throws ConfigError with path, fault and mend
 */
export function parseConfig(config: unknown): ParsedConfig {
  const result = machineConfigSchema.safeParse(config);
  if (!result.success) throw configError(result.error, [], config);
  return result.data;
}

/** A type that none of the plugins at hand is of. */
export function unknownPlugin(fault: string, type: string, known: readonly string[], path: string): ConfigError {
  return new ConfigError('config/unknown-plugin', fault, {
    path,
    mend: known.length > 0 ? suggest(type, known) : 'hand its plugin to createMachine',
  });
}
