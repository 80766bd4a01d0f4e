import fc from 'fast-check';
import { BackplaneError } from '../errors.js';
import type { MachineOptions } from '../machine/build.js';
import type { MachineConfig } from '../machine/config.js';
import { createMachine, type Machine, type RunResult } from '../machine/machine.js';
import { defineDevice } from '../plugin/define-device.js';
import { u32 } from '../plugin/fields.js';
import type { Law, LawOptions } from './law.js';

/** All that a machine's future depends on, as text. */
export function stateOf(machine: Machine): string {
  return JSON.stringify(machine.snapshot().components);
}

/** A machine under observation: its output and input, with guest time. */
export function observed(config: MachineConfig, options: MachineOptions): { machine: Machine; log: string[] } {
  const machine = createMachine(config, options);
  return { machine, log: observe(machine) };
}

function observe(machine: Machine): string[] {
  letRefuse(machine);
  const log: string[] = [];
  machine.on('output', ({ channel, bytes }) => log.push(...Array.from(bytes, (byte) => `${channel} > ${byte}`)));
  machine.on('input', ({ channel, byte, cycles }) => log.push(`${channel} < ${byte} at ${cycles}`));
  return log;
}

/** A device may refuse what a random program wants of it; the program goes on. */
export function letRefuse(machine: Machine): void {
  const { run, step } = machine;
  const insist = (action: () => RunResult, again: () => RunResult): RunResult => {
    for (let attempt = action; ; attempt = again) {
      try {
        return attempt();
      } catch (error) {
        if (!(error instanceof BackplaneError) || error.code !== 'device/refused') throw error;
      }
    }
  };
  // What is left to run stays to be run.
  machine.run = (cycles) =>
    insist(
      () => run.call(machine, cycles),
      () => run.call(machine, 0),
    );
  machine.step = () =>
    insist(
      () => step.call(machine),
      () => run.call(machine, 0),
    );
}

/** Wired to nothing, mapped nowhere, yet with an event and a state of its own. */
const bystander = defineDevice({
  type: 'bystander',
  version: 1,
  description: 'has no part in anything',
  state: () => ({ ticks: u32() }),
  create({ state, event }) {
    const tick = event('tick', () => {
      state.ticks += 1;
      tick.after(7);
    });
    return { reset: () => tick.after(7) };
  },
});

const cycles = fc.integer({ min: 0, max: 3000 });

/**
 * Laws that hold for every machine, whatever its plugins:
 * split runs, checkpoints, snapshots, sameness from run to run, looking without touching.
 *
 * @example
 * test.each(machineLaws(config, { plugins, images }))('%s', (_name, check) => check());
 */
