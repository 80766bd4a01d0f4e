/**
 * The functions of CP/M 2.2's BDOS: "CP/M 2.2 Interface Guide", Digital Research 1979. The function's number is in C, its
 * argument in DE; its result in HL, and in A and B as in L and H.
 *
 * Files are on directories that the process was given; user areas are all the same one. Function 105 (time) and 108
 * (the program's status) are CP/M 3's: "CP/M Plus Programmer's Guide", 1982.
 */
import type { Machine } from '@backplane/core';
import { RECORD } from '../../drives/cpm-disk.js';
import type { ProcessHost } from '../platform.js';
import type { Console } from './console.js';
import { type CpmFile, Drive, emptyDirectory } from './drive.js';
import { ControlBlock, directoryEntry, EXTENT, type Pattern, pattern } from './fcb.js';

const VERSION = 0x0022;
/** The first version with function 108. */
const VERSION_WITH_STATUS = 0x0031;

/**
 * What HI-TECH C's exit does with the version: CP 30h, POP HL, LD (0080h),HL, JP C,0000h, and then function 108. It asks
 * for nothing else but whether there is that function, and there is.
 */
const ASKS_FOR_STATUS = [0xfe, 0x30, 0xe1, 0x22, 0x80, 0x00, 0xda, 0x00, 0x00];

const FAILED = 0xff;
const DEFAULT_BUFFER = 0x0080;
const DOLLAR = 0x24;
const EVERYTHING = 0x3f;
const MOST_RECORDS = 65536;
const MOST_OPEN = 64;

const FILE_FUNCTIONS = new Set([15, 16, 17, 18, 19, 20, 21, 22, 23, 30, 33, 34, 35, 36, 40]);

// What random access answers.
const UNWRITTEN = 1;
const DISK_FULL = 2;
const BEYOND = 6;

/** Status codes of function 108 from here on are failures. */
const FAILURE = 0xff00;

/** Thrown where CP/M would say `Bdos Err On A:` and start the system anew. */
class FatalError extends Error {}

export interface Addresses {
  readonly parameters: number;
  readonly allocation: number;
}

const letterOf = (drive: number): string => String.fromCharCode(0x61 + drive);

export class Bdos {
  readonly #machine: Machine;
  readonly #host: ProcessHost;
  readonly #console: Console;
  readonly #addresses: Addresses;
  readonly #drives = new Map<number, Drive>();
  /** Files in use, the one used last at the end. */
  readonly #open = new Map<string, CpmFile>();
  #current = 0;
  #user = 0;
  #buffer = DEFAULT_BUFFER;
  #ioByte = 0;
  #readOnly = 0;
  #status = 0;
  #found: Uint8Array[] = [];

  constructor(machine: Machine, host: ProcessHost, console: Console, addresses: Addresses) {
    this.#machine = machine;
    this.#host = host;
    this.#console = console;
    this.#addresses = addresses;
    for (let drive = 0; drive < 16; drive += 1) {
      // CP/M has a drive A always.
      const directory = host.directories.get(letterOf(drive)) ?? (drive === 0 ? emptyDirectory : undefined);
      if (directory) this.#drives.set(drive, new Drive(directory));
    }
  }

  /** The exit status of the process, if it ended now. */
  get exitStatus(): number {
    if (this.#status < FAILURE) return this.#status & 0xff;
    return this.#status & 0xff || 1;
  }

  /** Write down what is to be written. */
  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  call(): void | Promise<void> {
    const { bc, de } = this.#machine.cpu.registers as { bc: number; de: number };
    try {
      return this.#function(bc & 0xff, de);
    } catch (error) {
      if (!(error instanceof FatalError)) throw error;
      this.#console.print(Buffer.from(`\r\nBdos Err On ${error.message}\r\n`));
      this.#host.exit(this.exitStatus || 1);
    }
  }

  #answer(value: number): void {
    const { registers } = this.#machine.cpu;
    registers.hl = value;
    registers.af = ((value & 0xff) << 8) | ((registers.af as number) & 0xff);
    registers.bc = (value & 0xff00) | ((registers.bc as number) & 0xff);
  }

