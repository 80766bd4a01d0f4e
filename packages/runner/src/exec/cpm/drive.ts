/** A directory as a drive of CP/M: names of eight and three characters, in capitals. */
import { nameFault, RECORD, withoutFilling } from '../../drives/cpm-disk.js';
import type { Directory, OpenFile } from '../directory.js';

const END_OF_FILE = 0x1a;

/** The name by which CP/M knows a file of the host, or undefined if it has none. */
export function cpmName(hostName: string): string | undefined {
  const name = hostName.toUpperCase();
  return nameFault(name) === undefined ? name : undefined;
}

/** A file in use. */
export class CpmFile {
  readonly isWritable: boolean;
  readonly #file: OpenFile;
  #isChanged = false;

  constructor(file: OpenFile, isWritable: boolean) {
    this.#file = file;
    this.isWritable = isWritable;
  }

  get records(): number {
    return Math.ceil(this.#file.size / RECORD);
  }

  /** A record, filled up by the end-of-file mark; undefined beyond the end. */
  read(record: number): Uint8Array | undefined {
    const bytes = this.#file.read(record * RECORD, RECORD);
    if (bytes.length === 0) return undefined;
    const whole = new Uint8Array(RECORD).fill(END_OF_FILE);
    whole.set(bytes);
    return whole;
  }

  write(record: number, bytes: Uint8Array): boolean {
    // What filled up the last record in CP/M's eyes has to be there before something stands behind it.
    const { size } = this.#file;
    const gap = this.records * RECORD - size;
    if (gap > 0 && record >= this.records && !this.#file.write(size, new Uint8Array(gap).fill(END_OF_FILE)))
      return false;
    this.#isChanged = true;
    return this.#file.write(record * RECORD, bytes);
  }

  /** On the host a file that was written is as long as its content: what fills the last record up is taken off. */
  close(): void {
    const { size } = this.#file;
    if (this.#isChanged && size > 0 && size % RECORD === 0) {
      const last = this.#file.read(size - RECORD, RECORD);
      const kept = withoutFilling(last);
      if (kept.length < last.length) this.#file.truncate(size - RECORD + kept.length);
    }
    this.#file.close();
  }
}

export class Drive {
  readonly #directory: Directory;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  get isWritable(): boolean {
    return this.#directory.isWritable;
  }

  /** Names of the host by those of CP/M. Of two that are the same to CP/M, the first is seen. */
  files(): Map<string, string> {
    const files = new Map<string, string>();
    for (const hostName of this.#directory.names()) {
      const name = cpmName(hostName);
      if (name !== undefined && !files.has(name)) files.set(name, hostName);
    }
    return files;
  }

  open(name: string): CpmFile | undefined {
    const hostName = this.files().get(name);
    if (hostName === undefined) return undefined;
    const writable = this.isWritable ? this.#directory.open(hostName, { write: true }) : undefined;
    const file = writable ?? this.#directory.open(hostName);
    return file && new CpmFile(file, writable !== undefined);
  }

  make(name: string): CpmFile | undefined {
    if (cpmName(name) === undefined || this.files().has(name)) return undefined;
    const file = this.#directory.open(name, { write: true, create: true, exclusive: true });
    return file && new CpmFile(file, true);
  }

  remove(name: string): boolean {
    const hostName = this.files().get(name);
    return hostName !== undefined && this.#directory.remove(hostName);
  }

  rename(from: string, to: string): boolean {
    const files = this.files();
    const hostName = files.get(from);
    return (
      hostName !== undefined && cpmName(to) !== undefined && !files.has(to) && this.#directory.rename(hostName, to)
    );
  }
}

/** A drive with nothing in it, and no room for anything. */
export const emptyDirectory: Directory = {
  isWritable: true,
  names: () => [],
  open: () => undefined,
  remove: () => false,
  rename: () => false,
  close: () => undefined,
};
