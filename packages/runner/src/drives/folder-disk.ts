import { mkdirSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BackplaneError, type MediumChange } from '@backplane/core';
import { fileError, readRegularFile } from '../read-file.js';
import {
  type CpmFile,
  capacityOf,
  type DiskFormat,
  filesOn,
  makeDisk,
  nameFault,
  wholeRecords,
  withoutFilling,
} from './cpm-disk.js';
import { refuseReadOnly, replaceFile } from './image-file.js';

/** A file of the folder that is on the disk. */
interface Origin {
  readonly path: string;
  /** As whole records. */
  readonly content: Uint8Array;
}

const keyOf = ({ user, name }: { user: number; name: string }): string => `${user}:${name}`;
const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const folderOf = (path: string, user: number): string => (user === 0 ? path : join(path, `user-${user}`));

/**
 * A folder of the host as a CP/M disk. Its files are put on a fresh disk at the start, in capitals; those of folders
 * `user-1` to `user-15` in the user areas of that number. What begins with a dot is passed over.
 *
 * With {@link save}, files that are new or other on the disk than they were come back, each whole or not at all. Nothing
 * of the folder is ever deleted: what the guest erased or renamed stays. A file that somebody else changed meanwhile is
 * not overwritten, nor is one with something in it by an empty one; the guest's comes to lie beside it.
 */
export class FolderDisk {
  readonly bytes: Uint8Array;
  readonly #path: string;
  readonly #format: DiskFormat;
  readonly #origins: Map<string, Origin>;
  #content: Uint8Array;
  #isSaved = true;

  private constructor(path: string, format: DiskFormat, origins: Map<string, Origin>) {
    this.#path = path;
    this.#format = format;
    this.#origins = origins;
    const files = [...origins].map(([key, { content }]): CpmFile => {
      const [user = '', name = ''] = key.split(':');
      return { user: Number(user), name, bytes: content };
    });
    this.bytes = makeDisk(format, files, path);
    this.#content = this.bytes.slice();
  }

  /** @throws BackplaneError for names, sizes and numbers of files that a disk cannot have */
  static async read(path: string, format: DiskFormat): Promise<FolderDisk> {
    const origins = new Map<string, Origin>();
    for (let user = 0; user < 16; user += 1) {
      const folder = folderOf(path, user);
      if (user > 0 && statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
      for (const name of namesIn(folder)) {
        if (user === 0 && /^user-([1-9]|1[0-5])$/.test(name)) continue;
        const file = join(folder, name);
        const called = name.toUpperCase();
        const refuse = (fault: string, mend: string) =>
          new BackplaneError('runner/drive-name', fault, { path: file, mend });
        const fault = nameFault(called);
        if (fault !== undefined) throw refuse(fault, 'rename it, or move it out of the folder');
        const other = origins.get(keyOf({ user, name: called }));
        if (other) throw refuse(`is the same as ${other.path} to CP/M`, 'rename one of them');
        const limit = capacityOf(format);
        const bytes = await readRegularFile(file, { limit, what: `a file on a disk ${format.name}` });
        origins.set(keyOf({ user, name: called }), { path: file, content: wholeRecords(bytes) });
      }
    }
    return new FolderDisk(path, format, origins);
  }

  change(changes: readonly MediumChange[]): void {
    for (const { offset, bytes } of changes) this.#content.set(bytes, offset);
    this.#isSaved = false;
  }

  /** Bring back what has changed. All that can be is, before a fault is told. */
  save(): void {
    if (this.#isSaved) return;
    const faults: BackplaneError[] = [];
    for (const file of filesOn(this.#format, this.#content, this.#path)) {
      try {
        this.#bringBack(file);
      } catch (error) {
        faults.push(fileError(this.#path, error));
      }
    }
    this.#isSaved = true;
    if (faults[0]) throw faults[0];
  }

  #bringBack(file: CpmFile): void {
    const origin = this.#origins.get(keyOf(file));
    if (origin && isSame(origin.content, file.bytes)) return;
    const folder = folderOf(this.#path, file.user);
    if (!origin) mkdirSync(folder, { recursive: true });
    const name = hostName(file.name);
    const path = origin?.path ?? join(folder, namesIn(folder).find((one) => one.toUpperCase() === name) ?? name);
    const before = statSync(path, { throwIfNoEntry: false });
    const present = before && wholeRecords(readFileSync(path));
    const isOurs = present === undefined || (origin !== undefined && isSame(present, origin.content));
    if (present && isSame(present, file.bytes)) this.#origins.set(keyOf(file), { path, content: file.bytes });
    else if (isOurs && (file.bytes.length > 0 || present === undefined || present.length === 0)) {
      const target = before ? realpathSync(path) : path;
      if (before) refuseReadOnly(target, path, 'the disk has another version of it');
      replaceFile(target, withoutFilling(file.bytes));
      this.#origins.set(keyOf(file), { path, content: file.bytes });
    } else if (file.bytes.length > 0) this.#layBeside(path, file.bytes);
  }

  #layBeside(path: string, bytes: Uint8Array): never {
    let beside = `${path}.from-disk`;
    for (let number = 2; statSync(beside, { throwIfNoEntry: false }) !== undefined; number += 1)
      beside = `${path}.from-disk-${number}`;
    replaceFile(beside, withoutFilling(bytes));
    throw new BackplaneError('runner/drive-conflict', 'was changed while the machine ran', {
      path,
      mend: `what the machine made of it is in ${beside}`,
    });
  }
}

/** A guest may give names that lead out of the folder, or nowhere. */
const hostName = (name: string): string =>
  nameFault(name) === undefined ? name : name.replace(/[^A-Za-z0-9$_-]/g, '_') || '_';

/** Names in a folder that are to be seen, in an order that does not depend on the host. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch (error) {
    throw fileError(folder, error);
  }
}
