import { BackplaneError, suggest } from '../errors.js';
import type { SnapshotFields } from '../state/snapshot.js';
import type * as z from '../zod.js';
import type { Fields, StateOf } from './fields.js';

/**
 * A named wire as a device sees it. Wires are wired-OR: asserted while any driver asserts it. On an active-low pin
 * (IRQ, RES …) asserted means low.
 */
export interface DeviceLine {
  /** Start driving the wire. Doing so twice is the same as once. */
  assert(): void;
  /** Stop driving the wire. */
  release(): void;
  /** Level of the whole wire, whoever drives it. */
  readonly asserted: boolean;
  /** Whether it is wired to anything. */
  readonly connected: boolean;
}

/** n parallel pins as a device sees them; bit 0 of every mask is pin 0. */
export interface DevicePort {
  /**
   * Drive the pins.
   * @param value levels of the driven pins
   * @param direction which pins are outputs (1) and which are inputs (0)
   */
  drive(value: number, direction: number): void;
  /** Levels at the pins: low where any output drives low, else high (pins have pull-ups). */
  readonly pins: number;
}

/** Ordered bytes to and from another device, or a host end (console, file). */
export interface DeviceChannel {
  /** Send a byte, now. */
  send(byte: number): void;
  /**
   * Say that the guest looks for a byte now. A host end hands over its next byte at the following instruction
   * boundary by calling the device's `channels` handler; another device at the far end takes no notice.
   */
  poll(): void;
  /**
   * Say that the guest can do nothing until it has a byte: a host end hands one over however busy the guest was.
   * @returns whether there is one, or may be one that the host has not written yet
   */
  need(): boolean;
  /** Whether the channel is wired to anything. */
  readonly connected: boolean;
}

/** One interrupt source of a device in the daisy chain of a CPU (Z80 family: IEI and IEO). */
export interface DeviceLink {
  /** Ask for an interrupt. It is pending until the CPU acknowledges it. */
  request(): void;
  /** Ask no more. */
  cancel(): void;
  /** End its service, as RETI would. */
  finish(): void;
  readonly pending: boolean;
  /** Whether the CPU has acknowledged it, and not yet returned. */
  readonly inService: boolean;
}

/** One event slot of a device: at most one time is due in it. Times are cycles of the device's clock. */
export interface DeviceEvent {
  /** Make the event due `cycles` (≥ 0) after the present cycle, forgetting what was due before. */
  after(cycles: number): void;
  /** Forget the event. */
  cancel(): void;
  /** Whether it is due at some time. */
  readonly pending: boolean;
  /** Cycles until it is due, 0 if it is not pending. */
  remaining(): number;
}

/** The device's view of time: whole cycles of its clock since power-on. */
export interface DeviceClock {
  /** The present cycle. */
  now(): number;
  /** Frequency in cycles a second of guest time. */
  readonly hertz: number;
}

/** A bank selector: it chooses which part of a memory is shown by the regions that name it. */
export interface DeviceBank {
  /** Show this bank, modulo their number. */
  select(bank: number): void;
  readonly selected: number;
  /**
   * Show bank 0, whichever is selected, from so many bytes into the regions on.
   * @param isProtected refuse writes there; the device is told by its `banks` handler
   */
  common(from: number, isProtected?: boolean): void;
}

/** A medium that a device may have: a disk in a drive, a card in a slot. */
export interface MediumDeclaration {
  /** How many bytes it has; any number if left out. */
  readonly size?: number;
}

/** A disk, card or tape as its device sees it. */
export interface DeviceMedium {
  /** In bytes. */
  readonly size: number;
  /** Whether it may be written to. */
  readonly isWritable: boolean;
  /** A copy of `length` bytes from `offset` on; fewer where it ends. */
  read(offset: number, length: number): Uint8Array;
  /** Write bytes from `offset` on: all, or none and false if it is write-protected or ends before. */
  write(offset: number, bytes: Uint8Array): boolean;
}

/** Kinds of CPU bus cycle, to choose those that {@link DeviceContext.stall} holds up. */
export type CycleKind = 'read' | 'write' | 'idle';

/** All a device may touch: just what it declared. */
export interface DeviceContext<
  Config,
  F extends Fields,
  Line extends string,
  Port extends string,
  Channel extends string,
  Bank extends string,
  Link extends string,
  Medium extends string,
