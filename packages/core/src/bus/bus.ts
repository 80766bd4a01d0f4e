/**
 * The bus: one address space of one CPU.
 *
 * A page table in the arena says of each page how it is read and written. An entry has eight words:
 *
 *     0  read    if reads are plain: what to add to an address to get the arena offset of its byte; else −1
 *     1  write   the same for writes
 *     2  reader  which region answers other reads: its number, 0 for open bus,
 *     3  writer  or, in a mixed page, minus the arena offset of a map with one number a byte
 *     4  delay   delay table, 0 for none; a delayed page is never plain to words 0 and 1
 *     5  translated  if the page has translated code in it, so that writes are not plain: what word 1 would be; else 0
 *     6–7        reserved
 *
 * Engines read words 0 and 1 inline and come here for the rest.
 */
import { ConfigError } from '../errors.js';
import type { Arena, ArenaLayout } from '../state/arena.js';
import type { BusDevice, MirrorRegion, Region } from './region.js';

export const ENTRY_WORDS = 8;
export const NOT_PLAIN = -1;
export const READ = 0;
export const WRITE = 1;
export const READER = 2;
export const WRITER = 3;
export const DELAY = 4;
export const TRANSLATED = 5;

/** Words of a bank selector: the bank selected, where in its windows the common part begins, whether that is protected. */
export const BANK_WORDS = 3;
export const COMMON = 1;
export const PROTECTED = 2;
/** Beyond every window: nothing is common. */
export const NOTHING_COMMON = 0x7fff_ffff;

/** Cycles that accesses wait, by (time + phase) mod period. */
export interface DelayTable {
  readonly name: string;
  readonly period: number;
  readonly phase: number;
  readonly cycles: readonly number[];
}

/** A delay table as compiled code reads it. */
export interface PlacedDelay {
  readonly period: number;
  readonly phase: number;
  /** Arena offset of its entries, one byte each. */
  readonly offset: number;
  readonly longest: number;
}

/** Addresses that are read from memory with the same number added. */
interface CodeWindow {
  readonly start: number;
  readonly size: number;
  readonly add: number;
}

const NO_WINDOW: CodeWindow = { start: 0, size: 0, add: 0 };

type Access = 'read' | 'write';

/** Memory of which an engine has made code: it wants to know when that changes. Places are arena offsets. */
export interface TranslatedMemory {
  /** Whether code was made of a byte. */
  isTranslated(offset: number): boolean;
  /** Whether code was made of any byte from `offset` on. */
  isAnyTranslated(offset: number, size: number): boolean;
  /** Such a byte was written to; whether it has got another value. */
  written(offset: number, isChanged: boolean): void;
  /** Any byte may have got another value. */
  revalidate(): void;
  /** Take over all of the arena's state; see {@link Bus.restore}. */
  restore(bytes: Uint8Array): void;
}

/** Bits of an address within a page. */
export const pageShiftOf = (addressWidth: number): number => Math.max(8, addressWidth - 16);

/** Pages of an address space. */
const pageCountOf = (addressWidth: number): number => 2 ** Math.max(0, addressWidth - pageShiftOf(addressWidth));

/** Size of the page table of an address space. */
export const tableBytes = (addressWidth: number): number => pageCountOf(addressWidth) * ENTRY_WORDS * 4;

/** Accesses, with the word of a page's entry that says who answers them. */
const ACCESSES = [
  ['read', READER],
  ['write', WRITER],
] as const;

/** Addresses in a row that one region answers; its number, 0 for nobody. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly number: number;
}

/** Who answers accesses, from the first address to the last. */
type Answering = Readonly<Record<Access, readonly Stretch[]>>;

/**
 * Who answers where in an address space.
 *
 * @throws ConfigError if that is not clear
 */
export function answeringRegions(regions: readonly Region[], addressWidth: number): Answering {
  refuseOverlap(regions);
  refuseMirrorLoops(regions);
  const end = 2 ** addressWidth;
  return { read: stretches(regions, 'read', end), write: stretches(regions, 'write', end) };
}

