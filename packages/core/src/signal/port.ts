/** Ports: parallel pins of a device, each of which may be joined to a net. */
import type { DevicePort } from '../plugin/define-device.js';
import type { Arena, ArenaLayout } from '../state/arena.js';
import { type Net, type NetListener, notify } from './net.js';

export class PortPins implements DevicePort {
  readonly name: string;
  readonly width: number;
  /** The device's handler, set once the device exists. */
  handler: ((pins: number) => void) | undefined;
  readonly #offset: number;
  /** 0: output values, 1: directions. */
  #words: Int32Array = new Int32Array(2);
  readonly #joined: { readonly pin: number; readonly net: Net; readonly driver: number }[] = [];

  constructor(name: string, width: number, layout: ArenaLayout) {
    this.name = name;
    this.width = width;
    this.#offset = layout.reserve(8, 4);
  }

  attach(arena: Arena): void {
    this.#words = arena.words(this.#offset, 2);
  }

  /** Join a pin to a net. */
  join(pin: number, net: Net): void {
    const driver = net.addDriver(`${this.name}[${pin}]`);
    this.#joined.push({ pin, net, driver });
    net.listen(driver, this.#changed);
  }

  readonly #changed: NetListener = () => this.handler?.(this.pins);

  get output(): number {
    return this.#words[0] as number;
  }

  get direction(): number {
    return this.#words[1] as number;
  }

  /** Values and directions as they were, for snapshots; nets are restored by themselves. */
  restore(output: number, direction: number): void {
    this.#words[0] = output;
    this.#words[1] = direction;
  }

  drive(value: number, direction: number): void {
    this.#words[0] = value;
    this.#words[1] = direction;
    if (this.#joined.length === 0) return;
    const changed = new Set<NetListener>();
    for (const { pin, net, driver } of this.#joined) {
      const pulls = ((direction >> pin) & 1) === 1 && ((value >> pin) & 1) === 0;
      for (const listener of net.drive(driver, pulls)) changed.add(listener);
    }
    changed.delete(this.#changed);
    notify([...changed]);
  }

  get pins(): number {
    const all = 2 ** this.width - 1;
    let pins = ((this.output & this.direction) | ~this.direction) & all;
    for (const { pin, net } of this.#joined) pins = net.asserted ? pins & ~(1 << pin) : pins | (1 << pin);
    return pins;
  }
}
