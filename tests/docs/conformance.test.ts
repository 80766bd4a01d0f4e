/** docs/conformance.md is what conformance tests told, and nothing else. What they tell now is compared as they run. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type ConformanceRecord, pageOf, summedUp } from '../conformance-record.js';
import { documentFolder, readDocument } from './document.js';

const record = JSON.parse(readFileSync(`${documentFolder}/conformance.json`, 'utf8')) as ConformanceRecord;

test('the page is made of the record', () => {
  expect(readDocument('conformance.md')).toBe(pageOf(record));
});

test('the record is of the tests that there are', () => {
  const folder = fileURLToPath(new URL('../conformance', import.meta.url));
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  // What tells nothing of itself does not compare with data of others.
  const telling = files.filter((name) => /\bagrees\(|Suite\(/.test(readFileSync(`${folder}/${name}`, 'utf8')));
  const wanted = telling.map((name) => `tests/conformance/${name}`).sort();
  expect(Object.keys(record), '`pnpm docs:conformance` runs them all, and writes the page').toEqual(wanted);
  const agreements = Object.values(record).flatMap((file) => file.agreements);
  expect(agreements.length).toBeGreaterThan(30);
  expect(agreements.filter(({ count }) => !(count > 0))).toEqual([]);
});

test('the page says of each data set what it is', () => {
  const described = [...readDocument('conformance.md').matchAll(/^\| `([^`]+)` \| [^|]+ \|$/gm)].map(
    ([, data]) => data,
  );
  for (const { data } of Object.values(record).flatMap((file) => file.agreements)) {
    expect(described.some((folder) => data.startsWith(folder as string))).toBe(true);
  }
});

test('what is told is summed up by what it is of, in an order of its own', () => {
  const of = { cpu: 'z80', variant: 'nmos', data: 'vectors', unit: 'vectors' } as const;
  const told = [
    { ...of, engine: 'interpreter', count: 40 },
    { ...of, engine: 'evaluator', count: 1 },
    { ...of, engine: 'evaluator', count: 2 },
  ];
  const doubt = { data: 'vectors', what: 'a bit', why: 'it is no flag' };
  const wanted = {
    agreements: [
      { ...of, engine: 'evaluator', count: 3 },
      { ...of, engine: 'interpreter', count: 40 },
    ],
    exceptions: [doubt],
  };
  expect(summedUp(told, [doubt, doubt])).toEqual(wanted);
  expect(summedUp([...told].reverse(), [doubt])).toEqual(wanted);
});

test('a row of the page has a column an engine, empty where it has not run', () => {
  const of = { cpu: '6502', data: 'singlestep/6502', unit: 'vectors' } as const;
  const page = pageOf({
    'some.test.ts': {
      agreements: [
        { ...of, variant: 'nmos', engine: 'evaluator', count: 51_200 },
        { ...of, variant: 'nmos', engine: 'interpreter', count: 51_200 },
        { ...of, variant: '2a03', engine: 'interpreter', count: 8 },
      ],
      exceptions: [{ data: 'singlestep/6502', what: 'bit 4 of P', why: 'it is no flag' }],
    },
  });
  expect(page).toContain('| variant | data | counted | evaluator | interpreter |');
  expect(page).toContain('| nmos | `singlestep/6502` | vectors | 51,200 | 51,200 |');
  expect(page).toContain('| 2a03 | `singlestep/6502` | vectors |  | 8 |');
  expect(page).toContain('| `singlestep/6502` | bit 4 of P | it is no flag |');
  expect(page).not.toContain('The Z80');
});
