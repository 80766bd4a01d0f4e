/**
 * The bus: one address space of one CPU.
 *
 * A page table in the arena says of each page how it is read and written. An entry has eight words:
 *
 *     0  read    arena offset of the page's bytes if reads are plain, else −1
 *     1  write   the same for writes
 *     2  reader  which region answers other reads: its number, 0 for open bus,
 *     3  writer  or, in a mixed page, minus the arena offset of a map with one number a byte
 *     4  delay   delay table, 0 for none; a delayed page is never plain to words 0 and 1
 *     5–7        reserved
 *
 * Engines read words 0 and 1 inline and come here for the rest.
 */
import { ConfigError } from '../errors.js';
import type { Arena, ArenaLayout } from '../state/arena.js';
import type { Region } from './region.js';

export const ENTRY_WORDS = 8;
export const READ = 0;
export const WRITE = 1;
export const READER = 2;
export const WRITER = 3;
export const DELAY = 4;

/** Cycles that accesses wait, by (time + phase) mod period. */
export interface DelayTable {
  readonly name: string;
  readonly period: number;
  readonly phase: number;
  readonly cycles: readonly number[];
}

type Access = 'read' | 'write';

/** Bits of an address within a page. */
export const pageShiftOf = (addressWidth: number): number => Math.max(8, addressWidth - 16);

/** Pages of an address space. */
const pageCountOf = (addressWidth: number): number => 2 ** Math.max(0, addressWidth - pageShiftOf(addressWidth));

