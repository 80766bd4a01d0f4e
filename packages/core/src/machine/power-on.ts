/** What memory holds when the power comes on: never the host's leavings. */
import { ConfigError } from '../errors.js';
import type { Parts } from './build.js';
import { parseInteger } from './config.js';

/** Fill RAM as the config says, and load the images. */
export function fillMemory({ arena, memories, config }: Parts): void {
  const fill = parseFill(config.ramFill ?? 'zero');
  memories.forEach(({ kind, offset, size, image }, index) => {
    const bytes = arena.bytes(offset, size);
    if (kind === 'ram') fill(bytes, index);
    else bytes.fill(0xff);
    if (image) bytes.set(image);
  });
}

type Fill = (bytes: Uint8Array, memory: number) => void;

function parseFill(text: string): Fill {
  const [kind, argument] = text.split(':', 2) as [string, string | undefined];
  if (kind === 'zero' && argument === undefined) return (bytes) => void bytes.fill(0);
  const value = argument === undefined ? undefined : parseInteger(argument);
  if (kind === 'random' && value !== undefined) return (bytes, memory) => fillRandom(bytes, value, memory);
  if (kind === 'pattern' && value !== undefined && argument !== undefined) {
    const pattern = patternBytes(argument, value);
    return (bytes) => {
      for (let index = 0; index < bytes.length; index += 1) bytes[index] = pattern[index % pattern.length] as number;
    };
  }
  throw new ConfigError('config/ram-fill', `'${text}' is no way to fill RAM`, {
    path: 'ramFill',
    mend: "write 'zero', 'pattern:0x55aa' or 'random:SEED'",
  });
}

/** The bytes of a pattern as it is written, most significant first: 0x55aa is 55 AA. */
function patternBytes(text: string, value: number): number[] {
  const digits = /^(?:0x|\$)([0-9a-f]+)$/i.exec(text)?.[1] ?? value.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return (even.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

/** Marsaglia's xorshift32, one sequence a memory. */
function fillRandom(bytes: Uint8Array, seed: number, memory: number): void {
  let x = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(memory + 1, 0x85ebca6b)) | 0 || 1;
  for (let index = 0; index < bytes.length; index += 1) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[index] = x >>> 24;
  }
}
