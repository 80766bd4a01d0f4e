/** From a config to the parts of a machine, laid out in one arena. */
import { answeringRegions, BANK_WORDS, Bus, COMMON, type DelayTable, NOTHING_COMMON } from '../bus/bus.js';
import type { BusDevice, Region } from '../bus/region.js';
import type { EngineName } from '../engine/engine.js';
import { BackplaneError, ConfigError, suggest } from '../errors.js';
import type { InstructionSet } from '../isa/instruction-set.js';
import { Medium } from '../media/medium.js';
import type { CpuPlugin } from '../plugin/define-cpu.js';
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
import { DeviceEnd, HostChannel, hostFields } from '../signal/channel.js';
import { ChainLink, DaisyChain, linkFields } from '../signal/daisy-chain.js';
import { driveNet, type Net } from '../signal/net.js';
import { PortPins } from '../signal/port.js';
import { type WiredComponent, type Wiring, wire } from '../signal/wiring.js';
import { Arena, ArenaLayout } from '../state/arena.js';
import { type FieldPlaces, fieldState, initializeFields, reserveFields } from '../state/fields.js';
import { type Frequency, hertz, masterFrequency, parseFrequency, ticksPerCycle } from '../time/clock.js';
import { Scheduler } from '../time/scheduler.js';
import { configError, mediaSchema, type ParsedConfig, type ParsedCpu, type ParsedRegion } from './config.js';
import { type Control, PAUSE_EXIT, PAUSE_FAULT } from './control.js';
import { Cpu, cpuLayout } from './cpu.js';
import { Bank, Event, Line } from './device-context.js';

export type Plugin = CpuPlugin | DevicePlugin;

/** What `createMachine` takes beside the config. */
export interface MachineOptions {
  /** The CPU and device types that the config may name. */
  readonly plugins: readonly Plugin[];
  /** Contents of ROMs and of RAM that starts loaded, by the names the config gives. */
  readonly images?: Readonly<Record<string, Uint8Array>>;
  /** How instructions are run; `auto`, the default, takes the fastest way the host and the CPUs allow. All give the same bits. */
  readonly engine?: EngineChoice;
  /** A clock in milliseconds, as `performance.now` is one: with it, `stats()` knows how long translating took. */
  readonly now?: () => number;
}

/** The engines; `auto` starts with the evaluator and goes over to the best there is once that pays. */
export type EngineChoice = 'auto' | EngineName;

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

/** A block of memory that regions show. */
export interface MemoryBlock {
  readonly name: string;
  readonly kind: 'ram' | 'rom';
  readonly offset: number;
  readonly size: number;
  readonly image: Uint8Array | undefined;
}

/** The parts of a machine. */
export interface Parts {
  readonly config: ParsedConfig;
  readonly arena: Arena;
  readonly layoutSize: number;
  readonly master: Frequency;
  readonly scheduler: Scheduler;
  readonly control: Control;
  readonly cpus: ReadonlyMap<string, Cpu>;
  readonly devices: ReadonlyMap<string, Device>;
  readonly hosts: ReadonlyMap<string, HostChannel>;
  readonly hostPlaces: ReadonlyMap<string, FieldPlaces>;
  readonly memories: readonly MemoryBlock[];
  readonly wiring: Wiring;
  /** Offsets of the words of bank selectors, by `device.bank`. */
  readonly banks: ReadonlyMap<string, number>;
  /** By `device.drive`. */
  readonly media: ReadonlyMap<string, Medium>;
  /** Words of the machine itself; see `machine.ts`. */
  readonly machineOffset: number;
  /** Master ticks in a cycle of the machine's clock. */
  readonly clockTicks: number;
}

const EVENTS_PER_DEVICE = 8;
const MACHINE_DOUBLES = 8;
const MOST_REGIONS = 254;
/** Most of the arena that is left empty below guest memory. */
const LARGEST_GAP = 2 ** 20;
const MOST_MEMORY = 256 * 1024 * 1024;

/** A device on its way: laid out, not yet created. */
interface PlannedDevice {
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

/** What was worked out for the first machine of a config holds for all of them. */
export class WorkedOut {
  readonly #results = new Map<string, unknown>();

