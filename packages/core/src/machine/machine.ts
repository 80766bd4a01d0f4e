/** The machine: everything one emulated computer consists of, and how it is run. */
import { EventEmitter } from 'eventemitter3';
import type { Region } from '../bus/region.js';
import { type EngineName, NO_REGIONS, type RegionCounts } from '../engine/engine.js';
import { Runner } from '../engine/runner.js';
import { BackplaneError, SnapshotError } from '../errors.js';
import type { MachineMedium, MediumChange, WrittenSectors } from '../media/medium.js';
import type { HostChannel } from '../signal/channel.js';
import { restoreSnapshot, type Snapshot, takeSnapshot } from '../state/snapshot.js';
import { hertz } from '../time/clock.js';
import { buildParts, type EngineChoice, EXIT_STATUS, type MachineOptions, type Parts } from './build.js';
import { type MachineConfig, parseConfig } from './config.js';
import { PAUSE_EXIT, PAUSE_FAULT, PAUSE_INPUT, PAUSE_OUTPUT, PAUSE_STATUS, PAUSE_TEXT } from './control.js';
import { type BusCycle, type Cpu, HANG } from './cpu.js';
import { type AddressSpace, cpuView, type MachineCpu } from './machine-cpu.js';
import { fillMemory } from './power-on.js';
import { WorkedOut } from './worked-out.js';

/**
 * Why a run ended.
 *
 * - `cycles`: it ran as far as it was to run
 * - `condition`: what `runUntil` waits for came true
 * - `exit`: a device ended the run; see `machine.exitStatus`
 * - `input`: the guest waits for input that the host has not written yet
 * - `jam`: the CPU has crashed; only a reset helps
 * - `stopped`: the program has stopped the CPU; only a reset helps
 */
export type RunReason = 'cycles' | 'condition' | 'exit' | 'input' | 'jam' | 'stopped';

export interface RunResult {
  readonly reason: RunReason;
  /** Cycles of the main CPU that this run took. */
  readonly cycles: number;
}

/**
 * What {@link Machine.runUntil} waits for; it is asked at instruction boundaries, after at least one instruction.
 *
 * - a number: the main CPU is about to run the instruction at this address
 * - a function: it returns true
 * - `{ text }`: the output of a host channel (the first by default), from now on, contains or matches it; a match is
 *   looked for in the last 4,096 bytes
 * - `{ trap: true }`: an instruction has left the main CPU as it was, such as a jump to itself
 * - `{ halted: true }`: nothing; the run ends when the CPU jams or stops (as it does for every condition)
 */
export type RunCondition =
  | number
  | ((machine: Machine) => boolean)
  | { readonly text: string | RegExp; readonly channel?: string }
  | { readonly trap: true }
  | { readonly halted: true };

/** A state to come back to, of this machine or another one of the same config. It is a value: nothing changes it. */
export interface Checkpoint {
  /** Main CPU's cycles at that moment. */
  readonly cycles: number;
  /** @internal */
  readonly shape: string;
  /** @internal */
  readonly bytes: Uint8Array;
  /** @internal */
  readonly media: ReadonlyMap<string, WrittenSectors>;
}

/** One region of a memory map. */
export interface MappedRegion {
  readonly cpu: string;
  readonly space: 'memory' | 'io';
  readonly path: string;
  readonly name: string;
  readonly kind: Region['kind'];
  readonly from: number;
  readonly to: number;
  readonly access: 'read' | 'write' | undefined;
  readonly priority: number | undefined;
}

/** What has run since the machine was made, whatever was restored meanwhile. */
export interface MachineStats {
  readonly engine: EngineName;
  /** CPU cycles by the engine that ran them, all CPUs together. */
  readonly cycles: Readonly<Record<EngineName, number>>;
  /** Regions of code that the translator has now, has compiled, and has dropped; how long compiling them took. */
  readonly regions: RegionCounts;
}

