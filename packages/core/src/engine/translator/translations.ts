/** What one CPU has of translated code: regions by their entry, and which bytes of memory they were made of. */
import {
  type Bus,
  ENTRY_WORDS,
  READ,
  TRANSLATED as TRANSLATED_ADD,
  type TranslatedMemory,
  WRITE,
} from '../../bus/bus.js';
import type { Interval } from '../../isa/interval.js';
import { type Cpu, cpuLayout } from '../../machine/cpu.js';
import type { Arena } from '../../state/arena.js';
import type { RegionCounts } from '../engine.js';
import { counting, HEAT, TRANSLATED } from '../marks.js';
import type { Stop } from '../stop.js';
import { encodeModule } from '../wasm/code.js';
import { steadyConditions } from './assumptions.js';
import { Budget } from './budget.js';
import { type Assumption, type Compiled, type Kept, keptFor } from './kept.js';
import { formRegion } from './region.js';
import { type KnownMemory, printRegion } from './region-printer.js';
import { GRANULE, Restores } from './restores.js';
import { type CodeMemory, type Resume, type Specialized, specialize } from './specialize.js';

/** How often a place has to become hot that is in the midst of a region. */
const INNER_TURNS = 4;
/** Cycles below which it does not pay to leave the interpreter for a region, on the average of so many visits. */
const FEWEST_CYCLES = 200;
const VISITS = 64;

/** Changes after which a byte is no longer folded into code. */
const VOLATILE = 2;
/** Regions of one entry, for other banks and flags, that rely on where data lies and on what the flags are. */
const MOST_VARIANTS = 3;
/** Regions that a CPU has at most; beyond these the oldest goes. */
const MOST_REGIONS = 2000;
/** A region of this CPU's. */
export class Translation {
  readonly entry: number;
  readonly compiled: Compiled;
  readonly run: () => number;
  /** Where the host goes on, by point; made when first needed. */
  readonly stops: (Stop | undefined)[];
  /** Version of the page table that it was last seen to fit; −1 for none, as it is once dropped. */
  version = -1;
  /** How often it was gone to from the interpreter of late, and cycles until that went on. */
  visits = 0;
  ran = 0;
  /** The region that was run after it the last time. */
  successor: Translation | undefined;
  constructor(entry: number, compiled: Compiled, run: () => number, stops: (Stop | undefined)[]) {
    this.entry = entry;
    this.stops = stops;
    this.compiled = compiled;
    this.run = run;
  }
}

/** The host's part of a region's accesses. */
export interface TranslationHost {
  stop(resume: Resume): Stop;
  access(stop: Stop, address: number, value: number): number;
  /** Cycles that compiled code has run, but for the present call of it, and of these in regions. */
  cycles(): number;
  translated(): number;
}

export class Translations implements TranslatedMemory {
  /** The run is to end at an instruction that changes nothing. */
  looksForTraps = false;
  readonly #cpu: Cpu;
  readonly #arena: Arena;
  readonly #bus: Bus;
  readonly #rare: readonly number[];
  /** Heat at which a place is hot. */
  readonly #heat: number;
  /** Of jumps, those whose number has none of these bits are counted; 0 if all are, as where nothing is to be saved. */
  readonly #uncounted: number;
  #jumps = 0;
  #compilations = 0;
  #invalidations = 0;
  #milliseconds = 0;
  readonly #budget = new Budget();
  readonly #host: TranslationHost;
  readonly #regions = new Map<number, Translation[]>();
  /** Regions by the granules that they were made of. */
  readonly #granules = new Map<number, Set<Translation>>();
  /** All regions, the oldest first. */
  readonly #all = new Set<Translation>();
  readonly #kept: Kept;
  /** How often bytes of translated code have changed. */
  readonly #changes = new Map<number, number>();
  /** Entries that are not to be translated until they were found hot so many times more. */
  readonly #waits = new Map<number, number>();
  readonly #backOff = new Map<number, number>();
  readonly #restores: Restores;