  #function(number: number, de: number): void | Promise<void> {
    const e = de & 0xff;
    const answer = (value: number) => this.#answer(value);
    switch (number) {
      case 0:
        return this.#host.exit(this.exitStatus);
      case 1:
        return this.#console.keyWithEcho(answer);
      case 2:
        this.#console.print([e]);
        return answer(0);
      case 3:
        return answer(0x1a);
      case 6:
        if (e === 0xff) return this.#console.keyIfAny(answer);
        if (e === 0xfe) return this.#console.look((isThere) => answer(isThere ? 0xff : 0));
        this.#console.put(e);
        return answer(0);
      case 7:
        return answer(this.#ioByte);
      case 8:
        this.#ioByte = e;
        return answer(0);
      case 9:
        this.#printText(de);
        return answer(0);
      case 10:
        return this.#readLine(de);
      case 11:
        return this.#console.look((isThere) => answer(isThere ? 0xff : 0));
      case 12:
        return answer(this.#asksForStatus ? VERSION_WITH_STATUS : VERSION);
      case 13:
        this.#readOnly = 0;
        this.#current = 0;
        this.#buffer = DEFAULT_BUFFER;
        return answer(0);
      case 14:
        this.#driveOf(e & 0x0f);
        this.#current = e & 0x0f;
        return answer(0);
      case 24:
        return answer([...this.#drives.keys()].reduce((vector, drive) => vector | (1 << drive), 0));
      case 25:
        return answer(this.#current);
      case 26:
        this.#buffer = de;
        return answer(0);
      case 27:
        return answer(this.#addresses.allocation);
      case 28:
        this.#readOnly |= 1 << this.#current;
        return answer(0);
      case 29:
        return answer(this.#readOnly);
      case 31:
        return answer(this.#addresses.parameters);
      case 32:
        if (e === 0xff) return answer(this.#user);
        this.#user = e & 0x0f;
        return answer(0);
      case 37:
        this.#readOnly &= ~de;
        return answer(0);
      case 105:
        return this.#time(de);
      case 108:
        if (de === 0xffff) return answer(this.#status);
        this.#status = de;
        return answer(0);
      default:
        return answer(this.#fileFunction(number, new ControlBlock(this.#machine.memory, de)));
    }
  }

  #fileFunction(number: number, fcb: ControlBlock): number {
    // Of numbers that are none, CP/M takes no notice, nor of a printer and a punch (4, 5) that are not there.
    if (!FILE_FUNCTIONS.has(number)) return 0;
    this.#console.active();
    switch (number) {
      case 15:
        return this.#openFile(fcb);
      case 16:
        return this.#closeFile(fcb);
      case 17:
        return this.#searchFirst(fcb);
      case 18:
        return this.#searchNext();
      case 19:
        return this.#delete(fcb);
      case 20:
        return this.#readNext(fcb);
      case 21:
        return this.#writeNext(fcb);
      case 22:
        return this.#make(fcb);
      case 23:
        return this.#rename(fcb);
      case 30:
        return this.#matching(fcb).length > 0 ? 0 : FAILED;
      case 33:
        return this.#readRandom(fcb);
      case 34:
      case 40:
        return this.#writeRandom(fcb);
      case 35:
        return this.#size(fcb);
      default:
        fcb.random = fcb.record;
        return 0;
    }
  }

  get #asksForStatus(): boolean {
    const next = this.#machine.memory.read(this.#machine.cpu.programCounter, ASKS_FOR_STATUS.length);
    return ASKS_FOR_STATUS.every((byte, at) => next[at] === byte);
  }

  #printText(address: number): void {
    const bytes: number[] = [];
    for (let at = 0; at < 0x10000; at += 1) {
      const byte = this.#machine.memory.peek((address + at) & 0xffff);
      if (byte === DOLLAR) break;
      bytes.push(byte);
    }
    this.#console.print(bytes);
  }

  #readLine(buffer: number): void | Promise<void> {
    const { memory } = this.#machine;
    const most = Math.max(1, memory.peek(buffer));
    return this.#console.line(most, (line) => {
      memory.poke((buffer + 1) & 0xffff, line.length);
      memory.load((buffer + 2) & 0xffff, Uint8Array.from(line));
      this.#answer(0);
    });
  }

  /** Days since 1977-12-31, hours and minutes in BCD; the seconds are the result. */
  #time(address: number): void {
    const now = this.#host.now();
    const days = Math.floor(now.getTime() / 86_400_000) - 2921;
    const bcd = (value: number) => (Math.floor(value / 10) << 4) | (value % 10);
    this.#machine.memory.load(
      address,
      Uint8Array.of(days & 0xff, (days >> 8) & 0xff, bcd(now.getUTCHours()), bcd(now.getUTCMinutes())),
    );
    this.#answer(bcd(now.getUTCSeconds()));
  }

  #driveOf(number: number): Drive {
    const drive = this.#drives.get(number);
    if (drive === undefined) throw new FatalError(`${letterOf(number).toUpperCase()}: Select`);
    return drive;
  }

  /** The number of a control block's drive. */
  #driveNumber(fcb: ControlBlock): number {
    const drive = fcb.get(0);
    return drive === 0 || drive === EVERYTHING ? this.#current : (drive - 1) & 0x0f;
  }

