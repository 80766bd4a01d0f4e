import { BackplaneError } from '@backplane/core';

/**
 * A whole number as the command line takes it: `1024`, `1_000_000`, `0x400`, `$400`.
 *
 * @param path what the number was given to, such as `--pc`
 */
export function parseWhole(text: string, path: string, { max = Number.MAX_SAFE_INTEGER, min = 0 } = {}): number {
  const digits = text.trim().replace(/(?<=[0-9a-f])_(?=[0-9a-f])/gi, '');
  const hexadecimal = /^(?:0x|\$)([0-9a-f]+)$/i.exec(digits)?.[1];
  if (hexadecimal === undefined && !/^[0-9]+$/.test(digits)) {
    throw new BackplaneError('runner/number', `'${text}' is no number`, { path, mend: 'write 1024, 0x400 or $400' });
  }
  const value = hexadecimal === undefined ? Number(digits) : Number.parseInt(hexadecimal, 16);
  if (value < min || value > max) {
    throw new BackplaneError('runner/number', `${text} is out of range`, { path, mend: `give ${min} to ${max}` });
  }
  return value;
}

/** Seconds of host time, fractions allowed. */
export function parseSeconds(text: string, path: string): number {
  const value = /^[0-9]*\.?[0-9]+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 1e9)) {
    throw new BackplaneError('runner/number', `'${text}' is no number of seconds`, { path, mend: 'write 10 or 0.5' });
  }
  return value;
}

/** An address as listings and messages show it. */
export const hexadecimal = (value: number, digits = 4): string => value.toString(16).padStart(digits, '0');
