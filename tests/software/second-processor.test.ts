import type { EngineChoice, Machine, MachineConfig } from '@backplane/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildMachine, loadMachine } from '../../packages/runner/src/load-machine.js';

const loaded = await loadMachine('second-processor');

interface Observed {
  readonly machine: Machine;
  text: string;
}

function powered(engine: EngineChoice, quantum?: MachineConfig['quantum'], input = ''): Observed {
  const config = quantum === undefined ? loaded.config : { ...loaded.config, quantum };
  const machine = buildMachine({ ...loaded, config, engine });
  const observed = { machine, text: '' };
  machine.on('output', ({ bytes }) => {
    observed.text += String.fromCharCode(...bytes);
  });
  machine.channel('console').write(input);
  return observed;
}

/** The state, but for how far the host wanted to go. */
const stateOf = ({ machine, text }: Observed): string =>
  JSON.stringify([
    text,
    machine.snapshot().components.map(({ id, fields }) => [id, { ...fields, ...(id === 'machine' && { target: 0 }) }]),
  ]);

const quanta = [1, 13, 200, 1000, 'instruction'] as const;

describe.each(['evaluator', 'interpreter'] as const)('the second processor in the %s', (engine) => {
  test.each(quanta)('finds prime factors, with turns of %s', (quantum) => {
    const observed = powered(engine, quantum, '60\n65521\n64507\n1\n0\n\x04');
    expect(observed.machine.run(5_000_000).reason).toBe('exit');
    const [, ...lines] = observed.text.trimEnd().split('\n');
    expect(lines).toEqual(['60 = 2 x 2 x 3 x 5', '65521 = 65521', '64507 = 251 x 257', '1 = 1', '0 = 0']);
  });

  test('finds them of any number', () => {
    const observed = powered(engine);
    observed.machine.run(20_000);
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 2, max: 65535 }), fc.integer({ min: 2, max: 400 })), (number) => {
        observed.text = '';
        observed.machine.channel('console').write(`${number}\n`);
        expect(observed.machine.runUntil({ text: `\n` }, { cycles: 2_000_000 }).reason).toBe('condition');
        const [left, right = ''] = observed.text.trimEnd().split(' = ');
        expect(left).toBe(String(number));
        const factors = right.split(' x ').map(Number);
        expect(factors.reduce((product, factor) => product * factor, 1)).toBe(number);
        expect(factors.filter((factor) => !isPrime(factor))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test.each(quanta)('gives the same bits for every split of a run, with turns of %s', (quantum) => {
    const slice = fc.oneof(fc.nat(30), fc.nat(3000), fc.nat(20_000));
    fc.assert(
      fc.property(fc.array(slice, { minLength: 1, maxLength: 10 }), fc.boolean(), (slices, viaCheckpoint) => {
        const input = '12\n35\n';
        const whole = powered(engine, quantum, input);
        const split = powered(engine, quantum, input);
        whole.machine.run(slices.reduce((sum, cycles) => sum + cycles, 0));
        for (const cycles of slices) {
          split.machine.run(cycles);
          if (viaCheckpoint) split.machine.restore(split.machine.checkpoint());
        }
        expect(stateOf(split)).toBe(stateOf(whole));
      }),
      { numRuns: 10 },
    );
  });

  test('gives, in turns of an instruction, the same bits as stepped by hand', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30_000 }), (cycles) => {
        const run = powered(engine, 'instruction', '6\n');
        const stepped = powered(engine, 'instruction', '6\n');
        run.machine.run(cycles);
        const { main, second } = stepped.machine.cpus as Record<'main' | 'second', Machine['cpu']>;
        // Guest time in cycles of the faster clock; whoever is behind goes on, the first if both are level.
        for (;;) {
          const [mainTime, secondTime] = [main.cycles * 2, second.cycles];
          if (Math.min(mainTime, secondTime) >= cycles * 2) break;
          stepped.machine.step();
          const hasRun = main.cycles * 2 > mainTime ? 'main' : 'second';
          expect(hasRun).toBe(mainTime <= secondTime ? 'main' : 'second');
        }
        expect(stateOf(stepped)).toBe(stateOf(run));
      }),
      { numRuns: 8 },
    );
  });
});

test.each(quanta)('gives the same bits in every engine, with turns of %s', (quantum) => {
  const machines = (['evaluator', 'interpreter', 'auto'] as const).map((engine) =>
    powered(engine, quantum, '30\n77\n'),
  );
  for (const { machine } of machines) machine.run(100_000);
  const [first, ...others] = machines.map(stateOf);
  expect(others).toEqual([first, first]);
});

const isPrime = (number: number): boolean => {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return number > 1;
};
