import { describe, expect, test } from 'vitest';
import { SnapshotError } from '../errors.js';
import type { MachineConfig } from '../machine/config.js';
import type { Machine } from '../machine/machine.js';
import type { Migrate } from '../plugin/define-device.js';
import type { Field, Fields } from '../plugin/fields.js';
import { toy } from '../testing/toy.js';
import { digest } from './digest.js';
import { everything, machineOfEverything } from './everything.js';
import type { Snapshot, SnapshotComponent } from './snapshot.js';

/** What a snapshot looks like after a file. */
const filed = (machine: Machine): Snapshot => JSON.parse(JSON.stringify(machine.snapshot()));

function ran(cycles: number): Machine {
  const machine = machineOfEverything();
  machine.channel('console').write('hello');
  machine.run(cycles);
  return machine;
}

describe('a snapshot', () => {
  test('names components, their versions and fields', () => {
    const { format, version, components } = ran(500).snapshot();
    expect([format, version]).toEqual(['backplane-snapshot', 1]);
    expect(components.map(({ id, type, version: own }) => `${id} ${type} ${own}`)).toEqual([
      'machine machine 1',
      'scheduler scheduler 1',
      'nets nets 1',
      'cpu/main toy:toy 1',
      'device/one everything 3',
      'device/two everything 3',
      'host/console host 1',
      'memory/main.memory[0] ram 1',
      'memory/main.memory[9000] rom 1',
    ]);
    const device = components.find(({ id }) => id === 'device/one') as SnapshotComponent;
    expect(Object.keys(device.fields)).toEqual([
      'flag',
      'byte',
      'word',
      'long',
      'signed',
      'never',
      'last',
      'data',
      'bank.one.rom',
      'port.one.pa.output',
      'port.one.pa.direction',
    ]);
  });

  test('survives a file and loads into a fresh machine, which goes on as the first one does', () => {
    const machine = ran(1234);
    const snapshot = filed(machine);
    const other = machineOfEverything();
    other.loadSnapshot(snapshot);
    expect(filed(other)).toEqual(snapshot);
    machine.channel('console').discard();
    machine.run(777);
    other.run(777);
    expect(filed(other)).toEqual(filed(machine));
  });

  test('undoes whatever the machine that takes it has lived through', () => {
    const snapshot = filed(ran(100));
    const other = ran(5000);
    other.memory.poke(0x200, 1);
    other.cpu.registers.a = 1;
    other.loadSnapshot(snapshot);
    expect(filed(other)).toEqual(snapshot);
  });

  test('keeps an exit status, and the end of the run with it', () => {
    const machine = ran(10);
    machine.parts.arena.f64[(machine.parts.machineOffset >> 3) + 3] = 7;
    const other = machineOfEverything();
    other.loadSnapshot(filed(machine));
    expect(other.exitStatus).toBe(7);
    expect(other.run(10)).toEqual({ reason: 'exit', cycles: 0 });
  });
});

