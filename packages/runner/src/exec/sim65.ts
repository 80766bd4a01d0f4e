/**
 * Programs for sim65, the simulator that comes with cc65: https://cc65.github.io/doc/sim65.html, and for the header and
 * the calls its sources, src/sim65/main.c and paravirt.c of version 2.19.
 *
 *     header   'sim65', version (1 or 2), CPU (0: 6502, 1: 65C02, 2: 6502 with undocumented instructions), address of
 *              the pointer to the C stack; version 2 also: load address and reset address, else both are $0200
 *     entries  $FFF4 open, $FFF5 close, $FFF6 read, $FFF7 write, $FFF8 args, $FFF9 exit
 *
 * Arguments are as cc65's __fastcall__ has them: the last one in A (low byte) and X, those before on the C stack.
 */
import { BackplaneError, createMachine } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import type { OpenFile } from './directory.js';
import { hostCalls } from './host-calls.js';
import { definePlatform, type Process, type ProcessHost, type Program } from './platform.js';

const SIGNATURE = 'sim65';
const VERSION_AT = 5;
const HEADER_SIZE = { 1: 8, 2: 12 } as const;
const DEFAULT_ADDRESS = 0x0200;
const VARIANTS = ['nmos', 'wdc', 'nmos'] as const;
const ENTRIES = 0xfff4;
const RESET_VECTOR = 0xfffc;
const RTS = 0x60;
const RTS_CYCLES = 6;
const FAILED = 0xffff;
const LONGEST_PATH = 1024;
const MOST_FILES = 256;

/** Flags of open in cc65's fcntl.h. */
const ACCESS = 0x03;
const READ_ONLY = 0x01;
const CREATE = 0x10;
const TRUNCATE = 0x20;
const APPEND = 0x40;
const EXCLUSIVE = 0x80;

const isProgram = ({ bytes }: Program): boolean =>
  Buffer.from(bytes.subarray(0, VERSION_AT)).toString('latin1') === SIGNATURE;

interface Header {
  readonly variant: (typeof VARIANTS)[number];
  readonly stackPointer: number;
  readonly load: number;
  readonly reset: number;
  readonly body: Uint8Array;
}

