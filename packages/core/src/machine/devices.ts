/** Devices: from what the config says of one to the device in its machine. */
import { BANK_WORDS } from '../bus/bus.js';
import type { BusDevice } from '../bus/region.js';
import { BackplaneError, ConfigError, suggest } from '../errors.js';
import { Medium } from '../media/medium.js';
import type {
  DeviceBank,
  DeviceBehaviour,
  DeviceContext,
  DeviceDefinition,
  DeviceEvent,
  DeviceLine,
  DevicePlugin,
  Migrate,
} from '../plugin/define-device.js';
import { bit, type Fields } from '../plugin/fields.js';
import { DeviceEnd } from '../signal/channel.js';
import { ChainLink, linkFields } from '../signal/daisy-chain.js';
import type { Net } from '../signal/net.js';
import { PortPins } from '../signal/port.js';
import type { Wiring } from '../signal/wiring.js';
import type { Arena, ArenaLayout } from '../state/arena.js';
import { type FieldPlaces, fieldState, initializeFields, reserveFields } from '../state/fields.js';
import { type Frequency, hertz, ticksPerCycle } from '../time/clock.js';
import type { Scheduler } from '../time/scheduler.js';
import { configError, mediaSchema, type ParsedConfig, unknownPlugin } from './config.js';
import { type Control, PAUSE_FAULT } from './control.js';
import type { Cpu } from './cpu.js';
import { Bank, Event, Line } from './device-context.js';
import type { WorkedOut } from './worked-out.js';

/** Events that a device may declare. */
export const EVENTS_PER_DEVICE = 8;

/** A device in its machine. */
export interface Device extends BusDevice {
  readonly type: string;
  readonly version: number;
  readonly migrate: Migrate | undefined;
  readonly fields: FieldPlaces;
  readonly state: Record<string, number | Uint8Array>;
  readonly ports: ReadonlyMap<string, PortPins>;
  readonly behaviour: DeviceBehaviour;
}

/** A device on its way: laid out, not yet created. */
export interface PlannedDevice {
  readonly name: string;
  readonly definition: DeviceDefinition;
  readonly config: unknown;
  readonly ticks: number;
  readonly hertz: number;
  readonly fields: FieldPlaces;
  readonly media: Readonly<Record<string, Medium>>;
  readonly ports: ReadonlyMap<string, PortPins>;
  readonly channels: ReadonlyMap<string, DeviceEnd>;
  /** Filled in when the device is created. */
  readonly onBus: { name: string; size: number } & BusDevice;
}

export function planDevice(
  name: string,
  device: ParsedDevice,
  plugins: ReadonlyMap<string, DevicePlugin>,
  master: Frequency,
  clock: Frequency,
  layout: ArenaLayout,
  images: Readonly<Record<string, Uint8Array>>,
  usedImages: Set<string>,
  known: WorkedOut,
): PlannedDevice {
  const path = `devices.${name}`;
  const { type } = device;
  const plugin = plugins.get(type);
  if (!plugin) throw unknownPlugin(`no device type '${type}'`, type, [...plugins.keys()], `${path}.type`);
  const { definition } = plugin;
  const [config, drives] = known.get(path, () => parseDevice(definition, device, path));
  const media = insertMedia(name, definition, drives, images, usedImages);
  const fields = ofPlugin(path, `'state' of '${type}'`, () =>
    reserveFields(
      {
        ...definition.state?.(config),
        ...Object.fromEntries((definition.chain ?? []).flatMap(linkFields).map((field) => [field, bit()])),
      } as Fields,
      layout,
    ),
  );
  const ports = new Map(
    Object.entries(definition.ports ?? {}).map(([port, width]) => [
      port,
      new PortPins(`${name}.${port}`, width, layout),
    ]),
  );
  const channels = new Map(
    (definition.channels ?? []).map((channel) => [channel, new DeviceEnd(`${name}.${channel}`)]),
  );
  const { size: sizeOf = 0 } = definition;
  const size = typeof sizeOf === 'function' ? ofPlugin(path, `'size' of '${type}'`, () => sizeOf(config)) : sizeOf;
  return {
    name,
    definition,
    config,
    ticks: ticksPerCycle(master, clock),
    hertz: hertz(clock),
    fields,
    media,
    ports,
    channels,
    onBus: { name, size },
  };
}

/** Run code of a plugin. What it throws is the plugin's fault, and says so. */
function ofPlugin<T>(path: string, what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof BackplaneError) throw error;
    throw new ConfigError('device/fault', `${what} throws ${String(error)}`, { path, cause: error });
  }
}