export class Bus {
  readonly name: string;
  readonly addressWidth: number;
  readonly pageShift: number;
  readonly pageMask: number;
  readonly pageCount: number;
  /** What a read of nothing gives. */
  readonly openBus: number;
  readonly regions: readonly Region[];
  readonly delays: readonly DelayTable[];
  /** Whether there is any page that lets accesses wait. */
  readonly isDelayed: boolean;
  /** Cycles after which all delay tables begin anew, 0 if these are too many to count with; and the longest delay. */
  readonly delayPeriod: number;
  readonly longestDelay: number;
  #tableOffset = 0;
  /** Who answers where, from the first address to the last. */
  readonly #answering: Answering;
  /** Byte maps of mixed pages, one for reads and one for writes, by page. */
  readonly #byteMaps = new Map<number, number>();
  /** Arena offset of the delay tables, one byte an entry, by number. */
  readonly #delayOffsets: number[] = [0];
  /** Called before a device is accessed, that it may see the present moment. */
  arrive: () => void = () => {};
  /** Called when a write to a part that a bank selector protects was refused; by the selector's offset. */
  readonly refusals = new Map<number, () => void>();
  /** Where translated code comes from; no state. */
  #translated: TranslatedMemory | undefined;
  /** See {@link flat}, and the version for which that holds. */
  #flat = NOT_PLAIN;
  #flatVersion = -1;
  /** Raised whenever the page table may have changed; no state. */
  version = 0;
  /** The page table; words as above. */
  table: Int32Array = new Int32Array(0);
  #bytes: Uint8Array = new Uint8Array(0);
  #words: Int32Array = new Int32Array(0);

  constructor(
    {
      name,
      addressWidth,
      openBus,
      regions,
      answering,
      delays,
    }: {
      name: string;
      addressWidth: number;
      openBus: number;
      regions: readonly Region[];
      answering: Answering;
      delays: readonly DelayTable[];
    },
    layout: ArenaLayout,
  ) {
    this.name = name;
    this.addressWidth = addressWidth;
    this.pageShift = pageShiftOf(addressWidth);
    this.pageMask = 2 ** this.pageShift - 1;
    this.pageCount = pageCountOf(addressWidth);
    this.openBus = openBus;
    this.regions = regions;
    this.delays = delays;
    this.isDelayed = regions.some((region) => 'delay' in region && region.delay !== 0);
    for (const { period } of delays) this.#delayOffsets.push(layout.reserve(period));
    const period = delays.map((delay) => delay.period).reduce(leastCommonMultiple, 1);
    this.delayPeriod = period <= LONGEST_PERIOD ? period : 0;
    this.longestDelay = Math.max(0, ...delays.map(({ cycles }) => Math.max(0, ...cycles)));
    this.#answering = answering;
    for (const { from } of [...answering.read, ...answering.write]) {
      const page = from >>> this.pageShift;
      const isMixed = (from & this.pageMask) !== 0 && !this.#byteMaps.has(page);
      if (isMixed) this.#byteMaps.set(page, layout.reserve(2 * (this.pageMask + 1)));
    }
  }

  /** Set where the page table lies; it takes {@link tableBytes}. */
  place(offset: number): void {
    this.#tableOffset = offset;
  }

