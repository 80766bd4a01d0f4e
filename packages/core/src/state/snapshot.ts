/**
 * The portable form of a machine's state: named fields with a version, component by component, never arena bytes.
 * Every component carries a digest, so that damage is found before anything is changed.
 */

import { BANK_WORDS, COMMON, NOTHING_COMMON } from '../bus/bus.js';
import { SnapshotError } from '../errors.js';
import { HUNG_WORD, LINE_WORD, RESET_WORD, STALL_CYCLES_WORD, STALL_KINDS_WORD } from '../isa/words.js';
import type { Parts } from '../machine/build.js';
import { LONGEST_STALL } from '../machine/cpu.js';
import type { Medium, WrittenSectors } from '../media/medium.js';
import type { Migrate } from '../plugin/define-device.js';
import { digest } from './digest.js';
import { type FieldPlaces, fieldState } from './fields.js';

/** Numbers, and bytes as text (see `packBytes`). */
export type SnapshotFields = Readonly<Record<string, number | string>>;

export interface SnapshotComponent {
  /** Such as `machine`, `cpu/main`, `device/acia`, `memory/main.memory[0]`. */
  readonly id: string;
  /** Type of the CPU or device, where it has one. */
  readonly type: string;
  readonly version: number;
  readonly fields: SnapshotFields;
  /** Digest of the above as JSON. */
  readonly digest: string;
}

export interface Snapshot {
  readonly format: 'backplane-snapshot';
  readonly version: 1;
  readonly components: readonly SnapshotComponent[];
}

const digestOf = ({ id, type, version, fields }: Omit<SnapshotComponent, 'digest'>): string =>
  digest(JSON.stringify([id, type, version, fields]));

/** Runs this long of one byte are written as a run. */
const SHORTEST_RUN = 8;

/** Bytes as text: hexadecimal, with `(xx*n)` for n times the byte xx. */
export function packBytes(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; ) {
    const byte = bytes[index] as number;
    let end = index + 1;
    while (end < bytes.length && bytes[end] === byte) end += 1;
    const digits = byte.toString(16).padStart(2, '0');
    text += end - index >= SHORTEST_RUN ? `(${digits}*${end - index})` : digits.repeat(end - index);
    index = end;
  }
  return text;
}

/** The reverse of {@link packBytes}; undefined for text that is no `length` bytes. */
export function unpackBytes(text: string, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  const token = /\(([0-9a-f]{2})\*(\d{1,9})\)|([0-9a-f]{2})/y;
  let filled = 0;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (!match) return undefined;
    const count = match[2] === undefined ? 1 : Number(match[2]);
    if (filled + count > length) return undefined;
    bytes.fill(Number.parseInt((match[1] ?? match[3]) as string, 16), filled, filled + count);
    filled += count;
  }
  return filled === length ? bytes : undefined;
}

/** One component as both directions see it. */
interface Part {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly migrate?: Migrate | undefined;
  read(): SnapshotFields;
  /** Put checked fields back; throws SnapshotError for one that does not fit. */
  write(fields: SnapshotFields): void;
}