  get<T>(name: string, workOut: () => T): T {
    if (!this.#results.has(name)) this.#results.set(name, workOut());
    return this.#results.get(name) as T;
  }
}

/**
 * Build the parts of a machine.
 *
 * @param isBlank whether all state will be copied from another machine
 * @throws ConfigError with path, fault and mend
 */
export function buildParts(
  config: ParsedConfig,
  { plugins, images = {}, now }: MachineOptions,
  known: WorkedOut,
  isBlank: boolean,
): Parts {
  const layout = new ArenaLayout();
  const cpuPlugins = new Map(
    plugins.flatMap((plugin) => (plugin.kind === 'cpu' ? [[plugin.type, plugin] as const] : [])),
  );
  const devicePlugins = new Map(
    plugins.flatMap((plugin) => (plugin.kind === 'device' ? [[plugin.type, plugin] as const] : [])),
  );

  const cpuConfigs = namedCpus(config);
  const deviceConfigs = Object.entries(config.devices ?? {});
  refuseClashes([...cpuConfigs, ...deviceConfigs.map(([name]) => ({ name, path: `devices.${name}` }))]);

  // First of all, so that the main CPU lies at the same place in all machines: compiled code has it as a constant.
  const placed = cpuConfigs.map((named) => placeCpu(named, cpuPlugins, layout));

  const clock = parseFrequency(config.clock, 'clock');
  const cpuClocks = cpuConfigs.map(({ config: cpu, path }) =>
    cpu.clock === undefined ? clock : parseFrequency(cpu.clock, `${path}.clock`),
  );
  const deviceClocks = deviceConfigs.map(([name, device]) =>
    device.clock === undefined ? clock : parseFrequency(device.clock, `devices.${name}.clock`),
  );
  const master = masterFrequency([clock, ...cpuClocks, ...deviceClocks]);
  const clockTicks = ticksPerCycle(master, clock);

  const scheduler = new Scheduler(layout, EVENTS_PER_DEVICE * deviceConfigs.length);
  const control: Control = { pause: 0, now };
  const machineOffset = layout.reserve(MACHINE_DOUBLES * 8);

  const usedImages = new Set<string>();
  const planned = deviceConfigs.map(([name, deviceConfig], index) =>
    planDevice(
      name,
      deviceConfig,
      devicePlugins,
      master,
      deviceClocks[index] as Frequency,
      layout,
      images,
      usedImages,
      known,
    ),
  );
  const media = new Map(planned.flatMap((plan) => Object.values(plan.media).map((medium) => [medium.name, medium])));
  const banks = new Map<string, number>();
  for (const { name, definition } of planned) {
    for (const bank of definition.banks ?? []) banks.set(`${name}.${bank}`, layout.reserve(BANK_WORDS * 4, 4));
  }

  const memories: MemoryBlock[] = [];
  const delays = Object.entries(config.delays ?? {}).map(([name, { period, phase = 0, cycles }]): DelayTable => {
    if (cycles.length > period) {
      throw new ConfigError('config/delay', `${cycles.length} entries for a period of ${period} cycles`, {
        path: `delays.${name}.cycles`,
        mend: 'give at most one a cycle of the period',
      });
    }
    return { name, period, phase: ((phase % period) + period) % period, cycles };
  });
  const regionContext = { layout, planned, banks, memories, images, usedImages, delays };
  const cpus = new Map<string, Cpu>();
  cpuConfigs.forEach(({ name, memory, io, memoryPath, ioPath }, index) => {
    const { plugin, variant, isa, offset } = placed[index] as PlacedCpu;
    const { addressWidth, ioAddressWidth } = isa.declaration;
    const bus = (space: string, parsed: readonly ParsedRegion[], regionsPath: string, width: number): Bus => {
      const fullName = `${name}.${space}`;
      const regions = makeRegions(parsed, regionsPath, fullName, width, regionContext);
      const answering = known.get(fullName, () => answeringRegions(regions, width));
      const openBus = (config.openBus ?? 0xff) & 0xff;
      return new Bus({ name: space, addressWidth: width, openBus, regions, answering, delays }, layout);
    };
    if (io.length > 0 && ioAddressWidth === undefined) {
      throw new ConfigError('config/no-io', `the ${plugin.type} has no I/O space`, {
        path: ioPath,
        mend: 'map it into memory',
      });
    }
    const cpu = new Cpu(
      {
        name,
        type: plugin.type,
        variant,
        version: plugin.definition.version,
        migrate: plugin.definition.migrate,
        isa,
        offset,
        engines: plugin.definition.engines ?? [],
        ticks: ticksPerCycle(master, cpuClocks[index] as Frequency),
        memory: bus('memory', memory, memoryPath, addressWidth),
        io: ioAddressWidth === undefined ? undefined : bus('io', io, ioPath, ioAddressWidth),
        scheduler,
        control,
      },
      layout,
    );
    cpus.set(name, cpu);
  });
  refuseStrayImages(images, usedImages);

  const hosts = new Map<string, HostChannel>();
  const hostOf = (name: string): HostChannel => {
    let host = hosts.get(name);
    if (!host) {
      const { idle = 1000, looksEvery, newline = 'lf' } = config.host?.[name] ?? {};
      host = new HostChannel({
        name: `host.${name}`,
        idleTicks: idle * clockTicks,
        ...(looksEvery !== undefined && { lookTicks: looksEvery * clockTicks }),
        newline,
        scheduler,
        control,
      });
      hosts.set(name, host);
    }
    return host;
  };
  const wiring = wire((config.wires ?? []) as [string, string][], wiredComponents(cpus, planned), hostOf, layout);
  for (const name of Object.keys(config.host ?? {})) {
    if (!hosts.has(name)) {
      throw new ConfigError('config/unknown-host', `no wire leads to 'host.${name}'`, {
        path: `host.${name}`,
        mend: suggest(name, [...hosts.keys()]),
      });
    }
  }
  for (const medium of media.values()) {
    // Who moves data is not idle.
    medium.onUse = () => {
      if (!scheduler.isLooking) for (const host of hosts.values()) host.restart();
    };
  }
  const hostPlaces = new Map([...hosts.keys()].map((name) => [name, reserveFields(hostFields, layout)]));

  if (layout.size > MOST_MEMORY) {
    throw new ConfigError('config/memory', `the machine needs ${Math.ceil(layout.size / 1048576)} MiB`, {
      path: 'memory',
      mend: `stay below ${MOST_MEMORY / 1048576} MiB`,
    });
  }
  const arena = new Arena(layout);
  scheduler.attach(arena);
  for (const offset of banks.values()) arena.i32[(offset >> 2) + COMMON] = NOTHING_COMMON;
  for (const net of wiring.nets) net.attach(arena);
  for (const cpu of cpus.values()) {
    cpu.attach(arena);
    cpu.memory.attach(arena, isBlank);
    if (cpu.io !== cpu.memory) cpu.io.attach(arena, isBlank);
  }
  const allCpus = [...cpus.values()];
  scheduler.onChange = () => {
    for (const cpu of allCpus) cpu.updateAttention();
  };
  for (const [name, host] of hosts) host.state = fieldState(hostPlaces.get(name) as FieldPlaces, arena);
  const exit = (status: number): void => {
    arena.f64[(machineOffset >> 3) + EXIT_STATUS] = status & 0xff;
    control.pause |= PAUSE_EXIT;
  };
  // Before the devices: what they assert while they are created, the CPUs see.
  for (const cpu of cpus.values()) cpu.powerOn();
  connectCpus(cpus, wiring);
  const links = new Map(planned.map((plan) => [plan.name, linksOf(plan, arena)] as const));
  for (const named of cpuConfigs) joinChain(named, cpus.get(named.name) as Cpu, links, wiring);
  const devices = new Map(
    planned.map(
      (plan) =>
        [plan.name, createDevice(plan, { arena, scheduler, wiring, banks, links, cpus, control, exit })] as const,
    ),
  );
  return {
    config,
    arena,
    layoutSize: layout.size,
    master,
    scheduler,
    control,
    cpus,
    devices,
    hosts,
    hostPlaces,
    memories,
    wiring,
    banks,
    media,
    machineOffset,
    clockTicks,
  };
}

/** Index of the exit status among the machine's doubles; −1 while there is none. */
export const EXIT_STATUS = 3;

interface NamedCpu {
  readonly name: string;
  readonly path: string;
  readonly config: ParsedCpu;
  readonly memory: readonly ParsedRegion[];
  readonly io: readonly ParsedRegion[];
  readonly memoryPath: string;
  readonly ioPath: string;
}

/** A CPU on its way: chosen and laid out. */
interface PlacedCpu {
  readonly plugin: CpuPlugin;
  readonly variant: string;
  readonly isa: InstructionSet;
  readonly offset: number;
}

function placeCpu({ config, path }: NamedCpu, plugins: ReadonlyMap<string, CpuPlugin>, layout: ArenaLayout): PlacedCpu {
  const plugin = plugins.get(config.type);
  if (!plugin) throw unknownPlugin(`no CPU '${config.type}'`, config.type, [...plugins.keys()], `${path}.type`);
  const known = ['type', 'variant', 'clock', 'memory', 'io', 'daisyChain'];
  const stray = Object.keys(config).find((key) => !known.includes(key));
  if (stray) {
    throw new ConfigError('config/unknown-key', `unknown key '${stray}'`, { path, mend: suggest(stray, known) });
  }
  const variant = config.variant ?? plugin.definition.defaultVariant;
  const isa = atPath(`${path}.variant`, () => plugin.instructionSet(variant));
  return { plugin, variant, isa, offset: layout.reserve(cpuLayout(isa).size) };
}

function namedCpus(config: ParsedConfig): NamedCpu[] {
  if (config.cpu && config.cpus) {
    throw new ConfigError('config/cpu', "both 'cpu' and 'cpus' are given", {
      path: 'cpu',
      mend: "keep one; 'cpu' is short for a single one named main",
    });
  }
  if (config.cpus) {
    const stray = config.memory ? 'memory' : config.io ? 'io' : undefined;
    if (stray)
      throw new ConfigError('config/cpu', `with 'cpus', '${stray}' belongs to one of them`, {
        path: stray,
        mend: `move it to cpus.NAME.${stray}`,
      });
    return Object.entries(config.cpus).map(([name, cpu]) => ({
      name,
      path: `cpus.${name}`,
      config: cpu,
      memory: cpu.memory ?? [],
      io: cpu.io ?? [],
      memoryPath: `cpus.${name}.memory`,
      ioPath: `cpus.${name}.io`,
    }));
  }
  if (!config.cpu)
    throw new ConfigError('config/cpu', 'the machine has no CPU', { path: 'cpu', mend: "add cpu: { type: '6502' }" });
  const { cpu } = config;
  return [
    {
      name: 'main',
      path: 'cpu',
      config: cpu,
      memory: cpu.memory ?? config.memory ?? [],
      io: cpu.io ?? config.io ?? [],
      memoryPath: cpu.memory ? 'cpu.memory' : 'memory',
      ioPath: cpu.io ? 'cpu.io' : 'io',
    },
  ];
}

function refuseClashes(parts: readonly { readonly name: string; readonly path: string }[]): void {
  const seen = new Set(['host']);
  for (const { name, path } of parts) {
    if (!/^[A-Za-z][\w-]*$/.test(name)) {
      throw new ConfigError('config/name', `'${name}' is no name`, {
        path,
        mend: 'use letters, digits, - and _, a letter first',
      });
    }
    if (seen.has(name))
      throw new ConfigError('config/name', `'${name}' is taken`, { path, mend: 'choose another name' });
    seen.add(name);
  }
}

function unknownPlugin(fault: string, type: string, known: readonly string[], path: string): ConfigError {
  return new ConfigError('config/unknown-plugin', fault, {
    path,
    mend: known.length > 0 ? suggest(type, known) : 'hand its plugin to createMachine',
  });
}

/** Run `action`; give an error of ours that has no path this one. */
function atPath<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof BackplaneError && error.path === undefined && error.code.startsWith('cpu/')) {
      const [fault = error.message] = error.message.split('; ');
      throw new ConfigError(error.code, fault, { path, ...(error.mend ? { mend: error.mend } : {}) });
    }
    throw error;
  }
}

