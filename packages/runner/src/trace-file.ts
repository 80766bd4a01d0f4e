import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { BackplaneError } from '@backplane/core';
import { fileError } from './read-file.js';

/**
 * A trace on its way to a file. It grows to gigabytes, so it is streamed, and it is streamed into `FILE.partial`, which
 * takes the name FILE when the run has ended: whoever sees FILE sees a whole trace. What is no regular file
 * (/dev/stdout, a pipe) is written as it is.
 */
export class TraceFile {
  readonly #path: string;
  readonly #written: string;
  readonly #stream: WriteStream;
  #fault: unknown;
  #buffer = '';
  #wake: (() => void) | undefined;

  private constructor(path: string, written: string, stream: WriteStream) {
    this.#path = path;
    this.#written = written;
    this.#stream = stream;
    stream.on('error', (error) => {
      this.#fault ??= error;
      this.#wake?.();
    });
    stream.on('drain', () => this.#wake?.());
  }

  static async open(path: string): Promise<TraceFile> {
    const status = await stat(path).catch(() => undefined);
    if (status?.isDirectory()) throw fileError(path, Object.assign(new Error(), { code: 'EISDIR' }));
    const written = status === undefined || status.isFile() ? `${path}.partial` : path;
    const stream = createWriteStream(written);
    const trace = new TraceFile(path, written, stream);
    try {
      await once(stream, 'open');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        throw new BackplaneError('runner/file', 'its folder does not exist', { path });
      }
      throw fileError(path, error);
    }
    return trace;
  }

  line(text: string): void {
    this.#buffer += `${text}\n`;
    if (this.#buffer.length > 65536) this.#pass();
  }

  #pass(): void {
    if (this.#buffer !== '' && this.#fault === undefined) this.#stream.write(this.#buffer);
    this.#buffer = '';
  }

  /** Wait until the disk has caught up; throws what went wrong with it. */
  async drained(): Promise<void> {
    while (this.#fault === undefined && this.#stream.writableNeedDrain) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#fault !== undefined) throw fileError(this.#path, this.#fault);
  }

  /** The run has ended: the trace is whole. */
  async finish(): Promise<void> {
    this.#pass();
    if (this.#fault === undefined) {
      const closed = once(this.#stream, 'close').catch(() => undefined);
      this.#stream.end();
      await closed;
    }
    if (this.#fault !== undefined) {
      await this.discard();
      throw fileError(this.#path, this.#fault);
    }
    if (this.#written !== this.#path) await rename(this.#written, this.#path);
  }

  /** Leave nothing behind. */
  async discard(): Promise<void> {
    this.#stream.destroy();
    if (this.#written !== this.#path) await rm(this.#written, { force: true });
  }
}
