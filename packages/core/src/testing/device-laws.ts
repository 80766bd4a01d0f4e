import fc from 'fast-check';
import type { MachineConfig } from '../machine/config.js';
import { type DeviceDefinition, type DevicePlugin, defineDevice } from '../plugin/define-device.js';
import { bytes, u8 } from '../plugin/fields.js';
import * as z from '../zod.js';
import type { Law, LawOptions } from './law.js';
import { machineLaws, observed, stateOf } from './machine-laws.js';
import { type Access, probe, probeProgram } from './probe.js';

/** What {@link deviceLaws} needs beside the definition. */
export interface DeviceLawOptions extends LawOptions {
  /** The device's config, without `type`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What is in its drives. */
  readonly images?: Readonly<Record<string, Uint8Array>>;
  /** Lines that are wired to something that moves them, all by default. */
  readonly lines?: readonly string[];
  /** Accesses that mean something to the device, `[register]` to read and `[register, value]` to write; any by default. */
  readonly accesses?: fc.Arbitrary<readonly (readonly [register: number, value?: number])[]>;
}

/** What a CPU does with a daisy chain. */
const CHAIN_ACCESSES: readonly Access[] = [{ op: 'acknowledge' }, { op: 'return' }];

/** Where the device is mapped. */
const BASE = 0x8000;

/** Moves whatever pins and lines it is joined to, as a schedule says. */
const surroundings = (lines: readonly string[], ports: Readonly<Record<string, number>>): DevicePlugin =>
  defineDevice({
    type: 'surroundings',
    version: 1,
    lines,
    ports,
    config: z.object({ schedule: z.array(z.number()).default([]) }),
    state: ({ schedule }) => ({ at: u8(), log: bytes(Math.max(1, schedule.length)) }),
    create({ state, config: { schedule }, lines: wires, ports: pins, event }) {
      const names = Object.keys(wires);
      const portNames = Object.keys(pins);
      const change = event('change', () => {
        const action = schedule[state.at % schedule.length] as number;
        state.log[state.at % schedule.length] = action;
        const line = wires[names[action % Math.max(1, names.length)] as string];
        if (line) (action & 0x100) !== 0 ? line.assert() : line.release();
        pins[portNames[action % Math.max(1, portNames.length)] as string]?.drive(action >> 3, action >> 9);
        state.at = (state.at + 1) % schedule.length;
        change.after(1 + ((action >> 4) % 97));
      });
      return {
        reset() {
          if (schedule.length > 0) change.after(3);
        },
      };
    },
  });

/**
 * Laws of a device: its state lies in its declared fields and nowhere else, runs can be split anywhere, reading
 * without side effects has none, nothing it is asked makes it throw. It is tried with random accesses, and with random
 * changes of its lines, pins and input.
 *
 * @example
 * test.each(deviceLaws(countdown))('%s', (_name, check) => check());
 */