> {
  /** The device's part of the machine config, validated, defaults filled in. */
  readonly config: Config;
  /** The declared fields, in the arena. */
  readonly state: StateOf<F>;
  readonly lines: Readonly<Record<Line, DeviceLine>>;
  readonly ports: Readonly<Record<Port, DevicePort>>;
  readonly channels: Readonly<Record<Channel, DeviceChannel>>;
  readonly banks: Readonly<Record<Bank, DeviceBank>>;
  /** What is in its drives; undefined where nothing is. */
  readonly media: Readonly<Record<Medium, DeviceMedium | undefined>>;
  /** Memory of the CPU on whose bus the device is (the main CPU if it is on none), for DMA: as the CPU sees it. */
  readonly memory: { read(address: number): number; write(address: number, value: number): void };
  /** Its interrupt sources. */
  readonly chain: Readonly<Record<Link, DeviceLink>>;
  readonly clock: DeviceClock;
  /** Declare an event slot; call only while `create` runs. */
  event(name: string, handler: () => void): DeviceEvent;
  /** Hold up the CPU (RDY, BUSREQ, DMA) for `cycles` of its cycles before its next cycle of one of these kinds. */
  stall(kinds: readonly CycleKind[], cycles: number): void;
  /** End the run with the guest's own exit status (0–255). */
  exit(status: number): void;
  /** End the run with an error: the program wants something that this device does not do, and would not be told. */
  refuse(fault: string, mend?: string): void;
}

/** What a device does. Every member is optional. */
export interface DeviceBehaviour<
  Line extends string = string,
  Port extends string = string,
  Channel extends string = string,
  Link extends string = string,
  Bank extends string = string,
> {
  /** The reset pin: called at power-on and at `machine.reset()`, twice, until the lines of all devices have settled. */
  reset?(): void;
  /** A bus read of byte `offset`; side effects included. Missing or undefined: open bus. */
  read?(offset: number): number | undefined;
  /** What a read of byte `offset` would give, without side effects (debuggers). Missing or undefined: open bus. */
  peek?(offset: number): number | undefined;
  /** A bus write. Missing: ignored. */
  write?(offset: number, value: number): void;
  /** Called when somebody else changes the level of a line of this device. */
  lines?: { readonly [Name in Line]?: (asserted: boolean) => void };
  /** Called when somebody else changes the level of a pin of a port of this device. */
  ports?: { readonly [Name in Port]?: (pins: number) => void };
  /** Called when a byte arrives. */
  channels?: { readonly [Name in Channel]?: (byte: number) => void };
  /** Called when a write to a protected common part was refused. */
  banks?: { readonly [Name in Bank]?: () => void };
  /** The byte it puts on the data bus when the CPU acknowledges an interrupt of this device. Missing: open bus. */
  acknowledge?(link: Link): number;
}

/**
 * Makes the fields that a snapshot has of an older version of a component into those of this version. What core keeps of
 * it (banks, ports, links) is among them.
 *
 * @param fields as the snapshot has them
 * @param version which version they are of
 * @returns all fields of this version; what is wrong with them is told as of any snapshot
 */
export type Migrate = (fields: SnapshotFields, version: number) => SnapshotFields;

/** What {@link defineDevice} takes. */
export interface DeviceDefinition<
  Schema extends z.ZodType = z.ZodType,
  F extends Fields = Fields,
  Line extends string = string,
  Port extends string = string,
  Channel extends string = string,
  Bank extends string = string,
  Link extends string = string,
  Medium extends string = string,
> {
  /** Name in a config: `{ type: 'countdown' }`. Lower case, digits, hyphens. */
  readonly type: string;
  /** Version of the declared fields; raise it when a field changes. */
  readonly version: number;
  /** One line for `backplane list`. */
  readonly description?: string;
  /** Schema of the device's part of the config, without `type`. */
  readonly config?: Schema;
  /** How many bytes of register it has, 0 (the default) if it is not mapped at all. Bytes beyond are open bus. */
  readonly size?: number | ((config: z.output<Schema>) => number);
  /** Its lines. */
  readonly lines?: readonly Line[];
  /** Its ports with their number of pins. */
  readonly ports?: { readonly [Name in Port]: number };
  /** Its channels. */
  readonly channels?: readonly Channel[];
  /** Its bank selectors, named by regions as `bank: 'device.name'`. */
  readonly banks?: readonly Bank[];
  /** Its interrupt sources in a daisy chain, highest priority first. */
  readonly chain?: readonly Link[];
  /** Its drives, by name. */
  readonly media?: { readonly [Name in Medium]: MediumDeclaration };
  /** Its state, all of it. */
  readonly state?: (config: z.output<Schema>) => F;
  /** Make what a snapshot has of an older version into what this one has. */
  readonly migrate?: Migrate;
  /** Put one to work. Called once a machine; keep nothing in variables that changes while the guest runs. */
  create(
    context: DeviceContext<z.output<Schema>, F, Line, Port, Channel, Bank, Link, Medium>,
  ): DeviceBehaviour<Line, Port, Channel, Link, Bank>;
}

