/** What the drives of a machine's devices hold: files and folders of the host, from a config or the command line. */
import { accessSync, constants, statSync } from 'node:fs';
import { BackplaneError, type Machine, type MediumMode, type Plugin, suggest } from '@backplane/core';
import { faultMessage } from '../fault-message.js';
import { imageLimit } from '../image-formats.js';
import { readRegularFile } from '../read-file.js';
import { type DiskFormat, formatOfSize } from './cpm-disk.js';
import { FolderDisk } from './folder-disk.js';
import { ImageFile } from './image-file.js';

/** A drive as a config has it. */
export interface Drive {
  readonly device: string;
  readonly name: string;
  /** Name of the image that goes into it. */
  readonly image: string;
  readonly mode: MediumMode;
  /** Size of its disks; undefined if any will do. */
  readonly size: number | undefined;
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** The drives of a config. What is wrong with it is passed over here, for core tells it better. */
export function drivesOf(config: Fields, plugins: readonly Plugin[]): Drive[] {
  return Object.entries(isObject(config.devices) ? config.devices : {}).flatMap(([device, own]) => {
    const { type, media } = isObject(own) ? own : {};
    const plugin = plugins.find((candidate) => candidate.kind === 'device' && candidate.type === type);
    const declared = plugin?.kind === 'device' ? (plugin.definition.media ?? {}) : {};
    return Object.entries(declared).map(([name, { size }]): Drive => {
      const settings = isObject(media) && isObject(media[name]) ? media[name] : {};
      const { image = name, mode = 'overlay' } = settings as { image?: string; mode?: MediumMode };
      return { device, name, image, mode, size };
    });
  });
}

/** The drive that the command line means. */
export function findDrive(name: string, drives: readonly Drive[], path: string): Drive {
  const drive = drives.find((one) => one.name === name);
  if (drive) return drive;
  const names = drives.map((one) => one.name);
  throw new BackplaneError('runner/no-drive', `the machine has no drive '${name}'`, {
    path,
    mend: names.length > 0 ? suggest(name, names) : 'it has none at all',
  });
}

/** The same config, with what is written to some drives written through. */
export function withWriteThrough(config: Fields, names: readonly string[], drives: readonly Drive[]): Fields {
  if (names.length === 0) return config;
  const devices = structuredClone(config.devices) as Record<string, { media?: Record<string, Fields> }>;
  for (const name of names) {
    const own = devices[findDrive(name, drives, '--write-through').device] ?? {};
    own.media = { ...own.media, [name]: { ...own.media?.[name], mode: 'write-through' } };
  }
  return { ...config, devices };
}

/** A disk in a drive, taken from the host. */
export class HostDisk {
  readonly #drive: Drive;
  readonly bytes: Uint8Array;
  readonly #keeper: ImageFile | FolderDisk | undefined;
  /** However the process ends: what the guest has written is the user's. */
  readonly #onExit = () => {
    try {
      this.#keeper?.save();
    } catch (error) {
      process.stderr.write(`backplane: ${faultMessage(error)}\n`);
    }
  };

  constructor(drive: Drive, bytes: Uint8Array, keeper: ImageFile | FolderDisk | undefined) {
    this.#drive = drive;
    this.bytes = bytes;
    this.#keeper = keeper;
  }

  /** Listen to what a machine writes. */
  attach(machine: Machine): void {
    const keeper = this.#keeper;
    if (!keeper) return;
    const name = `${this.#drive.device}.${this.#drive.name}`;
    machine.on('medium', ({ medium, changes }) => {
      if (medium.name === name) keeper.change(changes);
    });
    process.on('exit', this.#onExit);
  }

  /** The run is over: what was written is to be where it belongs. */
  close(): void {
    process.off('exit', this.#onExit);
    this.#keeper?.save();
  }
}

/** Close all of them, and throw the first fault there was. */
export function closeDisks(disks: readonly HostDisk[]): void {
  const faults: unknown[] = [];
  for (const disk of disks) {
    try {
      disk.close();
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}

/**
 * Read what goes into a drive: a file that is its image, or a folder that becomes a CP/M disk.
 *
 * @throws BackplaneError for what is no disk of this drive, or may not be written though it is to be
 */
export async function openDisk(drive: Drive, path: string): Promise<HostDisk> {
  const { name, size, mode } = drive;
  const isWritten = mode === 'write-through';
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    const format = folderFormat(drive, path);
    if (isWritten) refuseReadOnlyFolder(path);
    const disk = await FolderDisk.read(path, format);
    return new HostDisk(drive, disk.bytes, isWritten ? disk : undefined);
  }
  const bytes = await readRegularFile(path, { limit: size ?? imageLimit, what: `a disk in drive ${name}` });
  if (size !== undefined && bytes.length !== size) {
    throw new BackplaneError('runner/disk-size', `has ${bytes.length} bytes; a disk in drive ${name} has ${size}`, {
      path,
      mend: 'give an image of the right size, or a folder',
    });
  }
  return new HostDisk(drive, bytes, isWritten ? new ImageFile(path, bytes) : undefined);
}

function folderFormat({ name, size }: Drive, path: string): DiskFormat {
  const format = size === undefined ? undefined : formatOfSize(size);
  if (format) return format;
  throw new BackplaneError('runner/no-folder', `is a folder; what goes into drive ${name} is a file`, { path });
}

function refuseReadOnlyFolder(path: string): void {
  try {
    accessSync(path, constants.W_OK);
    if ((statSync(path).mode & 0o222) !== 0) return;
  } catch {
    // Told below.
  }
  throw new BackplaneError('runner/read-only', 'may not be written', {
    path,
    mend: "use the mode 'overlay' or 'read-only', or make it writable",
  });
}
