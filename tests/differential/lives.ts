/** Lets a described machine live, and tells all that can be seen of it. */
import { createMachine, type EngineChoice, type Machine, type MachineStats } from '@backplane/core';
import { gremlin } from './gremlin.js';
import { Log } from './log.js';
import type { Episode, HostAction, MachineDescription } from './random-machine.js';
import { SUBJECTS } from './subjects.js';

/** How a machine is run: by which engines, in one piece or in slices. */
export interface Way {
  readonly engine: EngineChoice;
  readonly sliced: boolean;
  /** Engines that take over after each slice, in turn. */
  readonly switching?: readonly EngineChoice[];
}

/** What is there to see after an episode. */
export interface Sight {
  readonly reason: string;
  readonly cycles: number;
  /** The whole state, byte for byte. */
  readonly state: Uint8Array;
  readonly registers: string;
}

export interface Life {
  readonly machine: Machine;
  readonly sights: readonly Sight[];
  /** Accesses and events as the devices saw them, input, bus cycles. */
  readonly log: readonly string[];
  /** What was sent to the host. It is told between slices, so the log does not say when. */
  readonly output: string;
  readonly stats: MachineStats;
}

const unhex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

function repeated({ size, bytes }: { readonly size: number; readonly bytes: string }): Uint8Array {
  const pattern = unhex(bytes);
  return Uint8Array.from({ length: size }, (_, index) => pattern[index % pattern.length] ?? 0);
}

export function live({ config, images, patches, waits, episodes }: MachineDescription, way: Way): Life {
  const log = new Log();
  const used = Object.fromEntries(
    Object.entries(images)
      .filter(([name]) => JSON.stringify(config).includes(`"${name}"`))
      .map(([name, image]) => [name, repeated(image)]),
  );
  const machine = createMachine(config, {
    plugins: [...SUBJECTS.map(({ plugin }) => plugin), gremlin(log)],
    images: used,
    engine: way.engine,
  });
  const output: number[] = [];
  machine.on('output', ({ bytes }) => output.push(...bytes));
  machine.on('input', ({ byte, cycles }) => log.add(`< ${byte} at ${cycles}`));
  const console = machine.channel('console');
  console.waits = waits;
  for (const { cpu, at, bytes } of patches) machine.cpus[cpu]?.memory.load(at, unhex(bytes));

  let turn = 0;
  const sights = episodes.map(({ run, host }): Sight => {
    const reason = runEpisode(machine, run, way, () => {
      const { switching } = way;
      if (switching) machine.setEngine(switching[turn++ % switching.length] as EngineChoice);
    });
    const sight = {
      reason,
      cycles: machine.cycles,
      state: machine.checkpoint().bytes,
      registers: JSON.stringify(Object.values(machine.cpus).map(({ registers, status }) => ({ ...registers, status }))),
    };
    for (const action of host) act(machine, action, log);
    return sight;
  });
  return { machine, sights, log: log.lines, output: output.join(' '), stats: machine.stats() };
}

function runEpisode(machine: Machine, run: Episode['run'], { sliced }: Way, between: () => void): string {
  if (run.until === 'address') return machine.runUntil(run.address, { cycles: run.cycles }).reason;
  if (run.until === 'trap') return machine.runUntil({ trap: true }, { cycles: run.cycles }).reason;
  const slices = sliced ? run.slices : [run.slices.reduce((sum, slice) => sum + slice, 0)];
  let reason = '';
  for (const slice of slices) {
    between();
    ({ reason } = machine.run(slice));
  }
  return reason;
}

function act(machine: Machine, action: HostAction, log: Log): void {
  switch (action.does) {
    case 'poke':
      machine.memory.poke(action.address, action.value);
      return;
    case 'set':
      machine.cpu.registers[action.register] = action.value;
      return;
    case 'type':
      machine.channel('console').write(action.text);
      return;
    case 'trace':
      machine.onCycle = action.on
        ? ({ cpu, cycle, kind, address, value, stalled, first }) =>
            log.add(
              `${cpu} ${cycle} ${first ? 'first ' : ''}${kind} ${address.toString(16)} ${value}${stalled ? ' stalled' : ''}`,
            )
        : null;
      return;
    case 'reset':
      machine.reset();
  }
}

/** What differs between two lives, as text; undefined if nothing does. */
export function difference(wanted: Life, seen: Life): string | undefined {
  for (const [index, sight] of wanted.sights.entries()) {
    const other = seen.sights[index] as Sight;
    for (const key of ['reason', 'cycles', 'registers'] as const) {
      if (sight[key] !== other[key]) return `${key} after episode ${index}: ${other[key]} instead of ${sight[key]}`;
    }
  }
  const entry = wanted.log.findIndex((line, index) => line !== seen.log[index]);
  if (entry >= 0 || wanted.log.length !== seen.log.length) {
    const at = entry < 0 ? wanted.log.length : entry;
    const around = (log: readonly string[]): string => log.slice(Math.max(0, at - 5), at + 2).join(' | ');
    return `the log from line ${at} on: … ${around(seen.log)} instead of … ${around(wanted.log)}`;
  }
  if (wanted.output !== seen.output) return `output: ${seen.output} instead of ${wanted.output}`;
  const snapshots = [wanted, seen].map(({ machine }) => machine.snapshot().components);
  for (const [index, component] of (snapshots[0] ?? []).entries()) {
    const other = snapshots[1]?.[index];
    if (component.digest === other?.digest) continue;
    for (const [name, value] of Object.entries(component.fields)) {
      const is = other?.fields[name];
      if (value !== is)
        return `${component.id}.${name} at the end: ${String(is).slice(0, 300)} instead of ${String(value).slice(0, 300)}`;
    }
  }
  for (const [index, { state }] of wanted.sights.entries()) {
    const other = seen.sights[index]?.state as Uint8Array;
    if (Buffer.compare(state, other) === 0) continue;
    const at = state.findIndex((value, offset) => value !== other[offset]);
    return `byte ${at} of the arena after episode ${index}: ${other[at]} instead of ${state[at]}`;
  }
  return undefined;
}
