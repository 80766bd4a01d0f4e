/**
 * Directories that a process was given. A name is one component: nothing leads out of a directory or into one below it.
 * Whatever is no regular file (links above all) is not there, and cannot be told from a name that nobody has.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { BackplaneError } from '@backplane/core';
import { fileError } from '../read-file.js';
import type { Budget } from './budget.js';

export interface OpenFile {
  readonly size: number;
  /** A copy of `length` bytes from `offset` on; fewer where it ends. */
  read(offset: number, length: number): Uint8Array;
  /** All of the bytes, at once; false if the host takes none. Beyond the end, what lies between is zero. */
  write(offset: number, bytes: Uint8Array): boolean;
  /** Let it end here; false if the host will not. */
  truncate(size: number): boolean;
  close(): void;
}

export interface OpenOptions {
  /** To be written to. */
  readonly write?: boolean;
  /** Make it, if there is none. */
  readonly create?: boolean;
  /** Only if there was none. */
  readonly exclusive?: boolean;
}

/** Files by name. What cannot be had, for whatever reason, is `undefined` or false. */
export interface Directory {
  readonly isWritable: boolean;
  /** Names of its files, in an order that does not depend on the host. */
  names(): string[];
  open(name: string, options?: OpenOptions): OpenFile | undefined;
  remove(name: string): boolean;
  /** Not over another file. */
  rename(from: string, to: string): boolean;
  close(): void;
}

/** What making a file costs, however little is in it. */
const ENTRY = 32;

/** Names that some host takes for a device, in every folder. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(\.|$)/i;

/** Whether a name is one of a file here, on every host. */
const isPlain = (name: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  /^[^/\\:\x00-\x1f]{1,255}$/.test(name) && !/^\.\.?$|[. ]$/.test(name) && !DEVICE.test(name);

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What a system call gives, or undefined if the host refuses. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    // Anything but an error of the operating system is ours.
    if (error instanceof Error && 'syscall' in error) return undefined;
    throw error;
  }
}

/** A directory of the host. What is written is written at once. */
export class HostDirectory implements Directory {
  readonly isWritable: boolean;
  readonly #descriptor: number;
  readonly #base: string;
  readonly #budget: Budget;

