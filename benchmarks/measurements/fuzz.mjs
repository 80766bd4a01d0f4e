import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshProcess } from '../fresh-process.mjs';
import { checkout, inBenchmarks } from '../paths.mjs';
import { median } from '../statistics.mjs';

const KINDS = {
  6502: '6502: interpreter with evaluator',
  z80: 'Z80: interpreter with evaluator',
  jsnes: 'jsnes in our process with evaluator',
  'jsnes-line': 'jsnes by the line protocol with evaluator',
};

/** Programs that the command compares in so many seconds, its start included. */
function campaign(seconds, workers) {
  const command = join(checkout, 'packages/runner/dist/backplane.js');
  const words = `fuzz 6502 --engine interpreter --time ${seconds} --workers ${workers} --report json`.split(' ');
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`backplane fuzz: status ${status}\n${stderr}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)).executions;
}

/** Programs compared a second in one thread, and how much faster two threads are. */
export function measureFuzz({ quick }) {
  process.env.MASKS = readFileSync(join(checkout, 'examples/foreign-cores/jsnes.masks.json'), 'utf8');
  const programs = quick ? 2000 : 20_000;
  const rounds = quick ? 1 : 3;
  const rates = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));
  const scaling = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of Object.keys(KINDS)) {
      rates[kind].push(freshProcess(inBenchmarks('measurements/fuzz-process.mjs'), [kind, programs]).perSecond);
    }
    // A thread compiles for 1 to 2 s, on the other core as long as that is free; a campaign takes minutes.
    const seconds = quick ? 5 : 25;
    scaling.push(campaign(seconds, 2) / campaign(seconds, 1));
  }
  const perSecond = Object.fromEntries(Object.entries(rates).map(([kind, values]) => [kind, median(values)]));
  const twoThreads = median(scaling);
  return {
    perSecond,
    twoThreads,
    lines: [
      ...Object.entries(KINDS).map(([kind, text]) => [`programs compared a second, ${text}`, perSecond[kind], '/s']),
      ['two threads : one', twoThreads, '×'],
    ],
  };
}
