import { describe, expect, it } from 'vitest';
import { typedBytes } from './typed-text.js';

describe('typedBytes', () => {
  it.each([
    ['2 3 + .\\r', [0x32, 0x20, 0x33, 0x20, 0x2b, 0x20, 0x2e, 13]],
    ['\\n\\t\\b\\e\\a\\0\\\\', [10, 9, 8, 27, 7, 0, 92]],
    ['\\x41\\xffz', [0x41, 0xff, 0x7a]],
    ['é', [0xc3, 0xa9]],
    ['', []],
  ])('%j', (text, bytes) => {
    expect([...typedBytes(text)]).toEqual(bytes);
  });

  it.each(['\\q', '\\x4', '\\'])('refuses %j', (text) => {
    expect(() => typedBytes(text)).toThrow("--type: '\\");
  });
});
