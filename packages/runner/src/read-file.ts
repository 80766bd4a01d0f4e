import { open, stat } from 'node:fs/promises';
import { BackplaneError } from '@backplane/core';

const words: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  EISDIR: 'is a directory, not a file',
  ENOTDIR: 'a part of this path is no directory',
  ELOOP: 'a chain of symbolic links without end',
  ENAMETOOLONG: 'this path is too long',
  EEXIST: 'exists already',
  EROFS: 'lies on a read-only file system',
  ENOSPC: 'no space left on the device',
};

/** The fault that a failed file operation stands for. */
export function fileError(path: string, error: unknown, mend?: string): BackplaneError {
  if (error instanceof BackplaneError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const fault = words[code] ?? (error instanceof Error ? error.message : String(error));
  return new BackplaneError('runner/file', fault, { path, ...(mend ? { mend } : {}) });
}

/**
 * A whole regular file. Directories, devices and pipes are refused before they are opened (a pipe without a writer
 * would hang, /dev/zero never ends), and so is a file over `limit` bytes.
 *
 * @param what what the file is for, to be said in errors: `an image`
 */
export async function readRegularFile(
  path: string,
  { limit, what, mend }: { limit: number; what: string; mend?: string },
): Promise<Uint8Array> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw wrongKind(path, 'a directory', what);
    if (!status.isFile()) throw wrongKind(path, 'no regular file', what);
    if (status.size > limit) throw tooLarge(path, `${status.size}`, limit, what);
    const handle = await open(path);
    try {
      // The size that stat gives is a promise nobody keeps (/proc, a file that grows): read up to the limit, no more.
      const bytes = new Uint8Array(Math.min(limit, Math.max(status.size, 65536)) + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
        if (bytesRead === 0) return bytes.slice(0, length);
        length += bytesRead;
        if (length === bytes.length) throw tooLarge(path, `over ${length - 1}`, limit, what);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(path, error, mend);
  }
}

const wrongKind = (path: string, found: string, what: string) =>
  new BackplaneError('runner/not-a-file', `is ${found}; ${what} is a file`, { path });

const tooLarge = (path: string, size: string, limit: number, what: string) =>
  new BackplaneError('runner/file-too-large', `has ${size} bytes; ${what} has at most ${limit}`, { path });
