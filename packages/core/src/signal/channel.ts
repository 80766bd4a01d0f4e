/** Channels: ordered bytes between two devices, or between a device and the host. */
import { type Control, PAUSE_INPUT, PAUSE_OUTPUT, PAUSE_TEXT } from '../machine/control.js';
import type { DeviceChannel } from '../plugin/define-device.js';
import type { StateOf } from '../plugin/fields.js';
import { f64, u8, u32 } from '../plugin/fields.js';
import type { Scheduler } from '../time/scheduler.js';

/** One end of a channel. */
export interface ChannelEnd {
  /** A byte arrives. */
  receive(byte: number): void;
  /** The other end looks for a byte. */
  polled(): void;
  /** The other end can do nothing without a byte. Whether one will come. */
  needed(): boolean;
}

/** The end at a device. */
export class DeviceEnd implements DeviceChannel, ChannelEnd {
  readonly name: string;
  peer: ChannelEnd | undefined = undefined;
  /** The device's handler, set once the device exists. */
  handler: ((byte: number) => void) | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get connected(): boolean {
    return this.peer !== undefined;
  }

  send(byte: number): void {
    this.peer?.receive(byte & 0xff);
  }

  poll(): void {
    this.peer?.polled();
  }

  need(): boolean {
    return this.peer?.needed() ?? false;
  }

  receive(byte: number): void {
    this.handler?.(byte);
  }

  polled(): void {}

  needed(): boolean {
    return false;
  }
}

/** State of a host end that the guest can tell: part of the machine's state. */
export const hostFields = {
  /** Master ticks at the last output or delivered byte. */
  quietSince: f64(),
  /** Times the guest has looked for a byte since. */
  polls: u32(),
  /** 1 once the guest waits for a byte, 2 if it can do nothing else, 3 once it was told that there is none. */
  wanted: u8(),
};

/** What the host has done at its end of a channel and the guest has not come to know of yet. */
export interface HostSide {
  readonly queue: readonly number[];
  readonly ended: boolean;
  readonly waits: boolean;
}

/** Polls after which a guest may count as idle; one alone may be a look in passing. */
const IDLE_POLLS = 2;

/** A guest that still waits this many times longer after the input has ended will get nothing done any more. */
const END_PATIENCE = 100;

/** Characters kept for matching: what is matched against is this long at least, twice as long at most. */
const RECENT = 4096;

/** What output is matched against; a function is asked at every byte. */
type Pattern = string | RegExp | ((recent: string) => boolean);

/**
 * The host's end of a channel. What the guest sees of it depends on the bytes and on guest time alone, never on when
 * the host wrote them: a byte is handed over at the instruction boundary after the guest, idle on its input, looked
 * for one. If {@link waits} is set and there is none yet, the machine pauses, and guest time stands still.
 */
export class HostChannel implements ChannelEnd {
  readonly name: string;
  /**
   * Whether more input may come than has been written: then a guest that looks for a byte stops the run, with reason
   * `input`, until there is one or {@link end} is called. Otherwise the guest sees that there is none.
   */
  get waits(): boolean {
    return this.#waits;
  }