/** Components in the order they are written. */
function partsOf(parts: Parts, machineDoubles: Float64Array): Part[] {
  const { scheduler, cpus, devices, hosts, hostPlaces, wiring, memories, banks, media, arena, master } = parts;
  const result: Part[] = [
    numbers('machine', 'machine', 1, [
      element('target', machineDoubles, 0, 0, Number.MAX_SAFE_INTEGER),
      element('turnStart', machineDoubles, 1, 0, Number.MAX_SAFE_INTEGER),
      element('turn', machineDoubles, 2, 0, cpus.size - 1),
      element('exitStatus', machineDoubles, 3, -1, 255),
    ]),
    {
      id: 'scheduler',
      type: 'scheduler',
      version: 1,
      read: () => ({
        masterHertz: `${master.numerator}/${master.denominator}`,
        now: scheduler.now,
        pending: JSON.stringify(scheduler.pending().map(({ name, time }) => [name, time])),
      }),
      write(fields) {
        if (fields.masterHertz !== `${master.numerator}/${master.denominator}`)
          throw misfit('scheduler', 'the clocks are others');
        const pending = parsePending(fields.pending);
        const unknown = pending.find(({ name }) => !scheduler.names.includes(name));
        if (unknown) throw misfit('scheduler', `no event '${unknown.name}'`);
        scheduler.restorePending(whole(fields, 'now', 'scheduler', 0, Number.MAX_SAFE_INTEGER), pending);
      },
    },
    numbers(
      'nets',
      'nets',
      1,
      wiring.nets.map((net) => ({
        name: net.name,
        ...INT32,
        get: () => net.driverBits,
        set(bits) {
          net.driverBits = bits;
        },
      })),
    ),
  ];
  for (const [name, { type, variant, version, migrate, isa, words, clock, ticks }] of cpus) {
    const registers = [...isa.registers].map(([register, index]) =>
      element(`register.${register}`, words, index, 0, 2 ** isa.width(register) - 1),
    );
    result.push({
      migrate,
      ...numbers(`cpu/${name}`, `${type}:${variant}`, version, [
        element('lines', words, LINE_WORD, INT32.lowest, INT32.highest),
        element('resetPending', words, RESET_WORD, 0, 1),
        element('stallKinds', words, STALL_KINDS_WORD, 0, 7),
        element('stallCycles', words, STALL_CYCLES_WORD, 0, LONGEST_STALL),
        element('hung', words, HUNG_WORD, 0, 1),
        ...registers,
        element('time', clock, 0, 0, Number.MAX_SAFE_INTEGER, ticks),
      ]),
    });
  }
  for (const [name, device] of devices) {
    const places = device.fields;
    const bankNames = [...banks.keys()].filter((bank) => bank.startsWith(`${name}.`));
    const ports = [...device.ports.values()];
    result.push({
      id: `device/${name}`,
      type: device.type,
      version: device.version,
      migrate: device.migrate,
      read: () => ({
        ...readFields(places, parts),
        ...Object.fromEntries(
          bankNames.map((bank) => {
            const words = arena.words(banks.get(bank) as number, BANK_WORDS);
            // Most banks have no common part.
            return [`bank.${bank}`, words[COMMON] === NOTHING_COMMON ? (words[0] as number) : words.join()];
          }),
        ),
        ...Object.fromEntries(
          ports.flatMap((port) => [
            [`port.${port.name}.output`, port.output],
            [`port.${port.name}.direction`, port.direction],
          ]),
        ),
      }),
      write(fields) {
        writeFields(places, parts, fields, `device/${name}`);
        for (const bank of bankNames) {
          const offset = banks.get(bank) as number;
          const told = fields[`bank.${bank}`];
          const words = typeof told === 'number' ? [told, NOTHING_COMMON, 0] : `${told}`.split(',').map(Number);
          if (words.length !== BANK_WORDS || !words.every((value) => value >= 0 && (value | 0) === value))
            throw misfit(`device/${name}`, `field 'bank.${bank}' cannot be ${told}`);
          arena.i32.set(words, offset >> 2);
          for (const cpu of cpus.values()) {
            cpu.memory.bankChanged(offset);
            if (cpu.io !== cpu.memory) cpu.io.bankChanged(offset);
          }
        }
        for (const port of ports) {
          port.restore(
            whole(fields, `port.${port.name}.output`, `device/${name}`, INT32.lowest, INT32.highest),
            whole(fields, `port.${port.name}.direction`, `device/${name}`, INT32.lowest, INT32.highest),
          );
        }
      },
    });
  }
  for (const name of hosts.keys()) {
    const places = hostPlaces.get(name) as FieldPlaces;
    result.push({
      id: `host/${name}`,
      type: 'host',
      version: 1,
      read: () => readFields(places, parts),
      write: (fields) => writeFields(places, parts, fields, `host/${name}`),
    });
  }
  for (const { name, kind, offset, size } of memories) {
    result.push({
      id: `memory/${name}`,
      type: kind,
      version: 1,
      read: () => ({ size, bytes: packBytes(arena.bytes(offset, size)) }),
      write(fields) {
        const bytes =
          fields.size === size && typeof fields.bytes === 'string' ? unpackBytes(fields.bytes, size) : undefined;
        if (!bytes) throw misfit(`memory/${name}`, `${size} bytes expected, found ${String(fields.size)}`);
        arena.bytes(offset, size).set(bytes);
      },
    });
  }
  for (const [name, medium] of media) {
    result.push({
      id: `medium/${name}`,
      type: 'medium',
      version: 1,
      read: () => ({
        image: medium.imageDigest,
        written: JSON.stringify(
          [...medium.written].sort(([a], [b]) => a - b).map(([sector, bytes]) => [sector, packBytes(bytes)]),
        ),
      }),
      write(fields) {
        if (fields.image !== medium.imageDigest) throw misfit(`medium/${name}`, 'the image is another');
        medium.written = parseWritten(fields.written, medium, `medium/${name}`);
      },
    });
  }
  return result;
}

