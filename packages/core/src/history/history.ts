/** The past of a machine: what the host did to it, and checkpoints, from which it can go back. */
import { BackplaneError } from '../errors.js';
import type { HostAction } from '../machine/control.js';
import type { Machine } from '../machine/machine.js';
import { type ByteAddress, memoryByte, type SeenWrite, watchWrites } from './past-write.js';
import {
  type Json,
  manifestOf,
  type RecordedAction,
  type Recording,
  signed,
  stateDigest,
  toText,
} from './recording.js';
import { hostSidesOf, isEarly, type Moment, Player, setHostSides } from './replay.js';

export interface HistoryOptions {
  /** Cycles of the main CPU from one checkpoint to the next; Infinity for none, if it is only to be recorded. */
  readonly every?: number;
  /** Bytes that checkpoints may take. The older they are, the fewer are kept. */
  readonly memory?: number;
}

/** What {@link History.runBack} looks for: an address the main CPU is about to run, or a function that returns true. */
export type PastCondition = number | ((machine: Machine) => boolean);

/** A write in the past. */
export interface PastWrite {
  /** Where the instruction that wrote began; see {@link History.goTo}. */
  readonly position: number;
  /** Name of the CPU that ran it. With DMA, a device wrote meanwhile. */
  readonly cpu: string;
  /** Address of the instruction. */
  readonly programCounter: number;
  /** The byte. */
  readonly value: number;
}

const FEWEST_MOMENTS = 4;
/** Cycles to go back for the instruction before; more, where that one is longer. */
const SHORT_WAY_BACK = 64;

/**
 * Keeps what a host does to a machine from now on, to make a {@link Recording} of it, and checkpoints, to go back in
 * time from. The machine is used as before; what the host does to it is heard of. Nothing else may take the machine to
 * another state meanwhile: `restore` and `loadSnapshot` throw.
 *
 * Going back, the machine's input is what it is now: bytes that the guest was given since then wait for it once more.
 * What else the host did since then is forgotten.
 *
 * @example
 * const history = new History(machine);
 * machine.channel('console').write('DIR\n');
 * machine.run(1_000_000);
 * history.stepBack();
 * history.runBack(0x0005);
 * const recording = history.recording();
 */
export class History {
  readonly machine: Machine;
  readonly #manifest: Readonly<Record<string, string>>;
  readonly #start: Recording['start'];
  #actions: RecordedAction[] = [];
  /** From the first to the last. */
  #moments: Moment[];
  readonly #ticks: number;
  readonly #every: number;
  readonly #mostMoments: number;
  /** A second machine, in which the past is lived through again. */
  #second: Player | undefined;
  #isGoing = false;

