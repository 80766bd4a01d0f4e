/** A machine that lives through a recording. */
import { BackplaneError } from '../errors.js';
import { PAUSE_INPUT } from '../machine/control.js';
import type { Checkpoint, Machine } from '../machine/machine.js';
import type { HostChannel, HostSide } from '../signal/channel.js';
import { manifestFaults, manifestOf, type RecordedAction, type Recording, stateDigest, toBytes } from './recording.js';

/** A state to come back to, with what the host had done till then. */
export interface Moment {
  readonly position: number;
  readonly checkpoint: Checkpoint;
  readonly hosts: readonly HostSide[];
  /** How many of the actions were done. */
  readonly done: number;
}

const hostsOf = (machine: Machine): HostChannel[] => [...machine.parts.hosts.values()];

export const hostSidesOf = (machine: Machine): HostSide[] => hostsOf(machine).map(({ hostSide }) => hostSide);

export function setHostSides(machine: Machine, sides: readonly HostSide[]): void {
  for (const [index, host] of hostsOf(machine).entries()) host.hostSide = sides[index] as HostSide;
}

/** Does to a machine what was done to another one, at the same instruction boundaries. */
export class Player {
  readonly machine: Machine;
  #actions: readonly RecordedAction[];
  #done = 0;
  /** What devices refused on the way, which was thrown when it happened. */
  #fault: BackplaneError | undefined;

  constructor(machine: Machine, actions: readonly RecordedAction[]) {
    this.machine = machine;
    this.#actions = actions;
  }

  get position(): number {
    return this.machine.position;
  }

  /** What a device refused last. */
  get fault(): BackplaneError | undefined {
    return this.#fault;
  }

  /** How many of the actions were done. */
  get done(): number {
    return this.#done;
  }

  /**
   * Run to the first instruction boundary at or after a position, and do there what was done.
   *
   * @param attends whether to attend as well to what is asked for there; the next run does otherwise
   */
  runTo(position: number, attends = false): void {
    for (;;) {
      const action = this.#actions[this.#done];
      if (action === undefined || action.at > position) break;
      this.#insist(() => this.machine.runTo(action.at, action.early !== true));
      this.do(action);
      this.#done += 1;
    }
    this.#insist(() => this.machine.runTo(position, attends));
  }

  /**
   * Run on, but not beyond a position, to where a condition may hold: an address, or after each instruction.
   *
   * @returns false if nothing runs any more
   */
  seek(address: number | undefined, end: number): boolean {
    const { machine, position } = this;
    const { cpus } = machine.parts;
    const [main] = cpus.values();
    if (address === undefined || cpus.size > 1 || !main) this.runTo(position + 1);
    else {
      const stop = Math.min(end, this.#actions[this.#done]?.at ?? end);
      this.#insist(() => machine.runUntil(address, { cycles: (stop - this.position) / main.ticks }));
      this.runTo(this.position);
    }
    return this.position > position;
  }

  /** What a device refuses was told to the host, which went on all the same. */
  #insist(run: () => void): void {
    for (;;) {
      const before = this.position;
      try {
        run();
        return;
      } catch (error) {
        if (!(error instanceof BackplaneError) || error.code !== 'device/refused') throw error;
        this.#fault = error;
        if (this.position === before) return;
      }
    }
  }

  /** Do an action here and now. */
  do(action: RecordedAction): void {
    const { machine } = this;
    switch (action.do) {
      case 'write': {
        const host = machine.channel(action.channel);
        const { queue, ...rest } = host.hostSide;
        host.hostSide = { ...rest, queue: [...queue, ...toBytes(action.bytes)] };
        return;
      }
      case 'end':
        machine.channel(action.channel).end();
        return;
      case 'discard':
        machine.channel(action.channel).discard();
        return;
      case 'waits':
        machine.channel(action.channel).waits = action.waits;
        return;
      case 'reset':
        machine.reset();
        return;
      case 'register':
        this.#cpu(action.cpu).registers[action.register] = action.value;
        return;
      case 'poke':
        this.#cpu(action.cpu)[action.space === 'io' ? 'io' : 'memory'].load(action.address, toBytes(action.bytes));
    }
  }

  #cpu(name: string) {
    const cpu = this.machine.cpus[name];
    if (!cpu) throw new BackplaneError('recording/foreign', `the machine has no CPU '${name}'`);
    return cpu;
  }

  keep(): Moment {
    const { machine, position } = this;
    return { position, checkpoint: machine.checkpoint(), hosts: hostSidesOf(machine), done: this.#done };
  }

  /** Go to a moment that {@link keep} gave, or one of a machine whose actions are the same until then. */
  goTo({ checkpoint, hosts, done }: Moment, actions = this.#actions): void {
    this.machine.restore(checkpoint);
    setHostSides(this.machine, hosts);
    this.#actions = actions;
    this.#done = done;
  }
}

/** Whether the guest has asked for input at this instruction boundary, and that is still to be attended to. */
export function isEarly({ time, parts: { control, scheduler, hosts } }: Machine): boolean {
  if ((control.pause & PAUSE_INPUT) === 0) return false;
  // If it was, the machine has come to see the present moment, and waits for the host.
  return scheduler.now < time || ![...hosts.values()].some(({ mustWait }) => mustWait);
}

/**
 * A recording played by a machine of its kind, in any engine: the bits are the same.
 *
 * @example
 * const replay = new Replay(createMachine(config, { plugins, images }), recording);
 * replay.runToEnd();
 * console.log(replay.isAsRecorded);
 */
export class Replay extends Player {
  readonly recording: Recording;

  /**
   * @param machine as it was made: nothing must have run yet
   * @throws BackplaneError `recording/foreign` if it is of another machine, `recording/start` if it begins otherwise
   */
  constructor(machine: Machine, recording: Recording) {
    const faults = manifestFaults(recording.manifest, manifestOf(machine));
    if (faults.length > 0) {
      throw new BackplaneError(
        'recording/foreign',
        `the machine is not the one that was recorded: ${faults.join(', ')}`,
        {
          mend: 'give it the same config, images and versions',
        },
      );
    }
    super(machine, recording.actions);
    this.recording = recording;
    const { at, state, snapshot } = recording.start;
    if (snapshot) machine.loadSnapshot(snapshot);
    if (machine.position !== at || stateDigest(machine) !== state) {
      throw new BackplaneError('recording/start', 'the machine does not begin as the recorded one did', {
        mend: 'give it a fresh machine',
      });
    }
  }

  /** Run to where the recording ends. */
  runToEnd(): void {
    const { at, early } = this.recording.end;
    this.runTo(at, early !== true);
  }

  /** Whether it stands where the recording ends, in the very state. */
  get isAsRecorded(): boolean {
    const { at, state } = this.recording.end;
    return this.position === at && stateDigest(this.machine) === state;
  }
}