/** A whole number of the state, and its bounds. */
interface NumberPlace {
  readonly name: string;
  readonly lowest: number;
  readonly highest: number;
  /** It is a multiple of this, 1 by default. */
  readonly step?: number;
  get(): number;
  set(value: number): void;
}

const INT32 = { lowest: -(2 ** 31), highest: 2 ** 31 - 1 } as const;

const element = (
  name: string,
  array: Int32Array | Float64Array,
  index: number,
  lowest: number,
  highest: number,
  step = 1,
): NumberPlace => ({
  name,
  lowest,
  highest,
  step,
  get: () => array[index] as number,
  set(value) {
    array[index] = value;
  },
});

function numbers(id: string, type: string, version: number, places: readonly NumberPlace[]): Part {
  return {
    id,
    type,
    version,
    read: () => Object.fromEntries(places.map((place) => [place.name, place.get()])),
    write(fields) {
      for (const place of places) {
        const { name, lowest, highest, step } = place;
        place.set(whole(fields, name, id, lowest, highest, step));
      }
    },
  };
}

function readFields(places: FieldPlaces, { arena }: Parts): SnapshotFields {
  const state = fieldState(places, arena) as Record<string, number | Uint8Array>;
  return Object.fromEntries(
    [...places.keys()].map((name) => {
      const value = state[name] as number | Uint8Array;
      if (typeof value !== 'number') return [name, packBytes(value)];
      // JSON has no infinity.
      return [name, Number.isFinite(value) ? value : String(value)];
    }),
  );
}

function writeFields(places: FieldPlaces, { arena }: Parts, fields: SnapshotFields, id: string): void {
  const state = fieldState(places, arena) as Record<string, number | Uint8Array>;
  for (const [name, { field }] of places) {
    if (field.kind === 'f64') {
      state[name] = double(fields, name, id);
      continue;
    }
    if (field.kind !== 'bytes') {
      const [lowest, highest] = BOUNDS[field.kind];
      state[name] = whole(fields, name, id, lowest, highest);
      continue;
    }
    const text = fields[name];
    const bytes = typeof text === 'string' ? unpackBytes(text, field.length) : undefined;
    if (!bytes) throw misfit(id, `field '${name}' is no ${field.length} bytes`);
    (state[name] as Uint8Array).set(bytes);
  }
}

const BOUNDS = {
  bit: [0, 1],
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  i32: [INT32.lowest, INT32.highest],
} as const;

function whole(fields: SnapshotFields, name: string, id: string, lowest: number, highest: number, step = 1): number {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (typeof value !== 'number')
    throw misfit(id, `field '${name}' is ${value === undefined ? 'missing' : 'no number'}`);
  if (!(value >= lowest && value <= highest && value % step === 0))
    throw misfit(id, `field '${name}' cannot be ${value}`);
  return value;
}

/** Any number; those that JSON lacks are text. */
function double(fields: SnapshotFields, name: string, id: string): number {
  const value = fields[name];
  if (typeof value === 'number') return value;
  if (value === 'Infinity' || value === '-Infinity' || value === 'NaN') return Number(value);
  throw misfit(id, `field '${name}' is ${value === undefined ? 'missing' : 'no number'}`);
}

function parsePending(value: number | string | undefined): { name: string; time: number }[] {
  try {
    const list: unknown = JSON.parse(String(value));
    if (!Array.isArray(list)) throw new TypeError('no list');
    return list.map((item: unknown) => {
      const [name, time] = item as [unknown, unknown];
      if (typeof name !== 'string' || !Number.isSafeInteger(time) || (time as number) < 0)
        throw new TypeError('no event');
      return { name, time: time as number };
    });
  } catch {
    throw misfit('scheduler', 'the pending events cannot be read');
  }
}