  /** @param isBlank whether the page table will come with the state of another machine */
  attach(arena: Arena, isBlank = false): void {
    this.#bytes = arena.u8;
    this.#words = arena.i32;
    this.table = arena.words(this.#tableOffset, this.pageCount * ENTRY_WORDS);
    if (isBlank) return;
    this.delays.forEach(({ cycles, period }, index) => {
      const offset = this.#delayOffsets[index + 1] as number;
      this.#bytes.fill(0, offset, offset + period);
      this.#bytes.set(cycles.slice(0, period), offset);
    });
    this.#nameRegions();
    this.#findPlain(0, this.pageCount - 1);
  }

  /** A read with its side effects. The caller has seen that the page is not plain. */
  read(address: number): number {
    const region = this.#regionAt(address, READER);
    if (region === undefined) return this.openBus;
    switch (region.kind) {
      case 'device': {
        const offset = registerOf(region, address);
        this.arrive();
        const value = offset < 0 ? undefined : region.device.read?.(offset);
        return value === undefined ? this.openBus : value & 0xff;
      }
      case 'mirror':
        return this.readAny(sourceOf(region, address));
      default:
        return this.#bytes[this.#memoryAt(region, address)] as number;
    }
  }

  /** A write with its side effects. The caller has seen that the page is not plain. */
  write(address: number, value: number): void {
    const region = this.#regionAt(address, WRITER);
    if (region === undefined) return;
    switch (region.kind) {
      case 'rom':
        return;
      case 'device': {
        const offset = registerOf(region, address);
        this.arrive();
        if (offset >= 0) region.device.write?.(offset, value);
        return;
      }
      case 'mirror':
        this.writeAny(sourceOf(region, address), value);
        return;
      default:
        if (this.#isProtected(region, address)) {
          this.arrive();
          this.refusals.get(region.bank)?.();
        } else this.#store(this.#memoryAt(region, address), value);
    }
  }

  #store(offset: number, value: number): void {
    const before = this.#bytes[offset];
    this.#bytes[offset] = value;
    if (this.#translated?.isTranslated(offset)) this.#translated.written(offset, before !== value);
  }

  /** A read of any page, side effects included. */
  readAny(address: number): number {
    const plain = this.table[(address >>> this.pageShift) * ENTRY_WORDS + READ] as number;
    return plain >= 0 ? (this.#bytes[plain + address] as number) : this.read(address);
  }

  /** A write to any page, side effects included. */
  writeAny(address: number, value: number): void {
    const plain = this.table[(address >>> this.pageShift) * ENTRY_WORDS + WRITE] as number;
    if (plain >= 0) this.#bytes[plain + address] = value;
    else this.write(address, value);
  }

  /** What a read would give, without side effects. */
  peek(address: number): number {
    const region = this.#regionAt(address, READER);
    if (region === undefined) return this.openBus;
    switch (region.kind) {
      case 'device': {
        const offset = registerOf(region, address);
        const value = offset < 0 ? undefined : region.device.peek?.(offset);
        return value === undefined ? this.openBus : value & 0xff;
      }
      case 'mirror':
        return this.peek(sourceOf(region, address));
      default:
        return this.#bytes[this.#memoryAt(region, address)] as number;
    }
  }

  /** A debugger's write: memory changes, ROM too; devices do not. Whether there was memory. */
  poke(address: number, value: number): boolean {
    const region = this.#regionAt(address, READER);
    if (region === undefined || region.kind === 'device') return false;
    if (region.kind === 'mirror') return this.poke(sourceOf(region, address), value);
    this.#store(this.#memoryAt(region, address), value);
    return true;
  }

  /** The device that answers an access, and which of its registers; that never changes. */
  deviceAt(address: number, access: Access): { readonly device: BusDevice; readonly register: number } | undefined {
    const region = this.regionFor(address, access);
    if (region?.kind !== 'device' || this.table[(address >>> this.pageShift) * ENTRY_WORDS + DELAY] !== 0)
      return undefined;
    const register = registerOf(region, address);
    return register < 0 ? undefined : { device: region.device, register };
  }

  /** The region that answers an access, mirrors not followed. */
  regionFor(address: number, access: Access): Region | undefined {
    return this.#regionAt(address, access === 'read' ? READER : WRITER);
  }

  /** Cycles that a cycle with this address on the bus waits at CPU cycle `cycle`. */
  delayAt(address: number, cycle: number): number {
    const index = this.#delayIndexAt(address);
    if (index === 0) return 0;
    const { period, phase } = this.delays[index - 1] as DelayTable;
    return this.#bytes[(this.#delayOffsets[index] as number) + ((cycle + phase) % period)] as number;
  }

  /** What code that looks into delay tables relies on, as text. */
  get delayKey(): string {
    if (!this.isDelayed) return '';
    return JSON.stringify(this.delays.map(({ name: _, ...table }, index) => [this.#delayOffsets[index + 1], table]));
  }

  /** The delay table of an address, which never changes; undefined if there is none. */
  placedDelayAt(address: number): PlacedDelay | undefined {
    const index = this.#delayIndexAt(address);
    const table = index === 0 ? undefined : this.delays[index - 1];
    if (!table) return undefined;
    const { period, phase, cycles } = table;
    return { period, phase, offset: this.#delayOffsets[index] as number, longest: Math.max(0, ...cycles) };
  }

  #delayIndexAt(address: number): number {
    const entry = (address >>> this.pageShift) * ENTRY_WORDS;
    const isMixed = (this.table[entry + READER] as number) < 0 || (this.table[entry + WRITER] as number) < 0;
    return isMixed ? this.#delayOf(address) : (this.table[entry + DELAY] as number);
  }

  /** Arena offset of the memory that is read at an address, delayed or not; undefined if there is none. */
  memoryAt(address: number): number | undefined {
    const plain = this.table[(address >>> this.pageShift) * ENTRY_WORDS + READ] as number;
    if (plain >= 0) return plain + address;
    const region = this.#regionAt(address, READER);
    if (region === undefined || region.kind === 'device' || region.kind === 'mirror') return undefined;
    return this.#memoryAt(region, address);
  }

  /**
   * The addresses around one that are read from memory with the same number added to each, which is `add`; `size` 0 if
   * the address itself is not.
   */
  window(address: number): CodeWindow {
    const { table, pageShift } = this;
    const page = address >>> pageShift;
    const addOf = (number: number): number => table[number * ENTRY_WORDS + READ] as number;
    const add = addOf(page);
    if (add < 0) {
      // Whoever runs a delayed page asks this at each instruction.
      const isDelayed = (table[page * ENTRY_WORDS + READER] as number) > 0 && table[page * ENTRY_WORDS + DELAY] !== 0;
      return isDelayed ? NO_WINDOW : this.#windowInMixedPage(address);
    }
    let first = page;
    let last = page;
    while (first > 0 && addOf(first - 1) === add) first -= 1;
    while (last + 1 < this.pageCount && addOf(last + 1) === add) last += 1;
    return { start: first << pageShift, size: (last - first + 1) << pageShift, add };
  }

  #windowInMixedPage(address: number): CodeWindow {
    const region = this.#regionAt(address, READER);
    if (region === undefined || region.kind === 'device' || region.kind === 'mirror' || region.delay > 0) {
      return NO_WINDOW;
    }
    const add = this.#memoryAt(region, address) - address;
    if (add < 0) return NO_WINDOW;
    const isSame = (other: number): boolean =>
      this.#regionAt(other, READER) === region && this.#memoryAt(region, other) - other === add;
    const base = address & ~this.pageMask;
    let start = address;
    let end = address + 1;
    while (start > base && isSame(start - 1)) start -= 1;
    while (end <= base + this.pageMask && isSame(end)) end += 1;
    return { start, size: end - start, add };
  }

  /** Make the page table anew for the regions whose bank is the word at `bank`, and for mirrors of them. */
  bankChanged(bank: number): void {
    this.version += 1;
    const isShown = this.regions.some((region) => 'bank' in region && region.bank === bank);
    if (!isShown) return;
    for (const region of this.regions) {
      if (region.kind === 'mirror' || ('bank' in region && region.bank === bank))
        this.#findPlain(region.from >>> this.pageShift, region.to >>> this.pageShift);
    }
  }

  /** Enter who answers each page, and each byte of mixed pages; that never changes. Then where accesses are delayed. */
  #nameRegions(): void {
    for (const [access, word] of ACCESSES) {
      for (const { from, to, number } of this.#answering[access]) {
        for (let page = from >>> this.pageShift; page <= to >>> this.pageShift; page += 1) {
          const maps = this.#byteMaps.get(page);
          if (maps === undefined) {
            this.table[page * ENTRY_WORDS + word] = number;
            continue;
          }
          const map = word === READER ? maps : maps + this.pageMask + 1;
          const base = page * (this.pageMask + 1);
          this.table[page * ENTRY_WORDS + word] = -map;
          this.#bytes.fill(number, map + Math.max(0, from - base), map + Math.min(this.pageMask, to - base) + 1);
        }
      }
    }
    if (this.delays.length === 0) return;
    for (const { from, to } of [...this.#answering.read, ...this.#answering.write]) {
      for (let page = from >>> this.pageShift; page <= to >>> this.pageShift; page += 1) {
        const delay = this.#delayOf(Math.max(from, page * (this.pageMask + 1)));
        if (delay !== 0) this.table[page * ENTRY_WORDS + DELAY] = delay;
      }
    }
  }

  /** Work out which of a range of pages are plain, and where they lie. */
  #findPlain(first: number, last: number): void {
    for (let page = first; page <= last; page += 1) {
      const base = page * (this.pageMask + 1);
      this.table[page * ENTRY_WORDS + READ] = plainWordOf(this.#plainOffset(page, READER), base);
      this.table[page * ENTRY_WORDS + WRITE] = plainWordOf(this.#plainOffset(page, WRITER), base);
      this.table[page * ENTRY_WORDS + TRANSLATED] = 0;
    }
    this.#guardPages(first, last);
  }

  /** What to add to any address to get the arena offset of its byte, if all of them can be read so; else −1. */
  get flat(): number {
    if (this.#flatVersion !== this.version) {
      this.#flatVersion = this.version;
      const first = this.table[READ] as number;
      this.#flat = first;
      for (let entry = ENTRY_WORDS; entry < this.table.length; entry += ENTRY_WORDS) {
        if (this.table[entry + READ] !== first) this.#flat = NOT_PLAIN;
      }
    }
    return this.#flat;
  }

  /** Keep plain writes from translated code: it is told of others. */
  guard(translated: TranslatedMemory): void {
    this.#translated = translated;
    this.version += 1;
    this.#guardPages(0, this.pageCount - 1);
  }

  #guardPages(first: number, last: number): void {
    const { table, pageMask, pageShift } = this;
    if (!this.#translated) return;
    for (let page = first; page <= last; page += 1) {
      const entry = page * ENTRY_WORDS;
      if (table[entry + TRANSLATED] !== 0) table[entry + WRITE] = table[entry + TRANSLATED] as number;
      table[entry + TRANSLATED] = 0;
      const write = table[entry + WRITE] as number;
      if (write < 0 || !this.#translated.isAnyTranslated(write + (page << pageShift), pageMask + 1)) continue;
      table[entry + TRANSLATED] = write;
      table[entry + WRITE] = NOT_PLAIN;
    }
  }

  /** Take over all of the arena's state, the page table included. */
  restore(bytes: Uint8Array): void {
    if (this.#translated) {
      this.#translated.restore(bytes);
      return;
    }
    this.#bytes.set(bytes);
    this.restored();
  }

  /** All of the arena may be other than it was, the page table included. */
  restored(): void {
    this.version += 1;
    this.#translated?.revalidate();
    this.#guardPages(0, this.pageCount - 1);
  }

  /** Take out of the page table what is no state while `look` looks at it. */
  withoutGuards<T>(look: () => T): T {
    const { table } = this;
    if (!this.#translated) return look();
    for (let entry = 0; entry < table.length; entry += ENTRY_WORDS) {
      const write = table[entry + TRANSLATED] as number;
      if (write === 0) continue;
      table[entry + WRITE] = write;
      table[entry + TRANSLATED] = 0;
    }
    try {
      return look();
    } finally {
      this.#guardPages(0, this.pageCount - 1);
    }
  }

  /** Arena offset of a page's bytes if such accesses are plain, else −1. */
  #plainOffset(page: number, word: typeof READER | typeof WRITER): number {
    // A mixed page has a negative number there, and no region.
    const region = this.regions[(this.table[page * ENTRY_WORDS + word] as number) - 1];
    const base = page * (this.pageMask + 1);
    switch (region?.kind) {
      case 'mirror': {
        const source = sourceOf(region, base);
        const isWhole = (source & this.pageMask) === 0 && source + this.pageMask < region.source + region.period;
        return isWhole ? this.#plainOffset(source >>> this.pageShift, word) : -1;
      }
      case 'ram':
      case 'rom': {
        if (region.delay !== 0 || (region.kind === 'rom' && word === WRITER)) return -1;
        const last = base + this.pageMask;
        if (word === WRITER && this.#isProtected(region, last)) return -1;
        const offset = this.#memoryAt(region, base);
        // The common part of a bank may begin within the page.
        return this.#memoryAt(region, last) === offset + this.pageMask ? offset : -1;
      }
      default:
        return -1;
    }
  }

  /** Number of the delay table of the memory seen at an address, 0 for none. */
  #delayOf(address: number): number {
    for (const [, word] of ACCESSES) {
      const region = this.#regionAt(address, word);
      const delay =
        region?.kind === 'mirror'
          ? this.#delayOf(sourceOf(region, address))
          : region && 'delay' in region
            ? region.delay
            : 0;
      if (delay !== 0) return delay;
    }
    return 0;
  }

  #regionAt(address: number, word: typeof READER | typeof WRITER): Region | undefined {
    const number = this.table[(address >>> this.pageShift) * ENTRY_WORDS + word] as number;
    return this.regions[(number < 0 ? (this.#bytes[(address & this.pageMask) - number] as number) : number) - 1];
  }

  #memoryAt({ from, to, memory, size, bank }: Extract<Region, { kind: 'ram' | 'rom' }>, address: number): number {
    if (bank === 0) return memory + address - from;
    const window = to - from + 1;
    const isCommon = address - from >= (this.#words[(bank >> 2) + COMMON] as number);
    const selected = isCommon ? 0 : (this.#words[bank >> 2] as number) % (size / window);
    return memory + selected * window + address - from;
  }

  /** Whether a write there is refused by the bank selector. */
  #isProtected({ kind, from, bank }: Extract<Region, { kind: 'ram' | 'rom' }>, address: number): boolean {
    if (bank === 0 || kind === 'rom' || this.#words[(bank >> 2) + PROTECTED] === 0) return false;
    return address - from >= (this.#words[(bank >> 2) + COMMON] as number);
  }
}

/** Beyond it, a moment in the period and a number of cycles might not fit into 32 bits. */
const LONGEST_PERIOD = 2 ** 28;

function leastCommonMultiple(one: number, other: number): number {
  let [divisor, rest] = [one, other];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (one / divisor) * other;
}

/** A page whose bytes lie lower in the arena than in the address space cannot be told from one that is not plain. */
const plainWordOf = (offset: number, base: number): number => (offset >= base ? offset - base : NOT_PLAIN);

const registerOf = ({ from, offset, repeat, device }: Extract<Region, { kind: 'device' }>, address: number): number => {
  const register = address - from + offset;
  if (register < device.size) return register;
  return repeat && device.size > 0 ? register % device.size : -1;
};

const sourceOf = ({ from, source, period }: Extract<Region, { kind: 'mirror' }>, address: number): number =>
  source + ((address - from) % period);

/** Who answers each part of an address space. Of regions that overlap, the one of the highest priority does. */
function stretches(regions: readonly Region[], access: Access, end: number): readonly Stretch[] {
  const present = regions
    .map((region, index) => ({ region, number: index + 1 }))
    .filter(({ region }) => (region.access ?? access) === access)
    .sort((a, b) => (b.region.priority ?? 0) - (a.region.priority ?? 0));
  const starts = [...new Set([0, ...present.flatMap(({ region: { from, to } }) => [from, to + 1])])]
    .filter((start) => start < end)
    .sort((a, b) => a - b);
  const answers = starts.map((from) => ({
    from,
    number: present.find(({ region }) => region.from <= from && from <= region.to)?.number ?? 0,
  }));
  const changes = answers.filter(({ number }, index) => number !== answers[index - 1]?.number);
  return changes.map((change, index) => ({ ...change, to: (changes[index + 1]?.from ?? end) - 1 }));
}

/** Mirrors that show one another in a circle show nothing. */
function refuseMirrorLoops(regions: readonly Region[]): void {
  const mirrors = regions.filter((region) => region.kind === 'mirror');
  const shows = ({ source, period }: MirrorRegion, { from, to }: MirrorRegion): boolean =>
    source <= to && from < source + period;
  /** Mirrors that end in something else. */
  const sound = new Set<MirrorRegion>();
  const visit = (mirror: MirrorRegion, above: readonly MirrorRegion[]): void => {
    if (sound.has(mirror)) return;
    if (above.includes(mirror)) {
      throw new ConfigError('config/mirror', 'it mirrors itself', { path: mirror.path, mend: 'mirror another range' });
    }
    for (const other of mirrors) if (shows(mirror, other)) visit(other, [...above, mirror]);
    sound.add(mirror);
  };
  for (const mirror of mirrors) visit(mirror, []);
}

/** Two regions may overlap only where the config says which is seen. */
function refuseOverlap(regions: readonly Region[]): void {
  const sorted = [...regions].sort((a, b) => a.from - b.from);
  for (const [index, region] of sorted.entries()) {
    for (const other of sorted.slice(index + 1)) {
      if (other.from > region.to) break;
      if (region.access && other.access && region.access !== other.access) continue;
      if ((region.priority ?? 0) !== (other.priority ?? 0)) continue;
      const range = `${hex(other.from)}–${hex(Math.min(region.to, other.to))}`;
      throw new ConfigError('config/overlap', `overlaps ${region.path} at ${range}`, {
        path: other.path,
        mend: `give the one that is to be seen a 'priority' above ${Math.max(region.priority ?? 0, other.priority ?? 0)}`,
      });
    }
  }
}

const hex = (address: number): string => `$${address.toString(16).padStart(4, '0')}`;