describe('refused, with the machine left as it was:', () => {
  const machine = ran(4321);
  const before = machine.checkpoint();

  function refusal(snapshot: unknown): SnapshotError {
    let refused: unknown;
    try {
      machine.loadSnapshot(snapshot);
    } catch (error) {
      refused = error;
    }
    expect(Buffer.compare(machine.checkpoint().bytes, before.bytes)).toBe(0);
    expect(refused).toBeInstanceOf(SnapshotError);
    return refused as SnapshotError;
  }

  /** The snapshot with one component changed and signed again. */
  function forged(id: string, change: (fields: Record<string, number | string>) => void): Snapshot {
    const snapshot = filed(machine);
    const components = snapshot.components.map((component) => {
      if (component.id !== id) return component;
      const fields = { ...component.fields };
      change(fields);
      const { type, version } = component;
      return { ...component, fields, digest: digest(JSON.stringify([id, type, version, fields])) };
    });
    return { ...snapshot, components };
  }

  test.each([
    undefined,
    null,
    1,
    'text',
    [],
    {},
    { format: 'backplane-snapshot' },
    { format: 'other', components: [] },
  ])('%j', (nonsense) => {
    expect(refusal(nonsense).message).toBe('this is no snapshot of a machine; take one with machine.snapshot()');
  });

  test('a format of the future', () => {
    expect(refusal({ ...filed(machine), version: 2 }).message).toBe(
      'format version 2 is unknown; use a newer Backplane',
    );
  });

  test('a missing component, a stray one, one that is there twice', () => {
    const snapshot = filed(machine);
    const { components } = snapshot;
    const [first] = components as [SnapshotComponent];
    expect(refusal({ ...snapshot, components: components.slice(1) }).message).toBe(
      'machine: the snapshot lacks this component; load it into the machine it was taken from',
    );
    expect(refusal({ ...snapshot, components: [...components, first] }).message).toContain('there twice');
    const { type, version, fields } = first;
    const stray = { id: 'x', type, version, fields, digest: digest(JSON.stringify(['x', type, version, fields])) };
    expect(refusal({ ...snapshot, components: [...components, stray] }).message).toBe(
      'x: this machine has no such component; load it into the machine it was taken from',
    );
  });

  test('a component that is no object', () => {
    expect(refusal({ ...filed(machine), components: [null] }).message).toBe(
      'components[0]: the digest does not match; take the snapshot again',
    );
  });

  test.each<[string, Partial<MachineConfig>, string]>([
    ['another plugin version', {}, 'device/one: version 4 cannot be read by version 3'],
    [
      'other devices',
      { devices: { one: { type: 'everything' } }, wires: [['one.serial', 'host.console']] },
      'device/two: this machine has no such component',
    ],
    [
      'other memory',
      {
        memory: [
          { at: 0, ram: 0x800, image: 'program' },
          { at: 0x9000, rom: 'rom' },
        ],
      },
      'memory/main',
    ],
    ['other clocks', { clock: 3_000_000 }, 'scheduler: the clocks are others'],
    ['other wires', { wires: [['one.serial', 'host.console']] }, "nets: no field 'one.pa[0]'"],
  ])('one of a machine with %s', (name, changes, message) => {
    const newer = { ...everything, definition: { ...everything.definition, version: 4 } };
    const plugins = name.includes('version') ? [toy, newer] : [toy, everything];
    const foreign = machineOfEverything(changes, plugins);
    foreign.run(1000);
    expect(refusalOfEither(foreign, message)).toContain(message);
  });

  /** Foreign either way: the snapshot of the other, or the other machine with our snapshot. */
  function refusalOfEither(foreign: Machine, message: string): string {
    const ours = refusal(filed(foreign)).message;
    if (ours.includes(message)) return ours;
    const theirs = foreign.checkpoint();
    try {
      foreign.loadSnapshot(filed(machine));
    } catch (error) {
      expect(Buffer.compare(foreign.checkpoint().bytes, theirs.bytes)).toBe(0);
      return (error as SnapshotError).message;
    }
    return ours;
  }

  test.each<[string, string, string, number | string | undefined]>([
    ['a register that is missing', 'cpu/main', 'register.pc', undefined],
    ['a register that is text', 'cpu/main', 'register.pc', '12'],
    ['a register beyond its width', 'cpu/main', 'register.pc', 0x10000],
    ['a register below 0', 'cpu/main', 'register.a', -1],
    ['a register that is no whole number', 'cpu/main', 'register.a', 0.5],
    ['a time between two cycles', 'cpu/main', 'time', 0.5],
    ['a time before the beginning', 'cpu/main', 'time', -2],
    ['an endless stall', 'cpu/main', 'stallCycles', 2 ** 31 - 1],
    ['the turn of a CPU that is not there', 'machine', 'turn', 1],
    ['a target of null', 'machine', 'target', 'null'],
    ['a bank below 0', 'device/one', 'bank.one.rom', -1],
    ['half a field of bytes', 'device/one', 'data', '7e'],
    ['bytes that are a number', 'device/one', 'data', 7],
    ['a number that is text', 'device/one', 'word', 'word'],
    ['a missing field', 'device/one', 'signed', undefined],
    ['memory of another size', 'memory/main.memory[0]', 'size', 0x401],
    ['memory that is too short', 'memory/main.memory[0]', 'bytes', '00'],
    ['an event that is not there', 'scheduler', 'pending', '[["one/tock",5]]'],
    ['an event without a time', 'scheduler', 'pending', '[["one/tick"]]'],
    ['an event in the past of all pasts', 'scheduler', 'pending', '[["one/tick",-1e999]]'],
    ['events that are no list', 'scheduler', 'pending', '{}'],
    ['events that are no JSON', 'scheduler', 'pending', '[['],
    ['a present before the beginning', 'scheduler', 'now', -1],
  ])('%s', (_name, id, field, value) => {
    const snapshot = forged(id, (fields) => {
      if (value === undefined) delete fields[field];
      else fields[field] = value;
    });
    expect(refusal(snapshot).code).toBe('snapshot/misfit');
  });

  describe('a component of an older version', () => {
    /** The same device, a version later: `byte` is called `octet`, and `data` is half as long. */
    const newer = (migrate?: Migrate) => {
      const { definition } = everything;
      const next = {
        ...definition,
        version: 4,
        ...(migrate && { migrate }),
        state: (config: never) => {
          const { byte, ...rest } = (definition.state as (config: never) => Fields)(config);
          return { ...rest, octet: byte as Field };
        },
      };
      return machineOfEverything({}, [toy, { ...everything, definition: next as never }]);
    };
    const renamed: Migrate = ({ byte, ...rest }) => ({ ...rest, octet: byte as number });

    test('is made into one of the present version', () => {
      const seen: number[] = [];
      const other = newer((fields, version) => {
        seen.push(version);
        return renamed(fields, version);
      });
      other.loadSnapshot(filed(machine));
      expect(seen).toEqual([3, 3]);
      const octets = other.snapshot().components.flatMap(({ fields }) => fields.octet ?? []);
      const bytes = machine.snapshot().components.flatMap(({ fields }) => fields.byte ?? []);
      expect(octets).toEqual(bytes);
      // It reads what it writes without help.
      other.loadSnapshot(filed(other));
      expect(seen).toHaveLength(2);
    });

    test.each<[string, Migrate | undefined, string]>([
      ['without a way', undefined, 'device/one: version 3 cannot be read by version 4; use the version of the plugin'],
      [
        'that is too old',
        () => {
          throw new Error('long forgotten');
        },
        'device/one: version 3 cannot be read by version 4; use the version of the plugin',
      ],
      ['that becomes no fields', (() => undefined) as never, "device/one: field 'flag' is missing"],
      ['that keeps what is gone', (fields) => ({ ...fields, octet: 1 }), "device/one: no field 'byte'"],
      ['that becomes nonsense', (fields, version) => ({ ...renamed(fields, version), octet: -1 }), 'cannot be -1'],
    ])('%s is refused', (_name, migrate, message) => {
      const other = newer(migrate);
      other.run(100);
      const { bytes } = other.checkpoint();
      expect(() => other.loadSnapshot(filed(machine))).toThrow(SnapshotError);
      expect(() => other.loadSnapshot(filed(machine))).toThrow(message);
      expect(Buffer.compare(other.checkpoint().bytes, bytes)).toBe(0);
    });
  });

  test('a forgery that changes nothing is none', () => {
    const snapshot = filed(machine);
    machine.loadSnapshot(forged('cpu/main', () => {}));
    expect(filed(machine)).toEqual(snapshot);
  });
});
