/** From a config to the parts of a machine, laid out in one arena. */
import { answeringRegions, BANK_WORDS, Bus, COMMON, type DelayTable, NOTHING_COMMON } from '../bus/bus.js';
import type { EngineName } from '../engine/engine.js';
import { BackplaneError, ConfigError, suggest } from '../errors.js';
import type { InstructionSet } from '../isa/instruction-set.js';
import type { Medium } from '../media/medium.js';
import type { CpuPlugin } from '../plugin/define-cpu.js';
import type { DevicePlugin } from '../plugin/define-device.js';
import { HostChannel, hostFields } from '../signal/channel.js';
import { DaisyChain } from '../signal/daisy-chain.js';
import { driveNet, type Net } from '../signal/net.js';
import { type WiredComponent, type Wiring, wire } from '../signal/wiring.js';
import { Arena, ArenaLayout } from '../state/arena.js';
import { type FieldPlaces, fieldState, reserveFields } from '../state/fields.js';
import { type Frequency, masterFrequency, parseFrequency, ticksPerCycle } from '../time/clock.js';
import { Scheduler } from '../time/scheduler.js';
import { type ParsedConfig, type ParsedCpu, type ParsedRegion, unknownPlugin } from './config.js';
import { type Control, PAUSE_EXIT } from './control.js';
import { Cpu, cpuLayout } from './cpu.js';
import {
  createDevice,
  type Device,
  EVENTS_PER_DEVICE,
  type Links,
  linksOf,
  type PlannedDevice,
  planDevice,
} from './devices.js';
import { type MemoryBlock, MOST_MEMORY, makeRegions, refuseStrayImages } from './regions.js';
import type { WorkedOut } from './worked-out.js';

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

const MACHINE_DOUBLES = 8;

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
