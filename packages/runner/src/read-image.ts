import { extname } from 'node:path';
import { BackplaneError } from '@backplane/core';
import { imageLimit, parseIntelHex, parsePrg, parseSRecords, placeSegments, type Segment } from './image-formats.js';
import type { ImageWindow } from './image-windows.js';
import { readRegularFile } from './read-file.js';

/** Assembles a source for the machine's CPU. */
export type Assemble = (source: string, path: string) => Promise<readonly Segment[]>;

/** What a file holds: bytes for wherever they are put, or bytes that say where they belong. */
export type ImageFile = { readonly raw: Uint8Array } | { readonly segments: readonly Segment[] };

const text = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);

/** Read an image by the format that its name says: .hex, .s19, .prg, .s, or else raw bytes. */
export async function readImage(path: string, assemble: Assemble): Promise<ImageFile> {
  const bytes = await readRegularFile(path, { limit: imageLimit, what: 'an image' });
  switch (extname(path).toLowerCase()) {
    case '.hex':
    case '.ihx':
    case '.ihex':
      return { segments: parseIntelHex(text(bytes), path) };
    case '.s19':
    case '.s28':
    case '.s37':
    case '.srec':
    case '.mot':
      return { segments: parseSRecords(text(bytes), path) };
    case '.prg':
      return { segments: parsePrg(bytes, path) };
    case '.s':
    case '.asm':
      return { segments: await assemble(text(bytes), path) };
    default:
      return { raw: bytes };
  }
}

/** The bytes of an image for the window it is meant for. */
export function fitImage(file: ImageFile, window: ImageWindow, name: string, path: string): Uint8Array {
  if ('segments' in file) return placeSegments(file.segments, window, path);
  const { length } = file.raw;
  const { size, mayBeShorter } = window;
  if (size !== undefined && (mayBeShorter ? length > size : length !== size)) {
    throw new BackplaneError(
      'runner/image-size',
      `has ${length} bytes, image '${name}' ${mayBeShorter ? 'takes at most' : 'has'} ${size}`,
      { path, mend: 'give the right file, or change the size in the config' },
    );
  }
  return file.raw;
}
