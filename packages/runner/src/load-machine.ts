import { isAbsolute, relative, resolve } from 'node:path';
import {
  BackplaneError,
  createMachine,
  type EngineChoice,
  type InstructionSet,
  type Machine,
  type MachineConfig,
  type Plugin,
  suggest,
} from '@backplane/core';
import { drivesOf, findDrive, type HostDisk, openDisk, withWriteThrough } from './drives/drives.js';
import { findMachine } from './find-machine.js';
import type { Segment } from './image-formats.js';
import { imageWindows } from './image-windows.js';
import { builtInPlugins, type LoadedPlugin, loadPlugins } from './plugins.js';
import { fitImage, readImage } from './read-image.js';

/** What the commands that take a MACHINE say of it. */
export interface MachineOptions {
  /** `NAME=FILE`, as often as there are images. */
  image?: readonly string[];
  variant?: string;
  ramFill?: string;
  engine?: EngineChoice;
  /** Module specifiers, relative to the working directory. */
  plugin?: readonly string[];
  /** Files and folders for drives, by the names of these: `{ a: 'cpm22.dsk' }`. */
  drives?: Readonly<Record<string, string>>;
  /** Drives whose files and folders get what the guest writes, with commas between: `a,b`. */
  writeThrough?: string;
}

/** A machine's config with all that it takes to put it together. */
export interface LoadedMachine {
  /** The ready-made name, or the file as it was given. */
  readonly name: string;
  /** The config's file. */
  readonly path: string;
  readonly config: MachineConfig;
  readonly plugins: readonly Plugin[];
  readonly images: Readonly<Record<string, Uint8Array>>;
  readonly engine: EngineChoice;
  /** The file of each image. */
  readonly imageFiles: ReadonlyMap<string, string>;
  /** Disks taken from the host. Once the machine is done with, {@link closeDisks} brings home what was written. */
  readonly disks: readonly HostDisk[];
}

/** Read a machine's config, its plugins and its images. */
export async function loadMachine(machine: string, options: MachineOptions = {}): Promise<LoadedMachine> {
  const { name, path, folder, config: written } = await findMachine(machine);
  const changed = overridden(written, options);
  const loaded = await allPlugins(strings(changed.plugins), folder, options.plugin ?? [], path);
  const plugins = loaded.map(({ plugin }) => plugin);
  const names = (options.writeThrough ?? '').split(',').filter((drive) => drive !== '');
  const config = withWriteThrough(changed, names, drivesOf(changed, plugins));
  const drives = drivesOf(config, plugins);
  const driveImages = drives.map(({ image }) => image);
  const files = imageFiles(config, folder, options.image ?? [], driveImages);
  for (const [drive, file] of Object.entries(options.drives ?? {})) {
    files.set(findDrive(drive, drives, `--drive-${drive}`).image, file);
  }
  const images = await loadImages(config, files, plugins, path);
  const disks: HostDisk[] = [];
  for (const drive of drives) {
    const file = files.get(drive.image);
    if (file === undefined) continue;
    const disk = await openDisk(drive, file);
    disks.push(disk);
    images[drive.image] = disk.bytes;
  }
  const { engine = 'auto' } = options;
  return { name, path, config: config as MachineConfig, plugins, images, engine, imageFiles: files, disks };
}

/** Put a loaded machine together. Core says where in the config a fault is; which file that is, is said here. */
export function buildMachine({ path, config, plugins, images, engine, disks }: LoadedMachine): Machine {
  try {
    const machine = createMachine(config, { plugins, images, engine, now: () => performance.now() });
    for (const disk of disks) disk.attach(machine);
    return machine;
  } catch (error) {
    if (!(error instanceof BackplaneError)) throw error;
    throw new BackplaneError(error.code, error.message, { path });
  }
}

/** Built-in plugins, those of a config, and those of the command line. */
export async function allPlugins(
  named: readonly string[],
  folder: string,
  specifiers: readonly string[],
  path = '',
): Promise<LoadedPlugin[]> {
  const loaded = await builtInPlugins();
  for (const [index, specifier] of named.entries()) {
    loaded.push(...(await loadPlugins(specifier, folder, `${path}: plugins[${index}]`)));
  }
  for (const specifier of specifiers) loaded.push(...(await loadPlugins(specifier, process.cwd(), '--plugin')));
  return loaded;
}