  #writable(number: number): Drive {
    const drive = this.#driveOf(number);
    if (!drive.isWritable || (this.#readOnly >> number) & 1) {
      throw new FatalError(`${letterOf(number).toUpperCase()}: R/O`);
    }
    return drive;
  }

  /** Names on the control block's drive that it stands for. */
  #matching(fcb: ControlBlock, wanted: Pattern = pattern(fcb.letters())): string[] {
    const names = [...this.#driveOf(this.#driveNumber(fcb)).files().keys()].sort();
    return names.filter((name) => wanted.matches(name));
  }

  /** The file of a control block. CP/M needs no opening to go on with a file, so none is needed here. */
  #file(fcb: ControlBlock): CpmFile | undefined {
    const { name } = pattern(fcb.letters());
    if (name === undefined) return undefined;
    const number = this.#driveNumber(fcb);
    const key = `${number}:${name}`;
    const file = this.#open.get(key) ?? this.#driveOf(number).open(name);
    if (file) this.#use(key, file);
    return file;
  }

  #use(key: string, file: CpmFile): void {
    this.#open.delete(key);
    this.#open.set(key, file);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#forget(oldest);
  }

  #forget(key: string): void {
    this.#open.get(key)?.close();
    this.#open.delete(key);
  }

  #openFile(fcb: ControlBlock): number {
    const [name] = this.#matching(fcb);
    if (name === undefined) return FAILED;
    fcb.setName(name);
    const file = this.#file(fcb);
    if (file === undefined) return FAILED;
    fcb.set(14, 0);
    fcb.describe(file.records);
    return 0;
  }

  #closeFile(fcb: ControlBlock): number {
    const { name } = pattern(fcb.letters());
    if (name === undefined || this.#file(fcb) === undefined) return FAILED;
    this.#forget(`${this.#driveNumber(fcb)}:${name}`);
    return 0;
  }

  #searchFirst(fcb: ControlBlock): number {
    const drive = this.#driveOf(this.#driveNumber(fcb));
    const wanted = fcb.get(0) === EVERYTHING ? pattern('?'.repeat(11)) : pattern(fcb.letters());
    const allExtents = fcb.get(12) === EVERYTHING || fcb.get(0) === EVERYTHING;
    this.#found = this.#matching(fcb, wanted).flatMap((name) => {
      const key = `${this.#driveNumber(fcb)}:${name}`;
      const open = this.#open.get(key);
      const file = open ?? drive.open(name);
      const records = Math.min(MOST_RECORDS, file?.records ?? 0);
      if (!open) file?.close();
      const extents = allExtents ? Math.max(1, Math.ceil(records / EXTENT)) : 1;
      return Array.from({ length: extents }, (_, extent) => directoryEntry(name, extent, records));
    });
    return this.#searchNext();
  }

  #searchNext(): number {
    const entry = this.#found.shift();
    if (entry === undefined) return FAILED;
    // Where the entry stands among the four of its record is what the answer says.
    const record = new Uint8Array(RECORD).fill(0xe5);
    record.set(entry);
    this.#machine.memory.load(this.#buffer, record);
    return 0;
  }

  #delete(fcb: ControlBlock): number {
    const number = this.#driveNumber(fcb);
    const names = this.#matching(fcb);
    if (names.length === 0) return FAILED;
    const drive = this.#writable(number);
    for (const name of names) this.#forget(`${number}:${name}`);
    return names.filter((name) => drive.remove(name)).length > 0 ? 0 : FAILED;
  }

  #make(fcb: ControlBlock): number {
    const { name } = pattern(fcb.letters());
    const number = this.#driveNumber(fcb);
    const drive = this.#writable(number);
    const file = name === undefined ? undefined : drive.make(name);
    if (name === undefined || file === undefined) return FAILED;
    this.#use(`${number}:${name}`, file);
    fcb.set(14, 0);
    fcb.describe(0);
    return 0;
  }

  #rename(fcb: ControlBlock): number {
    const from = pattern(fcb.letters()).name;
    const to = pattern(fcb.letters(17)).name;
    const number = this.#driveNumber(fcb);
    const drive = this.#writable(number);
    if (from === undefined || to === undefined) return FAILED;
    this.#forget(`${number}:${from}`);
    return drive.rename(from, to) ? 0 : FAILED;
  }

  #size(fcb: ControlBlock): number {
    const file = this.#file(fcb);
    if (file === undefined) return FAILED;
    fcb.random = Math.min(MOST_RECORDS, file.records);
    return 0;
  }

  #readNext(fcb: ControlBlock): number {
    const { record } = fcb;
    const file = this.#file(fcb);
    const bytes = record < MOST_RECORDS ? file?.read(record) : undefined;
    if (file === undefined || bytes === undefined) return UNWRITTEN;
    this.#machine.memory.load(this.#buffer, bytes);
    fcb.stand(record + 1, file.records);
    return 0;
  }

  #writeNext(fcb: ControlBlock): number {
    const { record } = fcb;
    const fault = this.#write(fcb, record);
    if (fault === 0) fcb.stand(record + 1, this.#file(fcb)?.records ?? 0);
    return fault;
  }

  #readRandom(fcb: ControlBlock): number {
    const record = fcb.random;
    if (record >= MOST_RECORDS) return BEYOND;
    const file = this.#file(fcb);
    const bytes = file?.read(record);
    fcb.stand(record, file?.records ?? 0);
    if (bytes === undefined) return UNWRITTEN;
    this.#machine.memory.load(this.#buffer, bytes);
    return 0;
  }

  #writeRandom(fcb: ControlBlock): number {
    const record = fcb.random;
    if (record >= MOST_RECORDS) return BEYOND;
    const fault = this.#write(fcb, record);
    if (fault === 0) fcb.stand(record, this.#file(fcb)?.records ?? 0);
    return fault;
  }

  #write(fcb: ControlBlock, record: number): number {
    this.#writable(this.#driveNumber(fcb));
    const file = this.#file(fcb);
    if (file === undefined || record >= MOST_RECORDS) return DISK_FULL;
    if (!file.isWritable) throw new FatalError(`${letterOf(this.#driveNumber(fcb)).toUpperCase()}: File R/O`);
    return file.write(record, this.#machine.memory.read(this.#buffer, RECORD)) ? 0 : DISK_FULL;
  }
}
