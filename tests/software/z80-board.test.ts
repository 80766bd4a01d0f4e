import type { EngineChoice, Machine } from '@backplane/core';
import { describe, expect, test } from 'vitest';
import { buildMachine, loadMachine } from '../../packages/runner/src/load-machine.js';

const loaded = await loadMachine('z80-board');
/** Cycles from one tick of the program to the next. */
const TICK = 256 * 144;

function spoken(machine: Machine, input: string): string {
  let text = '';
  machine.on('output', ({ bytes }) => {
    text += String.fromCharCode(...bytes);
  });
  machine.channel('console').write(input);
  machine.channel('console').end();
  expect(machine.run(20_000_000).reason).toBe('exit');
  expect(machine.exitStatus).toBe(0);
  return text;
}

describe.each(['evaluator', 'interpreter'] as const)('the Z80 board in the %s', (engine) => {
  const board = (choice: EngineChoice = engine) => buildMachine({ ...loaded, engine: choice });

  test('turns lines round, counts ticks and sees its own pins, all by interrupts', () => {
    const machine = board();
    machine.run(100 * TICK);
    const text = spoken(machine, 'hello\nBackplane\n\n\x04');
    const [hello, olleh, backplane, enalpkcab, empty, nothing, prompt, bye] = text.split('\n');
    expect([hello, backplane, empty, prompt, bye]).toEqual(['hello', '> Backplane', '> ', '> ', 'bye']);
    const told = [olleh, enalpkcab, nothing].map((line) => /^(.*) \(at (\d+) ticks, (\d+) blinks\)$/.exec(line ?? ''));
    expect(told.map((match) => match?.[1])).toEqual(['olleh', 'enalpkcaB', '']);
    for (const match of told) {
      // Typing takes a while.
      expect([100, 101, 102]).toContain(Number(match?.[2]));
      expect(match?.[3]).toBe('3');
    }
  });

  test('says what it is, and counts every tick', () => {
    const machine = board();
    const text: string[] = [];
    machine.on('output', ({ bytes }) => void text.push(String.fromCharCode(...bytes)));
    machine.run(1000 * TICK);
    expect(text.join('')).toMatch(/^Z80, CTC, SIO and PIO in interrupt mode 2\. .*\n> $/);
    expect(spoken(machine, 'a\n\x04')).toContain('a (at 1000 ticks, 31 blinks)');
  });

  test('gives the same bits in every engine, and when it is stepped', () => {
    const [one, other, stepped] = [board(), board('auto'), board()];
    for (const machine of [one, other, stepped]) machine.channel('console').write('abc\n');
    one.run(300_000);
    other.run(300_000);
    while (stepped.cycles < 300_000) stepped.step();
    expect(JSON.stringify(other.snapshot())).toBe(JSON.stringify(one.snapshot()));
    const essence = (machine: Machine) => machine.snapshot().components.filter(({ id }) => id !== 'machine');
    expect(essence(stepped)).toEqual(essence(one));
  });
});
