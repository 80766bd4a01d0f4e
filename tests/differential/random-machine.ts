/** Random machines: descriptions that can be written down as JSON, and the arbitraries that make them. */
import type { MachineConfig, Operand } from '@backplane/core';
import fc from 'fast-check';
import { GREMLIN_EVENTS, GREMLIN_SIZE, type GremlinAction, type GremlinConfig } from './gremlin.js';
import { type ChosenCpu, CPUS, instructionSetOf, SUBJECTS } from './subjects.js';

/** Code or data put into memory before the machine runs, in hexadecimal. */
export interface Patch {
  readonly cpu: string;
  readonly at: number;
  readonly bytes: string;
}

/** What the host does between two runs. */
export type HostAction =
  | { readonly does: 'poke'; readonly address: number; readonly value: number }
  | { readonly does: 'set'; readonly register: string; readonly value: number }
  | { readonly does: 'type'; readonly text: string }
  | { readonly does: 'trace'; readonly on: boolean }
  | { readonly does: 'reset' };

/** A run, in one piece or in slices, and what the host does after it. */
export interface Episode {
  readonly run:
    | { readonly until: 'cycles'; readonly slices: readonly number[] }
    | { readonly until: 'address'; readonly address: number; readonly cycles: number }
    | { readonly until: 'trap'; readonly cycles: number };
  readonly host: readonly HostAction[];
}

/** A machine and what is done with it. */
export interface MachineDescription {
  readonly config: MachineConfig;
  /** Contents of banked memory and of ROM: this, over and over, in hexadecimal. */
  readonly images: Readonly<Record<string, { readonly size: number; readonly bytes: string }>>;
  readonly patches: readonly Patch[];
  /** Whether the host's channel waits for input that has not been typed. */
  readonly waits: boolean;
  readonly episodes: readonly Episode[];
}

export const hex = (bytes: readonly number[]): string =>
  bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Where programs lie: zero page, stack, ends of pages, mirrors of all that, delayed, banked and read-only memory. */
const PROGRAM_STARTS = [
  0x0010, 0x00c0, 0x0140, 0x0200, 0x02d0, 0x07e0, 0x0820, 0x0960, 0x0af0, 0x10f0, 0x2000, 0x20e0, 0x4000, 0x5fd0,
  0x6000, 0x8000, 0x80c0, 0x9ff0,
] as const;

/** Where devices may lie, in the middle of all that. */
const DEVICE_SPOTS = [
  0x0034, 0x00f8, 0x0128, 0x01f8, 0x0218, 0x02fc, 0x2010, 0x20fc, 0x3000, 0x4008, 0x5ffc, 0x8010, 0x80fc, 0xa000,
  0xd000,
] as const;

const byte = fc.nat({ max: 0xff });

/** Addresses that matter: those of devices above all. */
const address = (devices: readonly number[]): fc.Arbitrary<number> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(fc.constantFrom(...devices), fc.nat(GREMLIN_SIZE)).map(([at, offset]) => at + offset),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(fc.constantFrom(...PROGRAM_STARTS), fc.nat(60)).map(([at, offset]) => at + offset),
    },
    { weight: 2, arbitrary: fc.nat(0x1ff) },
    { weight: 2, arbitrary: fc.nat(0x1fff) },
    {
      weight: 1,
      arbitrary: fc.tuple(byte, fc.integer({ min: -2, max: 1 })).map(([page, low]) => ((page << 8) + low) & 0xffff),
    },
    { weight: 1, arbitrary: fc.nat(0xfff0) },
  );

/**
 * What a machine is like. A `loops` machine does the same thing over and over, and seldom anything comes between: its
 * code is translated, writes over itself, and is banked away under its own feet.
 */
type Temper = 'any' | 'loops';