/** A handler of something that was not declared would never be called. */
function refuseStrayHandlers(
  device: string,
  context: Readonly<Record<'lines' | 'ports' | 'channels' | 'banks', object>>,
  behaviour: DeviceBehaviour,
): void {
  for (const kind of ['lines', 'ports', 'channels', 'banks'] as const) {
    const stray = Object.keys(behaviour[kind] ?? {}).find((name) => !(name in context[kind]));
    if (stray === undefined) continue;
    throw new ConfigError('device/handler', `it handles '${stray}', which is not among its ${kind}`, {
      path: `devices.${device}`,
      mend: suggest(stray, Object.keys(context[kind])),
    });
  }
}

function parseMedia({ type, media: drives = {} }: DeviceDefinition, config: unknown, path: string): ParsedMedia {
  const result = mediaSchema.safeParse(config);
  if (!result.success) throw configError(result.error, path.split('.'), config, ['image', 'mode']);
  const { data = {} } = result;
  const stray = Object.keys(data).find((drive) => !Object.hasOwn(drives, drive));
  if (stray !== undefined) {
    throw new ConfigError('config/unknown-drive', `a ${type} has no drive '${stray}'`, {
      path,
      mend: suggest(stray, Object.keys(drives)),
    });
  }
  return data;
}

type ParsedMedia = NonNullable<ReturnType<typeof mediaSchema.parse>>;

/** Put the images that the config names, or those of the drives' own names, into the drives of a device. */
function insertMedia(
  device: string,
  { media: drives = {} }: DeviceDefinition,
  data: ParsedMedia,
  images: Readonly<Record<string, Uint8Array>>,
  usedImages: Set<string>,
): Record<string, Medium> {
  const media: Record<string, Medium> = {};
  for (const [drive, { size }] of Object.entries(drives)) {
    const { image = drive, mode = 'overlay' } = data[drive] ?? {};
    const bytes = Object.hasOwn(images, image) ? images[image] : undefined;
    if (!bytes) continue;
    const fault = usedImages.has(image)
      ? 'is in another place already'
      : size !== undefined && bytes.length !== size
        ? `has ${bytes.length} bytes, the drive takes ${size}`
        : undefined;
    if (fault !== undefined) {
      throw new ConfigError('config/medium', `image '${image}' ${fault}`, {
        path: `devices.${device}.media.${drive}`,
        mend: 'give the right image',
      });
    }
    usedImages.add(image);
    media[drive] = new Medium(`${device}.${drive}`, image, mode, bytes);
  }
  return media;
}

type ParsedDevice = NonNullable<ParsedConfig['devices']>[string];

/** A device's own settings, and what is in its drives. */
export function parseDevice(
  definition: DeviceDefinition,
  { type: _type, clock: _clock, ...rest }: ParsedDevice,
  path: string,
): readonly [config: unknown, drives: ParsedMedia] {
  const { media, ...own } = definition.media ? (rest as { media?: unknown }) : { ...rest, media: {} };
  return [parseDeviceConfig(definition, own, path), parseMedia(definition, media, `${path}.media`)];
}

function parseDeviceConfig(
  { type, config: schema }: DeviceDefinition,
  own: Record<string, unknown>,
  path: string,
): unknown {
  if (!schema) {
    const [stray] = Object.keys(own);
    if (stray !== undefined)
      throw new ConfigError('config/unknown-key', `unknown key '${stray}'`, {
        path,
        mend: `a ${type} has no settings`,
      });
    return {};
  }
  const shape = (schema as { shape?: Record<string, unknown> }).shape;
  const keys = shape ? ['type', 'clock', ...Object.keys(shape)] : [];
  const stray = shape && Object.keys(own).find((key) => !(key in shape));
  if (stray)
    throw new ConfigError('config/unknown-key', `unknown key '${stray}'`, { path, mend: suggest(stray, keys) });
  const result = schema.safeParse(own);
  if (!result.success) throw configError(result.error, path.split('.'), own, keys);
  return result.data;
}

/** Links by name, in the order of their priority. */
export type Links = ReadonlyMap<string, ChainLink>;

const NO_LINKS: Links = new Map();

export const linksOf = ({ definition, fields }: PlannedDevice, arena: Arena): Links => {
  if (!definition.chain) return NO_LINKS;
  const state = fieldState<Fields>(fields, arena) as Record<string, number>;
  return new Map(definition.chain.map((name) => [name, new ChainLink(name, state)]));
};

interface DeviceSurroundings {
  readonly arena: Arena;
  readonly scheduler: Scheduler;
  readonly wiring: Wiring;
  readonly banks: ReadonlyMap<string, number>;
  readonly links: ReadonlyMap<string, Links>;
  readonly cpus: ReadonlyMap<string, Cpu>;
  readonly control: Control;
  readonly exit: (status: number) => void;
}

