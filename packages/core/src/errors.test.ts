import fc from 'fast-check';
import { expect, test } from 'vitest';
import { suggest } from './errors.js';

test.each([
  ['timr', ['beat', 'timer'], "did you mean 'timer'?"],
  ['timer', ['timed', 'time', 'tamer'], "did you mean 'timed'?"],
  ['x', ['ay', 'b'], "did you mean 'b'?"],
  ['irqs', ['nmi', 'reset'], "there is 'nmi', 'reset'"],
  ['', ['reset'], "there is 'reset'"],
  ['reset', [''], "there is ''"],
  ['uhr', ['⏰'], "there is '⏰'"],
  ['anything', [], 'there are none'],
])('for %j of %j it says %s', (word, candidates, answer) => {
  expect(suggest(word, candidates)).toBe(answer);
});

test('at most twelve names are listed', () => {
  const names = Array.from({ length: 14 }, (_, index) => `drive-${'abcdefghijklmn'[index]}`);
  expect(suggest('x', names)).toBe(
    `there is ${names
      .slice(0, 12)
      .map((name) => `'${name}'`)
      .join(', ')}, …`,
  );
});

/** Levenshtein's definition. */
function edits(from: string, to: string): number {
  if (from === '' || to === '') return from.length + to.length;
  const [fromRest, toRest] = [from.slice(1), to.slice(1)];
  if (from[0] === to[0]) return edits(fromRest, toRest);
  return 1 + Math.min(edits(fromRest, to), edits(from, toRest), edits(fromRest, toRest));
}

test('a name is suggested where at most a third of its letters are wrong', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '🦉'), maxLength: 5 });
  fc.assert(
    fc.property(name, name, (word, candidate) => {
      const isNear = edits(word, candidate) <= Math.max(1, word.length / 3);
      expect(suggest(word, [candidate])).toBe(isNear ? `did you mean '${candidate}'?` : `there is '${candidate}'`);
    }),
  );
});