/** An instruction whose operands point at what matters. */
function instruction(cpu: ChosenCpu, devices: readonly number[], temper: Temper): fc.Arbitrary<number[]> {
  const isa = instructionSetOf(cpu);
  const { rare, leaves } = cpu.subject;
  const common = isa.encodings.filter(
    ({ mnemonic }) => !rare.test(mnemonic) && (temper === 'any' || !leaves.test(mnemonic)),
  );
  const encoding = fc.oneof(
    { weight: 60, arbitrary: fc.constantFrom(...common) },
    { weight: 1, arbitrary: fc.constantFrom(...isa.encodings) },
  );
  const inZeroPage = devices.filter((at) => at < 0x100);
  const zeroPage = fc.oneof(byte, fc.constantFrom(0x00, 0x12, 0xfe, 0xff, ...inZeroPage, ...inZeroPage));
  const displacement = fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: -12, max: 12 }) },
    fc.integer({ min: -128, max: 127 }),
  );
  const operand = ({ bytes, relative }: Operand): fc.Arbitrary<number[]> => {
    if (relative) return displacement.map((value) => [value & 0xff]);
    if (bytes === 2) return address(devices).map((value) => [value & 0xff, value >> 8]);
    return zeroPage.map((value) => [value]);
  };
  return encoding.chain(({ layout }) =>
    fc
      .tuple(...layout.map((part) => (typeof part === 'number' ? fc.constant([part]) : operand(part))))
      .map((parts) => parts.flat()),
  );
}

/** A program that ends in a jump to another one, or to itself. */
const program = (
  cpu: ChosenCpu,
  devices: readonly number[],
  temper: Temper,
  nexts: readonly number[] = PROGRAM_STARTS,
): fc.Arbitrary<number[]> =>
  fc
    .tuple(
      fc.array(instruction(cpu, devices, temper), { minLength: 1, maxLength: 14 }),
      fc.constantFrom(...nexts),
      fc.oneof(fc.constant([]), fc.constantFrom(...cpu.subject.enables)),
    )
    .map(([parts, next, enable]) => [...enable, ...parts.flat(), ...cpu.subject.jump(next)]);

const handler = (cpu: ChosenCpu, devices: readonly number[], temper: Temper): fc.Arbitrary<number[]> =>
  fc
    .tuple(fc.array(instruction(cpu, devices, temper), { maxLength: 4 }), fc.constantFrom(...cpu.subject.returns))
    .map(([parts, end]) => [...parts.flat(), ...end]);

const kinds = fc.constantFrom<readonly ('read' | 'write' | 'idle')[]>(
  ['read'],
  ['write'],
  ['read', 'write'],
  ['read', 'write', 'idle'],
);

/** @param soonest cycles after which an event may be due: an event that is due at once, for ever, stops time */
function action(soonest: 0 | 1, temper: Temper): fc.Arbitrary<GremlinAction> {
  const event = fc.nat(GREMLIN_EVENTS - 1);
  const cycles = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: soonest, max: 20 }) },
    fc.integer({ min: soonest, max: 400 }),
  );
  const isCalm = temper === 'loops';
  return fc.oneof(
    {
      weight: isCalm ? 0 : 2,
      arbitrary: fc.record({
        does: fc.constant('assert' as const),
        line: fc.constantFrom('irq' as const, 'nmi' as const, 'so' as const),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        does: fc.constant('release' as const),
        line: fc.constantFrom('irq' as const, 'irq' as const, 'nmi' as const, 'so' as const),
      }),
    },
    {
      weight: isCalm ? 0 : 1,
      arbitrary: fc.record({
        does: fc.constant('hold' as const),
        line: fc.constantFrom('rdy' as const, 'rdy' as const, 'rdy' as const, 'reset' as const),
        cycles: fc.integer({ min: soonest, max: 12 }),
      }),
    },
    {
      weight: isCalm ? 0 : 2,
      arbitrary: fc.record({ does: fc.constantFrom('request' as const, 'withdraw' as const) }),
    },
    { weight: 6, arbitrary: fc.record({ does: fc.constant('schedule' as const), event, cycles }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('cancel' as const), event }) },
    {
      weight: 1,
      arbitrary: fc.record({ does: fc.constant('stall' as const), kinds, cycles: fc.integer({ min: 0, max: 4 }) }),
    },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('bank' as const), bank: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('send' as const, 'poll' as const, 'poll' as const) }) },
  );
}

