/**
 * What a device acts with: its lines, events and bank selectors. Classes, with accessors on their prototypes: an object
 * literal with an accessor is a dictionary to V8, and these are used at each interrupt.
 */
import { COMMON, PROTECTED } from '../bus/bus.js';
import { BackplaneError } from '../errors.js';
import type { DeviceBank, DeviceEvent, DeviceLine } from '../plugin/define-device.js';
import { driveNet, type Net } from '../signal/net.js';
import type { Scheduler } from '../time/scheduler.js';

export class Line implements DeviceLine {
  readonly assert: () => void;
  readonly release: () => void;
  readonly connected: boolean;
  readonly #net: Net;

  /** @param connected whether anything else is on the net */
  constructor(net: Net, driver: number, connected: boolean) {
    this.#net = net;
    this.connected = connected;
    this.assert = () => driveNet(net, driver, true);
    this.release = () => driveNet(net, driver, false);
  }

  get asserted(): boolean {
    return this.#net.asserted;
  }
}

export class Event implements DeviceEvent {
  readonly after: (cycles: number) => void;
  readonly cancel: () => void;
  readonly remaining: () => number;
  readonly #scheduler: Scheduler;
  readonly #slot: number;

  /**
   * @param slot the scheduler's
   * @param ticks master ticks in a cycle of the device
   */
  constructor(scheduler: Scheduler, slot: number, ticks: number) {
    this.#scheduler = scheduler;
    this.#slot = slot;
    const now = (): number => Math.floor(scheduler.now / ticks);
    this.after = (cycles) => {
      if (Number.isNaN(cycles)) {
        const [device, event] = (scheduler.names[slot] as string).split('/');
        throw new BackplaneError('device/event', `event '${event}' of ${device} is to come after NaN cycles`, {
          mend: 'give a number',
        });
      }
      scheduler.schedule(slot, (now() + Math.max(0, Math.floor(cycles))) * ticks);
    };
    this.cancel = () => scheduler.schedule(slot, Number.POSITIVE_INFINITY);
    this.remaining = () => {
      const due = scheduler.dueTime(slot);
      return due === Number.POSITIVE_INFINITY ? 0 : Math.max(0, due / ticks - now());
    };
  }

  get pending(): boolean {
    return this.#scheduler.dueTime(this.#slot) !== Number.POSITIVE_INFINITY;
  }
}

export class Bank implements DeviceBank {
  readonly select: (number: number) => void;
  readonly common: (from: number, isProtected?: boolean) => void;
  readonly #words: Int32Array;

  /**
   * @param words where the selection lies
   * @param changed called whenever it is another one
   */
  constructor(words: Int32Array, changed: () => void) {
    this.#words = words;
    const set = (word: number, value: number): void => {
      if (words[word] === value) return;
      words[word] = value;
      changed();
    };
    this.select = (number) => set(0, number & 0x7fff_ffff);
    this.common = (from, isProtected = false) => {
      set(COMMON, from);
      set(PROTECTED, isProtected ? 1 : 0);
    };
  }

  get selected(): number {
    return this.#words[0] as number;
  }
}
