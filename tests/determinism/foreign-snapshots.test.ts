// Snapshots of other machines, files that are none, and such as somebody has put together with the right digests: they
// are refused with a reason, and the machine is as it was; or what was loaded is what the machine then has.
// BACKPLANE_FOREIGN_SNAPSHOTS says how many of each kind there are.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deflateSync, gzipSync } from 'node:zlib';
import { createMachine, type Machine, type Snapshot, type SnapshotComponent, SnapshotError } from '@backplane/core';
import { History } from '@backplane/core/history';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digest } from '../../packages/core/src/state/digest.js';
import { loadMachine } from '../../packages/runner/src/load-machine.js';
import { readyMadeMachines } from '../../packages/runner/src/ready-made.js';
import { standInDisk } from '../stand-in-disk.js';

const numRuns = Number(process.env.BACKPLANE_FOREIGN_SNAPSHOTS ?? 400);

/** A machine in a state, and what it was brought from. */
interface Subject {
  readonly name: string;
  readonly machine: Machine;
  readonly bytes: Uint8Array;
  /** Of this very machine, from its whole life. */
  readonly snapshots: readonly Snapshot[];
}

const subjects = await Promise.all(
  [...readyMadeMachines().keys()].map(async (name): Promise<Subject> => {
    const { config, plugins, images } = await loadMachine(name);
    const asked = JSON.stringify(config);
    const standIn: Record<string, Uint8Array> = asked.includes('"boot":"a"')
      ? { a: standInDisk() }
      : asked.includes('"image":"ram"')
        ? { ram: new Uint8Array(0x10000).fill(0xc6) }
        : { rom: new Uint8Array(0x8000).fill(0xc6) };
    const machine = createMachine(config, { plugins, images: { ...standIn, ...images } });
    const snapshots = [0, 1000, 7000, 20_000].map((cycles) => {
      machine.run(cycles);
      return machine.snapshot();
    });
    machine.run(1234);
    return { name, machine, bytes: machine.checkpoint().bytes, snapshots };
  }),
);

/** Why a machine will not have it; undefined if it was loaded. */
function refusal({ machine, bytes }: Subject, snapshot: unknown): SnapshotError | undefined {
  const before = machine.checkpoint();
  try {
    machine.loadSnapshot(snapshot);
  } catch (error) {
    expect(error).toBeInstanceOf(SnapshotError);
    expect(Buffer.compare(machine.checkpoint().bytes, bytes)).toBe(0);
    return error as SnapshotError;
  }
  machine.restore(before);
  return undefined;
}

const signed = ({ id, type, version, fields }: Omit<SnapshotComponent, 'digest'>): SnapshotComponent => ({
  id,
  type,
  version,
  fields,
  digest: digest(JSON.stringify([id, type, version, fields])),
});

const copy = (snapshot: Snapshot) => JSON.parse(JSON.stringify(snapshot)) as { components: SnapshotComponent[] };

/** By number: a failure would print machines whole. */
const which = fc.nat(subjects.length - 1);
const of = (index: number): Subject => subjects[index] as Subject;
const subject = which.map(of);
const component = fc.nat(1000);

test('the snapshots of any ready-made machine are refused by every other, with component and reason', () => {
  let refused = 0;
  for (const target of subjects) {
    for (const other of subjects) {
      for (const snapshot of other.snapshots) {
        const error = refusal(target, snapshot);
        if (target === other) {
          expect(error).toBe(undefined);
          continue;
        }
        expect(error, `${other.name} into ${target.name}`).toMatchObject({ code: 'snapshot/misfit' });
        expect(error?.path).toMatch(/^[a-z]+(\/|$)/);
        refused += 1;
      }
    }
  }
  expect(refused).toBe(subjects.length * (subjects.length - 1) * 4);
});

test('with components of another machine, or of another time, it is refused, or is the state that it says', () => {
  const picks = fc.array(fc.tuple(component, component), { minLength: 1, maxLength: 4 });
  let refused = 0;
  fc.assert(
    fc.property(which, which, fc.nat(3), fc.nat(3), picks, fc.boolean(), (to, from, own, its, pairs, adds) => {
      const [target, other] = [of(to), of(from)];
      const made = copy(target.snapshots[own] as Snapshot);
      const foreign = other.snapshots[its]?.components ?? [];
      for (const [place, its] of pairs) {
        const piece = foreign[its % foreign.length] as SnapshotComponent;
        if (adds) made.components.push(piece);
        else made.components[place % made.components.length] = piece;
      }
      if (refusal(target, made)) refused += 1;
      else {
        // What fits is of the same kind, and every component is there once.
        const before = target.machine.checkpoint();
        target.machine.loadSnapshot(made);
        const loaded = new Map(target.machine.snapshot().components.map(({ id, fields }) => [id, fields]));
        target.machine.restore(before);
        expect(loaded).toEqual(new Map(made.components.map(({ id, fields }) => [id, fields])));
      }
    }),
    { numRuns },
  );
  expect(refused).toBeGreaterThan(numRuns / 2);
});

type Change = (made: { components: SnapshotComponent[] }, at: number, field: number) => void;

const changed = (
  { components }: { components: SnapshotComponent[] },
  at: number,
  change: (content: SnapshotComponent) => Partial<SnapshotComponent>,
): void => {
  const piece = components[at] as SnapshotComponent;
  components[at] = signed({ ...piece, ...change(piece) });
};