export function deviceLaws(
  plugin: DevicePlugin,
  { config = {}, images = {}, lines: wired, accesses, runs = 30, seed, engine = 'auto' }: DeviceLawOptions = {},
): Law[] {
  const { definition } = plugin;
  const settings = { numRuns: runs, ...(seed === undefined ? {} : { seed }) };
  const size = sizeOf(definition, config);
  const lines = wired ?? definition.lines ?? [];
  const ports = definition.ports ?? {};
  const hasChain = definition.chain !== undefined;
  const plugins = [probe, plugin, surroundings(lines, ports)];

  const machineConfig = (schedule: readonly number[]): MachineConfig => ({
    clock: 1_000_000,
    cpu: { type: 'probe', ...(hasChain && { daisyChain: ['subject'] }) },
    devices: { subject: { type: plugin.type, ...config }, outside: { type: 'surroundings', schedule } },
    memory: [
      { at: 0, ram: '32K', image: 'program' },
      ...(size > 0 ? [{ at: BASE, device: 'subject', size: Math.min(size, 0x8000) }] : []),
    ],
    wires: [
      ...lines.map((line): [string, string] => [`subject.${line}`, `outside.${line}`]),
      ...Object.keys(ports).map((port): [string, string] => [`subject.${port}`, `outside.${port}`]),
      ...(lines[0] === undefined ? [] : [[`subject.${lines[0]}`, 'cpu.irq'] as [string, string]]),
      ...(definition.channels ?? []).map((channel): [string, string] => [`subject.${channel}`, `host.${channel}`]),
    ],
    host: Object.fromEntries((definition.channels ?? []).map((channel) => [channel, { idle: 50 }])),
  });

  const offset = fc.nat(Math.max(0, Math.min(size, 0x8000) - 1));
  // Many a register counts down from what is written to it: small values come to their end within a run.
  const value = fc.oneof(fc.nat(255), fc.nat(4));
  const pause = fc.constantFrom<Access>({ op: 'pause' }, ...(hasChain ? CHAIN_ACCESSES : []));
  const access: fc.Arbitrary<Access> =
    size === 0
      ? pause
      : fc.oneof(
          pause,
          offset.map((at): Access => ({ op: 'read', address: BASE + at })),
          fc.tuple(offset, value).map(([at, written]): Access => ({ op: 'write', address: BASE + at, value: written })),
        );
  const meant = accesses?.chain((list) =>
    fc
      .tuple(
        ...list.map(([at, written]) =>
          fc
            .array(pause, { maxLength: 2 })
            .map((pauses): Access[] => [
              ...pauses,
              written === undefined
                ? { op: 'read', address: BASE + at }
                : { op: 'write', address: BASE + at, value: written },
            ]),
        ),
      )
      .map((parts) => parts.flat()),
  );
  const any = fc.array(access, { minLength: 1, maxLength: 40 });
  const situation = fc.record({
    accesses: meant ? fc.oneof(any, meant, meant) : any,
    schedule: fc.array(fc.nat(0xfffff), { maxLength: 12 }),
  });

  const lives = fc.record({
    first: situation,
    second: situation,
    before: fc.nat(1000),
    elsewhere: fc.array(fc.nat(2000), { minLength: 1, maxLength: 8 }),
    isReset: fc.boolean(),
  });

  /** The laws of all machines, tried on one with this device under random accesses. */
  const general = (['checkpoint', 'snapshot', 'run(n)', 'looking', 'the same'] as const).map((start): Law => {
    const pick = (accesses: readonly Access[], schedule: readonly number[], runSeed: number): Law =>
      machineLaws(
        machineConfig(schedule),
        { plugins, engine, images: { ...images, program: probeProgram(accesses) } },
        { runs: 2, seed: runSeed },
      ).find(([name]) => name.includes(start)) as Law;
    const [name] = pick([{ op: 'pause' }], [], 0);
    return [
      name,
      () =>
        fc.assert(
          fc.property(situation, fc.nat(), ({ accesses, schedule }, runSeed) => {
            pick(accesses, schedule, runSeed)[1]();
          }),
          settings,
        ),
    ];
  });

  return [
    ...general,
    [
      'its state lies in its declared fields alone',
      () =>
        fc.assert(
          fc.property(lives, fc.string({ maxLength: 8 }), ({ first, second, before, elsewhere, isReset }, input) => {
            // A machine that has lived through something else and is put back must not remember it.
            const config1 = machineConfig(first.schedule);
            const fresh = observed(config1, {
              plugins,
              engine,
              images: { ...images, program: probeProgram(first.accesses) },
            });
            const used = observed(config1, {
              plugins,
              engine,
              images: { ...images, program: probeProgram(first.accesses) },
            });
            fresh.machine.run(before);
            const start = fresh.machine.checkpoint();
            for (const cycles of elsewhere) {
              used.machine.memory.load(0, probeProgram(second.accesses));
              for (const channel of used.machine.channels) used.machine.channel(channel).write(input);
              used.machine.run(cycles);
              if (isReset) {
                used.machine.reset();
                used.machine.run(500);
              }
              used.machine.restore(start);
              for (let at = 0; at < Math.min(size, 256); at += 1) {
                const [wanted, is] = [fresh, used].map(({ machine }) => machine.memory.peek(BASE + at));
                if (is !== wanted) {
                  throw new Error(
                    `something is kept outside the declared fields: register ${at} is ${is}, not ${wanted}`,
                  );
                }
              }
            }
            fresh.log.length = 0;
            used.log.length = 0;
            // What the host has queued is the host's; let both have the same.
            for (const channel of fresh.machine.channels) {
              fresh.machine.channel(channel).write('ab');
              used.machine.channel(channel).discard();
              used.machine.channel(channel).write('ab');
            }
            fresh.machine.run(2000);
            used.machine.run(2000);
            if (stateOf(fresh.machine) !== stateOf(used.machine) || fresh.log.join() !== used.log.join()) {
              throw new Error('something is kept outside the declared fields');
            }
          }),
          settings,
        ),
    ],
    [
      'a reset after a reset changes nothing',
      () =>
        fc.assert(
          fc.property(situation, ({ accesses, schedule }) => {
            const { machine } = observed(machineConfig(schedule), {
              plugins,
              engine,
              images: { ...images, program: probeProgram(accesses) },
            });
            machine.run(500);
            machine.reset();
            const once = stateOf(machine);
            machine.reset();
            if (stateOf(machine) !== once) throw new Error('the second reset changed something');
          }),
          settings,
        ),
    ],
    [
      'peek tells what a read would give at that moment, or leaves it open',
      () =>
        fc.assert(
          fc.property(situation, offset, ({ accesses, schedule }, at) => {
            if (size === 0 || !definition.create) return;
            const { machine } = observed(machineConfig(schedule), {
              plugins,
              engine,
              images: { ...images, program: probeProgram(accesses) },
            });
            machine.run(500);
            const [first, second] = [machine.memory.peek(BASE + at), machine.memory.peek(BASE + at)];
            if (first !== second || first < 0 || first > 255)
              throw new Error(`peek(${at}) gave ${first}, then ${second}`);
          }),
          settings,
        ),
    ],
  ];
}

function sizeOf(definition: DeviceDefinition, config: Readonly<Record<string, unknown>>): number {
  if (typeof definition.size !== 'function') return definition.size ?? 0;
  return definition.size((definition.config?.parse(config) ?? {}) as never);
}