  /** @throws BackplaneError `history/kept` if there is one of this machine already */
  constructor(machine: Machine, { every = 100_000, memory = 64 * 2 ** 20 }: HistoryOptions = {}) {
    const { control, cpus, layoutSize, hosts } = machine.parts;
    if (control.onHostAction) {
      throw new BackplaneError('history/kept', 'a history of this machine is kept already', {
        mend: 'close that one first',
      });
    }
    this.machine = machine;
    this.#manifest = manifestOf(machine);
    const at = machine.position;
    const state = stateDigest(machine);
    const isFresh = at === 0 && stateDigest(machine.fresh()) === state;
    this.#start = isFresh ? { at, state } : { at, state, snapshot: machine.snapshot() };
    this.#ticks = [...cpus.values()].reduce((sum, { ticks }) => sum + ticks, 0);
    this.#every = every * this.#ticks;
    this.#mostMoments = Math.max(FEWEST_MOMENTS, Math.floor(memory / layoutSize));
    // What was written before is there when it begins.
    const when = { at, early: true as const };
    for (const [channel, host] of hosts) {
      const { queue, ended, waits } = host.hostSide;
      if (waits) this.#actions.push({ ...when, do: 'waits', channel, waits });
      if (queue.length > 0) this.#actions.push({ ...when, do: 'write', channel, bytes: toText(queue) });
      if (ended) this.#actions.push({ ...when, do: 'end', channel });
    }
    this.#moments = [this.#present()];
    control.onHostAction = (action) => this.#hear(action);
    machine.on('stop', this.#onStop);
  }

  /** Where the machine stands: the times of its CPUs in ticks of the master clock, added up. */
  get position(): number {
    return this.machine.position;
  }

  /** The earliest position to go back to. */
  get start(): number {
    return this.#start.at;
  }

  /** How many checkpoints there are. */
  get checkpoints(): number {
    return this.#moments.length;
  }

  /** Let go of the machine. */
  close(): void {
    this.machine.parts.control.onHostAction = undefined;
    this.machine.off('stop', this.#onStop);
  }

  /**
   * What has happened till now, as a value.
   *
   * @param source kept with it, for whoever wants to put the machine together again
   */
  recording(source?: Readonly<Record<string, Json>>): Recording {
    const { machine } = this;
    return signed({
      format: 'backplane-recording',
      version: 1,
      manifest: this.#manifest,
      ...(source && { source }),
      start: this.#start,
      actions: [...this.#actions],
      end: { at: machine.position, ...early(machine), cycles: machine.cycles, state: stateDigest(machine) },
    });
  }

  /**
   * Go back to where the last instruction began; of a machine with several CPUs, whichever ran it.
   *
   * @returns false at the start, where there is none
   * @throws BackplaneError `fork/shared-medium` where a medium is written through to the host
   */
  stepBack(): boolean {
    const position = this.#before(this.position);
    if (position === undefined) return false;
    this.goTo(position);
    return true;
  }

  /**
   * Go back to the last instruction boundary at which a condition held; to the start, if there is none.
   *
   * @returns whether there was one
   *
   * @example
   * history.runBack((machine) => machine.memory.peek(0x0400) === 0);
   */
  runBack(until: PastCondition): boolean {
    const [address, holds] =
      typeof until === 'number'
        ? [until, (machine: Machine) => machine.cpu.programCounter === until]
        : [undefined, until];
    const found = this.#latest<number>((player, end, tell) => {
      do {
        if (player.position < end && holds(player.machine)) tell(player.position);
      } while (player.position < end && player.seek(address, end));
    });
    this.goTo(found ?? this.start);
    return found !== undefined;
  }

  /**
   * The last write to a byte. Where the address shows memory, it is that memory's byte that counts, by whatever address
   * it was written to.
   *
   * @returns undefined if nothing has written to it since the start
   *
   * @example
   * const write = history.lastWrite(0x0400);
   * if (write) history.goTo(write.position);
   */
  lastWrite(
    address: number,
    { cpu = this.machine.cpu.name, space = 'memory' }: Partial<ByteAddress> = {},
  ): PastWrite | undefined {
    const place = { cpu, space, address };
    const byte = memoryByte(this.machine, place);
    // Nobody else is to be watched: a machine of its own.
    const watched = this.#fork();
    let tell: (write: SeenWrite) => void = () => {};
    watchWrites(watched.machine, place, byte, (write) => tell(write));
    const found = this.#latest<SeenWrite>((player, end, tellLatest) => {
      tell = tellLatest;
      player.runTo(end);
    }, watched);
    if (!found) return undefined;
    const position = this.#before(found.position + 1) ?? this.start;
    const player = this.#playerAt(position);
    return {
      position,
      cpu: found.cpu,
      programCounter: player.machine.cpus[found.cpu]?.programCounter ?? 0,
      value: found.value,
    };
  }

  /**
   * Go back to the first instruction boundary at or after a position.
   *
   * @throws BackplaneError `history/beyond` for one that is not between the start and the present
   */
  goTo(position: number): void {
    const { machine } = this;
    if (!(position >= this.start && position <= this.position)) {
      throw new BackplaneError('history/beyond', `${position} is not in the past of this machine`, {
        mend: `choose a position from ${this.start} to ${this.position}`,
      });
    }
    const player = this.#playerAt(position);
    const past = this.#actions.slice(0, player.done);
    const at = player.position;
    const input = this.#actions
      .slice(player.done)
      .filter((action) => 'channel' in action)
      .map((action) => ({ ...action, at, early: true as const }));
    for (const action of input) player.do(action);
    const { checkpoint, hosts } = player.keep();
    this.#isGoing = true;
    try {
      machine.restore(checkpoint);
      setHostSides(machine, hosts);
    } finally {
      this.#isGoing = false;
    }
    this.#actions = [...past, ...input];
    this.#moments = this.#moments.filter(
      ({ position: kept, done }) => kept < at || (kept === at && done <= past.length),
    );
  }

  readonly #onStop = (): void => {
    if (this.position < (this.#moments.at(-1) as Moment).position + this.#every) return;
    // No instruction is under way: what it has left behind is no state.
    for (const cpu of this.machine.parts.cpus.values()) cpu.clearLocals();
    this.#keep(this.#present());
  };

  #present(): Moment {
    const { machine, position } = this;
    return { position, checkpoint: machine.checkpoint(), hosts: hostSidesOf(machine), done: this.#actions.length };
  }

  #hear(action: HostAction): void {
    if (this.#isGoing) return;
    const [what] = action;
    if (what === 'restore') {
      throw new BackplaneError('history/kept', 'a history of this machine is kept', {
        mend: 'go back with it, or close it first',
      });
    }
    const at = this.position;
    const told = recorded(action, { at, ...early(this.machine) });
    const last = this.#actions.length > (this.#moments.at(-1) as Moment).done ? this.#actions.at(-1) : undefined;
    const joined = last && join(last, told);
    if (joined) this.#actions[this.#actions.length - 1] = joined;
    else this.#actions.push(told);
  }

  /** Add a checkpoint; if there are too many, the one goes that is missed least: close to its neighbours for its age. */
  #keep(moment: Moment): void {
    const moments = this.#moments;
    const after = moments.findIndex(({ position }) => position >= moment.position);
    if (after < 0) moments.push(moment);
    else if (moments[after]?.position !== moment.position) moments.splice(after, 0, moment);
    if (moments.length <= this.#mostMoments) return;
    const present = this.position;
    let least = 1;
    let leastMissed = Number.POSITIVE_INFINITY;
    for (let index = 1; index < moments.length - 1; index += 1) {
      const from = (moments[index - 1] as Moment).position;
      const missed = ((moments[index + 1] as Moment).position - from) / (present - from + 1);
      if (missed < leastMissed) [least, leastMissed] = [index, missed];
    }
    moments.splice(least, 1);
  }

  #fork(): Player {
    const machine = this.machine.fork();
    // It was put out already.
    machine.on('output', () => {});
    return new Player(machine, []);
  }

  get #ownPlayer(): Player {
    this.#second ??= this.#fork();
    return this.#second;
  }

  /** A machine in the state of the last checkpoint before a position, or at it. */
  #playerBefore(position: number, player = this.#ownPlayer): Player {
    const moment = this.#moments.filter((one) => one.position <= position).at(-1) as Moment;
    player.goTo(moment, this.#actions);
    return player;
  }

  #playerAt(position: number): Player {
    const player = this.#playerBefore(position);
    player.runTo(position);
    return player;
  }

  /** The instruction boundary before a position. */
  #before(position: number): number | undefined {
    for (let cycles = SHORT_WAY_BACK; ; cycles *= 16) {
      const from = Math.max(this.start, position - cycles * this.#ticks);
      const player = this.#playerAt(from);
      if (player.position < position) {
        // It is quick to come back to, and often the next step back is from nearby.
        this.#keep(player.keep());
        for (;;) {
          const last = player.position;
          if (!player.seek(undefined, position) || player.position >= position) return last;
        }
      }
      if (from === this.start) return undefined;
    }
  }

  /** Of what is found from one checkpoint to the next, the latest. */
  #latest<Found>(
    search: (player: Player, end: number, tell: (found: Found) => void) => void,
    player?: Player,
  ): Found | undefined {
    let found: Found | undefined;
    for (let end = this.position; found === undefined && end > this.start; ) {
      const searching = this.#playerBefore(end - 1, player);
      const from = searching.position;
      search(searching, end, (one) => {
        found = one;
      });
      end = from;
    }
    return found;
  }
}

