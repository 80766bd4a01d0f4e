import { expect, test } from 'vitest';
import { Log } from './log.js';

const logOf = (lines: number, line = (index: number) => `${index} read 0`): readonly string[] => {
  const log = new Log();
  for (let index = 0; index < lines; index += 1) log.add(line(index));
  return log.lines;
};

test('a log keeps its first lines, and tells of any number of them whether they differ', () => {
  expect(logOf(100_000)).toEqual(Array.from({ length: 100_000 }, (_, index) => `${index} read 0`));
  const long = logOf(300_000);
  expect(long.length).toBe(100_001);
  expect(logOf(300_000)).toEqual(long);
  expect(logOf(300_001).at(-1)).not.toBe(long.at(-1));
  expect(logOf(300_000, (index) => `${index} read ${Number(index === 250_000)}`).at(-1)).not.toBe(long.at(-1));
});