export function machineLaws(
  config: MachineConfig,
  options: MachineOptions,
  { runs = 50, seed, engine = options.engine ?? 'auto' }: LawOptions = {},
): Law[] {
  const settings = { numRuns: runs, ...(seed === undefined ? {} : { seed }) };
  const make = (): { machine: Machine; log: string[] } => observed(config, { ...options, engine });
  const same = (actual: { machine: Machine; log: string[] }, wanted: { machine: Machine; log: string[] }): void => {
    expectEqual(actual.log.join('\n'), wanted.log.join('\n'), 'output');
    expectEqual(stateOf(actual.machine), stateOf(wanted.machine), 'state');
  };

  return [
    [
      'run(n); run(m) is run(n + m)',
      () =>
        fc.assert(
          fc.property(fc.array(cycles, { minLength: 1, maxLength: 8 }), (slices) => {
            const whole = make();
            const split = make();
            whole.machine.run(slices.reduce((sum, slice) => sum + slice, 0));
            for (const slice of slices) split.machine.run(slice);
            same(split, whole);
          }),
          settings,
        ),
    ],
    [
      'stepping is running',
      () =>
        fc.assert(
          fc.property(fc.integer({ min: 1, max: 300 }), (steps) => {
            const stepped = make();
            const run = make();
            for (let step = 0; step < steps; step += 1) stepped.machine.step();
            const end = stepped.machine.cycles;
            if (run.machine.runUntil((machine) => machine.cycles >= end).reason !== 'condition') return;
            same(run, stepped);
          }),
          settings,
        ),
    ],
    [
      'a checkpoint restored into another machine runs on as the original does',
      () =>
        fc.assert(
          fc.property(cycles, cycles, cycles, (before, after, elsewhere) => {
            const original = make();
            original.machine.run(before);
            const checkpoint = original.machine.checkpoint();
            original.log.length = 0;
            original.machine.run(after);
            const other = make();
            other.machine.run(elsewhere);
            other.machine.restore(checkpoint);
            other.log.length = 0;
            other.machine.run(after);
            same(other, original);
          }),
          settings,
        ),
    ],
    [
      'a fork runs on as its machine does, and neither sees the other',
      () =>
        fc.assert(
          fc.property(cycles, cycles, (before, after) => {
            const original = make();
            original.machine.run(before);
            original.log.length = 0;
            const fork = original.machine.fork();
            const log = observe(fork);
            const kept = stateOf(fork);
            original.machine.run(after);
            expectEqual(stateOf(fork), kept, 'state of the fork before it ran');
            fork.run(after);
            same({ machine: fork, log }, original);
          }),
          settings,
        ),
    ],
    [
      'a snapshot loaded into another machine runs on as the original does',
      () =>
        fc.assert(
          fc.property(cycles, cycles, cycles, (before, after, elsewhere) => {
            const original = make();
            original.machine.run(before);
            const snapshot = JSON.parse(JSON.stringify(original.machine.snapshot()));
            original.log.length = 0;
            original.machine.run(after);
            const other = make();
            other.machine.run(elsewhere);
            other.machine.loadSnapshot(snapshot);
            expectEqual(JSON.stringify(other.machine.snapshot()), JSON.stringify(snapshot), 'snapshot');
            other.log.length = 0;
            other.machine.run(after);
            same(other, original);
          }),
          settings,
        ),
    ],
    [
      'the same config gives the same bits',
      () =>
        fc.assert(
          fc.property(cycles, fc.integer({ min: 0, max: 0xffff }), (count, fill) => {
            const [first, second] = [1, 2].map(() =>
              observed({ ...config, ramFill: `random:${fill}` }, { ...options, engine }),
            );
            for (const { machine } of [first, second] as { machine: Machine }[]) machine.run(count);
            same(first as never, second as never);
          }),
          settings,
        ),
    ],
    [
      'looking changes nothing',
      () =>
        fc.assert(
          fc.property(cycles, cycles, fc.array(fc.nat(0xffff), { maxLength: 20 }), (before, after, addresses) => {
            const seen = make();
            const unseen = make();
            seen.machine.run(before);
            for (const cpu of Object.values(seen.machine.cpus)) {
              for (const address of addresses) {
                cpu.memory.peek(address);
                cpu.io.peek(address);
                cpu.disassemble(address);
              }
              for (const { from } of seen.machine.map()) cpu.memory.peek(from);
            }
            seen.machine.checkpoint();
            seen.machine.run(after);
            unseen.machine.run(before + after);
            same(seen, unseen);
          }),
          settings,
        ),
    ],
    [
      'a device that is wired to nothing changes nothing',
      () =>
        fc.assert(
          fc.property(cycles, (count) => {
            const alone = make();
            const accompanied = observed(
              { ...config, devices: { ...config.devices, bystander: { type: 'bystander' } } },
              { ...options, engine, plugins: [...options.plugins, bystander] },
            );
            alone.machine.run(count);
            accompanied.machine.run(count);
            expectEqual(accompanied.log.join('\n'), alone.log.join('\n'), 'output');
            expectEqual(essence(accompanied.machine), essence(alone.machine), 'state');
          }),
          settings,
        ),
    ],
  ];
}

/** The state without what tells of the bystander: its fields, its event, and when it was last attended to. */
function essence(machine: Machine): string {
  const components = machine
    .snapshot()
    .components.filter(({ id }) => id !== 'scheduler' && id !== 'device/bystander')
    .map(({ id, fields }) => [id, fields]);
  return JSON.stringify(components);
}

function expectEqual(actual: string, wanted: string, what: string): void {
  if (actual === wanted) return;
  let at = 0;
  while (actual[at] === wanted[at]) at += 1;
  const around = (text: string): string => text.slice(Math.max(0, at - 120), at + 60);
  throw new Error(`the ${what} differs\n  is:     …${around(actual)}\n  wanted: …${around(wanted)}`);
}
