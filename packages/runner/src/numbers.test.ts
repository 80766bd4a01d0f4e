import { describe, expect, it } from 'vitest';
import { parseSeconds, parseWhole } from './numbers.js';

describe('parseWhole', () => {
  it.each([
    ['1024', 1024],
    ['0x400', 0x400],
    ['$FFFC', 0xfffc],
    ['1_000_000', 1_000_000],
    ['0', 0],
  ])('%s', (text, value) => {
    expect(parseWhole(text, '--pc')).toBe(value);
  });

  it.each(['', 'zz', '-1', '1.5', '0x', '$', '1e6', '_1', '1_', 'NaN', 'Infinity', '0b1'])('refuses %j', (text) => {
    expect(() => parseWhole(text, '--pc')).toThrow(`--pc: '${text}' is no number; write 1024, 0x400 or $400`);
  });

  it('keeps to its range', () => {
    expect(() => parseWhole('0x10000', '--pc', { max: 0xffff })).toThrow(
      '--pc: 0x10000 is out of range; give 0 to 65535',
    );
  });
});

describe('parseSeconds', () => {
  it('takes fractions', () => expect(parseSeconds('.5', '--timeout')).toBe(0.5));
  it.each(['', '0', '-1', 'x', '1s', '1e999'])('refuses %j', (text) => {
    expect(() => parseSeconds(text, '--timeout')).toThrow('--timeout: ');
  });
});