/** @throws BackplaneError `program/sim65` for what is no program, or damaged */
function parse(program: Program): Header {
  const { path, bytes } = program;
  const refuse = (fault: string, mend?: string) =>
    new BackplaneError('program/sim65', fault, { path, ...(mend === undefined ? {} : { mend }) });
  if (!isProgram(program)) throw refuse("does not begin with 'sim65'", 'build it with cl65 -t sim6502');
  const version = bytes[VERSION_AT];
  if (version === undefined) throw refuse('ends within its header');
  if (version !== 1 && version !== 2) throw refuse(`has a header of version ${version}`, 'versions 1 and 2 are known');
  const size = HEADER_SIZE[version];
  if (bytes.length < size) throw refuse('ends within its header');
  const variant = VARIANTS[bytes[6] as number];
  if (variant === undefined) throw refuse(`is for CPU ${bytes[6]}`, 'known are 0 (6502), 1 (65C02) and 2 (6502)');
  const word = (at: number) => (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  const load = version === 1 ? DEFAULT_ADDRESS : word(8);
  const reset = version === 1 ? DEFAULT_ADDRESS : word(10);
  const body = bytes.subarray(size);
  const hex = (address: number) => `$${address.toString(16).padStart(4, '0')}`;
  if (body.length === 0) throw refuse('has nothing behind its header');
  if (load + body.length > ENTRIES) {
    throw refuse(`has ${body.length} bytes for ${hex(load)} on`, `they must end below ${hex(ENTRIES)}`);
  }
  if (reset < load || reset >= load + body.length) {
    throw refuse(`begins at ${hex(reset)}, outside of its ${body.length} bytes from ${hex(load)} on`);
  }
  return { variant, stackPointer: bytes[7] as number, load, reset, body };
}

/** A file, or one of the standard streams, by its number. */
interface Descriptor {
  readonly file?: OpenFile;
  readonly stream?: 'input' | 'output' | 'error';
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
  readonly appends: boolean;
  position: number;
}

const stream = (name: 'input' | 'output' | 'error'): Descriptor => ({
  stream: name,
  mayRead: name === 'input',
  mayWrite: name !== 'input',
  appends: false,
  position: 0,
});

class Sim65Process implements Process {
  readonly machine;
  readonly returnCycles = RTS_CYCLES;
  readonly #program: Program;
  readonly #host: ProcessHost;
  readonly #stackPointer: number;
  readonly #descriptors: (Descriptor | undefined)[] = [stream('input'), stream('output'), stream('error')];
  #argumentsAreTaken = false;

  constructor(program: Program, host: ProcessHost) {
    const { variant, stackPointer, load, reset, body } = parse(program);
    this.#program = program;
    this.#host = host;
    this.#stackPointer = stackPointer;
    this.machine = createMachine(
      {
        clock: '1 MHz',
        ramFill: 'pattern:0xff',
        cpu: { type: '6502', variant },
        devices: { calls: { type: 'host-calls', entries: 6, return: RTS } },
        memory: [
          { at: 0, ram: '64K' },
          { at: ENTRIES, device: 'calls', access: 'read', priority: 1 },
        ],
        wires: [['calls.host', 'host.calls']],
      },
      { plugins: [cpu6502, hostCalls] },
    );
    this.machine.memory.load(load, body);
    this.#setWord(RESET_VECTOR, reset);
    this.machine.cpu.registers.pc = reset;
  }

  returnAddress(): number {
    const s = this.machine.cpu.registers.s as number;
    const pulled = (back: number) => this.machine.memory.peek(0x100 | ((s - back) & 0xff));
    return ((pulled(1) | (pulled(0) << 8)) + 1) & 0xffff;
  }

  call(number: number): void | Promise<void> {
    switch (number) {
      case 0:
        return this.#answer(this.#open());
      case 1:
        return this.#answer(this.#close(this.#ax));
      case 2:
        return this.#read();
      case 3:
        return this.#answer(this.#write());
      case 4:
        return this.#answer(this.#arguments());
      default:
        return this.#host.exit(this.#ax & 0xff);
    }
  }

  close(): void {
    for (const descriptor of this.#descriptors) descriptor?.file?.close();
  }

  get #ax(): number {
    const { a, x } = this.machine.cpu.registers;
    return (a as number) | ((x as number) << 8);
  }

  #answer(value: number): void {
    const { registers } = this.machine.cpu;
    registers.a = value & 0xff;
    registers.x = (value >> 8) & 0xff;
  }

  #word(address: number): number {
    const { memory } = this.machine;
    return memory.peek(address & 0xffff) | (memory.peek((address + 1) & 0xffff) << 8);
  }

  #setWord(address: number, value: number): void {
    const { memory } = this.machine;
    memory.poke(address & 0xffff, value & 0xff);
    memory.poke((address + 1) & 0xffff, (value >> 8) & 0xff);
  }

  /** Take an argument off the C stack. */
  #pop(bytes = 2): number {
    const stack = this.#word(this.#stackPointer);
    this.#setWord(this.#stackPointer, stack + bytes);
    return this.#word(stack);
  }

  #open(): number {
    // Its last argument, the mode, may have been left out; Y tells how many bytes there are. Files of a directory that
    // was given are as open to the host's users as the host's own settings say.
    const { y } = this.machine.cpu.registers;
    this.#pop(((y as number) - 4) & 0xff);
    const flags = this.#pop();
    const path = this.#text(this.#pop());
    const found = path === undefined ? undefined : this.#locate(path);
    const free = this.#descriptors.indexOf(undefined);
    const number = free < 0 ? this.#descriptors.length : free;
    if (found === undefined || number >= MOST_FILES) return FAILED;
    const access = flags & ACCESS;
    const mayWrite = access !== READ_ONLY && access !== 0;
    const create = (flags & CREATE) !== 0;
    const file = found.directory.open(found.name, {
      write: mayWrite,
      create,
      exclusive: create && (flags & EXCLUSIVE) !== 0,
    });
    if (file === undefined) return FAILED;
    if ((flags & TRUNCATE) !== 0 && mayWrite && file.size > 0 && !file.truncate(0)) {
      file.close();
      return FAILED;
    }
    const mayRead = access !== 2;
    this.#descriptors[number] = { file, mayRead, mayWrite, appends: (flags & APPEND) !== 0, position: 0 };
    return number;
  }

  /** Bytes up to the zero, as they are: names of the host are bytes too. */
  #text(address: number): string | undefined {
    const bytes = this.machine.memory.read(address, LONGEST_PATH);
    const end = bytes.indexOf(0);
    return end < 0 ? undefined : Buffer.from(bytes.subarray(0, end)).toString('utf8');
  }

  /** `NAME` is in the directory `.`, `DIRECTORY/NAME` in the one of that name. */
  #locate(path: string) {
    const [, place = '.', name = ''] = /^(?:([^/]*)\/)?([^/]*)$/.exec(path) ?? [];
    const directory = this.#host.directories.get(place);
    return directory && { directory, name };
  }

  #close(number: number): number {
    const descriptor = this.#descriptors[number];
    if (descriptor === undefined) return FAILED;
    descriptor.file?.close();
    this.#descriptors[number] = undefined;
    return 0;
  }

  #read(): void | Promise<void> {
    const count = this.#ax;
    const buffer = this.#pop();
    const descriptor = this.#descriptors[this.#pop()];
    if (!descriptor?.mayRead) return this.#answer(FAILED);
    const { file } = descriptor;
    if (file === undefined) return this.#readInput(buffer, count);
    const bytes = file.read(descriptor.position, count);
    descriptor.position += bytes.length;
    this.#store(buffer, bytes);
    this.#answer(bytes.length);
  }

  async #readInput(buffer: number, count: number): Promise<void> {
    const { input } = this.#host;
    if (count > 0) await input.wait();
    const bytes = input.take(count);
    this.#store(buffer, bytes);
    this.#answer(bytes.length);
  }

  #store(address: number, bytes: Uint8Array): void {
    this.machine.memory.load(address, bytes);
  }

  #write(): number {
    const count = this.#ax;
    const bytes = this.machine.memory.read(this.#pop(), count);
    const descriptor = this.#descriptors[this.#pop()];
    if (!descriptor?.mayWrite) return FAILED;
    const { file } = descriptor;
    if (file === undefined) this.#host.print(bytes, descriptor.stream === 'error' ? 'error' : 'output');
    else {
      if (descriptor.appends) descriptor.position = file.size;
      if (!file.write(descriptor.position, bytes)) return FAILED;
      descriptor.position += count;
    }
    return count;
  }

  /** Put argc and argv on the C stack: the strings, and above them the pointers, ended by a null pointer. */
  #arguments(): number {
    const { path, arguments: rest } = this.#program;
    // Asked again, sim65 has none left.
    const texts = this.#argumentsAreTaken ? [] : [path, ...rest].map((text) => Buffer.from(`${text}\0`));
    this.#argumentsAreTaken = true;
    let stack = this.#word(this.#stackPointer);
    const pointers = stack - (texts.length + 1) * 2;
    this.#setWord(this.#ax, pointers);
    stack = pointers;
    texts.forEach((text, index) => {
      stack -= text.length;
      this.#store(stack & 0xffff, text);
      this.#setWord(pointers + index * 2, stack);
    });
    this.#setWord(pointers + texts.length * 2, 0);
    this.#setWord(this.#stackPointer, stack);
    return texts.length;
  }
}

/** The platform `sim65`. */
export const sim65 = definePlatform({
  name: 'sim65',
  description: "programs for cc65's simulator sim65: 6502 and 65C02",
  recognises: isProgram,
  start: (program, host) => new Sim65Process(program, host),
});