const rarely = fc.integer({ min: 0, max: 60 }).map((value) => value === 0);

/** A line that is asserted for a while now and then. */
const pulses: fc.Arbitrary<GremlinConfig['events']> = fc
  .tuple(
    fc.constantFrom('irq' as const, 'irq' as const, 'nmi' as const),
    fc.integer({ min: 0, max: 3000 }),
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: 20, max: 3000 }),
    fc.boolean(),
  )
  .map(([line, first, long, apart, isThere]) => {
    const again = (cycles: number): GremlinAction => ({ does: 'schedule', event: 0, cycles });
    const steps = [
      [{ does: 'assert' as const, line }, again(long)],
      [{ does: 'release' as const, line }, again(apart)],
    ];
    return isThere ? [{ first, steps }] : [];
  });

const gremlinConfig = (temper: Temper): fc.Arbitrary<GremlinConfig> =>
  fc
    .record({
      reads: fc.array(fc.array(action(0, temper), { maxLength: 2 }), { minLength: 1, maxLength: GREMLIN_SIZE }),
      writes: fc.array(fc.array(action(0, temper), { maxLength: 2 }), { minLength: 1, maxLength: GREMLIN_SIZE }),
      values: fc.array(byte, { minLength: 1, maxLength: 5 }),
      events:
        temper === 'loops'
          ? pulses
          : fc.array(
              fc.record({
                first: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 3000 })),
                steps: fc.array(fc.array(action(1, temper), { maxLength: 2 }), { maxLength: 5 }),
              }),
              { maxLength: GREMLIN_EVENTS },
            ),
      exits: rarely,
    })
    .map(({ exits, ...config }) => ({
      ...config,
      writes: exits ? [...config.writes.slice(1), [{ does: 'exit' }]] : config.writes,
    }));

/** Devices among the memory; of two at one place the later one is seen. */
const devices = (name: string): fc.Arbitrary<NonNullable<MachineConfig['memory']>> =>
  fc
    .uniqueArray(
      fc.record({
        at: fc.constantFrom(...DEVICE_SPOTS),
        size: fc.oneof(
          { weight: 3, arbitrary: fc.integer({ min: 1, max: GREMLIN_SIZE }) },
          fc.constantFrom(0x40, 0x100),
        ),
        offset: fc.nat(GREMLIN_SIZE - 1),
        access: fc.constantFrom(undefined, undefined, 'read' as const, 'write' as const),
      }),
      { minLength: 1, maxLength: 4, selector: ({ at }) => at },
    )
    .map((places) =>
      places.map(({ at, size, offset, access }, index) => ({
        at,
        device: name,
        size,
        offset,
        repeat: true,
        priority: index + 1,
        ...(access && { access }),
      })),
    );

const deviceAddresses = (regions: NonNullable<MachineConfig['memory']>): number[] =>
  regions.flatMap((region) => ('device' in region ? [Number(region.at)] : []));

const memory = (gremlin: string, temper: Temper): fc.Arbitrary<NonNullable<MachineConfig['memory']>> =>
  fc
    .record({
      isMirrored: fc.boolean(),
      isDelayed: temper === 'loops' ? rarely : fc.boolean(),
      lowIsDelayed: rarely,
      window: fc.constantFrom('ram' as const, 'rom' as const),
      second: fc.constantFrom('mirror' as const, 'ram' as const, 'none' as const),
      high: fc.constantFrom('ram' as const, 'rom' as const, 'delayed' as const),
      among: devices(gremlin),
    })
    .map(({ isMirrored, isDelayed, lowIsDelayed, window, second, high, among }) => [
      { at: 0, ram: 0x800, ...(lowIsDelayed && { delay: 'contention' }) },
      isMirrored ? { at: 0x800, mirror: 0, of: 0x800, size: 0x1800 } : { at: 0x800, ram: 0x1800 },
      { at: 0x2000, ram: 0x2000, ...(isDelayed && { delay: 'contention' }) },
      window === 'ram'
        ? { at: 0x4000, ram: 0x8000, image: 'window', size: 0x2000, bank: `${gremlin}.window` }
        : { at: 0x4000, rom: 'window', size: 0x2000, bank: `${gremlin}.window` },
      ...(second === 'mirror' ? [{ at: 0x6000, mirror: 0x4000, of: 0x2000, size: 0x2000 }] : []),
      ...(second === 'ram' ? [{ at: 0x6000, ram: 0x2000 }] : []),
      high === 'rom'
        ? { at: 0x8000, rom: 'high', size: 0x8000 }
        : { at: 0x8000, ram: 0x8000, image: 'high', ...(high === 'delayed' && { delay: 'contention' }) },
      ...among,
    ]);