  /** @throws BackplaneError if it is none, or cannot be opened */
  constructor(path: string, { isWritable, budget }: { isWritable: boolean; budget: Budget }) {
    this.isWritable = isWritable;
    this.#budget = budget;
    try {
      const real = realpathSync(path);
      this.#descriptor = openSync(real, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
      if (!fstatSync(this.#descriptor).isDirectory()) {
        closeSync(this.#descriptor);
        throw new BackplaneError('runner/not-a-directory', 'is no directory', { path });
      }
      // Node has no openat. Linux gives the open directory a path, which stays its own whatever is renamed or linked
      // meanwhile; elsewhere whoever can rename the directory can have another one in its place.
      const own = `/proc/self/fd/${this.#descriptor}`;
      this.#base = existsSync(own) ? own : real;
    } catch (error) {
      throw fileError(path, error);
    }
  }

  names(): string[] {
    const entries = attempt(() => readdirSync(`${this.#base}/`, { withFileTypes: true })) ?? [];
    return entries
      .filter((entry) => entry.isFile() && isPlain(entry.name))
      .map(({ name }) => name)
      .sort(byCode);
  }

  #isFile(path: string): boolean {
    return attempt(() => lstatSync(path, { throwIfNoEntry: false }))?.isFile() === true;
  }

  open(name: string, { write = false, create = false, exclusive = false }: OpenOptions = {}): OpenFile | undefined {
    if (!isPlain(name) || ((write || create) && !this.isWritable)) return undefined;
    const path = join(this.#base, name);
    const status = attempt(() => lstatSync(path, { throwIfNoEntry: false }));
    const isNew = status === undefined;
    if (isNew ? !create : exclusive || !status.isFile()) return undefined;
    if (isNew) this.#budget.spend(ENTRY);
    // Between the look and the opening it may have become a link or a pipe: neither is followed or waited for.
    const { O_RDWR, O_RDONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
    const flags = (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | (isNew ? O_CREAT | O_EXCL : 0);
    const descriptor = attempt(() => openSync(path, flags, 0o666));
    if (descriptor === undefined) return undefined;
    if (attempt(() => fstatSync(descriptor))?.isFile() === true) return new HostFile(descriptor, this.#budget);
    closeSync(descriptor);
    return undefined;
  }

  remove(name: string): boolean {
    const path = join(this.#base, name);
    if (!this.isWritable || !isPlain(name) || !this.#isFile(path)) return false;
    return attempt(() => unlinkSync(path)) !== undefined || !this.#isFile(path);
  }

  rename(from: string, to: string): boolean {
    if (!this.isWritable || !isPlain(from) || !isPlain(to)) return false;
    const [source, target] = [join(this.#base, from), join(this.#base, to)];
    if (!this.#isFile(source) || attempt(() => lstatSync(target, { throwIfNoEntry: false })) !== undefined)
      return false;
    attempt(() => renameSync(source, target));
    return this.#isFile(target);
  }

  close(): void {
    attempt(() => closeSync(this.#descriptor));
  }
}

class HostFile implements OpenFile {
  readonly #descriptor: number;
  readonly #budget: Budget;

  constructor(descriptor: number, budget: Budget) {
    this.#descriptor = descriptor;
    this.#budget = budget;
  }

  get size(): number {
    return attempt(() => fstatSync(this.#descriptor))?.size ?? 0;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const count = attempt(() => readSync(this.#descriptor, bytes, 0, length, offset)) ?? 0;
    return bytes.subarray(0, count);
  }

  write(offset: number, bytes: Uint8Array): boolean {
    this.#budget.spend(Math.max(bytes.length, offset + bytes.length - this.size));
    const before = this.size;
    for (let done = 0; done < bytes.length; ) {
      const count = attempt(() => writeSync(this.#descriptor, bytes, done, bytes.length - done, offset + done));
      if (count === undefined) {
        // A full disk: what got there of a file that was shorter is taken back.
        if (this.size > before) this.truncate(before);
        return false;
      }
      done += count;
    }
    return true;
  }

  truncate(size: number): boolean {
    this.#budget.spend(Math.max(0, size - this.size));
    attempt(() => ftruncateSync(this.#descriptor, size));
    return this.size === size;
  }

  close(): void {
    attempt(() => closeSync(this.#descriptor));
  }
}

/** Another directory as it was, with all that is written to it in memory. */
export class OverlayDirectory implements Directory {
  readonly isWritable = true;
  readonly #base: Directory;
  readonly #budget: Budget;
  /** What was written; undefined for what was removed. */
  readonly #changed = new Map<string, MemoryFile | undefined>();

  constructor(base: Directory, budget: Budget) {
    this.#base = base;
    this.#budget = budget;
  }

  names(): string[] {
    const untouched = this.#base.names().filter((name) => !this.#changed.has(name));
    const own = [...this.#changed].filter(([, file]) => file !== undefined).map(([name]) => name);
    return [...untouched, ...own].sort(byCode);
  }

  open(name: string, { create = false, exclusive = false }: OpenOptions = {}): OpenFile | undefined {
    if (!isPlain(name)) return undefined;
    const base = this.#changed.has(name) ? undefined : this.#base.open(name);
    const exists = base !== undefined || this.#changed.get(name) !== undefined;
    if (exists ? exclusive : !create) {
      base?.close();
      return undefined;
    }
    if (!exists) {
      this.#budget.spend(ENTRY);
      this.#changed.set(name, new MemoryFile(this.#budget));
    }
    return new OverlayFile(base, {
      present: () => this.#changed.get(name),
      change: () => this.#copied(name),
    });
  }

  /** A file, in memory. */
  #copied(name: string): MemoryFile {
    const present = this.#changed.get(name);
    if (present) return present;
    const copy = new MemoryFile(this.#budget);
    const base = this.#changed.has(name) ? undefined : this.#base.open(name);
    if (base) {
      // Charged before it is read: a large file is not to fill the host's memory.
      this.#budget.spend(base.size);
      copy.fill(base.read(0, base.size));
      base.close();
    }
    this.#changed.set(name, copy);
    return copy;
  }

  #has(name: string): boolean {
    if (this.#changed.has(name)) return this.#changed.get(name) !== undefined;
    const file = this.#base.open(name);
    file?.close();
    return file !== undefined;
  }

  remove(name: string): boolean {
    if (!isPlain(name) || !this.#has(name)) return false;
    this.#changed.set(name, undefined);
    return true;
  }

  rename(from: string, to: string): boolean {
    if (!isPlain(from) || !isPlain(to) || !this.#has(from) || this.#has(to)) return false;
    this.#changed.set(to, this.#copied(from));
    this.#changed.set(from, undefined);
    return true;
  }

  close(): void {
    this.#base.close();
  }
}

/** An open file of an overlay: the base's until it is changed. */
class OverlayFile implements OpenFile {
  readonly #base: OpenFile | undefined;
  readonly #content: { present(): MemoryFile | undefined; change(): MemoryFile };

  constructor(base: OpenFile | undefined, content: { present(): MemoryFile | undefined; change(): MemoryFile }) {
    this.#base = base;
    this.#content = content;
  }

  get size(): number {
    return (this.#content.present() ?? this.#base)?.size ?? 0;
  }

  read(offset: number, length: number): Uint8Array {
    return (this.#content.present() ?? this.#base)?.read(offset, length) ?? new Uint8Array();
  }

  write(offset: number, bytes: Uint8Array): boolean {
    this.#content.change().write(offset, bytes);
    return true;
  }

  truncate(size: number): boolean {
    this.#content.change().truncate(size);
    return true;
  }

  close(): void {
    this.#base?.close();
  }
}

class MemoryFile {
  #bytes = new Uint8Array();
  size = 0;
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  fill(bytes: Uint8Array): void {
    this.#bytes = bytes as Uint8Array<ArrayBuffer>;
    this.size = bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(Math.min(offset, this.size), Math.min(offset + length, this.size));
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const end = offset + bytes.length;
    this.#budget.spend(Math.max(bytes.length, end - this.size));
    this.#reserve(end);
    this.#bytes.set(bytes, offset);
    this.size = Math.max(this.size, end);
  }

  truncate(size: number): void {
    this.#budget.spend(Math.max(0, size - this.size));
    this.#reserve(size);
    this.#bytes.fill(0, Math.min(size, this.size), this.size);
    this.size = size;
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(size, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.size));
    this.#bytes = larger;
  }
}
