/** What a campaign leaves on disk: how far it got, programs that met something new, and its finds. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackplaneError } from '@backplane/core';
import type { Program } from '@backplane/core/fuzz';
import { makeFolder } from '../make-folder.js';
import { fileError } from '../read-file.js';

/** How far a campaign got. */
export interface Progress {
  /** The batch to go on with. */
  readonly next: number;
  /** Batches that were begun and not brought to their end. */
  readonly unfinished: readonly number[];
  readonly executions: number;
  readonly instructions: number;
  /** Cases met. */
  readonly met: readonly number[];
  /** Programs that showed each find. */
  readonly shown: Readonly<Record<string, number>>;
}

const FORMAT = 'backplane fuzz 1';
const STATE = 'state.json';
const PROGRAMS = 'programs.jsonl';

export const nothing: Progress = { next: 0, unfinished: [], executions: 0, instructions: 0, met: [], shown: {} };

/** A folder that keeps a campaign. */
export class Corpus {
  readonly folder: string;
  /** What the campaign is about; another one must not go on in this folder. */
  readonly #about: string;
  /** The last of the files that are being written. */
  #written: Promise<void> = Promise.resolve();

  constructor(folder: string, about: object) {
    this.folder = folder;
    this.#about = JSON.stringify(about);
  }

  /**
   * Where the campaign stands, and its programs.
   *
   * @throws BackplaneError `fuzz/corpus` if the folder has another one's
   */
  async load(): Promise<{ readonly progress: Progress; readonly programs: readonly Program[] }> {
    const state = await this.#read(STATE);
    if (state === undefined) return { progress: nothing, programs: [] };
    const { format, about, ...progress } = this.#parsed(STATE, state) as Progress & {
      format?: string;
      about?: unknown;
    };
    if (format !== FORMAT) this.#refuse(STATE, 'is of another format');
    if (JSON.stringify(about) !== this.#about) {
      this.#refuse(
        STATE,
        `is of another campaign: ${JSON.stringify(about)}`,
        'take another folder, or the options it was begun with',
      );
    }
    const lines = ((await this.#read(PROGRAMS)) ?? '').split('\n').filter(Boolean);
    return { progress, programs: lines.map((line) => this.#parsed(PROGRAMS, line) as Program) };
  }

  async save(progress: Progress, programs: readonly Program[]): Promise<void> {
    const state = { format: FORMAT, about: JSON.parse(this.#about) as unknown, ...progress };
    await this.write(PROGRAMS, programs.map((program) => `${JSON.stringify(program)}\n`).join(''));
    await this.write(STATE, `${JSON.stringify(state)}\n`);
  }

  /** Write a file, whole or not at all; one after the other, for batches that end together may tell of the same find. */
  write(name: string, text: string): Promise<void> {
    const written = this.#written.then(() => this.#write(name, text));
    this.#written = written.catch(() => undefined);
    return written;
  }

  async #write(name: string, text: string): Promise<void> {
    const path = join(this.folder, name);
    try {
      await makeFolder(dirname(path));
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    } catch (error) {
      throw fileError(path, error);
    }
  }

  async #read(name: string): Promise<string | undefined> {
    const path = join(this.folder, name);
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw fileError(path, error);
    }
  }

  #parsed(name: string, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      return this.#refuse(name, 'is damaged: no JSON');
    }
  }

  #refuse(name: string, fault: string, mend = 'take another folder'): never {
    throw new BackplaneError('fuzz/corpus', fault, { path: join(this.folder, name), mend });
  }
}