const slices = fc.array(
  fc.oneof(fc.nat(3), fc.nat(40), { weight: 2, arbitrary: fc.nat(400) }, { weight: 2, arbitrary: fc.nat(2500) }),
  { minLength: 1, maxLength: 7 },
);

const episode = ({ subject: { registers } }: ChosenCpu, temper: Temper): fc.Arbitrary<Episode> =>
  fc.record({
    run: fc.oneof(
      { weight: 6, arbitrary: slices.map((list) => ({ until: 'cycles' as const, slices: list })) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom(...PROGRAM_STARTS), fc.nat(30), fc.nat(1500))
          .map(([start, offset, cycles]) => ({ until: 'address' as const, address: start + offset, cycles })),
      },
      {
        weight: temper === 'loops' ? 4 : 1,
        arbitrary: fc.nat(2500).map((cycles) => ({ until: 'trap' as const, cycles })),
      },
    ),
    host: fc.array(
      fc.oneof(
        {
          weight: 3,
          arbitrary: fc.record({ does: fc.constant('poke' as const), address: address(DEVICE_SPOTS), value: byte }),
        },
        {
          weight: 1,
          arbitrary: fc
            .tuple(fc.constantFrom(...Object.entries(registers)), fc.nat(0xffff))
            .map(([[register, bits], value]) => ({ does: 'set' as const, register, value: value & (2 ** bits - 1) })),
        },
        {
          weight: 1,
          arbitrary: fc
            .constantFrom(...PROGRAM_STARTS)
            .map((value) => ({ does: 'set' as const, register: 'pc', value })),
        },
        { weight: 1, arbitrary: fc.string({ maxLength: 3 }).map((text) => ({ does: 'type' as const, text })) },
        {
          weight: temper === 'loops' ? 0 : 1,
          arbitrary: fc.boolean().map((on) => ({ does: 'trace' as const, on })),
        },
        { weight: 1, arbitrary: fc.constant({ does: 'reset' as const }) },
      ),
      { maxLength: 3 },
    ),
  });

/** Programs for one CPU, and where its interrupts and RESET go. */
function patches(name: string, cpu: ChosenCpu, devices: readonly number[], temper: Temper): fc.Arbitrary<Patch[]> {
  const vector = fc.constantFrom(...PROGRAM_STARTS);
  const starts = fc.uniqueArray(fc.constantFrom(...PROGRAM_STARTS), { minLength: 2, maxLength: 6 });
  return fc
    .record({
      // Half of them go from one to the other for ever: what runs often is what is translated.
      programs: fc
        .tuple(starts, temper === 'loops' ? fc.constant(true) : fc.boolean())
        .chain(([places, isLooping]) =>
          fc.tuple(
            ...places.map((at) =>
              fc.tuple(fc.constant(at), program(cpu, devices, temper, isLooping ? places : PROGRAM_STARTS)),
            ),
          ),
        ),
      handlers: fc.tuple(handler(cpu, devices, temper), handler(cpu, devices, temper)),
      interrupts: fc.boolean(),
      vectors: fc.tuple(vector, vector, vector),
    })
    .map(({ programs, handlers, interrupts, vectors: [nmi, reset, irq] }) => [
      { cpu: name, at: 0xf000, bytes: hex(handlers[0]) },
      { cpu: name, at: 0xf080, bytes: hex(handlers[1]) },
      ...programs.map(([at, bytes]) => ({ cpu: name, at, bytes: hex(bytes) })),
      ...cpu.subject
        .vectors(interrupts ? 0xf080 : irq, interrupts ? 0xf000 : nmi, reset)
        .map(([at, bytes]) => ({ cpu: name, at, bytes: hex(bytes) })),
    ]);
}

