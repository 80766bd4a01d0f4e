import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../errors.js';
import { toyMachine } from '../testing/toy.js';
import { hertz, masterFrequency, parseFrequency, ticksPerCycle } from './clock.js';

const parse = (text: string | number): string => {
  const { numerator, denominator } = parseFrequency(text, 'clock');
  return `${numerator}/${denominator}`;
};

describe('a frequency reads', () => {
  test.each([
    [1_000_000, '1000000/1'],
    [0.5, '1/2'],
    ['1000', '1000/1'],
    ['1 MHz', '1000000/1'],
    ['1.5MHz', '1500000/1'],
    ['14.31818 MHz', '14318180/1'],
    ['315/88 MHz', '39375000/11'],
    [' 315 / 88 mhz ', '39375000/11'],
    ['32.768 kHz', '32768/1'],
    ['0.001 GHz', '1000000/1'],
    ['1/3 Hz', '1/3'],
  ])('%j as %s', (text, wanted) => {
    expect(parse(text)).toBe(wanted);
  });

  test('315/88 MHz within a hair of the colour clock', () => {
    expect(hertz(parseFrequency('315/88 MHz', 'clock'))).toBeCloseTo(3_579_545.4545, 3);
  });
});

describe('no frequency is', () => {
  test.each([
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e21,
    1e-7,
    '',
    'fast',
    '1 THz',
    '0 MHz',
    '1/0 MHz',
    '1e6',
    '1.5.2',
    '-1',
    '1 / MHz',
    '0x10',
    '99999 GHz',
    '9'.repeat(65),
    `1${'0'.repeat(1_000_000)}/3`,
  ])('%j', (text) => {
    let refusal: unknown;
    try {
      parseFrequency(text, 'devices.timer.clock');
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(ConfigError);
    expect(refusal).toMatchObject({
      code: 'config/clock',
      path: 'devices.timer.clock',
      mend: "write hertz, '1.5 MHz' or '315/88 MHz'",
    });
  });
});

describe('the master clock', () => {
  const master = (...texts: (string | number)[]): string => {
    const { numerator, denominator } = masterFrequency(texts.map((text) => parseFrequency(text, 'clock')));
    return `${numerator}/${denominator}`;
  };

  test.each([
    [['1 MHz'], '1000000/1'],
    [['1 MHz', '1.5 MHz'], '3000000/1'],
    [['2 MHz', '1 MHz'], '2000000/1'],
    [['315/88 MHz', '1 MHz'], '315000000/1'],
    [['315/88 MHz', '315/176 MHz'], '39375000/11'],
    [['1/2 Hz', '1/3 Hz'], '1/1'],
  ])('of %j is %s', (texts, wanted) => {
    expect(master(...texts)).toBe(wanted);
  });

  test('is the least whose whole fractions they all are', () => {
    const frequency = fc
      .tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 100 }))
      .map(([numerator, denominator]) => parseFrequency(`${numerator}/${denominator} Hz`, 'clock'));
    fc.assert(
      fc.property(fc.array(frequency, { minLength: 1, maxLength: 3 }), (frequencies) => {
        const common = masterFrequency(frequencies);
        const ticks = frequencies.map((one) => ticksPerCycle(common, one));
        for (const [index, one] of frequencies.entries()) {
          const product = one.numerator * BigInt(ticks[index] as number) * common.denominator;
          expect(product).toBe(common.numerator * one.denominator);
        }
        const divisor = ticks.reduce((a, b) => {
          let [x, y] = [a, b];
          while (y) [x, y] = [y, x % y];
          return x;
        });
        expect(divisor).toBe(1);
      }),
    );
  });

  test('is refused beyond 10 THz, before it has grown out of hand', () => {
    const odd = Array.from({ length: 3000 }, (_, index) => `${10 ** 12 + index * 2 + 1}/${10 ** 15 + index} GHz`);
    expect(() => master(...odd)).toThrow('clock: the clocks have no common multiple below 10 THz; round one of them');
  });

  test('is refused for a clock that would hardly ever tick', () => {
    expect(() => master('1/1000000000000 Hz', '1 MHz')).toThrow(
      'clock: the slowest clock is too slow for the others; speed it up, or round one of them',
    );
  });
});

test('each CPU and device counts cycles of its own clock', () => {
  const machine = toyMachine('loop: JMP loop', { clock: '1 MHz', cpu: { type: 'toy', clock: '315/88 MHz' } });
  machine.run(1000);
  expect(machine.time).toBe(machine.cycles * 88);
  expect(machine.seconds).toBeCloseTo(machine.cycles / 3_579_545.4545, 8);
});
