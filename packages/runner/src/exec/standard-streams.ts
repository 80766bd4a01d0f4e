/** The three streams that a process has, as its platform sees them. */
import type { Readable, Writable } from 'node:stream';
import { BackplaneError } from '@backplane/core';
import { ConsoleOutput, isTerminal } from '../console.js';
import type { Budget } from './budget.js';
import type { ProcessInput } from './platform.js';

/** Bytes of output that are held before the run stops to hand them on. */
const MUCH = 65536;

/** Standard input. A pipe is read only when the program wants something, so an endless one fills no memory. */
export class StandardInput implements ProcessInput {
  readonly isTerminal: boolean;
  ended: boolean;
  fault: BackplaneError | undefined;
  readonly #stream: Readable | undefined;
  readonly #isRaw: boolean;
  readonly #interrupt: () => void;
  #chunks: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  readonly #restore = () => this.#setRaw(false);

  constructor(stream: Readable | undefined, { raw, interrupt }: { raw: boolean; interrupt: () => void }) {
    this.#stream = stream;
    this.#interrupt = interrupt;
    this.isTerminal = stream !== undefined && isTerminal(stream);
    this.#isRaw = this.isTerminal && raw;
    this.ended = stream === undefined;
    stream?.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError);
    // A terminal is always read, for Ctrl-C comes as a byte.
    if (!this.#isRaw) stream?.pause();
    else {
      process.once('exit', this.#restore);
      this.#setRaw(true);
    }
  }

  #setRaw(isRaw: boolean): void {
    if (this.#stream && isTerminal(this.#stream)) this.#stream.setRawMode(isRaw);
  }

  readonly #onData = (data: Uint8Array | string) => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    if (this.#isRaw && bytes.includes(3)) this.#interrupt();
    else this.#chunks.push(bytes);
    this.#wake?.();
  };
  readonly #onEnd = () => {
    this.ended = true;
    this.#wake?.();
  };
  readonly #onError = (error: Error) => {
    this.fault ??= new BackplaneError('runner/input', error.message, { path: 'standard input' });
    this.#onEnd();
  };

  get available(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }

  take(most: number): Uint8Array {
    const first = this.#chunks[0];
    if (first === undefined || most <= 0) return new Uint8Array();
    if (first.length > most) this.#chunks[0] = first.subarray(most);
    else this.#chunks.shift();
    return first.subarray(0, most);
  }

  async wait(patience = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#chunks.length > 0 || this.ended) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (Number.isFinite(patience)) timer = setTimeout(resolve, patience);
      this.#stream?.resume();
    });
    clearTimeout(timer);
    this.#wake = undefined;
    if (!this.#isRaw && !this.ended) this.#stream?.pause();
    if (this.fault) throw this.fault;
  }

  close(): void {
    this.#stream?.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError).pause();
    if (this.#isRaw) {
      this.#restore();
      process.off('exit', this.#restore);
    }
    if (!this.isTerminal) this.#stream?.destroy();
  }
}

/** Standard output, or standard error. */
export class StandardOutput {
  readonly #output: ConsoleOutput;
  readonly #budget: Budget;
  #bytes = new Uint8Array(256);
  #length = 0;

  constructor(stream: Writable, budget: Budget) {
    this.#output = new ConsoleOutput(stream);
    this.#budget = budget;
  }

  /** Whether so much is held that it ought to be handed on. */
  get isFull(): boolean {
    return this.#length >= MUCH;
  }

  /** Whether nobody reads any more. */
  get gone(): boolean {
    return this.#output.gone;
  }

  /** @throws OutOfBudget after as much of it as may be */
  print(bytes: Uint8Array): void {
    this.#hold(bytes.subarray(0, this.#budget.granted(bytes.length)));
    this.#budget.spend(bytes.length);
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  /** Hand on what is held, and wait until the reader has caught up. */
  async flush(): Promise<void> {
    if (this.#length > 0) {
      const bytes = this.#bytes.subarray(0, this.#length);
      // The stream keeps what it was given until it is written.
      this.#bytes = new Uint8Array(256);
      this.#length = 0;
      this.#output.write(bytes);
    }
    await this.#output.settled();
  }

  /** The same, until all is with the operating system. */
  async finish(): Promise<void> {
    await this.flush();
    await this.#output.flushed();
  }

  release(): void {
    this.#output.release();
  }
}
