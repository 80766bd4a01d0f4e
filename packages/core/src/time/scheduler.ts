/**
 * The scheduler: one slot an event that a component declares, holding its time and a sequence number. Machines have a
 * few dozen events at most, so finding the next one is a walk over the slots, made when a slot changes.
 */
import { BackplaneError } from '../errors.js';
import type { Arena, ArenaLayout } from '../state/arena.js';

const NOW = 0;
const SEQUENCE = 1;
const FIRST_SLOT = 2;

/** Events at one moment after which time would never go on: handlers schedule one another without delay. */
const MOST_AT_ONCE = 100_000;

export class Scheduler {
  /** Names of the slots, `device/event`. */
  readonly names: string[] = [];
  /** Time of the next event, Infinity if there is none. */
  nextDue = Number.POSITIVE_INFINITY;
  /** The slot that is due then. */
  #nextSlot = -1;
  /** Called whenever {@link nextDue} may have changed. */
  onChange: () => void = () => {};
  /** Whether somebody looks who must change nothing. */
  isLooking = false;
  readonly #handlers: (() => void)[] = [];
  readonly #offset: number;
  #words: Float64Array = new Float64Array(0);

  readonly #capacity: number;

  constructor(layout: ArenaLayout, slots: number) {
    this.#offset = layout.reserve((FIRST_SLOT + 2 * slots) * 8);
    this.#capacity = slots;
  }

  attach(arena: Arena): void {
    this.#words = arena.doubles(this.#offset, FIRST_SLOT + 2 * this.#capacity);
    this.powerOn();
  }

  powerOn(): void {
    this.#words.fill(0);
    for (let slot = 0; slot < this.#capacity; slot += 1) this.#words[FIRST_SLOT + 2 * slot] = Number.POSITIVE_INFINITY;
    this.refresh();
  }

  /** The present moment in master ticks. */
  get now(): number {
    return this.#words[NOW] as number;
  }

  /** Move the present on to `time`. It never goes back, though CPUs that take turns may lag behind one another. */
  advance(time: number): void {
    if (time > (this.#words[NOW] as number)) this.#words[NOW] = time;
  }

  /** Look at something as it is at `time`, which changes no state. */
  during<T>(time: number, look: () => T): T {
    const before = this.#words[NOW] as number;
    this.advance(time);
    this.isLooking = true;
    try {
      return look();
    } finally {
      this.#words[NOW] = before;
      this.isLooking = false;
    }
  }

  /** Give an event a slot. */
  declare(name: string, handler: () => void): number {
    this.#handlers.push(handler);
    this.names.push(name);
    if (this.names.length > this.#capacity) throw new RangeError(`no slot for event ${name}`);
    return this.names.length - 1;
  }

  dueTime(slot: number): number {
    return this.#words[FIRST_SLOT + 2 * slot] as number;
  }

  /** Make an event due at `time` (Infinity: not at all). Of events due at one time, the one scheduled first comes first. */
  schedule(slot: number, time: number): void {
    this.#words[FIRST_SLOT + 2 * slot] = time;
    this.#words[SEQUENCE] = (this.#words[SEQUENCE] as number) + 1;
    this.#words[FIRST_SLOT + 2 * slot + 1] = this.#words[SEQUENCE] as number;
    this.refresh();
  }

  /** Find the next event anew, from the slots. */
  refresh(): void {
    let next = Number.POSITIVE_INFINITY;
    let sequence = 0;
    for (let slot = 0; slot < this.names.length; slot += 1) {
      const time = this.dueTime(slot);
      if (time > next || (time === next && this.#sequence(slot) >= sequence)) continue;
      next = time;
      sequence = this.#sequence(slot);
      this.#nextSlot = slot;
    }
    this.nextDue = next;
    this.onChange();
  }

  /** Run all events due at or before `time`, in order. */
  dispatch(time: number): void {
    let moment = -1;
    let atThisMoment = 0;
    while (this.nextDue <= time) {
      const slot = this.#nextSlot;
      atThisMoment = this.nextDue === moment ? atThisMoment + 1 : 0;
      moment = this.nextDue;
      if (atThisMoment > MOST_AT_ONCE) {
        throw new BackplaneError(
          'device/event-loop',
          `event '${this.names[slot]}' is due again and again at one moment`,
          {
            mend: 'schedule the next one a cycle later at least',
          },
        );
      }
      this.advance(moment);
      this.#words[FIRST_SLOT + 2 * slot] = Number.POSITIVE_INFINITY;
      this.refresh();
      (this.#handlers[slot] as () => void)();
    }
    this.advance(time);
  }

  #sequence(slot: number): number {
    return this.#words[FIRST_SLOT + 2 * slot + 1] as number;
  }

  /** What is due, for snapshots: slot names with times, in the order they were scheduled. */
  pending(): { name: string; time: number }[] {
    return this.names
      .map((name, slot) => ({ name, time: this.dueTime(slot), sequence: this.#sequence(slot) }))
      .filter(({ time }) => time !== Number.POSITIVE_INFINITY)
      .sort((a, b) => a.sequence - b.sequence)
      .map(({ name, time }) => ({ name, time }));
  }

  /** Take over what {@link pending} gave. */
  restorePending(now: number, pending: readonly { name: string; time: number }[]): void {
    this.powerOn();
    this.#words[NOW] = now;
    for (const { name, time } of pending) this.schedule(this.names.indexOf(name), time);
  }
}
