/**
 * CP/M 2.2 programs without CP/M: its BDOS, and what programs use of the BIOS, are in the host.
 *
 *     0000  JP to the BIOS's warm boot     005C, 006C  control blocks of the first two arguments
 *     0005  JP to the BDOS                 0080        length of the command tail, and the tail
 *     0100  the program                    FB00        the stack it is given ends here; its RET ends it
 *     FB06  BDOS                           FE00        BIOS: the table of 17 jumps
 *     FB20  disk parameters                FF80        the entries that call the host
 *     FC00  allocation vector
 */
import { BackplaneError, createMachine } from '@backplane/core';
import { z80 } from '@backplane/cpu-z80';
import { hostCalls } from '../host-calls.js';
import { definePlatform, type Process, type ProcessHost, type Program } from '../platform.js';
import { Bdos } from './bdos.js';
import { Console } from './console.js';

const PROGRAM = 0x0100;
const FIRST_BLOCK = 0x005c;
const SECOND_BLOCK = 0x006c;
const TAIL = 0x0080;
const BDOS_BASE = 0xfb00;
const BDOS = 0xfb06;
const PARAMETERS = 0xfb20;
const HEADER = 0xfb40;
const ALLOCATION = 0xfc00;
const BIOS = 0xfe00;
const BIOS_FUNCTIONS = 17;
const ENTRIES = 0xff80;
const WARM_BOOT = 1;
const LONGEST_TAIL = 127;

const JP = 0xc3;
const RET = 0xc9;
const RET_CYCLES = 10;

/**
 * Disk parameters ("Alteration Guide", section 10): blocks of 2 KiB, 4,096 of them, 2,048 directory entries in 32
 * blocks. A file can be as large as CP/M lets it, and the disk looks empty.
 */
const DISK_PARAMETERS = [128, 0, 4, 15, 0, 0xff, 0x0f, 0xff, 0x07, 0xff, 0xff, 0, 0, 0, 0];

const low = (word: number): number => word & 0xff;
const high = (word: number): number => word >> 8;

/** An argument in a control block, as the console command processor puts it there. */
export function parseControlBlock(argument: string): Uint8Array {
  const [, letter, name = '', type = ''] = /^(?:([A-P]):)?([^.:;<>,=]*)(?:\.([^.:;<>,=]*))?/.exec(argument) ?? [];
  const padded = (text: string, length: number): string => {
    const star = text.indexOf('*');
    return (star < 0 ? text.padEnd(length) : text.slice(0, star).padEnd(length, '?')).slice(0, length);
  };
  const block = new Uint8Array(16);
  block[0] = letter === undefined ? 0 : letter.charCodeAt(0) - 0x40;
  block.set(Buffer.from(padded(name, 8) + padded(type, 3), 'latin1'), 1);
  return block;
}

class CpmProcess implements Process {
  readonly machine;
  readonly returnCycles = RET_CYCLES;
  readonly #host: ProcessHost;
  readonly #console: Console;
  readonly #bdos: Bdos;

  constructor(program: Program, host: ProcessHost) {
    this.#host = host;
    this.machine = createMachine(
      {
        clock: '4 MHz',
        cpu: { type: 'z80' },
        devices: { calls: { type: 'host-calls', entries: 1 + BIOS_FUNCTIONS, return: RET } },
        memory: [
          { at: 0, ram: '64K' },
          { at: ENTRIES, device: 'calls', access: 'read', priority: 1 },
        ],
        wires: [['calls.host', 'host.calls']],
      },
      { plugins: [z80, hostCalls] },
    );
    this.#console = new Console(
      host,
      () => this.machine,
      () => host.exit(this.#bdos.exitStatus),
    );
    this.#bdos = new Bdos(this.machine, host, this.#console, { parameters: PARAMETERS, allocation: ALLOCATION });
    this.#load(program);
  }

  #load({ path, bytes, arguments: words }: Program): void {
    const refuse = (fault: string) => new BackplaneError('program/cpm', fault, { path });
    if (bytes.length === 0) throw refuse('is empty');
    if (bytes.length > BDOS_BASE - 2 - PROGRAM) {
      throw refuse(`has ${bytes.length} bytes; a program of CP/M has at most ${BDOS_BASE - 2 - PROGRAM}`);
    }
    const args = words.map((word) => word.toUpperCase());
    const tail = args.map((word) => ` ${word}`).join('');
    if (!/^[ -~]*$/.test(tail)) throw refuse('takes arguments of printable ASCII characters only');
    if (tail.length > LONGEST_TAIL) {
      throw refuse(`takes arguments of ${LONGEST_TAIL} characters, blanks included, and these have ${tail.length}`);
    }
    const { memory, cpu } = this.machine;
    const jump = (at: number, to: number) => memory.load(at, Uint8Array.of(JP, low(to), high(to)));
    jump(0, BIOS + 3 * WARM_BOOT);
    jump(5, BDOS);
    jump(BDOS, ENTRIES);
    for (let number = 0; number < BIOS_FUNCTIONS; number += 1) jump(BIOS + 3 * number, ENTRIES + 1 + number);
    memory.load(PARAMETERS, Uint8Array.from(DISK_PARAMETERS));
    memory.load(HEADER + 10, Uint8Array.of(low(PARAMETERS), high(PARAMETERS), 0, 0, low(ALLOCATION), high(ALLOCATION)));
    // The directory's own 32 blocks.
    memory.load(ALLOCATION, Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    memory.load(FIRST_BLOCK, parseControlBlock(args[0] ?? ''));
    memory.load(SECOND_BLOCK, parseControlBlock(args[1] ?? ''));
    memory.load(TAIL, Uint8Array.of(tail.length, ...Buffer.from(tail)));
    memory.load(PROGRAM, bytes);
    cpu.registers.sp = BDOS_BASE - 2;
    cpu.registers.pc = PROGRAM;
  }

  returnAddress(): number {
    const { memory, cpu } = this.machine;
    const sp = cpu.registers.sp as number;
    return memory.peek((sp - 2) & 0xffff) | (memory.peek((sp - 1) & 0xffff) << 8);
  }

  call(number: number): void | Promise<void> {
    return number === 0 ? this.#bdos.call() : this.#bios(number - 1);
  }

  close(): void {
    this.#bdos.close();
  }

  /** "CP/M 2.2 Alteration Guide", section 6. There are no sectors to be read: drives are directories. */
  #bios(number: number): void | Promise<void> {
    const { registers } = this.machine.cpu;
    const a = (value: number) => {
      registers.af = (value << 8) | ((registers.af as number) & 0xff);
    };
    const c = (registers.bc as number) & 0xff;
    switch (number) {
      case 0:
      case WARM_BOOT:
        return this.#host.exit(this.#bdos.exitStatus);
      case 2:
        return this.#console.look((isThere) => a(isThere ? 0xff : 0));
      case 3:
        return this.#console.key(a);
      case 4:
        return this.#console.put(c);
      case 7:
        return a(0x1a);
      case 9:
        registers.hl = c < 16 && (c === 0 || this.#host.directories.has(String.fromCharCode(0x61 + c))) ? HEADER : 0;
        return;
      case 13:
      case 14:
        return a(1);
      case 15:
        return a(0xff);
      case 16:
        registers.hl = registers.bc as number;
        return;
      default:
    }
  }
}

/** The platform `cpm`. */
export const cpm = definePlatform({
  name: 'cpm',
  description: 'programs for CP/M 2.2 (.com)',
  directoryNames: /^[a-p]$/,
  rawTerminal: true,
  recognises: ({ path }) => /\.com$/i.test(path),
  start: (program, host) => new CpmProcess(program, host),
});
