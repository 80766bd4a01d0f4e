/**
 * One arena a machine: a fixed block of memory in which all of its state lies. Fork, hash and comparison of machines
 * are operations on this block; compiled code addresses it directly.
 */

/** Hands out places before the arena exists. */
export class ArenaLayout {
  /** Offset 0 is given to nobody, so that it can mean "none". */
  #size = 16;

  /** Reserve `bytes`, aligned to `alignment` (a power of two), not below `lowest`, and get their offset. */
  reserve(bytes: number, alignment = 8, lowest = 0): number {
    const offset = Math.ceil(Math.max(this.#size, lowest) / alignment) * alignment;
    this.#size = offset + bytes;
    return offset;
  }

  get size(): number {
    return this.#size;
  }
}

/** Room that engines have beside the state and its marks. */
export const SCRATCH_BYTES = 65536;

/** The block itself, with views of each element type. */
export class Arena {
  /** The memory that compiled code imports; undefined on a host without WebAssembly. */
  readonly memory: WebAssembly.Memory | undefined;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** From each byte to the one that engines may use to remember something of it; those are no state. */
  readonly toMarks: number;
  /** Where engines may put down what they hand on within a run: {@link SCRATCH_BYTES} that are no state either. */
  readonly scratch: number;

  constructor(layout: ArenaLayout) {
    this.toMarks = Math.ceil(layout.size / 65536) * 65536;
    this.scratch = 2 * this.toMarks;
    // What nobody uses of marks and scratch takes no memory of the host's.
    const pages = (this.scratch + SCRATCH_BYTES) / 65536;
    // `node --jitless` has no WebAssembly; the evaluator needs none.
    this.memory =
      typeof WebAssembly === 'undefined' ? undefined : new WebAssembly.Memory({ initial: pages, maximum: pages });
    const buffer = this.memory?.buffer ?? new ArrayBuffer(pages * 65536);
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }

  bytes(offset: number, length: number): Uint8Array {
    return this.u8.subarray(offset, offset + length);
  }

  words(offset: number, length: number): Int32Array {
    return this.i32.subarray(offset >> 2, (offset >> 2) + length);
  }

  doubles(offset: number, length: number): Float64Array {
    return this.f64.subarray(offset >> 3, (offset >> 3) + length);
  }
}