const withField = (fields: SnapshotComponent['fields'], index: number, change: (name: string) => [string, unknown][]) =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value], at): [string, unknown][] =>
      at === index % Object.keys(fields).length ? change(name) : [[name, value]],
    ),
  ) as SnapshotComponent['fields'];

/** Each makes a snapshot that no machine has, and gives it the right digests. */
const changes: Record<string, Change> = {
  'a component gone': ({ components }, at) => void components.splice(at, 1),
  'a component twice': ({ components }, at) => void components.push(components[at] as SnapshotComponent),
  'a component renamed': (made, at) => changed(made, at, ({ id }) => ({ id: `${id}x` })),
  'a component of another type': (made, at) => changed(made, at, ({ type }) => ({ type: `${type}x` })),
  'a later version': (made, at) => changed(made, at, ({ version }) => ({ version: version + 1 })),
  'an earlier version': (made, at) => changed(made, at, ({ version }) => ({ version: version - 1 })),
  'a field renamed': (made, at, field) =>
    changed(made, at, ({ fields }) => ({ fields: withField(fields, field, (name) => [[`${name}_`, fields[name]]]) })),
  'a field gone': (made, at, field) =>
    changed(made, at, ({ fields }) => ({ fields: withField(fields, field, () => []) })),
  'a field more': (made, at, field) => changed(made, at, ({ fields }) => ({ fields: { ...fields, [`x${field}`]: 1 } })),
  ...Object.fromEntries(
    [null, true, [], [0], {}, '', ' ', 'x', '1,2', '-1', 1e300, -1e300, 0.5, 2 ** 53].map((value) => [
      `${JSON.stringify(value)} in place of a value`,
      (made, at, field) =>
        changed(made, at, ({ fields }) => ({ fields: withField(fields, field, (name) => [[name, value]]) })),
    ]),
  ),
};

/** Values that some kinds of fields may have. */
const isPerhapsRight = /^("x"|1e\+?300|-1e\+?300|0\.5|9007199254740992|""|"1,2")/;

test.each(Object.entries(changes))('%s, with the right digest, is refused', (name, change) => {
  let refused = 0;
  fc.assert(
    fc.property(which, fc.nat(3), component, fc.nat(1000), (to, own, at, field) => {
      const target = of(to);
      const made = copy(target.snapshots[own] as Snapshot);
      const piece = made.components[at % made.components.length] as SnapshotComponent;
      if (Object.keys(piece.fields).length === 0 && /field|value/.test(name)) return;
      const before = JSON.stringify(made);
      change(made, at % made.components.length, field);
      if (JSON.stringify(made) === before) return;
      const error = refusal(target, made);
      if (error) {
        refused += 1;
        expect(error.path).toBeDefined();
      } else expect(name).toMatch(isPerhapsRight);
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
  expect(refused).toBeGreaterThan(numRuns / 40);
});

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');

/** A tar of one file: enough of its header to be one. */
function tar(content: Uint8Array): Uint8Array {
  const header = Buffer.alloc(512);
  header.write('snapshot.json', 0);
  header.write('0000644\0', 100);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write('ustar\0', 257);
  return Buffer.concat([header, content, Buffer.alloc(1024)]);
}

const png = (content: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), deflateSync(content)]);

test('what is no snapshot at all is refused', () => {
  const whole = fc.tuple(subject, fc.nat(3)).map(([{ snapshots }, own]) => snapshots[own] as Snapshot);
  const text = whole.map((snapshot) => JSON.stringify(snapshot));
  const bytes = fc.oneof(
    text.map((each) => gzipSync(each)),
    text.map((each) => tar(Buffer.from(each))),
    text.map((each) => png(Buffer.from(each))),
    fc.uint8Array({ maxLength: 300 }),
  );
  const other = fc.oneof(
    bytes,
    bytes.map((each) => Buffer.from(each).toString('latin1')),
    text,
    whole.map((snapshot) => [snapshot]),
    whole.map((snapshot) => ({ snapshot })),
    whole.map(({ components }) => components),
    whole.map((snapshot) => ({ ...snapshot, format: 'backplane-recording' })),
    fc
      .tuple(
        whole,
        fc.jsonValue().filter((version) => version !== 1),
      )
      .map(([snapshot, version]) => ({ ...snapshot, version })),
    fc.tuple(whole, fc.anything()).map(([snapshot, components]) => ({ ...snapshot, components })),
    fc
      .tuple(whole, fc.array(fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true })))
      .map(([snapshot, components]) => ({ ...snapshot, components })),
    fc
      .tuple(whole, fc.dictionary(fc.string(), fc.anything({ withBigInt: true }), { minKeys: 1 }), component)
      .map(([snapshot, fields, at]) => ({
        ...snapshot,
        components: snapshot.components.map((each, index) =>
          index === at % snapshot.components.length ? { ...each, fields } : each,
        ),
      })),
    fc.constantFrom('../../package.json', '../../pnpm-lock.yaml', '../../README.md').map(read),
    fc.constant(JSON.parse(read('../../package.json'))),
    subject.map(({ machine }) => machine.parts.config),
    subject.map(({ machine }) => machine.checkpoint()),
    subject.map(({ machine }) => {
      const history = new History(machine.fresh());
      const recording = history.recording();
      history.close();
      return recording;
    }),
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
  );
  fc.assert(
    fc.property(which, other, (to, value) => {
      expect(refusal(of(to), value)).toBeDefined();
    }),
    { numRuns: 4 * numRuns },
  );
});
