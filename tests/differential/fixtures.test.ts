/** Random machines that once came to something else in one of the engines. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { difference, live } from './lives.js';
import type { MachineDescription } from './random-machine.js';

const folder = fileURLToPath(new URL('fixtures/', import.meta.url));

test.each(readdirSync(folder))('%s comes to the same in each engine', (name) => {
  const description = JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as MachineDescription;
  const wanted = live(description, { engine: 'evaluator', sliced: false });
  for (const engine of ['interpreter', 'translator'] as const) {
    const seen = live(description, { engine, sliced: true });
    expect(difference(wanted, seen)).toBeUndefined();
    expect(seen.stats.cycles.interpreter).toBeGreaterThan(0);
  }
});