export function createDevice(
  plan: PlannedDevice,
  { arena, scheduler, wiring, banks, links, cpus, control, exit }: DeviceSurroundings,
): Device {
  const { name, definition, ticks, fields, ports, channels, onBus } = plan;
  for (const port of ports.values()) port.attach(arena);
  initializeFields(fields, arena);
  const state = fieldState<Fields>(fields, arena) as Record<string, number | Uint8Array>;
  const now = (): number => Math.floor(scheduler.now / ticks);
  let isCreating = true;
  let events = 0;
  const handlers: { lines?: DeviceBehaviour['lines'] } = {};
  const buses = [...cpus.values()].flatMap(({ memory, io }) => (io === memory ? [memory] : [memory, io]));

  const lines = Object.fromEntries(
    (definition.lines ?? []).map((line): [string, DeviceLine] => {
      const net = wiring.lines.get(`${name}.${line}`) as Net;
      const driver = net.addDriver(`${name}.${line}`);
      net.listen(driver, () => handlers.lines?.[line]?.(net.asserted));
      return [line, new Line(net, driver, (wiring.members.get(net.name)?.length ?? 0) > 1)];
    }),
  );
  /** CPUs whose bus shows this device; the first one if none does. */
  const masters = [...cpus.values()].filter((cpu) =>
    [cpu.memory, cpu.io].some((bus) =>
      bus.regions.some((region) => region.kind === 'device' && region.device === onBus),
    ),
  );

  const chain = links.get(name) as Links;
  const selectors = (definition.banks ?? []).map((bank): [string, DeviceBank] => {
    const offset = banks.get(`${name}.${bank}`) as number;
    const changed = (): void => {
      for (const bus of buses) bus.bankChanged(offset);
    };
    return [bank, new Bank(arena.words(offset, BANK_WORDS), changed)];
  });
  const dma = (masters[0] ?? ([...cpus.values()][0] as Cpu)).memory;
  const context: DeviceContext<unknown, Fields, string, string, string, string, string, string> = {
    config: plan.config,
    state: state as never,
    lines,
    ports: Object.fromEntries(ports),
    channels: Object.fromEntries(channels),
    banks: Object.fromEntries(selectors),
    media: Object.fromEntries(Object.entries(plan.media).map(([drive, { device }]) => [drive, device])),
    memory: {
      read: (address) => dma.readAny(address),
      write: (address, value) => dma.writeAny(address, value & 0xff),
    },
    chain: Object.fromEntries(chain),
    clock: { now, hertz: plan.hertz },
    event(event, handler): DeviceEvent {
      events += 1;
      if (!isCreating || events > EVENTS_PER_DEVICE) {
        throw new BackplaneError(
          'device/event',
          `event '${event}' of ${name} comes ${isCreating ? `after ${EVENTS_PER_DEVICE} others` : 'too late'}`,
          {
            mend: isCreating ? 'share slots between events' : 'declare events while create runs',
          },
        );
      }
      if (scheduler.names.includes(`${name}/${event}`)) {
        throw new BackplaneError('device/event', `${name} declares event '${event}' twice`, {
          mend: 'give each a name of its own',
        });
      }
      return new Event(scheduler, scheduler.declare(`${name}/${event}`, handler), ticks);
    },
    stall(kinds, cycles) {
      for (const cpu of masters.length > 0 ? masters : [...cpus.values()].slice(0, 1)) cpu.stall(kinds, cycles);
    },
    exit,
    refuse(fault, mend) {
      control.fault = new BackplaneError('device/refused', fault, { path: `devices.${name}`, ...(mend && { mend }) });
      control.pause |= PAUSE_FAULT;
    },
  };
  const behaviour = ofPlugin(`devices.${name}`, `'create' of '${definition.type}'`, () => {
    const created = definition.create(context as never) as DeviceBehaviour | null | undefined;
    if (typeof created !== 'object' || created === null)
      throw new TypeError('it returns no object with reset, read, write …');
    return created;
  });
  refuseStrayHandlers(name, context, behaviour);
  isCreating = false;
  handlers.lines = behaviour.lines;
  for (const [port, pins] of ports) pins.handler = behaviour.ports?.[port];
  for (const [channel, end] of channels) end.handler = behaviour.channels?.[channel];
  for (const [bank, refused] of Object.entries(behaviour.banks ?? {})) {
    for (const bus of buses) bus.refusals.set(banks.get(`${name}.${bank}`) as number, () => refused?.());
  }
  for (const [link, place] of chain) place.answer = () => behaviour.acknowledge?.(link);
  const answers = {
    ...(behaviour.read && { read: behaviour.read.bind(behaviour) }),
    ...(behaviour.peek && { peek: behaviour.peek.bind(behaviour) }),
    ...(behaviour.write && { write: behaviour.write.bind(behaviour) }),
  };
  Object.assign(onBus, answers);
  return {
    name,
    type: definition.type,
    version: definition.version,
    migrate: definition.migrate,
    size: onBus.size,
    fields,
    state,
    ports,
    behaviour,
    ...answers,
  };
}
