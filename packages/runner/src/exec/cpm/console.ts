/** The console of a CP/M program: lines, keys, and when it is to have one. */
import type { Machine } from '@backplane/core';
import type { ProcessHost } from '../platform.js';

const BELL = 7;
const BACKSPACE = 8;
const TAB = 9;
const LINE_FEED = 10;
const RETURN = 13;
const END_OF_FILE = 0x1a;
const DELETE = 0x7f;
const CANCEL = [0x15, 0x18];

/**
 * Programs look at the console while they work, to be interrupted by a key; one typed ahead must not be lost that way.
 * So a look is answered "none" until the program has put out nothing for 250 ms of guest time, or has looked so many
 * times in a row with all registers the same: then it does nothing but wait.
 */
const QUIET_CYCLES = 1_000_000;
const SAME_LOOKS = 500;
/** How many times as long one that waits after the end of its input is waited for. */
const END_PATIENCE = 200;
/** Milliseconds after which a look at a terminal is answered. */
const TERMINAL_PATIENCE = 10;

const REGISTERS = ['pc', 'sp', 'bc', 'de', 'hl', 'ix', 'iy'] as const;

export class Console {
  readonly #host: ProcessHost;
  readonly #machine: () => Machine;
  readonly #end: () => void;
  #column = 0;
  #afterReturn = false;
  #endsRead = 0;
  #quietSince = 0;
  #looks = 0;
  #sameLooks = 0;
  readonly #lastLook: number[] = [];

  /** @param end ends a program that wants more input than there is */
  constructor(host: ProcessHost, machine: () => Machine, end: () => void) {
    this.#host = host;
    this.#machine = machine;
    this.#end = end;
  }

  /** Something has happened that a program which only waits for a key would not do. */
  active(): void {
    this.#quietSince = this.#machine().cycles;
    this.#looks = 0;
    this.#sameLooks = 0;
  }

  /** Put out a byte as it is. */
  put(byte: number): void {
    this.active();
    this.#host.print(Uint8Array.of(byte));
  }

  /** Put out characters; tabs become blanks up to the next column of eight. */
  print(bytes: Iterable<number>): void {
    this.active();
    const out: number[] = [];
    for (const byte of bytes) {
      if (byte === TAB) {
        const blanks = 8 - (this.#column % 8);
        out.push(...Array<number>(blanks).fill(0x20));
        this.#column += blanks;
      } else {
        out.push(byte);
        if (byte === RETURN) this.#column = 0;
        else if (byte === BACKSPACE) this.#column = Math.max(0, this.#column - 1);
        else if (byte >= 0x20) this.#column += 1;
      }
    }
    this.#host.print(Uint8Array.from(out));
  }

  /** Show what was typed. On a host, a terminal does that, and a pipe nobody looks at. */
  #echo(bytes: readonly number[]): void {
    if (this.#host.input.isTerminal) this.print(bytes);
  }

  /** The next key, if it is there. A line of the host ends with a line feed, one of CP/M with a return. */
  #taken(): number | undefined {
    for (;;) {
      const [byte] = this.#host.input.take(1);
      if (byte === undefined) return undefined;
      const isSecondHalf = byte === LINE_FEED && this.#afterReturn;
      this.#afterReturn = byte === RETURN;
      if (!isSecondHalf) return byte === LINE_FEED ? RETURN : byte;
    }
  }

  /** The next key, however long it takes. At the end of the input it is the end-of-file mark, once. */
  key(use: (key: number) => void | Promise<void>): void | Promise<void> {
    this.active();
    const key = this.#taken();
    if (key !== undefined) return use(key);
    if (this.#host.input.ended) {
      this.#endsRead += 1;
      return this.#endsRead > 1 ? this.#end() : use(END_OF_FILE);
    }
    return this.#host.input.wait().then(() => this.key(use));
  }

  /** A key that is shown. */
  keyWithEcho(use: (key: number) => void): void | Promise<void> {
    return this.key((key) => {
      if (key >= 0x20 || [BELL, BACKSPACE, TAB, LINE_FEED, RETURN].includes(key)) this.#echo([key]);
      use(key);
    });
  }

  /** Whether there is a key that the program should have now. */
  look(use: (isThere: boolean) => void): void | Promise<void> {
    const { input } = this.#host;
    this.#looks += 1;
    const { registers } = this.#machine().cpu;
    const isSame = REGISTERS.every((name, at) => this.#lastLook[at] === registers[name]);
    this.#sameLooks = isSame ? this.#sameLooks + 1 : 0;
    REGISTERS.forEach((name, at) => {
      this.#lastLook[at] = registers[name] as number;
    });
    const isAtEnd = input.ended && input.available === 0;
    const patience = isAtEnd ? END_PATIENCE : 1;
    const isIdle =
      (this.#looks > 1 && this.#machine().cycles - this.#quietSince >= QUIET_CYCLES * patience) ||
      this.#sameLooks >= SAME_LOOKS * patience;
    if (!isIdle) return use(false);
    if (isAtEnd) return this.#end();
    if (input.available > 0) return use(true);
    return input.wait(input.isTerminal ? TERMINAL_PATIENCE : undefined).then(() => use(input.available > 0));
  }

  /** A key if there is one, and else 0. */
  keyIfAny(use: (key: number) => void): void | Promise<void> {
    return this.look((isThere) => {
      const key = isThere ? this.#taken() : undefined;
      if (key !== undefined) this.active();
      use(key ?? 0);
    });
  }

  /** A line, edited as it is typed: of at most so many characters. */
  line(most: number, use: (line: readonly number[]) => void): void | Promise<void> {
    const line: number[] = [];
    const erase = () => {
      line.pop();
      this.#echo([BACKSPACE, 0x20, BACKSPACE]);
    };
    const next = (key: number): void | Promise<void> => {
      if (key === RETURN || (key === END_OF_FILE && this.#host.input.ended)) {
        this.#echo([RETURN]);
        return use(line);
      }
      if (key === BACKSPACE || key === DELETE) {
        if (line.length > 0) erase();
      } else if (CANCEL.includes(key)) {
        while (line.length > 0) erase();
      } else {
        line.push(key);
        this.#echo([key]);
        if (line.length >= most) return use(line);
      }
      return this.key(next);
    };
    return this.key(next);
  }
}
