/** Restores of one state, again and again: what was not written to since is not copied. */
import { type Bus, ENTRY_WORDS, READ } from '../../bus/bus.js';
import type { Arena } from '../../state/arena.js';
import { HEAT, TRANSLATED } from '../marks.js';

/** Bytes of memory are counted in pieces of so many. */
export const GRANULE = 256;
/**
 * Restores of one state after which memory that it agrees with is guarded, and not copied any more until it is written
 * to. To guard 64 KiB takes as long as some 30 copies.
 */
const RESTORES = 30;
/** Pages of an address space in which that is done: each first write to a piece has all of them looked through. */
const MOST_PAGES = 256;

export class Restores {
  readonly #arena: Arena;
  readonly #bus: Bus;
  readonly #isFolded: (offset: number) => boolean;
  readonly #guard: () => void;
  /** The state that was restored last, how often in a row, and the page table's version after that. */
  #restored: Uint8Array | undefined;
  #restores = 0;
  #restoredVersion = -1;
  /** Granules that have not been written to since; their bytes are marked like those of translated code. */
  readonly #untouched = new Set<number>();
  /** What may be other than in that state, once it is known: all but the page table and what is untouched. */
  #pieces: readonly { readonly at: number; readonly bytes: Uint8Array }[] | undefined;

  /**
   * @param isFolded whether code was made of a byte
   * @param guard has the bus ask anew which pages are guarded
   */
  constructor(arena: Arena, bus: Bus, isFolded: (offset: number) => boolean, guard: () => void) {
    this.#arena = arena;
    this.#bus = bus;
    this.#isFolded = isFolded;
    this.#guard = guard;
  }

  isUntouched(granule: number): boolean {
    return this.#untouched.has(granule);
  }

  restore(bytes: Uint8Array): void {
    const { u8 } = this.#arena;
    const bus = this.#bus;
    if (bytes !== this.#restored) {
      this.#restored = bytes;
      this.#restores = 0;
      this.#restoredVersion = -1;
      this.touch([...this.#untouched]);
    }
    this.#restores += 1;
    if (this.#restores === RESTORES && bus.pageCount <= MOST_PAGES) this.#guardUntouched(bytes);
    if (this.#restoredVersion !== bus.version) {
      u8.set(bytes);
      bus.restored();
      this.#restoredVersion = bus.version;
      this.#pieces = undefined;
      return;
    }
    // No region was added and no bank switched: the page table with its guards is what it was then.
    this.#pieces ??= this.#touchedPieces(bytes);
    for (const piece of this.#pieces) u8.set(piece.bytes, piece.at);
  }

  /** Have writes told to all memory that is seen now and is as the restored state has it. */
  #guardUntouched(bytes: Uint8Array): void {
    const { u8, toMarks } = this.#arena;
    const { table, pageCount, pageMask, pageShift } = this.#bus;
    for (let page = 0; page < pageCount; page += 1) {
      const add = table[page * ENTRY_WORDS + READ] as number;
      const from = add + (page << pageShift);
      if (add < 0 || from % GRANULE !== 0) continue;
      for (let at = from; at <= from + pageMask; at += GRANULE) {
        let same = at;
        while (same < at + GRANULE && u8[same] === bytes[same]) same += 1;
        if (same < at + GRANULE) continue;
        this.#untouched.add(at / GRANULE);
        for (let byte = at + toMarks; byte < at + toMarks + GRANULE; byte += 1)
          u8[byte] = (u8[byte] as number) | TRANSLATED;
      }
    }
    this.#guard();
  }

  /** Granules may be written to without anybody being told. */
  touch(granules: readonly number[]): void {
    if (granules.length === 0) return;
    const { u8, toMarks } = this.#arena;
    for (const granule of granules) {
      this.#untouched.delete(granule);
      for (let at = granule * GRANULE; at < (granule + 1) * GRANULE; at += 1) {
        if (!this.#isFolded(at)) u8[at + toMarks] = (u8[at + toMarks] as number) & HEAT;
      }
    }
    this.#guard();
  }

  /** The parts of a state that are to be copied. */
  #touchedPieces(bytes: Uint8Array): { at: number; bytes: Uint8Array }[] {
    const { table } = this.#bus;
    const kept = [...this.#untouched].map((granule) => [granule * GRANULE, (granule + 1) * GRANULE] as const);
    const all = [...kept, [table.byteOffset, table.byteOffset + table.byteLength] as const].sort(([a], [b]) => a - b);
    const ends = [0, ...all.map(([, end]) => end)];
    return [...all.map(([from]) => from), bytes.length].flatMap((to, index) => {
      const at = ends[index] as number;
      return at < to ? [{ at, bytes: bytes.subarray(at, to) }] : [];
    });
  }
}