interface MachineEvents {
  /** The guest has put out bytes; told between slices. */
  output: (event: { readonly channel: string; readonly bytes: Uint8Array }) => void;
  /** A byte of input was handed to the guest. */
  input: (event: { readonly channel: string; readonly byte: number; readonly cycles: number }) => void;
  /** What is on a medium has changed, by the guest or because the machine went back to another state. */
  medium: (event: { readonly medium: MachineMedium; readonly changes: readonly MediumChange[] }) => void;
  /** A run ended. */
  stop: (result: RunResult) => void;
}

// The machine's own doubles in the arena; the exit status is declared beside the devices that set it.
const TARGET = 0;
const TURN_START = 1;
const TURN = 2;

export class Machine {
  /** @internal */
  readonly parts: Parts;
  readonly cpus: Readonly<Record<string, MachineCpu>>;
  readonly #cpus: readonly Cpu[];
  readonly #main: Cpu;
  readonly #runners: ReadonlyMap<Cpu, Runner>;
  readonly #doubles: Float64Array;
  readonly #events = new EventEmitter<MachineEvents>();
  /** Ticks of a turn; 0 where turns are one instruction long. */
  readonly #quantum: number;
  #knownShape: string | undefined;
  #isRunning = false;
  #isDisposed = false;
  /** Output waits until somebody listens. */
  #keepsOutput = false;
  readonly #build: (isBlank: boolean) => Parts;
  #engine: EngineChoice;

  /** @internal Use {@link createMachine}. */
  constructor(build: (isBlank: boolean) => Parts, engine: EngineChoice, isFork = false) {
    const parts = build(isFork);
    this.parts = parts;
    this.#build = build;
    this.#engine = engine;
    this.#cpus = [...parts.cpus.values()];
    this.#main = this.#cpus[0] as Cpu;
    this.#runners = new Map(
      this.#cpus.map((cpu) => [cpu, new Runner(cpu, parts.arena, parts.scheduler, cpu.engines, engine)]),
    );
    this.#doubles = parts.arena.doubles(parts.machineOffset, 8);
    const { quantum = 1000 } = parts.config;
    this.#quantum = quantum === 'instruction' ? 0 : quantum * parts.clockTicks;
    this.cpus = Object.fromEntries(this.#cpus.map((cpu) => [cpu.name, cpuView(cpu, parts.scheduler)]));
    // Of a fork, all that this would set is restored.
    if (!isFork) this.#powerOn();
  }

