import type { Readable, Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { BackplaneError, type HostChannel } from '@backplane/core';

/** What the guest prints, on its way to a stream whose reader may be slow, or gone. */
export class ConsoleOutput {
  readonly #stream: Writable;
  #fault: Error | undefined;
  #gone = false;
  #wake: (() => void) | undefined;
  readonly #onError = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') this.#gone = true;
    else this.#fault ??= error;
    this.#wake?.();
  };
  readonly #onClose = () => {
    this.#gone = true;
    this.#wake?.();
  };
  readonly #onDrain = () => this.#wake?.();

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#onError).on('close', this.#onClose).on('drain', this.#onDrain);
  }

  /** Whether nobody reads any more. */
  get gone(): boolean {
    return this.#gone;
  }

  write(bytes: Uint8Array): void {
    if (!this.#gone && this.#fault === undefined) this.#stream.write(bytes);
  }

  /** Wait until the reader has caught up, or is gone. */
  async settled(): Promise<void> {
    while (this.#stream.writableNeedDrain && !this.#gone && this.#fault === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#fault) throw new BackplaneError('runner/output', this.#fault.message, { path: 'standard output' });
  }

  /** Wait until all is handed to the operating system. */
  async flushed(): Promise<void> {
    await this.settled();
    if (!this.#gone) await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
    // What went wrong with the last bytes is known only now.
    await this.settled();
  }

  /** Let go of the stream. */
  release(): void {
    this.#stream.off('error', this.#onError).off('close', this.#onClose).off('drain', this.#onDrain);
  }
}

/** What the guest reads. */
export interface ConsoleInput {
  /** Resolves when the channel was given more, or its end. Never rejects; see {@link fault}. */
  more(): Promise<void>;
  /** Stop reading and put the terminal back as it was. */
  close(): void;
  readonly fault: BackplaneError | undefined;
  /** Milliseconds after which the guest goes on without: a human may think, but a clock on the screen goes on. */
  readonly patience: number;
}

/** A console that nobody sits at. */
export class NoInput implements ConsoleInput {
  readonly fault = undefined;
  readonly patience = Number.POSITIVE_INFINITY;
  more(): Promise<void> {
    return new Promise(() => undefined);
  }
  close(): void {}
}

/** Whether a stream is a terminal that can be put in raw mode. */
export const isTerminal = (stream: Readable): stream is ReadStream =>
  (stream as Partial<ReadStream>).isTTY === true && typeof (stream as Partial<ReadStream>).setRawMode === 'function';

/**
 * A pipe or a file: one finite sequence of bytes. It is read only when the guest asks, so what a writer has not written
 * yet costs host time and never guest time, and an endless writer fills no memory.
 */
export class PipedInput implements ConsoleInput {
  readonly #channel: HostChannel;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Uint8Array | string>;
  #pending: Promise<void> | undefined;
  fault: BackplaneError | undefined;
  readonly patience = Number.POSITIVE_INFINITY;

  constructor(stream: Readable, channel: HostChannel) {
    this.#channel = channel;
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array | string>;
  }

  more(): Promise<void> {
    this.#pending ??= this.#read().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #read(): Promise<void> {
    try {
      const { done, value } = await this.#chunks.next();
      if (done) this.#channel.end();
      else this.#channel.write(value);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.fault ??= new BackplaneError('runner/input', message, { path: 'standard input' });
      this.#channel.end();
    }
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** Enter is a line end, as it is in a pipe: the channel sends what the machine's config wants for one. */
const lineFeeds = (keys: Buffer) => keys.map((key) => (key === 13 ? 10 : key));

/** A terminal in raw mode: every key goes to the guest at once, but Ctrl-C, which ends the run. */
export class TerminalInput implements ConsoleInput {
  readonly #stream: ReadStream;
  readonly #restore = () => this.#stream.setRawMode(false);
  readonly #onKeys: (keys: Buffer) => void;
  readonly #onEnd: () => void;
  #wake: (() => void) | undefined;
  readonly fault = undefined;
  readonly patience = 10;

  constructor(stream: ReadStream, channel: HostChannel, interrupt: () => void) {
    this.#stream = stream;
    this.#onKeys = (keys) => {
      if (keys.includes(3)) interrupt();
      else channel.write(lineFeeds(keys));
      this.#wake?.();
    };
    this.#onEnd = () => {
      channel.end();
      this.#wake?.();
    };
    process.once('exit', this.#restore);
    stream.setRawMode(true);
    stream.on('data', this.#onKeys).on('end', this.#onEnd);
  }

  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  close(): void {
    this.#stream.off('data', this.#onKeys).off('end', this.#onEnd).pause();
    this.#restore();
    process.off('exit', this.#restore);
  }
}