  constructor(cpu: Cpu, arena: Arena, rare: readonly number[], jumps: number, host: TranslationHost) {
    this.#cpu = cpu;
    this.#arena = arena;
    this.#bus = cpu.memory;
    this.#rare = rare;
    const { heat, shift } = counting(jumps);
    this.#heat = heat;
    this.#uncounted = 2 ** shift - 1;
    this.#host = host;
    this.#restores = new Restores(
      arena,
      this.#bus,
      (offset) => this.#isFolded(offset),
      () => this.#bus.guard(this),
    );
    this.#bus.guard(this);
    this.#kept = keptFor(cpu.isa, `${cpu.offset} ${arena.toMarks} ${this.#bus.delayKey}`);
    // Where another machine was hot, a tenth of the jumps will do.
    for (const address of this.#kept.addresses) {
      const offset = this.#offsetOf(address);
      if (offset !== undefined) arena.u8[offset + arena.toMarks] = Math.floor(0.9 * heat);
    }
  }

  get counts(): RegionCounts {
    return {
      live: this.#all.size,
      compiled: this.#compilations,
      invalidated: this.#invalidations,
      milliseconds: this.#milliseconds,
    };
  }

  /** The region to run at an address; undefined if that is the interpreter's. */
  find(address: number): Translation | undefined {
    const region = this.#at(address) ?? (this.isHot(address) ? this.#translate(address) : undefined);
    if (!this.looksForTraps || !region?.compiled.mayTrap) return region;
    // It is not asked for again before the interpreter has seen whether it is a trap.
    this.#cool(this.#offsetOf(address) as number);
    return undefined;
  }

  /** A region was gone to from the interpreter, which goes on after so many cycles. That costs it some, too. */
  ran(region: Translation, cycles: number): void {
    region.visits += 1;
    region.ran += cycles;
    if (region.visits < VISITS) return;
    const isTooShort = region.ran < VISITS * FEWEST_CYCLES && this.#uncounted > 0;
    const offset = isTooShort ? this.#offsetOf(region.entry) : undefined;
    if (offset !== undefined) this.#cool(offset);
    region.visits = region.ran = 0;
  }

  /** The region to run after another one: mostly the same as the last time. */
  follow(region: Translation, address: number): Translation | undefined {
    const { successor } = region;
    const isFit = successor?.entry === address && successor.version === this.#bus.version;
    if (isFit && !(this.looksForTraps && successor.compiled.mayTrap)) return successor;
    region.successor = this.find(address);
    return region.successor;
  }

  /** The region that begins at an address and fits the memory as it is now. */
  #at(address: number): Translation | undefined {
    const regions = this.#regions.get(address);
    if (!regions) return undefined;
    const { version } = this.#bus;
    for (const region of regions) {
      if (!this.#isAsAssumed(region.compiled)) continue;
      if (region.version === version) return region;
      if (!this.#fits(region.compiled)) continue;
      region.version = version;
      return region;
    }
    return undefined;
  }

  /** Count a way to an address; whether it is hot by now. */
  isHot(address: number): boolean {
    const offset = this.#offsetOf(address);
    if (offset === undefined) return false;
    const at = offset + this.#arena.toMarks;
    const mark = this.#arena.u8[at] as number;
    if ((mark & HEAT) >= this.#heat) return true;
    this.#jumps += 1;
    if ((this.#jumps & this.#uncounted) === 0) this.#arena.u8[at] = mark + 1;
    return false;
  }

  /** Translate what has become hot; undefined if that cannot be, or is not worthwhile now. */
  #translate(address: number): Translation | undefined {
    const offset = this.#offsetOf(address);
    if (offset === undefined) return undefined;
    const wait = this.#waits.get(offset);
    let compiled = wait === undefined ? this.#keptAt(address) : undefined;
    if (!compiled) {
      const left = wait ?? this.#firstWait(address, offset);
      if (left > 0) this.#waits.set(offset, left - 1);
      if (left > 0 || !this.#isAffordable()) {
        this.#cool(offset);
        return undefined;
      }
      compiled = this.#keptAt(address) ?? this.#timed(() => this.#compile(address));
    }
    if (!compiled) {
      this.#waits.set(offset, Number.POSITIVE_INFINITY);
      this.#cool(offset);
      return undefined;
    }
    return this.#add(address, compiled);
  }

  #isAffordable(): boolean {
    return this.#uncounted === 0 || this.#budget.allows(this.#host.cycles(), this.#host.translated());
  }

  /** A place within a region: what jumps there mostly comes to the beginning of one soon. */
  #firstWait(address: number, offset: number): number {
    const isInner = this.#isFolded(offset) && !this.#regions.has(address);
    return isInner && this.#uncounted > 0 ? INNER_TURNS - 1 : 0;
  }

  /** What another machine has had compiled of the same code at the same place. */
  #keptAt(address: number): Compiled | undefined {
    const { u8 } = this.#arena;
    return this.#kept.find(address, (compiled) => {
      for (const [offset, byte] of compiled.folded) {
        if (u8[offset] !== byte || (this.#changes.get(offset) ?? 0) >= VOLATILE) return false;
      }
      return this.#isAsAssumed(compiled) && this.#fits(compiled);
    });
  }

  #isAsAssumed({ assumed }: Compiled): boolean {
    const { words } = this.#cpu;
    for (let index = 0; index < assumed.length; index += 1) {
      const { register, value } = assumed[index] as Assumption;
      if (words[register] !== value) return false;
    }
    return true;
  }

  /** Whether jumps led to an address often enough for it to be part of a region. */
  #isWarm(address: number): boolean {
    const offset = this.#offsetOf(address);
    return offset !== undefined && ((this.#arena.u8[offset + this.#arena.toMarks] as number) & HEAT) > this.#heat / 16;
  }

  #cool(offset: number): void {
    const at = offset + this.#arena.toMarks;
    this.#arena.u8[at] = (this.#arena.u8[at] as number) & TRANSLATED;
  }

  #add(address: number, compiled: Compiled): Translation {
    const { points } = compiled;
    const host = this.#host;
    const stops: (Stop | undefined)[] = points.map(() => undefined);
    const instance = new WebAssembly.Instance(compiled.module, {
      host: {
        memory: this.#arena.memory as WebAssembly.Memory,
        access(point: number, at: number, value: number): number {
          let stop = stops[point];
          if (!stop) {
            stop = host.stop(points[point] as Resume);
            stops[point] = stop;
          }
          return host.access(stop, at, value);
        },
      },
    });
    const region = new Translation(address, compiled, instance.exports[compiled.name] as () => number, stops);
    this.#regions.set(address, [region, ...(this.#regions.get(address) ?? [])]);
    this.#all.add(region);
    const [oldest] = this.#all;
    if (oldest && this.#all.size > MOST_REGIONS) this.#remove(oldest);
    let isNew = false;
    for (const offset of compiled.folded.keys()) {
      const granule = Math.floor(offset / GRANULE);
      const regions = this.#granules.get(granule) ?? new Set();
      if (regions.size === 0) isNew = true;
      this.#granules.set(granule, regions.add(region));
      const at = offset + this.#arena.toMarks;
      this.#arena.u8[at] = (this.#arena.u8[at] as number) | TRANSLATED;
    }
    if (isNew) this.#bus.guard(this);
    // A restore must see that there is more to compare.
    else this.#bus.version += 1;
    return region;
  }

  #timed<Result>(action: () => Result): Result {
    const { now } = this.#cpu.control;
    const begin = now?.() ?? 0;
    const result = action();
    this.#milliseconds += (now?.() ?? 0) - begin;
    return result;
  }

  #compile(address: number): Compiled | undefined {
    const { isa, offset: base } = this.#cpu;
    const bus = this.#bus;
    const pages = new Map<number, number>();
    const mixed = new Map<number, number>();
    const code: CodeMemory = {
      isDelayed: bus.isDelayed,
      longestDelay: bus.isDelayed ? bus.longestDelay : 0,
      delayAt: (at) => {
        const delay = bus.isDelayed ? bus.placedDelayAt(at) : undefined;
        return delay && bus.delayPeriod === 0 ? 'host' : delay;
      },
      fetch: (at) => {
        const offset = this.#offsetOf(at);
        if (offset === undefined) return undefined;
        return (this.#changes.get(offset) ?? 0) >= VOLATILE ? 'volatile' : (this.#arena.u8[offset] as number);
      },
    };
    const region = formRegion(
      address,
      (at) => this.#specialized(at, code),
      (at) => this.#isWarm(at),
    );
    if (!region) return undefined;
    const folded = new Map([...region.folded].map(([at, byte]) => [this.#offsetOf(at) as number, byte] as const));
    const isOwn = (page: number, add: number): boolean => {
      const from = add + (page << bus.pageShift);
      for (const offset of folded.keys()) if (offset >= from && offset <= from + bus.pageMask) return true;
      return false;
    };
    for (const at of region.fetched) {
      const word = (at >>> bus.pageShift) * ENTRY_WORDS + READ;
      const add = bus.table[word] as number;
      if (add >= 0) pages.set(word, add);
      else mixed.set(at, (this.#offsetOf(at) as number) - at);
    }
    // Where banks and flags keep changing, the next one looks data up, whatever is there, and takes nothing for granted.
    const isGeneral = (this.#regions.get(address)?.length ?? 0) >= MOST_VARIANTS;
    const flat = isGeneral ? -1 : bus.flat;
    let isFlat = false;
    const memory: KnownMemory = {
      plain: (access, addresses) => {
        if (access === 'read' && flat >= 0) {
          isFlat = true;
          return flat;
        }
        const found = isGeneral ? undefined : plainPages(bus, access, addresses);
        if (!found) {
          const { low, high } = addresses;
          const isKnown = access === 'read' && low === high && !isGeneral && !bus.placedDelayAt(low);
          const offset = isKnown ? this.#offsetOf(low) : undefined;
          if (offset === undefined) return undefined;
          mixed.set(low, offset - low);
          return offset - low;
        }
        // Where this region's own code lies, writes will not be plain.
        if (access === 'write' && found.words.some(({ page }) => isOwn(page, found.add))) return undefined;
        for (const { word } of found.words) pages.set(word, found.add);
        return found.add;
      },
      isHosts: (access, at) => {
        const entry = (at >>> bus.pageShift) * ENTRY_WORDS;
        if (access === 'read') return (bus.table[entry + READ] as number) < 0;
        return (bus.table[entry + WRITE] as number) < 0 && bus.table[entry + TRANSLATED_ADD] === 0;
      },
    };
    const { memoryTable, ioTable } = cpuLayout(isa);
    const { words } = this.#cpu;
    const steady = isGeneral ? [] : steadyConditions(region);
    const assumed = new Map([...steady].map((register) => [register, words[register] as number] as const));
    const points: Resume[] = [];
    const name = 'run';
    const printed = printRegion(name, region, {
      isa,
      base,
      memoryTable,
      ioTable,
      toMarks: this.#arena.toMarks,
      isDelayed: bus.isDelayed,
      memory,
      assumed,
      points,
    });
    this.#compilations += 1;
    this.#budget.spend(region.nodes.length);
    const bytes = encodeModule([{ name: 'access', parameters: 3, hasResult: true }], [printed]);
    const compiled = {
      module: new WebAssembly.Module(bytes),
      name,
      points,
      pages,
      mixed,
      flat: isFlat ? flat : undefined,
      assumed: [...assumed].map(([register, value]) => ({ register, value })),
      folded,
      mayTrap: region.mayTrap,
    };
    this.#kept.add(address, compiled);
    return compiled;
  }

  /** The instruction at an address: what was worked out once holds as long as it is fetched the same. */
  #specialized(address: number, code: CodeMemory): Specialized | undefined {
    let known = this.#kept.instruction(address);
    const isSame =
      known?.fetched.every((at) => {
        const byte = code.fetch(at);
        return byte !== undefined && byte === (known?.folded.get(at) ?? byte);
      }) ?? false;
    if (!isSame) {
      known = specialize(this.#cpu.isa, this.#rare, address, code);
      if (known) this.#kept.addInstruction(address, known);
    }
    return known;
  }

  #fits({ pages, mixed, flat }: Compiled): boolean {
    const { table } = this.#bus;
    if (flat !== undefined && this.#bus.flat !== flat) return false;
    for (const [word, add] of pages) if (table[word] !== add) return false;
    for (const [address, add] of mixed) if (this.#offsetOf(address) !== address + add) return false;
    return true;
  }

  /** Arena offset of the byte that an instruction would be fetched from, if there is memory. */
  #offsetOf(address: number): number | undefined {
    return this.#bus.memoryAt(address);
  }

  isTranslated(offset: number): boolean {
    return ((this.#arena.u8[offset + this.#arena.toMarks] as number) & TRANSLATED) !== 0;
  }

  isAnyTranslated(offset: number, size: number): boolean {
    for (let granule = Math.floor(offset / GRANULE); granule * GRANULE < offset + size; granule += 1) {
      if (this.#granules.has(granule) || this.#restores.isUntouched(granule)) return true;
    }
    return false;
  }

  written(offset: number, isChanged: boolean): void {
    if (this.#restores.isUntouched(Math.floor(offset / GRANULE))) {
      this.#restores.touch([Math.floor(offset / GRANULE)]);
      if (!this.isTranslated(offset)) return;
    }
    if (!isChanged) return;
    this.#changes.set(offset, (this.#changes.get(offset) ?? 0) + 1);
    const regions = this.#granules.get(Math.floor(offset / GRANULE)) ?? [];
    for (const region of [...regions]) if (region.compiled.folded.has(offset)) this.#drop(region);
    this.#bus.version += 1;
  }

  /** Drop what memory no longer agrees with: it may have changed in any way. */
  revalidate(): void {
    const { u8 } = this.#arena;
    for (const region of [...this.#all]) {
      for (const [offset, byte] of region.compiled.folded) {
        if (u8[offset] === byte) continue;
        this.#invalidations += 1;
        this.#budget.lose();
        this.#remove(region);
        break;
      }
    }
  }

  restore(bytes: Uint8Array): void {
    this.#restores.restore(bytes);
  }

  /** Whether a byte was folded into code. */
  #isFolded(offset: number): boolean {
    for (const { compiled } of this.#granules.get(Math.floor(offset / GRANULE)) ?? []) {
      if (compiled.folded.has(offset)) return true;
    }
    return false;
  }

  /** The program has changed its code: each time it does, it waits twice as long for what is made of it. */
  #drop(region: Translation): void {
    this.#invalidations += 1;
    this.#budget.lose();
    this.#remove(region);
    const offset = this.#offsetOf(region.entry);
    if (offset === undefined) return;
    const backOff = (this.#backOff.get(offset) ?? 0.5) * 2;
    this.#backOff.set(offset, backOff);
    this.#waits.set(offset, backOff - 1);
  }

  #remove(region: Translation): void {
    region.version = -1;
    this.#all.delete(region);
    const { entry, compiled } = region;
    const left = (this.#regions.get(entry) ?? []).filter((other) => other !== region);
    if (left.length > 0) this.#regions.set(entry, left);
    else this.#regions.delete(entry);
    for (const offset of compiled.folded.keys()) {
      const granule = Math.floor(offset / GRANULE);
      const regions = this.#granules.get(granule);
      regions?.delete(region);
      if (regions?.size === 0) this.#granules.delete(granule);
      if (!this.#restores.isUntouched(granule) && !this.#isFolded(offset)) {
        const at = offset + this.#arena.toMarks;
        this.#arena.u8[at] = (this.#arena.u8[at] as number) & HEAT;
      }
    }
    const offset = this.#offsetOf(entry);
    if (offset !== undefined) this.#cool(offset);
  }
}

/** The page table's words for accesses to addresses that are plain, all with the same number added. */
function plainPages(
  bus: Bus,
  access: 'read' | 'write',
  { low, high }: Interval,
): { readonly add: number; readonly words: readonly { page: number; word: number }[] } | undefined {
  const first = low >>> bus.pageShift;
  const last = high >>> bus.pageShift;
  if (low < 0 || last >= bus.pageCount || last - first > 3) return undefined;
  const words = Array.from({ length: last - first + 1 }, (_, index) => {
    const page = first + index;
    return { page, word: page * ENTRY_WORDS + (access === 'read' ? READ : WRITE) };
  });
  const [add] = words.map(({ word }) => bus.table[word] as number) as [number];
  return add >= 0 && words.every(({ word }) => bus.table[word] === add) ? { add, words } : undefined;
}
