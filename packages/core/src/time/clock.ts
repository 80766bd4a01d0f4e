/** Frequencies are fractions, so that every clock is a whole divider of the machine's master clock. */
import { ConfigError } from '../errors.js';

/** Hertz as a fraction in lowest terms. */
export interface Frequency {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const UNITS: Readonly<Record<string, bigint>> = { hz: 1n, khz: 1_000n, mhz: 1_000_000n, ghz: 1_000_000_000n };

/** Text longer than this is no frequency; arithmetic on a million digits would take minutes. */
const LONGEST_TEXT = 64;

/** The finest master clock, in hertz: at 10 THz a double counts ticks exactly for a quarter of an hour. */
const FASTEST = 10n ** 13n;

/** Most master ticks in one cycle of any clock. */
const MOST_TICKS = 2 ** 40;

/**
 * Read a frequency: a number of hertz, or text such as `1 MHz`, `14.31818 MHz` or `315/88 MHz`.
 *
 * @throws ConfigError `config/clock`
 */
export function parseFrequency(text: string | number, path: string): Frequency {
  const match = /^\s*(\d+)(?:\.(\d+))?\s*(?:\/\s*(\d+))?\s*([kmg]?hz)?\s*$/i.exec(
    String(text).slice(0, LONGEST_TEXT + 1),
  );
  const [, whole = '0', decimals = '', divisor = '1', unit = 'hz'] = match ?? [];
  const numerator = BigInt(whole + decimals) * (UNITS[unit.toLowerCase()] as bigint);
  const denominator = BigInt(divisor) * 10n ** BigInt(decimals.length);
  if (!match || numerator === 0n || denominator === 0n || numerator / denominator > FASTEST) {
    throw new ConfigError('config/clock', `'${text}' is no frequency`, {
      path,
      mend: "write hertz, '1.5 MHz' or '315/88 MHz'",
    });
  }
  return reduced(numerator, denominator);
}

function reduced(numerator: bigint, denominator: bigint): Frequency {
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}

export const hertz = ({ numerator, denominator }: Frequency): number => Number(numerator) / Number(denominator);

/**
 * The least frequency of which all the given ones are whole fractions.
 *
 * @throws ConfigError `config/clock`
 */
export function masterFrequency(frequencies: readonly Frequency[]): Frequency {
  const master = frequencies.reduce((a, b) => {
    const common = reduced(
      (a.numerator * b.numerator) / greatestCommonDivisor(a.numerator, b.numerator),
      greatestCommonDivisor(a.denominator, b.denominator),
    );
    // Looked at each time: the common multiple of hundreds of odd clocks has thousands of digits.
    if (common.numerator > common.denominator * FASTEST) {
      throw new ConfigError('config/clock', 'the clocks have no common multiple below 10 THz', {
        path: 'clock',
        mend: 'round one of them',
      });
    }
    return common;
  });
  if (frequencies.some((frequency) => ticksPerCycle(master, frequency) > MOST_TICKS)) {
    throw new ConfigError('config/clock', 'the slowest clock is too slow for the others', {
      path: 'clock',
      mend: 'speed it up, or round one of them',
    });
  }
  return master;
}

/** Master ticks in one cycle of `frequency`. */
export function ticksPerCycle(master: Frequency, frequency: Frequency): number {
  return Number((master.numerator * frequency.denominator) / (master.denominator * frequency.numerator));
}