function planDevice(
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

interface RegionContext {
  readonly layout: ArenaLayout;
  readonly planned: readonly PlannedDevice[];
  readonly banks: ReadonlyMap<string, number>;
  readonly memories: MemoryBlock[];
  readonly images: Readonly<Record<string, Uint8Array>>;
  readonly usedImages: Set<string>;
  readonly delays: readonly DelayTable[];
}

function makeRegions(
  regions: readonly ParsedRegion[],
  listPath: string,
  space: string,
  addressWidth: number,
  context: RegionContext,
): Region[] {
  if (regions.length > MOST_REGIONS) {
    throw new ConfigError('config/regions', `${regions.length} regions`, {
      path: listPath,
      mend: `use at most ${MOST_REGIONS}`,
    });
  }
  const end = 2 ** addressWidth;
  const lowest = Math.min(LARGEST_GAP, Math.max(0, ...regions.map(({ at }) => at)));
  return regions.map((region, index) => {
    const path = `${listPath}[${index}]`;
    const place = (size: number, name: string) => {
      if (size === 0)
        throw new ConfigError('config/region-size', 'the region is empty', { path, mend: 'give it a size above 0' });
      const to = region.at + size - 1;
      if (to >= end) {
        throw new ConfigError(
          'config/region-end',
          `$${region.at.toString(16)} + ${size} bytes goes beyond $${(end - 1).toString(16)}`,
          { path, mend: `make it at most ${Math.max(0, end - region.at)} bytes` },
        );
      }
      return { path, name: region.name ?? name, from: region.at, to, priority: region.priority, access: region.access };
    };
    if ('device' in region) {
      const plan = context.planned.find(({ name }) => name === region.device);
      if (!plan) {
        throw new ConfigError('config/unknown-device', `no device '${region.device}'`, {
          path: `${path}.device`,
          mend: suggest(
            region.device,
            context.planned.map(({ name }) => name),
          ),
        });
      }
      const { size } = plan.onBus;
      if (size === 0)
        throw new ConfigError('config/not-mapped', `'${plan.definition.type}' has no registers`, {
          path: `${path}.device`,
          mend: "only wire it, or give its definition a 'size'",
        });
      const offset = region.offset ?? 0;
      if (offset >= size && region.repeat !== true) {
        throw new ConfigError('config/region-offset', `a ${plan.definition.type} has registers 0 to ${size - 1}`, {
          path: `${path}.offset`,
          mend: 'choose one of them',
        });
      }
      return {
        kind: 'device',
        ...place(region.size ?? size - offset, region.device),
        device: plan.onBus,
        offset,
        repeat: region.repeat ?? false,
      };
    }
    if ('mirror' in region) {
      const { mirror: source, of: period } = region;
      const placed = place(region.size, `mirror of $${source.toString(16)}`);
      if (period === 0 || source + period > end) {
        throw new ConfigError('config/mirror', 'what it mirrors is not within the address space', {
          path,
          mend: "make 'of' the size of what is mirrored",
        });
      }
      return { kind: 'mirror', ...placed, source, period };
    }
    const imageName = 'rom' in region ? region.rom : region.image;
    const image =
      imageName === undefined ? undefined : imageOf(imageName, context, `${path}.${'rom' in region ? 'rom' : 'image'}`);
    const windowed = region.bank !== undefined;
    const size =
      'rom' in region
        ? windowed
          ? (image as Uint8Array).length
          : (region.size ?? (image as Uint8Array).length)
        : region.ram;
    const window = region.size ?? size;
    if (size > MOST_MEMORY)
      throw new ConfigError('config/memory', `${size} bytes of memory`, { path, mend: `stay below ${MOST_MEMORY}` });
    if (image && (image.length > size || ('rom' in region && image.length !== size))) {
      throw new ConfigError(
        'config/image-size',
        `image '${imageName}' has ${image.length} bytes, the region takes ${size}`,
        { path, mend: 'give the right file, or set the size' },
      );
    }
    const placed = place(window, imageName ?? 'ram');
    const bank = windowed ? bankOf(region.bank as string, context.banks, `${path}.bank`) : 0;
    if (windowed && (size < window || size % window !== 0)) {
      throw new ConfigError('config/bank-size', `${size} bytes of memory are no whole number of windows of ${window}`, {
        path,
        mend: "set 'size' to the size of the window",
      });
    }
    if (!windowed && window > size) {
      throw new ConfigError(
        'config/region-size',
        `the window of ${window} bytes is larger than the memory of ${size}`,
        { path, mend: "use 'mirror' to repeat it" },
      );
    }
    // Above the addresses it is seen at, so that what a page table adds to an address is not negative; see bus.ts.
    const offset = context.layout.reserve(size, 256, lowest);
    const address = `${space}[${placed.from.toString(16)}]`;
    const namesakes = context.memories.filter((memory) => memory.name.split('#')[0] === address).length;
    context.memories.push({
      name: namesakes === 0 ? address : `${address}#${namesakes + 1}`,
      kind: 'rom' in region ? 'rom' : 'ram',
      offset,
      size,
      image,
    });
    const delay = region.delay === undefined ? 0 : delayOf(region.delay, context.delays, `${path}.delay`);
    return { kind: 'rom' in region ? 'rom' : 'ram', ...placed, memory: offset, size, bank, delay };
  });
}

function imageOf(name: string, { images, usedImages }: RegionContext, path: string): Uint8Array {
  const image = Object.hasOwn(images, name) ? images[name] : undefined;
  if (!image) {
    throw new ConfigError('config/image-missing', `the machine needs the image '${name}'`, {
      path,
      mend: `give it as images.${name} (on the command line: --image ${name}=FILE)`,
    });
  }
  usedImages.add(name);
  return image;
}

function refuseStrayImages(images: Readonly<Record<string, Uint8Array>>, used: ReadonlySet<string>): void {
  const stray = Object.keys(images).find((name) => !used.has(name));
  if (stray !== undefined) {
    throw new ConfigError('config/unknown-image', `the machine takes no image '${stray}'`, {
      path: `images.${stray}`,
      mend: suggest(stray, [...used]),
    });
  }
}

function bankOf(name: string, banks: ReadonlyMap<string, number>, path: string): number {
  const bank = banks.get(name);
  if (bank === undefined)
    throw new ConfigError('config/unknown-bank', `no bank selector '${name}'`, {
      path,
      mend: suggest(name, [...banks.keys()]),
    });
  return bank;
}

function delayOf(name: string, delays: readonly DelayTable[], path: string): number {
  const index = delays.findIndex((delay) => delay.name === name);
  if (index < 0)
    throw new ConfigError('config/unknown-delay', `no delay table '${name}'`, {
      path,
      mend: suggest(
        name,
        delays.map((delay) => delay.name),
      ),
    });
  return index + 1;
}

/** Components by the names that wires use; the main CPU is also `cpu`. */
function wiredComponents(
  cpus: ReadonlyMap<string, Cpu>,
  planned: readonly PlannedDevice[],
): Map<string, WiredComponent> {
  const none = new Map<never, never>();
  const components = new Map<string, WiredComponent>();
  for (const [name, cpu] of cpus) {
    components.set(name, {
      lines: cpu.isa.inputs.map((input) => input.name),
      ports: none,
      channels: none,
      isCpu: true,
    });
  }
  for (const { name, definition, ports, channels } of planned) {
    components.set(name, { lines: definition.lines ?? [], ports, channels, isCpu: false });
  }
  return components;
}

function connectCpus(cpus: ReadonlyMap<string, Cpu>, { lines }: Wiring): void {
  for (const [name, cpu] of cpus) {
    for (const input of cpu.isa.inputs) {
      const net = lines.get(`${name}.${input.name}`) as Net;
      net.listen(-1, () => cpu.setInput(input, net.asserted));
    }
  }
}

/** Links by name, in the order of their priority. */
type Links = ReadonlyMap<string, ChainLink>;

const NO_LINKS: Links = new Map();

const linksOf = ({ definition, fields }: PlannedDevice, arena: Arena): Links => {
  if (!definition.chain) return NO_LINKS;
  const state = fieldState<Fields>(fields, arena) as Record<string, number>;
  return new Map(definition.chain.map((name) => [name, new ChainLink(name, state)]));
};

/** Put the links of the devices that a config names into the chain of its CPU. */
function joinChain(
  { name, path, config }: NamedCpu,
  cpu: Cpu,
  devices: ReadonlyMap<string, Links>,
  wiring: Wiring,
): void {
  if (!config.daisyChain) return;
  const fault = (text: string, mend: string, index = ''): ConfigError =>
    new ConfigError('config/daisy-chain', text, { path: `${path}.daisyChain${index}`, mend });
  const input = cpu.isa.inputs.find(({ daisyChain }) => daisyChain);
  if (!input) throw fault(`the ${cpu.type} has none`, 'wire the interrupt lines');
  const net = wiring.lines.get(`${name}.${input.name}`) as Net;
  const source = `${name}.daisyChain`;
  wiring.members.get(net.name)?.push(source);
  const driver = net.addDriver(source);
  const chain = new DaisyChain((asserted) => driveNet(net, driver, asserted), cpu.memory.openBus);
  cpu.daisyChain = chain;
  config.daisyChain.forEach((device, index) => {
    const links = [...(devices.get(device)?.values() ?? [])];
    if (links.length === 0) {
      const able = [...devices.keys()].filter((other) => devices.get(other)?.size);
      throw fault(`no device '${device}' that has a place in a daisy chain`, suggest(device, able), `[${index}]`);
    }
    for (const link of links)
      if (!chain.add(link)) throw fault(`'${device}' has its place already`, 'name it once', `[${index}]`);
  });
}

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

function createDevice(
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