const early = (machine: Machine): { early?: true } => (isEarly(machine) ? { early: true } : {});

function recorded(
  action: Exclude<HostAction, readonly ['restore']>,
  when: { at: number; early?: true },
): RecordedAction {
  // Channels are called host.NAME within.
  const channel = String(action[1]).replace(/^host\./, '');
  switch (action[0]) {
    case 'write':
      return { ...when, do: 'write', channel, bytes: toText(action[2]) };
    case 'end':
    case 'discard':
      return { ...when, do: action[0], channel };
    case 'waits':
      return { ...when, do: 'waits', channel, waits: action[2] };
    case 'reset':
      return { ...when, do: 'reset' };
    case 'register':
      return { ...when, do: 'register', cpu: action[1], register: action[2], value: action[3] };
    case 'poke':
      return { ...when, do: 'poke', cpu: action[1], space: action[2], address: action[3], bytes: toText(action[4]) };
  }
}

/** One action for two at the same moment, where the second goes on where the first ended. */
function join(first: RecordedAction, second: RecordedAction): RecordedAction | undefined {
  if (first.at !== second.at || first.early !== second.early) return undefined;
  if (first.do === 'write' && second.do === 'write' && first.channel === second.channel) {
    return { ...first, bytes: first.bytes + second.bytes };
  }
  const goesOn =
    first.do === 'poke' &&
    second.do === 'poke' &&
    first.cpu === second.cpu &&
    first.space === second.space &&
    first.address + first.bytes.length === second.address;
  return goesOn ? { ...first, bytes: first.bytes + second.bytes } : undefined;
}
