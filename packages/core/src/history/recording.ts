/** Recordings: what a host did to a machine, and when, so that a machine like it can live through it again. */
import { BackplaneError } from '../errors.js';
import type { Machine } from '../machine/machine.js';
import { digest } from '../state/digest.js';
import type { Snapshot } from '../state/snapshot.js';
import * as z from '../zod.js';

const place = z.int().min(0);

/** When: a position, and whether it was before what the guest asked for there was attended to. */
const when = { at: place, early: z.literal(true).optional() };
/** Bytes as text, a character each. */
const bytes = z.string().regex(/^[\0-\xff]*$/);
const channel = z.string();

const actionSchema = z.union([
  z.strictObject({ ...when, do: z.literal('write'), channel, bytes }),
  z.strictObject({ ...when, do: z.enum(['end', 'discard']), channel }),
  z.strictObject({ ...when, do: z.literal('waits'), channel, waits: z.boolean() }),
  z.strictObject({ ...when, do: z.literal('reset') }),
  z.strictObject({ ...when, do: z.literal('register'), cpu: z.string(), register: z.string(), value: z.number() }),
  z.strictObject({ ...when, do: z.literal('poke'), cpu: z.string(), space: z.string(), address: z.int(), bytes }),
]);

const recordingSchema = z.strictObject({
  format: z.literal('backplane-recording'),
  version: z.literal(1),
  manifest: z.record(z.string(), z.string()),
  source: z.looseObject({}).optional(),
  start: z.strictObject({ at: place, state: z.string(), snapshot: z.looseObject({}).optional() }),
  actions: z.array(actionSchema),
  end: z.strictObject({ ...when, cycles: z.number(), state: z.string() }),
  digest: z.string(),
});

/** Something that a host did to a machine. */
export type RecordedAction = z.output<typeof actionSchema>;

/** What {@link Recording.source} may hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * A part of a machine's life: how it began, what the host did to it and when, and how it ended. It is plain JSON; see
 * `docs/recordings.md`. Times are positions: ticks of the master clock, those of all CPUs added up.
 */
export interface Recording {
  readonly format: 'backplane-recording';
  readonly version: 1;
  /** Digests and versions of what the machine is made of, by component. */
  readonly manifest: Readonly<Record<string, string>>;
  /** Whatever its maker needs to put the machine together again; for `backplane`, its command line. */
  readonly source?: { readonly [key: string]: Json };
  readonly start: {
    readonly at: number;
    /** Digest of the state. */
    readonly state: string;
    /** The state, if it was not power-on. */
    readonly snapshot?: Snapshot;
  };
  readonly actions: readonly RecordedAction[];
  readonly end: {
    readonly at: number;
    /** As of an action. */
    readonly early?: true;
    /** Cycles of the main CPU. */
    readonly cycles: number;
    readonly state: string;
  };
  /** Digest of all of the above as JSON. */
  readonly digest: string;
}

const digestOf = (content: unknown): string => digest(JSON.stringify(content));

export const signed = (content: Omit<Recording, 'digest'>): Recording => ({ ...content, digest: digestOf(content) });

/**
 * A recording from what was read out of a file.
 *
 * @throws BackplaneError `recording/format`, `recording/version` or `recording/damaged`
 *
 * @example
 * const recording = parseRecording(JSON.parse(text));
 */
export function parseRecording(json: unknown): Recording {
  const {
    format,
    version,
    digest: told,
    ...rest
  } = (typeof json === 'object' && json !== null ? json : {}) as Partial<Recording>;
  if (format !== 'backplane-recording') {
    throw new BackplaneError('recording/format', 'this is no recording', {
      mend: 'make one with history.recording(), or backplane run --record FILE',
    });
  }
  if (version !== 1) {
    throw new BackplaneError('recording/version', `version ${JSON.stringify(version)} of the format is unknown`, {
      mend: 'use a newer Backplane',
    });
  }
  if (told !== digestOf({ format, version, ...rest })) {
    throw new BackplaneError('recording/damaged', 'the digest does not match', { mend: 'record it again' });
  }
  const { error, data } = recordingSchema.safeParse(json);
  if (error) {
    const [issue] = error.issues;
    throw new BackplaneError('recording/format', 'this is not as a recording has it', {
      path: (issue?.path ?? []).join('.'),
      mend: 'see docs/recordings.md',
    });
  }
  return data as Recording;
}

/** Bytes as the text that stands for them. */
export const toText = (list: Iterable<number>): string =>
  Array.from(list, (byte) => String.fromCharCode(byte)).join('');

/** The reverse of {@link toText}. */
export const toBytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** What must be the same in a machine that is to live through a recording of another one. */
export function manifestOf(machine: Machine): Record<string, string> {
  const { config, cpus, devices, memories, media } = machine.parts;
  // How it is called, and what the host does with what is written to a disk, the guest cannot tell.
  const { name, description, ...rest } = config;
  const entries: (readonly [string, string])[] = [
    [
      'config',
      digestOf(JSON.parse(JSON.stringify(rest), (_key, value) => (value === 'write-through' ? 'overlay' : value))),
    ],
    ...[...cpus].map(([id, { type, variant, version }]) => [`cpu/${id}`, `${type}:${variant} ${version}`] as const),
    ...[...devices].map(([id, { type, version }]) => [`device/${id}`, `${type} ${version}`] as const),
    ...memories.flatMap(({ name: id, image }) => (image ? [[`memory/${id}`, digestOfBytes(image)] as const] : [])),
    ...[...media].map(([id, { imageDigest }]) => [`medium/${id}`, imageDigest] as const),
  ];
  return Object.fromEntries(entries);
}

const digestOfBytes = (image: Uint8Array): string =>
  digest({ length: image.length, charCodeAt: (index) => image[index] as number });

/** What is other in a machine than a recording has it, as a person reads it. */
export function manifestFaults(
  recorded: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): string[] {
  return [...new Set([...Object.keys(recorded), ...Object.keys(own)])].flatMap((id) => {
    const [was, is] = [recorded[id], own[id]];
    if (was === is) return [];
    if (was === undefined) return [`${id} was not there`];
    if (is === undefined) return [`${id} is missing`];
    return [/^(cpu|device)\//.test(id) ? `${id} is ${is}, it was ${was}` : `${id} is another one`];
  });
}

/** A component of a machine's state, for comparison. */
export interface StateComponent {
  readonly id: string;
  readonly fields: Readonly<Record<string, number | string>>;
  readonly digest: string;
}

/** All that a machine's future depends on. How far the host meant to run it is not of this kind. */
export function stateOf(machine: Machine): StateComponent[] {
  return machine.snapshot().components.map(({ id, fields, digest: own }) => {
    if (id !== 'machine') return { id, fields, digest: own };
    const { target, ...rest } = fields;
    return { id, fields: rest, digest: digestOf(rest) };
  });
}

export const stateDigest = (machine: Machine): string =>
  digestOf(stateOf(machine).map(({ id, digest: own }) => [id, own]));