function parseWritten(value: number | string | undefined, medium: Medium, id: string): WrittenSectors {
  try {
    return new Map(
      (JSON.parse(String(value)) as [number, string][]).map(([sector, text]) => {
        const bytes = unpackBytes(text, medium.lengthOf(sector));
        if (!bytes) throw new TypeError('no sector');
        return [sector, bytes];
      }),
    );
  } catch {
    throw misfit(id, 'the written sectors cannot be read');
  }
}

const misfit = (id: string, fault: string): SnapshotError =>
  new SnapshotError('snapshot/misfit', fault, { path: id, mend: 'load it into the machine it was taken from' });

export function takeSnapshot(parts: Parts, machineDoubles: Float64Array): Snapshot {
  const components = partsOf(parts, machineDoubles).map((part): SnapshotComponent => {
    const content = { id: part.id, type: part.type, version: part.version, fields: part.read() };
    return { ...content, digest: digestOf(content) };
  });
  return { format: 'backplane-snapshot', version: 1, components };
}

/**
 * Put a snapshot's state into the parts. What does not fit is told; the caller undoes what was changed till then.
 *
 * @throws SnapshotError
 */
export function restoreSnapshot(snapshot: unknown, parts: Parts, machineDoubles: Float64Array): void {
  const components = checkSnapshot(snapshot);
  const wanted = partsOf(parts, machineDoubles);
  const stray = components.find(({ id }) => !wanted.some((part) => part.id === id));
  if (stray) throw misfit(stray.id, 'this machine has no such component');
  const pairs = wanted.map((part) => {
    const component = components.find(({ id }) => id === part.id);
    if (!component) throw misfit(part.id, 'the snapshot lacks this component');
    if (component.type !== part.type) throw misfit(part.id, `it is a ${component.type}, not a ${part.type}`);
    return { part, fields: fieldsFor(part, component) };
  });
  for (const { part, fields } of pairs) {
    const known = part.read();
    const unknown = Object.keys(fields).find((name) => !Object.hasOwn(known, name));
    if (unknown !== undefined) throw misfit(part.id, `no field '${unknown}'`);
    part.write(fields);
  }
}

/** The fields of a component as its present version has them. */
function fieldsFor(part: Part, { version, fields }: SnapshotComponent): SnapshotFields {
  let cause: unknown;
  if (version === part.version) return fields;
  try {
    if (version < part.version && part.migrate) return { ...part.migrate(fields, version) };
  } catch (error) {
    cause = error;
  }
  throw new SnapshotError('snapshot/version', `version ${version} cannot be read by version ${part.version}`, {
    path: part.id,
    mend: 'use the version of the plugin that wrote it',
    cause,
  });
}

/** That it is a snapshot, whole and undamaged. */
function checkSnapshot(snapshot: unknown): readonly SnapshotComponent[] {
  const { format, version, components } = (
    typeof snapshot === 'object' && snapshot !== null ? snapshot : {}
  ) as Partial<Snapshot>;
  if (format !== 'backplane-snapshot' || !Array.isArray(components)) {
    throw new SnapshotError('snapshot/format', 'this is no snapshot of a machine', {
      mend: 'take one with machine.snapshot()',
    });
  }
  if (version !== 1)
    throw new SnapshotError('snapshot/version', `format version ${String(version)} is unknown`, {
      mend: 'use a newer Backplane',
    });
  const seen = new Set<string>();
  components.forEach((component: unknown, index) => {
    const {
      id,
      type,
      version: componentVersion,
      fields,
      digest: told,
    } = (typeof component === 'object' && component !== null ? component : {}) as Partial<SnapshotComponent>;
    const isWhole =
      typeof id === 'string' &&
      typeof type === 'string' &&
      typeof componentVersion === 'number' &&
      typeof fields === 'object' &&
      fields !== null;
    if (!isWhole || told !== digestOf({ id, type, version: componentVersion, fields })) {
      throw new SnapshotError('snapshot/damaged', 'the digest does not match', {
        path: typeof id === 'string' ? id : `components[${index}]`,
        mend: 'take the snapshot again',
      });
    }
    if (seen.has(id)) throw misfit(id, 'the component is there twice');
    seen.add(id);
  });
  return components;
}
