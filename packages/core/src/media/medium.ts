/**
 * Media: disks, cards and tapes in the drives of a device. A medium is an image that the host gave and nothing changes,
 * and over it the sectors that the guest has written. Only those are state; a checkpoint shares them with the machine
 * until one of the two goes on.
 */
import type { DeviceMedium } from '../plugin/define-device.js';
import { digest } from '../state/digest.js';

/** Bytes that are kept together once one of them was written. */
const SECTOR = 128;

/** What the host does with what the guest writes; to core, the last two are the same. */
export type MediumMode = 'read-only' | 'overlay' | 'write-through';

/** Sectors that were written, by number. It is never changed once it was handed out. */
export type WrittenSectors = ReadonlyMap<number, Uint8Array>;

/** A medium as the host sees it. */
export interface MachineMedium {
  /** `device.drive`. */
  readonly name: string;
  /** Name of the image it began as. */
  readonly image: string;
  readonly mode: MediumMode;
  /** In bytes. */
  readonly size: number;
  /** A copy of what is on it; all of it by default. */
  read(offset?: number, length?: number): Uint8Array;
}

/** Bytes that were written to a medium. */
export interface MediumChange {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Digests of images, which do not change: a disk of megabytes takes milliseconds. */
const imageDigests = new WeakMap<Uint8Array, string>();

export class Medium implements MachineMedium {
  readonly name: string;
  readonly image: string;
  readonly mode: MediumMode;
  readonly #base: Uint8Array;
  /** Called when the guest uses it. */
  onUse: () => void = () => {};
  /** What its device has of it. */
  readonly device: DeviceMedium;
  #written = new Map<number, Uint8Array>();
  /** Whether a checkpoint holds the sectors as well. */
  #isShared = false;
  /** Sectors that are not as the host was told. */
  readonly #untold = new Set<number>();

  constructor(name: string, image: string, mode: MediumMode, base: Uint8Array) {
    this.name = name;
    this.image = image;
    this.mode = mode;
    this.#base = base;
    this.device = {
      size: base.length,
      isWritable: mode !== 'read-only',
      read: (offset, length) => {
        this.onUse();
        return this.read(offset, length);
      },
      write: (offset, bytes) => {
        this.onUse();
        return this.write(offset, bytes);
      },
    };
  }

  get size(): number {
    return this.#base.length;
  }

  read(offset = 0, length = this.size - offset): Uint8Array {
    const bytes = this.#base.slice(offset, offset + length);
    const first = Math.floor(offset / SECTOR);
    for (let sector = first; sector * SECTOR < offset + bytes.length; sector += 1) {
      const at = sector * SECTOR - offset;
      const written = this.#written.get(sector);
      if (written) bytes.set(written.subarray(Math.max(0, -at), bytes.length - at), Math.max(0, at));
    }
    return bytes;
  }

  /** All of the bytes, or none and false if it is read-only or ends before. */
  write(offset: number, bytes: Uint8Array): boolean {
    if (!this.device.isWritable || offset < 0 || offset + bytes.length > this.size) return false;
    if (this.#isShared) {
      this.#written = new Map(this.#written);
      this.#isShared = false;
    }
    for (let done = 0; done < bytes.length; ) {
      const sector = Math.floor((offset + done) / SECTOR);
      const content = this.read(sector * SECTOR, SECTOR);
      const within = offset + done - sector * SECTOR;
      const part = bytes.subarray(done, done + SECTOR - within);
      content.set(part, within);
      this.#written.set(sector, content);
      this.#untold.add(sector);
      done += part.length;
    }
    return true;
  }

  /** The state. */
  get written(): WrittenSectors {
    this.#isShared = true;
    return this.#written;
  }

  /** Go back to a state. */
  set written(written: WrittenSectors) {
    for (const sector of [...this.#written.keys(), ...written.keys()]) {
      if (this.#written.get(sector) !== written.get(sector)) this.#untold.add(sector);
    }
    this.#written = written as Map<number, Uint8Array>;
    this.#isShared = true;
  }

  /** Bytes of a sector, 0 if there is none of that number. */
  lengthOf(sector: number): number {
    return Number.isInteger(sector) && sector >= 0 ? Math.max(0, Math.min(SECTOR, this.size - sector * SECTOR)) : 0;
  }

  /** What has changed since the host was told the last time. */
  takeChanges(): readonly MediumChange[] {
    const changes = [...this.#untold]
      .sort((a, b) => a - b)
      .map((sector) => ({ offset: sector * SECTOR, bytes: this.read(sector * SECTOR, SECTOR) }));
    this.#untold.clear();
    return changes;
  }

  /** Digest of the image. */
  get imageDigest(): string {
    const base = this.#base;
    let told = imageDigests.get(base);
    if (told === undefined) {
      told = digest({ length: base.length, charCodeAt: (index) => base[index] as number });
      imageDigests.set(base, told);
    }
    return told;
  }
}