/** Size of the page table of an address space. */
export const tableBytes = (addressWidth: number): number => pageCountOf(addressWidth) * ENTRY_WORDS * 4;

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
  #tableOffset = 0;
  /** Byte maps of mixed pages, one for reads and one for writes, by page. */
  readonly #byteMaps = new Map<number, number>();
  /** Arena offset of the delay tables, one byte an entry, by number. */
  readonly #delayOffsets: number[] = [0];
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
      delays,
    }: {
      name: string;
      addressWidth: number;
      openBus: number;
      regions: readonly Region[];
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
    refuseOverlap(regions);
    for (const { period } of delays) this.#delayOffsets.push(layout.reserve(period));
    for (let page = 0; page < this.pageCount; page += 1) {
      if (this.#isMixed(page)) this.#byteMaps.set(page, layout.reserve(2 * (this.pageMask + 1)));
    }
  }

  /** Set where the page table lies; it takes {@link tableBytes}. */
  place(offset: number): void {
    this.#tableOffset = offset;
  }

  attach(arena: Arena): void {
    this.#bytes = arena.u8;
    this.#words = arena.i32;
    this.table = arena.words(this.#tableOffset, this.pageCount * ENTRY_WORDS);
    this.delays.forEach(({ cycles, period }, index) => {
      const offset = this.#delayOffsets[index + 1] as number;
      this.#bytes.fill(0, offset, offset + period);
      this.#bytes.set(cycles.slice(0, period), offset);
    });
    this.resolve(0, this.pageCount - 1);
  }

  /** A read with its side effects. The caller has seen that the page is not plain. */
  read(address: number): number {
    const region = this.#regionAt(address, READER);
    if (region === undefined) return this.openBus;
    switch (region.kind) {
      case 'device': {
        const offset = registerOf(region, address);
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
        if (offset >= 0) region.device.write?.(offset, value);
        return;
      }
      case 'mirror':
        this.writeAny(sourceOf(region, address), value);
        return;
      default:
        this.#bytes[this.#memoryAt(region, address)] = value;
    }
  }

  /** A read of any page, side effects included. */
  readAny(address: number): number {
    const plain = this.table[(address >>> this.pageShift) * ENTRY_WORDS + READ] as number;
    return plain >= 0 ? (this.#bytes[plain + (address & this.pageMask)] as number) : this.read(address);
  }

  /** A write to any page, side effects included. */
  writeAny(address: number, value: number): void {
    const plain = this.table[(address >>> this.pageShift) * ENTRY_WORDS + WRITE] as number;
    if (plain >= 0) this.#bytes[plain + (address & this.pageMask)] = value;
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
    this.#bytes[this.#memoryAt(region, address)] = value;
    return true;
  }

  /** The region that answers an access, mirrors not followed. */
  regionFor(address: number, access: Access): Region | undefined {
    return this.#regionAt(address, access === 'read' ? READER : WRITER);
  }

  /** Cycles that a cycle with this address on the bus waits at CPU cycle `cycle`. */
  delayAt(address: number, cycle: number): number {
    const index = this.table[(address >>> this.pageShift) * ENTRY_WORDS + DELAY] as number;
    if (index === 0) return 0;
    const { period, phase } = this.delays[index - 1] as DelayTable;
    return this.#bytes[(this.#delayOffsets[index] as number) + ((cycle + phase) % period)] as number;
  }

  /** Make the page table anew for the regions whose bank is the word at `bank`, and for mirrors of them. */
  bankChanged(bank: number): void {
    let mirrors = false;
    for (const region of this.regions) {
      if (region.kind === 'mirror') mirrors = true;
      else if (region.kind !== 'device' && region.bank === bank)
        this.resolve(region.from >>> this.pageShift, region.to >>> this.pageShift);
    }
    if (!mirrors) return;
    for (const region of this.regions) {
      if (region.kind === 'mirror') this.resolve(region.from >>> this.pageShift, region.to >>> this.pageShift);
    }
  }

  /** Work out the entries of a range of pages; mirrors last, for they copy. */
  resolve(first: number, last: number): void {
    const mirrors: number[] = [];
    for (let page = first; page <= last; page += 1) if (!this.#resolvePage(page)) mirrors.push(page);
    for (const page of mirrors) this.#resolvePage(page);
  }

  /** Whether the page is final; a page that copies a later one is not. */
  #resolvePage(page: number): boolean {
    const entry = page * ENTRY_WORDS;
    const { table } = this;
    let final = true;
    for (const [access, plainWord, regionWord] of [
      ['read', READ, READER],
      ['write', WRITE, WRITER],
    ] as const) {
      const owners = this.#owners(page, access);
      const [owner] = owners;
      table[entry + plainWord] = -1;
      if (owners.length > 1) {
        const map = (this.#byteMaps.get(page) as number) + (access === 'read' ? 0 : this.pageMask + 1);
        for (const { from, to, number } of owners) this.#bytes.fill(number, map + from, map + to + 1);
        table[entry + regionWord] = -map;
        continue;
      }
      table[entry + regionWord] = owner?.number ?? 0;
      const region = owner && this.regions[owner.number - 1];
      if (region?.kind === 'mirror') {
        final = false;
        const source = sourceOf(region, page * (this.pageMask + 1));
        const copies = (source & this.pageMask) === 0 && region.period > this.pageMask;
        if (copies) table[entry + plainWord] = table[(source >>> this.pageShift) * ENTRY_WORDS + plainWord] as number;
      } else if (region?.kind === 'ram' || (region?.kind === 'rom' && access === 'read')) {
        if (region.delay === 0) table[entry + plainWord] = this.#memoryAt(region, page * (this.pageMask + 1));
      }
    }
    table[entry + DELAY] = this.#delayOf(page);
    return final;
  }

  #delayOf(page: number): number {
    const base = page * (this.pageMask + 1);
    for (const region of this.regions) {
      if (
        (region.kind === 'ram' || region.kind === 'rom') &&
        region.delay > 0 &&
        region.from <= base + this.pageMask &&
        region.to >= base
      ) {
        return region.delay;
      }
    }
    return 0;
  }

  /** Who answers each part of a page: numbers of regions, 0 for nobody. */
  #owners(page: number, access: Access): { from: number; to: number; number: number }[] {
    const base = page * (this.pageMask + 1);
    const present = this.regions
      .map((region, index) => ({ region, number: index + 1 }))
      .filter(
        ({ region }) =>
          region.from <= base + this.pageMask && region.to >= base && (region.access ?? access) === access,
      )
      .sort((a, b) => (a.region.priority ?? 0) - (b.region.priority ?? 0));
    const numbers = new Uint8Array(this.pageMask + 1);
    for (const { region, number } of present)
      numbers.fill(number, Math.max(0, region.from - base), Math.min(this.pageMask, region.to - base) + 1);
    const owners: { from: number; to: number; number: number }[] = [];
    for (let byte = 0; byte <= this.pageMask; byte += 1) {
      const previous = owners.at(-1);
      if (previous?.number === numbers[byte]) previous.to = byte;
      else owners.push({ from: byte, to: byte, number: numbers[byte] as number });
    }
    return owners;
  }

  #isMixed(page: number): boolean {
    return this.#owners(page, 'read').length > 1 || this.#owners(page, 'write').length > 1;
  }

  #regionAt(address: number, word: typeof READER | typeof WRITER): Region | undefined {
    const number = this.table[(address >>> this.pageShift) * ENTRY_WORDS + word] as number;
    return this.regions[(number < 0 ? (this.#bytes[(address & this.pageMask) - number] as number) : number) - 1];
  }

  #memoryAt({ from, to, memory, size, bank }: Extract<Region, { kind: 'ram' | 'rom' }>, address: number): number {
    if (bank === 0) return memory + address - from;
    const window = to - from + 1;
    const selected = (this.#words[bank >> 2] as number) % (size / window);
    return memory + selected * window + address - from;
  }
}

const registerOf = ({ from, offset, repeat, device }: Extract<Region, { kind: 'device' }>, address: number): number => {
  const register = address - from + offset;
  if (register < device.size) return register;
  return repeat && device.size > 0 ? register % device.size : -1;
};

const sourceOf = ({ from, source, period }: Extract<Region, { kind: 'mirror' }>, address: number): number =>
  source + ((address - from) % period);

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
