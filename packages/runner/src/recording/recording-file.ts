import { accessSync, constants, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BackplaneError, type Machine } from '@backplane/core';
import { History, parseRecording, type Recording } from '@backplane/core/history';
import { replaceFile } from '../drives/image-file.js';
import { faultMessage } from '../fault-message.js';
import type { MachineOptions } from '../load-machine.js';
import { fileError, readRegularFile } from '../read-file.js';
import { sourceOf } from './source.js';

const recordingLimit = 2 ** 29;

/** The recording of a run, which becomes a file when the run ends, however it ends. */
export class RecordingFile {
  readonly #path: string;
  readonly #history: History;
  readonly #source: ReturnType<typeof sourceOf>;
  #isSaved = false;
  /** Somebody has ended the process before the run was over. */
  readonly #onExit = () => {
    try {
      this.#save();
    } catch (error) {
      process.stderr.write(`backplane: ${faultMessage(error)}\n`);
    }
  };

  /** Record what is done to a machine from now on. */
  constructor(path: string, machine: Machine, machineName: string, options: MachineOptions) {
    this.#path = path;
    this.#source = sourceOf(machineName, options, dirname(path));
    this.#history = new History(machine, { every: Number.POSITIVE_INFINITY });
    process.on('exit', this.#onExit);
  }

  /** The run has ended: write it down. */
  close(): void {
    process.off('exit', this.#onExit);
    this.#save();
    this.#history.close();
  }

  #save(): void {
    if (this.#isSaved) return;
    const text = `${JSON.stringify(this.#history.recording(this.#source))}\n`;
    const status = statSync(this.#path, { throwIfNoEntry: false });
    try {
      // What is no file, such as /dev/stdout, cannot be replaced by one. Of a link, what it leads to is replaced.
      if (status && !status.isFile()) writeFileSync(this.#path, text);
      else replaceFile(status ? realpathSync(this.#path) : this.#path, new TextEncoder().encode(text));
    } catch (error) {
      throw fileError(this.#path, error);
    }
    this.#isSaved = true;
  }
}

/** That a recording can be written there, told before anything runs. */
export function refuseUnwritable(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new BackplaneError('runner/file', 'is a directory, not a file', { path });
  }
  const folder = dirname(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new BackplaneError('runner/file', 'its folder does not exist', { path });
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new BackplaneError('runner/file', 'its folder may not be written', { path: join(folder, basename(path)) });
  }
}

/** Read a recording. */
export async function readRecording(path: string): Promise<Recording> {
  const bytes = await readRegularFile(path, { limit: recordingLimit, what: 'a recording' });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new BackplaneError('recording/format', 'this is no recording', {
      path,
      mend: 'make one with backplane run --record FILE',
    });
  }
  return atPath(path, () => parseRecording(json));
}

/** Say of which file a fault is. */
export function atPath<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof BackplaneError)) throw error;
    throw new BackplaneError(error.code, error.message, { path });
  }
}
