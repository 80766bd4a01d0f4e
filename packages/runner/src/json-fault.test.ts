import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonFault } from './json-fault.js';

const parses = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('findJsonFault', () => {
  it.each([
    ['', 0, 'a value'],
    ['{"a" 1}', 5, "':'"],
    ['{"a": x}', 6, 'a value'],
    ['{"a": 1,}', 8, 'a key in double quotes'],
    ['[1, 2', 5, "',' or ']'"],
    ['{a: 1}', 1, "a key in double quotes, or '}'"],
    ['{"a": "b\n"}', 6, 'a closing quote on the same line'],
    ['{} {}', 3, 'nothing more'],
    ['"\\q"', 1, 'an escape such as \\n or \\u0041'],
    ['[01]', 2, "',' or ']'"],
  ])('%j', (text, offset, expected) => {
    expect(findJsonFault(text)).toEqual({ offset, expected });
  });

  it('takes what JSON.parse takes, and nothing else', () => {
    const damaged = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', '"', '\\', 'x', '1', ' ', '\n', '[', '-', '.', 'e'))
      .map(([text, at, put]) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + 1));
    fc.assert(
      fc.property(fc.oneof(fc.json(), damaged, fc.string()), (text) => {
        expect(findJsonFault(text) === undefined).toBe(parses(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('does not mind a megabyte of brackets', () => {
    expect(findJsonFault('['.repeat(1 << 20))?.offset).toBe(1 << 20);
  });
});
