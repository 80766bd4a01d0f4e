import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BackplaneError, type MediumChange } from '@backplane/core';
import { fileError } from '../read-file.js';

/** Write a file whole or not at all: beside its place first, then under its name. It keeps the mode of the one before. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const beside = join(dirname(path), `.${basename(path)}.partial`);
  try {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode;
    const file = openSync(beside, 'w');
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (mode !== undefined) chmodSync(beside, mode & 0o7777);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw fileError(path, error);
  }
}

/** That a file may be replaced. Root may do anything, so the file's own mode is asked as well. */
export function refuseReadOnly(path: string, shownPath: string, mend: string): void {
  const refuse = (fault: string) => {
    throw new BackplaneError('runner/read-only', fault, { path: shownPath, mend });
  };
  if ((statSync(path).mode & 0o222) === 0) refuse('may not be written');
  for (const [place, fault] of [
    [path, 'may not be written'],
    [dirname(path), 'its folder may not be written'],
  ] as const) {
    try {
      accessSync(place, constants.W_OK);
    } catch {
      refuse(fault);
    }
  }
}

/**
 * The file of a disk that is written through. It is replaced whenever the machine has told of changes, as a whole:
 * writing single sectors into it would be quicker, but whoever kills the process in between would find a directory
 * without the blocks it speaks of. A hard disk of 4 MB takes some milliseconds, at most once a slice of the run.
 */
export class ImageFile {
  readonly #path: string;
  readonly #bytes: Uint8Array;
  #isSaved = true;

  /** @param bytes what is in the file; a copy is kept */
  constructor(path: string, bytes: Uint8Array) {
    // Of a symbolic link, what it leads to is replaced.
    this.#path = realpathSync(path);
    refuseReadOnly(this.#path, path, "use the mode 'overlay' or 'read-only', or make it writable");
    this.#bytes = bytes.slice();
  }

  change(changes: readonly MediumChange[]): void {
    for (const { offset, bytes } of changes) this.#bytes.set(bytes, offset);
    this.#isSaved = false;
    this.save();
  }

  save(): void {
    if (this.#isSaved) return;
    replaceFile(this.#path, this.#bytes);
    this.#isSaved = true;
  }
}