const clock = fc.constantFrom(1_000_000, 1_000_000, 2_000_000, 3_000_000, '315/88 MHz');

/** A machine with one CPU or two, their gremlins, and a life. */
export const machineDescription = (temper: Temper): fc.Arbitrary<MachineDescription> =>
  fc
    .record({
      // Of one family or of two.
      cpus: fc.array(
        fc
          .constantFrom(...SUBJECTS)
          .chain((subject) => fc.constantFrom(...CPUS.filter((cpu) => cpu.subject === subject))),
        {
          minLength: 1,
          maxLength: temper === 'loops' ? 1 : 2,
        },
      ),
      clocks: fc.tuple(clock, clock, clock),
      quantum: fc.oneof(fc.constant('instruction' as const), fc.integer({ min: 1, max: 200 })),
      period: fc.integer({ min: 1, max: 9 }),
      phase: fc.nat(8),
      delays: fc.array(fc.nat(6), { maxLength: 9 }),
      fill: fc.oneof(
        fc.constantFrom('zero', 'pattern:0xea', 'pattern:0xeaea4c0002'),
        fc.nat(1000).map((seed) => `random:${seed}`),
      ),
      isCrossed: fc.boolean(),
      waits: fc.boolean(),
      idle: fc.nat(30),
    })
    .chain(({ cpus, clocks, quantum, period, phase, delays, fill, isCrossed, waits, idle }) => {
      const [main] = cpus as [ChosenCpu];
      return fc
        .record({
          parts: fc.tuple(
            ...cpus.map((cpu, index) =>
              memory(`gremlin${index}`, temper).chain((regions) =>
                fc.record({
                  gremlin: gremlinConfig(temper),
                  memory: fc.constant(regions),
                  patches: patches(`cpu${index}`, cpu, deviceAddresses(regions), temper),
                }),
              ),
            ),
          ),
          window: program(main, DEVICE_SPOTS, temper),
          high: program(main, DEVICE_SPOTS, temper),
          episodes: fc.array(episode(main, temper), { minLength: 1, maxLength: 6 }),
        })
        .map(
          ({ parts, window, high, episodes }): MachineDescription => ({
            config: {
              clock: 1_000_000,
              quantum,
              ramFill: fill,
              delays: { contention: { period, phase, cycles: delays.slice(0, period) } },
              cpus: Object.fromEntries(
                parts.map((part, index) => {
                  const { subject, variant } = cpus[index] as ChosenCpu;
                  const gremlin = `gremlin${index}`;
                  return [
                    `cpu${index}`,
                    {
                      type: subject.plugin.type,
                      variant,
                      clock: clocks[index] as string | number,
                      memory: part.memory,
                      ...(subject.isChained && {
                        io: [{ at: 0, device: gremlin, size: 0x100, repeat: true }],
                        daisyChain: [gremlin],
                      }),
                    },
                  ];
                }),
              ),
              devices: Object.fromEntries(
                parts.map((part, index) => [`gremlin${index}`, { type: 'gremlin', clock: clocks[2], ...part.gremlin }]),
              ),
              wires: [
                ['gremlin0.serial', 'host.console'] as [string, string],
                ...parts.flatMap((_, index) =>
                  Object.entries((cpus[index] as ChosenCpu).subject.lines).map(([line, pin]): [string, string] => [
                    `gremlin${isCrossed ? parts.length - 1 - index : index}.${line}`,
                    `cpu${index}.${pin}`,
                  ]),
                ),
              ],
              host: { console: { idle } },
            },
            images: {
              window: { size: 0x8000, bytes: hex(window) },
              high: { size: 0x8000, bytes: hex(high) },
            },
            patches: parts.flatMap((part) => part.patches),
            waits,
            episodes,
          }),
        );
    });