  /** What a checkpoint must have in common with this machine. The digest of a large disk is worth waiting for. */
  get #shape(): string {
    const { config, layoutSize, media } = this.parts;
    this.#knownShape ??= JSON.stringify([
      config,
      layoutSize,
      [...media.values()].map(({ name, size, imageDigest }) => [name, size, imageDigest]),
      this.#cpus.map(({ type, variant, version }) => [type, variant, version]),
    ]);
    return this.#knownShape;
  }

  #powerOn(): void {
    const { parts } = this;
    this.#doubles.fill(0);
    this.#doubles[EXIT_STATUS] = -1;
    fillMemory(parts);
    this.#resetDevices();
  }

  /**
   * A reset pin is held down until nothing moves any more. Called one after the other, a device that was reset sees
   * the lines of the next one fall back; the second round forgets what it made of that.
   */
  #resetDevices(): void {
    for (let round = 0; round < 2; round += 1) {
      for (const device of this.parts.devices.values()) device.behaviour.reset?.();
    }
  }

  /** The main CPU: the first one of the config. */
  get cpu(): MachineCpu {
    return this.cpus[this.#main.name] as MachineCpu;
  }

  /** Memory of the main CPU, without side effects. */
  get memory(): AddressSpace {
    return this.cpu.memory;
  }

  get name(): string {
    return this.parts.config.name ?? 'machine';
  }

  /** Cycles of the main CPU since power-on. */
  get cycles(): number {
    return this.#main.cycles;
  }

  /** Guest time in master ticks. */
  get time(): number {
    return this.#main.clock[0] as number;
  }

  /** Guest time in seconds since power-on. */
  get seconds(): number {
    return this.time / hertz(this.parts.master);
  }

  /** What the guest ended with, if it has. */
  get exitStatus(): number | undefined {
    const status = this.#doubles[EXIT_STATUS] as number;
    return status < 0 ? undefined : status;
  }

  /** Name of the engine that runs the main CPU's instructions now. */
  get engine(): EngineName {
    return this.#runnerOf(this.#main).engine;
  }

  /** Have instructions run in another way from now on; the bits are the same. */
  setEngine(choice: EngineChoice): void {
    this.#refuseReentry();
    this.#engine = choice;
    for (const runner of this.#runners.values()) runner.choose(choice);
  }

  #runnerOf(cpu: Cpu): Runner {
    return this.#runners.get(cpu) as Runner;
  }

  /**
   * Run `cycles` cycles of the main CPU, to the first instruction boundary at or after. What it overshoots counts
   * against the next run: `run(n); run(m)` is `run(n + m)`.
   *
   * @example
   * machine.run(1_000_000);
   */
  run(cycles: number): RunResult {
    this.#refuseReentry();
    if (!Number.isFinite(cycles)) {
      throw new BackplaneError('machine/cycles', `${cycles} cycles cannot be run`, {
        mend: 'give a number, or use runUntil, which needs no limit',
      });
    }
    const target = (this.#doubles[TARGET] as number) + Math.max(0, Math.floor(cycles)) * this.#main.ticks;
    this.#doubles[TARGET] = target;
    return this.#guarded(() => this.#advance(target, false));
  }

  /**
   * Run until something happens, or for at most `cycles` cycles.
   *
   * @example
   * const { reason } = machine.runUntil({ text: 'ready' }, { cycles: 10_000_000 });
   */
  runUntil(
    condition: RunCondition,
    { cycles = Number.POSITIVE_INFINITY }: { readonly cycles?: number } = {},
  ): RunResult {
    if (Number.isNaN(cycles))
      throw new BackplaneError('machine/cycles', 'NaN cycles cannot be run', { mend: 'give a number' });
    const limit = this.time + cycles * this.#main.ticks;
    return this.#guarded(() => {
      const reason = this.#until(condition, limit);
      this.#doubles[TARGET] = Math.max(this.#doubles[TARGET] as number, this.time);
      return reason;
    });
  }

  /** Run one instruction, or one cycle of a CPU that runs none. */
  step(): RunResult {
    return this.#guarded(() => {
      const reason = this.#stepOnce();
      this.#doubles[TARGET] = Math.max(this.#doubles[TARGET] as number, this.time);
      return reason ?? 'cycles';
    });
  }

  /** @internal Where the machine stands: the times of its CPUs, added up. Each instruction of any of them moves it on. */
  get position(): number {
    return this.#cpus.reduce((sum, { clock }) => sum + (clock[0] as number), 0);
  }

  /**
   * @internal Run to the first instruction boundary at or after a position.
   *
   * @param attends whether what is asked for there is attended to as well; if not, that is left to the next run
   */
  runTo(position: number, attends = false): RunResult {
    return this.#guarded(() => {
      const { control } = this.parts;
      for (;;) {
        const left = position - this.position;
        const reason = control.pause !== 0 && (left > 0 || attends) ? this.#attend(false) : undefined;
        if (reason) return reason;
        if (left <= 0) {
          this.#doubles[TARGET] = this.time;
          return 'cycles';
        }
        const cpu = this.#nextCpu();
        this.#runCpu(cpu, Math.min((cpu.clock[0] as number) + left, this.#turnEnd(cpu)));
      }
    });
  }

  /**
   * Pull the reset pin of the CPUs and devices. The CPUs' reset sequences are what runs next; memory stays. What a run
   * that ended early has left undone is forgotten.
   */
  reset(): void {
    this.#refuseReentry();
    const { control, scheduler, hosts } = this.parts;
    control.onHostAction?.(['reset']);
    this.#doubles[EXIT_STATUS] = -1;
    this.#doubles[TARGET] = Math.min(this.#doubles[TARGET] as number, this.time);
    control.pause &= ~(PAUSE_EXIT | PAUSE_INPUT);
    scheduler.advance(this.time);
    for (const host of hosts.values()) host.reset();
    for (const cpu of this.#cpus) cpu.reset();
    this.#resetDevices();
  }

  /** The host's end of a channel that the config wires to `host.NAME`. */
  channel(name: string): HostChannel {
    const host = this.parts.hosts.get(name);
    if (!host) {
      throw new BackplaneError('machine/unknown-channel', `no channel 'host.${name}'`, {
        mend: `wire one: ['console.serial', 'host.${name}']`,
      });
    }
    return host;
  }

  /** What is in the drives, by `device.drive`. */
  get media(): Readonly<Record<string, MachineMedium>> {
    return Object.fromEntries(this.parts.media);
  }

  /** Names of the host channels. */
  get channels(): readonly string[] {
    return [...this.parts.hosts.keys()];
  }

  /** Hear of output, input and stops. Events are told between slices; a listener must not run the machine. */
  on<Name extends keyof MachineEvents>(name: Name, listener: MachineEvents[Name]): this {
    this.#events.on(name, listener as never);
    if (name === 'output' && this.#keepsOutput) {
      this.#keepsOutput = false;
      if (!this.#isRunning) this.#flush();
    }
    return this;
  }

  off<Name extends keyof MachineEvents>(name: Name, listener: MachineEvents[Name]): this {
    this.#events.off(name, listener as never);
    return this;
  }

  /** Told of every bus cycle of every CPU while set. */
  get onCycle(): ((cycle: BusCycle) => void) | null {
    return this.#main.trace;
  }

  set onCycle(listener: ((cycle: BusCycle) => void) | null) {
    for (const cpu of this.#cpus) {
      cpu.trace = listener;
      cpu.isAtFirstCycle = false;
    }
  }

  /** Keep the state as it is now. */
  checkpoint(): Checkpoint {
    return this.#look(({ bytes, media }) => ({
      cycles: this.cycles,
      shape: this.#shape,
      bytes: bytes.slice(),
      media,
    }));
  }

  /** Look at all state; the bytes are the arena's own. */
  #look<T>(look: (state: Pick<Checkpoint, 'bytes' | 'media'>) => T): T {
    const { arena, layoutSize, media } = this.parts;
    return this.#cpus.reduceRight(
      (next, { memory }) =>
        () =>
          memory.withoutGuards(next),
      () =>
        look({
          bytes: arena.bytes(0, layoutSize),
          media: new Map([...media].map(([name, { written }]) => [name, written])),
        }),
    )();
  }

  /**
   * Go back to a state. Input already queued, listeners and output stay as they are: they belong to the host.
   *
   * @throws BackplaneError `checkpoint/foreign` if it is of another machine
   */
  restore(checkpoint: Checkpoint): void {
    this.#refuseReentry();
    if (checkpoint.shape !== this.#shape) {
      throw new BackplaneError('checkpoint/foreign', 'the checkpoint is of another machine', {
        mend: 'restore it into one of the same config',
      });
    }
    this.parts.control.onHostAction?.(['restore']);
    this.#goTo(checkpoint);
  }

  #goTo({ bytes, media }: Pick<Checkpoint, 'bytes' | 'media'>): void {
    this.#main.memory.restore(bytes);
    for (const cpu of this.#cpus) if (cpu !== this.#main) cpu.memory.restored();
    for (const [name, medium] of this.parts.media) medium.written = media.get(name) as WrittenSectors;
    this.#afterRestore();
  }

  /**
   * A second machine in the state of this one; from now on each goes its own way. What belongs to the host stays with
   * this one: the fork has no listeners and no input, and keeps its output until somebody listens. What it writes to
   * its media only it can read.
   *
   * @throws BackplaneError `fork/shared-medium` where a medium is written through to the host: both would write to it
   *
   * @example
   * const fork = machine.fork();
   * fork.channel('console').write('DIR\n');
   * fork.on('output', ({ bytes }) => process.stdout.write(bytes));
   * fork.run(1_000_000);
   */
  fork(): Machine {
    this.#refuseReentry();
    for (const { name, mode } of this.parts.media.values()) {
      if (mode === 'write-through') {
        throw new BackplaneError('fork/shared-medium', 'what is written to it reaches the host', {
          path: name,
          mend: "make its mode 'overlay', or 'read-only'",
        });
      }
    }
    const fork = new Machine(this.#build, this.#engine, true);
    fork.#knownShape = this.#shape;
    fork.#keepsOutput = true;
    this.#look((state) => fork.#goTo(state));
    return fork;
  }

  /** @internal A machine of the same config, images and engine, powered on. */
  fresh(): Machine {
    return new Machine(this.#build, this.#engine);
  }

  /** The state in its portable form: plain JSON, readable by other versions. */
  snapshot(): Snapshot {
    return takeSnapshot(this.parts, this.#doubles);
  }

  /**
   * Take over a portable state.
   *
   * @throws SnapshotError if it is damaged or of another machine; the machine stays as it was
   */
  loadSnapshot(snapshot: unknown): void {
    this.#refuseReentry();
    this.parts.control.onHostAction?.(['restore']);
    const before = this.checkpoint();
    try {
      restoreSnapshot(snapshot, this.parts, this.#doubles);
    } catch (error) {
      this.#goTo(before);
      // What JSON cannot have has no digest.
      throw error instanceof SnapshotError ? error : new SnapshotError('snapshot/format', `${error}`);
    }
    for (const { memory } of this.#cpus) memory.restored();
    this.#afterRestore();
  }

  #afterRestore(): void {
    const { scheduler, control, hosts } = this.parts;
    scheduler.refresh();
    control.pause = 0;
    control.fault = undefined;
    if ((this.#doubles[EXIT_STATUS] as number) >= 0) control.pause |= PAUSE_EXIT;
    for (const host of hosts.values()) if (host.wants) control.pause |= PAUSE_INPUT;
    for (const cpu of this.#cpus) cpu.updateAttention();
    this.#tellMedia();
  }

  /** The memory map: every region as configured. */
  map(): readonly MappedRegion[] {
    return this.#cpus.flatMap((cpu) =>
      (cpu.io === cpu.memory ? [cpu.memory] : [cpu.memory, cpu.io]).flatMap((bus) =>
        bus.regions.map(({ path, name, kind, from, to, access, priority }) => ({
          cpu: cpu.name,
          space: bus.name as 'memory' | 'io',
          path,
          name,
          kind,
          from,
          to,
          access,
          priority,
        })),
      ),
    );
  }

  /** Which lines and pins are joined with which. */
  nets(): readonly { readonly members: readonly string[]; readonly asserted: boolean }[] {
    const { nets, members } = this.parts.wiring;
    return nets.map((net) => ({ members: members.get(net.name) ?? [], asserted: net.asserted }));
  }

  /** What has run so far. */
  stats(): MachineStats {
    const runners = [...this.#runners.values()];
    const sums = <Name extends string>(names: readonly Name[], count: (runner: Runner, name: Name) => number) =>
      Object.fromEntries(
        names.map((name) => [name, runners.reduce((total, runner) => total + count(runner, name), 0)]),
      ) as Record<Name, number>;
    return {
      engine: this.engine,
      cycles: sums(['evaluator', 'interpreter', 'translator'], (runner, name) => runner.cyclesOf(name)),
      regions: sums(Object.keys(NO_REGIONS) as (keyof RegionCounts)[], ({ regions }, name) => regions[name]),
    };
  }

  /** Let go of listeners; the machine is not to be used any more. */
  dispose(): void {
    this.#events.removeAllListeners();
    this.onCycle = null;
    this.#isDisposed = true;
  }

  #refuseReentry(): void {
    if (this.#isDisposed) throw new BackplaneError('machine/disposed', 'the machine was disposed of');
    if (this.#isRunning) {
      throw new BackplaneError('machine/reentry', 'the machine is running', {
        mend: 'do it after the run has returned, not in a listener',
      });
    }
  }

  #guarded(action: () => RunReason): RunResult {
    this.#refuseReentry();
    this.#isRunning = true;
    const before = this.cycles;
    try {
      const reason = action();
      // A turn that is over ends, whatever made the run end.
      this.#nextCpu();
      this.#flush();
      const { control } = this.parts;
      const { fault } = control;
      if (fault) {
        control.fault = undefined;
        control.pause &= ~PAUSE_FAULT;
        throw fault;
      }
      const result = { reason, cycles: this.cycles - before };
      this.#events.emit('stop', result);
      return result;
    } finally {
      for (const cpu of this.#cpus) cpu.clearLocals();
      this.#isRunning = false;
    }
  }

  #tellMedia(): void {
    for (const medium of this.parts.media.values()) {
      const changes = medium.takeChanges();
      if (changes.length > 0) this.#events.emit('medium', { medium, changes });
    }
  }

  #flush(): void {
    // Before the output: when somebody reads of it, it is done.
    this.#tellMedia();
    if (this.#keepsOutput) return;
    for (const [channel, host] of this.parts.hosts) {
      const bytes = host.takeOutput();
      if (bytes) this.#events.emit('output', { channel, bytes });
    }
  }

  /** Why a CPU that has stopped for good did so. */
  #halt(): 'jam' | 'stopped' | undefined {
    const { status } = this.#main;
    return status === 'jammed' ? 'jam' : status === 'stopped' ? 'stopped' : undefined;
  }

  /** At an instruction boundary: what devices and channels asked for. What is not attended to stays to be asked for. */
  #attend(stopsWhenHalted: boolean): RunReason | undefined {
    const { control } = this.parts;
    const takes = (bit: number): boolean => {
      const isAsked = (control.pause & bit) !== 0;
      control.pause &= ~bit;
      return isAsked;
    };
    if ((control.pause & (PAUSE_EXIT | PAUSE_FAULT)) !== 0) return 'exit';
    if (takes(PAUSE_OUTPUT)) this.#flush();
    if (takes(PAUSE_TEXT)) return 'condition';
    if ((control.pause & PAUSE_INPUT) !== 0 && !this.#deliver()) return 'input';
    return takes(PAUSE_STATUS) && stopsWhenHalted ? this.#halt() : undefined;
  }

  /** Hand over input to guests that want some; false if one must wait for it. */
  #deliver(): boolean {
    const { control, hosts, scheduler } = this.parts;
    const all = [...hosts];
    scheduler.advance(this.time);
    // Nobody gets a byte while another one waits: the guest must not see in which order the host wrote them.
    if (all.some(([, host]) => host.mustWait)) return false;
    control.pause &= ~PAUSE_INPUT;
    const { cycles } = this;
    const delivered = all.map(([channel, host]) => ({ channel, byte: host.deliver() }));
    for (const { channel, byte } of delivered) {
      if (byte !== undefined) this.#events.emit('input', { channel, byte, cycles });
    }
    return true;
  }

  /** Run to a time. */
  #advance(target: number, stopsWhenHalted: boolean): RunReason {
    const { control } = this.parts;
    for (;;) {
      if (control.pause !== 0) {
        const reason = this.#attend(stopsWhenHalted);
        if (reason) return reason;
      }
      const cpu = this.#nextCpu();
      if ((cpu.clock[0] as number) >= target) return this.#halt() ?? 'cycles';
      this.#runCpu(cpu, Math.min(target, this.#turnEnd(cpu)));
    }
  }

  #runCpu(cpu: Cpu, until: number): void {
    try {
      this.#runnerOf(cpu).run(until);
    } catch (error) {
      if (error !== HANG) throw error;
    }
  }

  /** The CPU whose turn it is; ends turns that are over. */
  #nextCpu(): Cpu {
    if (this.#cpus.length === 1) return this.#main;
    if (this.#quantum === 0) {
      return this.#cpus.reduce((next, cpu) => ((cpu.clock[0] as number) < (next.clock[0] as number) ? cpu : next));
    }
    const doubles = this.#doubles;
    for (;;) {
      const cpu = this.#cpus[doubles[TURN] as number] as Cpu;
      if ((cpu.clock[0] as number) < (doubles[TURN_START] as number) + this.#quantum) return cpu;
      doubles[TURN] = (doubles[TURN] as number) + 1;
      if (doubles[TURN] === this.#cpus.length) {
        doubles[TURN] = 0;
        doubles[TURN_START] = (doubles[TURN_START] as number) + this.#quantum;
      }
    }
  }

  #turnEnd(cpu: Cpu): number {
    if (this.#cpus.length === 1) return Number.POSITIVE_INFINITY;
    // One instruction: whatever is later than now ends with the first instruction.
    return this.#quantum === 0 ? (cpu.clock[0] as number) + 1 : (this.#doubles[TURN_START] as number) + this.#quantum;
  }

  /** One instruction of the CPU whose turn it is. */
  #stepOnce(): RunReason | undefined {
    if (this.parts.control.pause !== 0) {
      const reason = this.#attend(true);
      if (reason) return reason;
    }
    const cpu = this.#nextCpu();
    try {
      this.#runnerOf(cpu).step();
    } catch (error) {
      if (error !== HANG) throw error;
    }
    return undefined;
  }

  #until(condition: RunCondition, limit: number): RunReason {
    if (typeof condition === 'object' && ('text' in condition || 'halted' in condition)) {
      if ('halted' in condition) return this.#halt() ?? this.#advance(limit, true);
      const host = this.channel(condition.channel ?? this.channels[0] ?? 'console');
      const { text } = condition;
      host.expect(text);
      try {
        return this.#halt() ?? this.#advance(limit, true);
      } finally {
        host.expect(undefined);
        this.parts.control.pause &= ~PAUSE_TEXT;
      }
    }
    const halted = this.#halt();
    if (halted) return halted;
    const holds = this.#test(condition);
    // With one CPU and something that compiled code can watch for, there is no need to go step by step.
    const isWatchable = typeof condition !== 'function' && this.#cpus.length === 1;
    for (;;) {
      if (this.time >= limit) return 'cycles';
      let reason = this.#stepOnce() ?? (holds() ? 'condition' : undefined);
      if (!reason && isWatchable) reason = this.#watch(condition, limit, holds);
      if (reason) return reason;
    }
  }

  #watch(condition: number | { readonly trap: true }, limit: number, holds: () => boolean): RunReason | undefined {
    const watch = typeof condition === 'number' ? { address: condition, trap: false } : { address: -1, trap: true };
    try {
      return this.#runnerOf(this.#main).runWatched(limit, watch, holds) ? 'condition' : undefined;
    } catch (error) {
      if (error !== HANG) throw error;
      return undefined;
    }
  }

  #test(condition: number | ((machine: Machine) => boolean) | { readonly trap: true }): () => boolean {
    const main = this.#main;
    if (typeof condition === 'function') return () => condition(this);
    // An instruction of another CPU leaves the main one as it was, too.
    let time = main.clock[0];
    const hasRun = (): boolean => time !== main.clock[0];
    if (typeof condition === 'number') return () => hasRun() && main.programCounter === condition;
    const before = main.words.slice(0, main.isa.words);
    return () => {
      if (!hasRun()) return false;
      time = main.clock[0];
      const { words } = main;
      let isSame = true;
      for (let index = 0; index < before.length; index += 1) {
        if (words[index] !== before[index] && !main.isa.counters.has(index)) {
          before[index] = words[index] as number;
          isSame = false;
        }
      }
      // A CPU that waits for an interrupt, or is held in reset, runs no instruction.
      return isSame && main.status === 'running' && !main.isHeld;
    };
  }
}

/**
 * Make a machine, powered on, its reset sequence about to run.
 *
 * @param config as written in code or read from JSON or YAML
 * @throws ConfigError with path, fault and mend
 *
 * @example
 * const machine = createMachine(
 *   { clock: '1 MHz', cpu: { type: '6502' }, memory: [{ at: 0, ram: '64K', image: 'ram' }] },
 *   { plugins: [cpu6502], images: { ram: program } },
 * );
 * machine.run(1000);
 */
export function createMachine(config: MachineConfig, options: MachineOptions): Machine {
  // Forks are made of the same one.
  const parsed = parseConfig(config);
  const known = new WorkedOut();
  return new Machine((isBlank) => buildParts(parsed, options, known, isBlank), options.engine ?? 'auto');
}