type Fields = Readonly<Record<string, unknown>>;

function overridden(config: Fields, { variant, ramFill }: MachineOptions): Fields {
  const changed: Record<string, unknown> = { ...config };
  if (ramFill !== undefined) changed.ramFill = ramFill;
  if (variant !== undefined) {
    const { cpu, cpus } = config as { cpu?: object; cpus?: Record<string, object> };
    const main = Object.keys(cpus ?? {})[0];
    if (cpu) changed.cpu = { ...cpu, variant };
    else if (cpus && main !== undefined) changed.cpus = { ...cpus, [main]: { ...cpus[main], variant } };
  }
  return changed;
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];

/** Files by image: the config's own, and those of the command line, which win. */
function imageFiles(
  config: Fields,
  folder: string,
  given: readonly string[],
  driveImages: readonly string[],
): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, file] of Object.entries(config.images ?? {})) {
    if (typeof file === 'string') files.set(name, shortPath(resolve(folder, file)));
  }
  const names = [...imageWindows(config).keys(), ...driveImages];
  for (const pair of given) {
    const [, name, file] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    if (name === undefined || file === undefined) {
      throw new BackplaneError('runner/image', `'${pair}' is not NAME=FILE`, {
        path: '--image',
        mend: names.length > 0 ? `write ${names[0]}=FILE` : 'the machine takes no images',
      });
    }
    if (!names.includes(name)) {
      throw new BackplaneError('runner/image', `the machine takes no image '${name}'`, {
        path: '--image',
        mend: suggest(name, names),
      });
    }
    files.set(name, file);
  }
  return files;
}

/** A path as a person would write it: relative if it lies below the working directory. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

async function loadImages(
  config: Fields,
  files: ReadonlyMap<string, string>,
  plugins: readonly Plugin[],
  configPath: string,
): Promise<Record<string, Uint8Array>> {
  const windows = imageWindows(config);
  const images: Record<string, Uint8Array> = {};
  for (const [name, path] of files) {
    const window = windows.get(name);
    if (window === undefined) continue;
    const file = await readImage(path, (source) =>
      assembled(instructionSet(window.cpu, plugins, cpuPath(configPath)), source, path),
    );
    images[name] = fitImage(file, window, name, path);
  }
  return images;
}

/** Assemble a source for an instruction set; `path` is the file it came from. */
export async function assembled(isa: InstructionSet, source: string, path: string): Promise<readonly Segment[]> {
  const { assemble } = await import('@backplane/core/assembler');
  return assemble(isa, source, { name: path }).segments.map(({ at, bytes }) => ({ address: at, bytes }));
}

/** The instruction set of a CPU type; `path` is what named type and variant. */
export function instructionSet(
  { type, variant }: { type: string; variant?: string | undefined },
  plugins: readonly Plugin[],
  path: { type: string; variant: string },
): InstructionSet {
  const cpus = plugins.filter((plugin) => plugin.kind === 'cpu');
  const cpu = cpus.find((plugin) => plugin.type === type);
  if (cpu === undefined) {
    const types = cpus.map((plugin) => plugin.type);
    throw new BackplaneError('runner/unknown-cpu', `no CPU '${type}'`, {
      path: path.type,
      mend: suggest(type, types),
    });
  }
  try {
    return cpu.instructionSet(variant);
  } catch (error) {
    if (!(error instanceof BackplaneError)) throw error;
    throw new BackplaneError(error.code, error.message, { path: path.variant });
  }
}

/** What named the CPU of a config. */
export const cpuPath = (path: string) => ({ type: `${path}: cpu.type`, variant: `${path}: cpu.variant` });

/** Type and variant of a config's main CPU, as they are written. */
export function mainCpu(config: Fields): { type: string; variant: string | undefined } {
  const cpus = config.cpus as Fields | undefined;
  const { type, variant } = (config.cpu ?? Object.values(cpus ?? {})[0] ?? {}) as Fields;
  return { type: String(type), variant: typeof variant === 'string' ? variant : undefined };
}
