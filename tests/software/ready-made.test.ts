import { machineLaws } from '@backplane/core/testing';
import { describe, expect, test } from 'vitest';
import { loadMachine } from '../../packages/runner/src/load-machine.js';
import { readyMadeMachines } from '../../packages/runner/src/ready-made.js';
import { eager } from '../eager.js';
import { standInDisk } from '../stand-in-disk.js';

const names = [...readyMadeMachines().keys()];

test('the machines that the README and the tests name are there', () => {
  expect(names).toEqual(
    expect.arrayContaining([
      'bare-6502',
      'bare-8080',
      'bare-z80',
      'board',
      'cpm22',
      'cpm3',
      'planck',
      'py65mon',
      'second-processor',
      'z80-board',
    ]),
  );
});

const machines = await Promise.all(names.map((name) => loadMachine(name)));

/** Stand for images that a machine does not bring with it: all opcodes, in a random order of sorts. */
const rom = Uint8Array.from({ length: 0x8000 }, (_, index) => (index * 0x9d) & 0xff);
const disk = standInDisk();
const ram = Uint8Array.from({ length: 0x10000 }, (_, index) => (index * 0x9d) & 0xff);

describe.each(machines)('$name', ({ config, plugins, images }) => {
  test('has a description', () => {
    expect(config.description).toBeTruthy();
  });

  const asked = JSON.stringify(config);
  const standIn: Record<string, Uint8Array> = asked.includes('"boot":"a"')
    ? { a: disk }
    : asked.includes('"image":"ram"')
      ? { ram }
      : { rom };
  const standIns = { ...standIn, ...images };
  // A law's machine runs for a short time: its translator does not wait for long.
  const hasty = plugins.map((plugin) => ('instructionSet' in plugin ? eager(plugin, 2) : plugin));
  describe.each(['evaluator', 'interpreter', 'translator'] as const)('in the %s', (engine) => {
    test.each(machineLaws(config, { plugins: hasty, images: standIns }, { runs: 7, engine }))('%s', (_name, law) =>
      law(),
    );
  });
});