/** A device type, to be handed to `createMachine` as a plugin. */
export interface DevicePlugin {
  readonly kind: 'device';
  readonly type: string;
  readonly definition: DeviceDefinition;
}

/**
 * Define a device type. Importing a definition has no side effect.
 *
 * @throws BackplaneError `device/definition` for what is no definition
 *
 * @example
 * const countdown = defineDevice({
 *   type: 'countdown', version: 1, lines: ['irq'], size: 2,
 *   config: z.object({ period: z.int().min(1).default(1000) }),
 *   state: ({ period }) => ({ period: u32(period), fired: bit() }),
 *   create({ state, lines, event }) {
 *     const underflow = event('underflow', () => {
 *       state.fired = 1;
 *       lines.irq.assert();
 *       underflow.after(state.period);
 *     });
 *     return {
 *       reset() { state.fired = 0; lines.irq.release(); underflow.after(state.period); },
 *       read: (offset) => (offset === 0 ? underflow.remaining() & 0xff : state.fired),
 *       write(offset, value) {
 *         if (offset === 0) state.period = value + 1;
 *         else { state.fired = 0; lines.irq.release(); }
 *       },
 *     };
 *   },
 * });
 */
export function defineDevice<
  Schema extends z.ZodType,
  F extends Fields = Record<never, never>,
  const Line extends string = never,
  const Port extends string = never,
  const Channel extends string = never,
  const Bank extends string = never,
  const Link extends string = never,
  const Medium extends string = never,
>(definition: DeviceDefinition<Schema, F, Line, Port, Channel, Bank, Link, Medium>): DevicePlugin {
  checkDefinition(definition as unknown as DeviceDefinition);
  return { kind: 'device', type: definition.type, definition: definition as unknown as DeviceDefinition };
}

/** What a type checker would have told; many a plugin is written in plain JavaScript. */
const CHECKS: { readonly [Key in keyof Required<DeviceDefinition>]: readonly [wanted: string, test: RegExp] } = {
  type: ['a name of lower-case letters, digits and hyphens', /^string [a-z0-9-]+$/],
  version: ['a whole number', /^number \d+$/],
  description: ['text', /^(string|undefined)/],
  config: ['a schema, such as z.object({})', /^(object|undefined)/],
  size: ['a whole number, or a function of the config', /^(number \d+$|function|undefined)/],
  lines: ["a list of names, such as ['irq']", /^(array|undefined)/],
  ports: ['pins by name, such as { pa: 8 }', /^(object|undefined)/],
  channels: ["a list of names, such as ['serial']", /^(array|undefined)/],
  banks: ["a list of names, such as ['rom']", /^(array|undefined)/],
  chain: ["a list of names, such as ['timer']", /^(array|undefined)/],
  media: ['drives by name, such as { a: {} }', /^(object|undefined)/],
  state: ['a function of the config that gives fields', /^(function|undefined)/],
  migrate: ['a function of fields and version', /^(function|undefined)/],
  create: ['a function', /^function/],
};

function checkDefinition(definition: DeviceDefinition): void {
  const path = `defineDevice(${typeof definition.type === 'string' ? `'${definition.type}'` : ''})`;
  const stray = Object.keys(definition).find((key) => !(key in CHECKS));
  if (stray !== undefined) {
    throw new BackplaneError('device/definition', `unknown key '${stray}'`, {
      path,
      mend: suggest(stray, Object.keys(CHECKS)),
    });
  }
  for (const [key, [wanted, test]] of Object.entries(CHECKS)) {
    const value: unknown = definition[key as keyof DeviceDefinition];
    const kind = Array.isArray(value) ? 'array' : typeof value;
    if (test.test(kind === 'string' || kind === 'number' ? `${kind} ${value}` : kind)) continue;
    throw new BackplaneError(
      'device/definition',
      `'${key}' is ${value === undefined ? 'missing' : 'of the wrong kind'}`,
      {
        path,
        mend: `give ${wanted}`,
      },
    );
  }
}