  set waits(waits: boolean) {
    if (waits !== this.#waits) this.#control.onHostAction?.(['waits', this.name, waits]);
    this.#waits = waits;
  }

  #waits = false;
  device: ChannelEnd | undefined = undefined;
  state: StateOf<typeof hostFields> | undefined;
  #queue: number[] = [];
  /** How much of the queue has been handed over; shifting a long array would take milliseconds a byte. */
  #taken = 0;
  #ended = false;
  #output: number[] = [];
  #recent = '';
  #span = RECENT;
  #pattern: Pattern | undefined;
  readonly #idleTicks: number;
  /** Ticks from one look to the next, on average, beyond which a guest counts as busy. */
  readonly #lookTicks: number;
  readonly #newline: readonly number[];
  readonly #scheduler: Scheduler;
  readonly #control: Control;

  constructor({
    name,
    idleTicks,
    lookTicks = Number.POSITIVE_INFINITY,
    newline,
    scheduler,
    control,
  }: {
    name: string;
    idleTicks: number;
    lookTicks?: number;
    newline: 'lf' | 'cr' | 'crlf';
    scheduler: Scheduler;
    control: Control;
  }) {
    this.name = name;
    this.#idleTicks = idleTicks;
    this.#lookTicks = lookTicks;
    this.#newline = { lf: [10], cr: [13], crlf: [13, 10] }[newline];
    this.#scheduler = scheduler;
    this.#control = control;
  }

  /** Queue input. Line feeds are sent as the config's `newline` says. */
  write(data: string | Uint8Array): void {
    const bytes: number[] = [];
    for (const byte of typeof data === 'string' ? new TextEncoder().encode(data) : data) {
      if (byte === 10) bytes.push(...this.#newline);
      else bytes.push(byte);
    }
    this.#control.onHostAction?.(['write', this.name, bytes]);
    for (const byte of bytes) this.#queue.push(byte);
  }

  /** @internal What the host has done here, which no checkpoint has. */
  get hostSide(): HostSide {
    return { queue: this.#queue.slice(this.#taken), ended: this.#ended, waits: this.#waits };
  }

  set hostSide({ queue, ended, waits }: HostSide) {
    this.#queue = [...queue];
    this.#taken = 0;
    this.#ended = ended;
    this.#waits = waits;
  }

  /** Forget input that has not been handed over. */
  discard(): void {
    this.#control.onHostAction?.(['discard', this.name]);
    this.#forget();
  }

  #forget(): void {
    this.#queue = [];
    this.#taken = 0;
  }

  /** No more input will be written. */
  end(): void {
    this.#control.onHostAction?.(['end', this.name]);
    this.#ended = true;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes written but not yet handed to the guest. */
  get queued(): number {
    return this.#queue.length - this.#taken;
  }

  /** Whether the guest waits for a byte. */
  get wants(): boolean {
    const wanted = this.state?.wanted;
    return wanted === 1 || wanted === 2;
  }

  /** Whether the guest waits for a byte that has not been written. */
  get waiting(): boolean {
    return this.wants && this.queued === 0;
  }

  /** The last of the output, as text (Latin-1), for messages and matching. */
  get recentText(): string {
    return this.#recent;
  }

  /**
   * Stop the run once the output from now on contains or matches this, or the function returns true for the last of it.
   * What has been put out can be read still when nothing is expected.
   */
  expect(pattern: Pattern | undefined): void {
    this.#pattern = pattern;
    if (pattern === undefined) return;
    this.#recent = '';
    this.#span = typeof pattern === 'string' ? Math.max(RECENT, pattern.length) : RECENT;
  }

  #matches(pattern: Pattern): boolean {
    if (typeof pattern === 'string') return this.#recent.endsWith(pattern);
    if (typeof pattern === 'function') return pattern(this.#recent);
    // One with the flag g would go on behind its last match.
    pattern.lastIndex = 0;
    return pattern.test(this.#recent);
  }

  receive(byte: number): void {
    this.restart();
    this.#output.push(byte);
    if (this.#output.length >= 4096) this.#control.pause |= PAUSE_OUTPUT;
    if (this.#recent.length >= 2 * this.#span) this.#recent = this.#recent.slice(-this.#span);
    this.#recent += String.fromCharCode(byte);
    if (this.#pattern !== undefined && this.#matches(this.#pattern)) {
      this.#pattern = undefined;
      this.#control.pause |= PAUSE_TEXT;
    }
  }

  polled(): void {
    // First what is told fastest: guests look for a byte all the time.
    if (this.#taken === this.#queue.length && !this.#waits) return;
    if (this.wants) return;
    const state = this.state as StateOf<typeof hostFields>;
    const quiet = this.#scheduler.now - state.quietSince;
    const longest = this.#idleTicks * END_PATIENCE;
    const patience = this.#ended && this.queued === 0 ? longest : this.#idleTicks;
    // Where how often it looks does not count, neither do more looks than these.
    if (state.polls < IDLE_POLLS || this.#lookTicks < Number.POSITIVE_INFINITY) state.polls += 1;
    if (state.polls < IDLE_POLLS || quiet < patience) return;
    if (state.polls * this.#lookTicks < quiet && quiet < longest) return;
    this.#want(1);
  }

  needed(): boolean {
    // Of the end it is told when it has asked, so that it does not matter when the host knew.
    const isTold = this.#ended && this.state?.wanted === 3;
    if (this.queued === 0 && (!this.#waits || isTold)) return false;
    this.#want(2);
    return true;
  }

  #want(how: 1 | 2): void {
    (this.state as StateOf<typeof hostFields>).wanted = how;
    this.#control.pause |= PAUSE_INPUT;
  }

  /** Whether the guest wants a byte that the host has not written yet, so that its time must stand still. */
  get mustWait(): boolean {
    if (!this.waiting || !this.#waits) return false;
    const { quietSince, wanted } = this.state as StateOf<typeof hostFields>;
    // A guest that is told of the end goes on.
    return !this.#ended || (wanted === 1 && this.#scheduler.now - quietSince >= this.#idleTicks * END_PATIENCE);
  }

  /** At an instruction boundary: hand over a byte if the guest wants one and there is one. */
  deliver(): number | undefined {
    const state = this.state as StateOf<typeof hostFields>;
    if (!this.wants) return undefined;
    const byte = this.#queue[this.#taken];
    state.wanted = byte === undefined && state.wanted === 2 ? 3 : 0;
    if (byte === undefined) return undefined;
    this.#taken += 1;
    if (this.#taken === this.#queue.length) this.#forget();
    this.restart();
    this.device?.receive(byte);
    return byte;
  }

  /** The guest begins anew: it has not looked for input yet. */
  reset(): void {
    (this.state as StateOf<typeof hostFields>).wanted = 0;
    this.restart();
  }

  /** The guest is not idle. */
  restart(): void {
    const state = this.state as StateOf<typeof hostFields>;
    state.polls = 0;
    state.quietSince = this.#scheduler.now;
  }

  /** Take what the guest has put out since the last time. */
  takeOutput(): Uint8Array | undefined {
    if (this.#output.length === 0) return undefined;
    const bytes = Uint8Array.from(this.#output);
    this.#output = [];
    return bytes;
  }
}
