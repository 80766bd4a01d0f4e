/** Fuse's tests of the Z80: registers, memory, and the moment of each access and of each T-state that could wait. */
import type { BusCycle } from '@backplane/core';
import { z80 } from '@backplane/cpu-z80';
import { describe, expect, it } from 'vitest';
import { describeWithReferences } from '../references.js';
import { readReference } from './harness.js';
import { enginesOf, z80Machine } from './harness-z80.js';
import { agrees, excepts } from './record.js';

interface Case {
  readonly name: string;
  /** Registers, in the order of {@link PAIRS}. */
  readonly pairs: readonly number[];
  /** In the order of {@link SINGLES}. */
  readonly singles: readonly number[];
  readonly tStates: number;
  readonly memory: readonly { readonly at: number; readonly bytes: readonly number[] }[];
  /** `time type address data`, the latter two in hexadecimal. */
  readonly events: readonly string[];
}

const PAIRS = ['af', 'bc', 'de', 'hl', 'af_', 'bc_', 'de_', 'hl_', 'ix', 'iy', 'sp', 'pc', 'wz'] as const;
const SINGLES = ['i', 'r', 'iff1', 'iff2', 'im', 'halted'] as const;

/** The files are blocks with an empty line after each. */
function read(file: string): Map<string, Case> {
  const text = new TextDecoder().decode(readReference(`roms/z80/fuse/${file}`));
  const blocks = text.split(/\n\s*\n/).filter((block) => block.trim() !== '');
  const hex = (line: string): number[] =>
    line
      .trim()
      .split(/\s+/)
      .map((word) => Number.parseInt(word, 16));
  const cases = blocks.map((block): Case => {
    const [name = '', ...rest] = block.trim().split('\n');
    const events = rest.filter((line) => /^\s*\d+ [MP][CRW] /.test(line)).map((line) => line.trim());
    const [pairs = '', singles = '', ...cells] = rest.slice(events.length).filter((line) => line.trim() !== '-1');
    return {
      name: name.trim(),
      pairs: hex(pairs),
      singles: hex(singles).slice(0, -1),
      tStates: Number(singles.trim().split(/\s+/).at(-1)),
      memory: cells.map((line) => {
        const [at = 0, ...bytes] = hex(line.replace(/-1\s*$/, ''));
        return { at, bytes };
      }),
      events,
    };
  });
  return new Map(cases.map((each) => [each.name, each]));
}

/**
 * Bus cycles as Fuse tells them: of an access when it may wait and when it ends, of a T-state without one when it may
 * wait. Ports are those of a Spectrum, whose ULA answers even addresses and holds up 0x4000 to 0x7fff.
 */
function eventsOf(cycles: readonly BusCycle[], begin: number, finish: number): string[] {
  let refreshed = -1;
  return cycles.flatMap(({ kind, space, address, value, cycle }, index): string[] => {
    const start = cycle - begin;
    const length = (cycles[index + 1]?.cycle ?? finish) - cycle;
    const waits = (time: number, place = address): string => `${time} ${space === 'io' ? 'PC' : 'MC'} ${hex(place, 4)}`;
    const access = (time: number): string =>
      `${time} ${space === 'io' ? 'P' : 'M'}${kind === 'read' ? 'R' : 'W'} ${hex(address, 4)} ${hex(value, 2)}`;
    if (kind === 'return') return [];
    if (space === 'io') {
      const isSlow = (address & 0xc000) === 0x4000;
      const later = (address & 1) === 0 ? [1] : isSlow ? [1, 2, 3] : [];
      return [...(isSlow ? [waits(start)] : []), access(start + 1), ...later.map((time) => waits(start + time))];
    }
    if (kind === 'idle' && length === 2) {
      refreshed = address;
      return [];
    }
    // Fuse counts up R before it shows IR; on the chip, as in the vectors, the address of the refresh is still there.
    if (kind === 'idle')
      return [waits(start, address === refreshed ? (address & 0xff80) | ((address + 1) & 0x7f) : address)];
    return [waits(start), access(start + (length === 2 ? 4 : 3))];
  });
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/**
 * Where Fuse is known not to be like the chip (its flags and WZ of a block instruction that goes on; the README of the
 * reference data).
 */
const FLAGS_OF_REPEATS = ['edb2_1', 'edb3_1', 'edb9_2', 'edba_1', 'edbb_1'];

describeWithReferences('roms/z80/fuse', () => {
  const inputs = read('tests.in');
  const outputs = read('tests.expected');
  const machine = z80Machine('nmos', { read: (port) => port >> 8, write: () => {} });
  const fresh = machine.checkpoint();
  const cycles: BusCycle[] = [];
  machine.onCycle = (cycle) => cycles.push(cycle);
  let counted = 0;

  describe.each(enginesOf(z80))('in the %s', (engine) => {
    it.each([...inputs.values()])('$name', (input) => {
      const wanted = outputs.get(input.name) as Case;
      machine.restore(fresh);
      const { registers } = machine.cpu;
      [...PAIRS, ...SINGLES].forEach((name, index) => {
        if (name !== 'pc') registers[name] = [...input.pairs, ...input.singles][index] as number;
      });
      for (const { at, bytes } of input.memory) machine.memory.load(at, Uint8Array.from(bytes));
      registers.pc = input.pairs[PAIRS.indexOf('pc')] as number;
      machine.setEngine(engine);
      cycles.length = 0;
      const begin = machine.cycles;
      machine.run(input.tStates);

      // HALT stays where it is in Fuse.
      const halted = registers.halted as number;
      const pairs = PAIRS.map((name) => (registers[name] as number) - (name === 'pc' ? halted : 0));
      const singles = SINGLES.map((name) => registers[name]);
      const memory = wanted.memory.map(({ at, bytes }) => ({ at, bytes: [...machine.memory.read(at, bytes.length)] }));
      // Fuse does not read the displacement of a jump that is not taken.
      const mayJump = /^(10|20|28|30|38)/.test(input.name);
      const events = eventsOf(cycles, begin, machine.cycles).filter(
        (event) => !mayJump || !event.includes('MR') || wanted.events.includes(event),
      );
      const seen = { pairs, singles, tStates: machine.cycles - begin, memory, events };
      const { name: _name, ...rest } = wanted;
      if (FLAGS_OF_REPEATS.includes(input.name)) {
        for (const side of [seen, rest])
          side.pairs = side.pairs.map((value, index) => (index === 0 ? value & 0xff00 : index === 12 ? 0 : value));
      }
      expect(seen).toEqual(rest);
      const data = 'roms/z80/fuse';
      agrees({ cpu: 'z80', variant: 'nmos', data, unit: 'tests', engine });
      if (FLAGS_OF_REPEATS.includes(input.name)) {
        const why = 'after a block instruction that goes on Fuse does not have those of the chip';
        excepts({ data, what: `F and WZ of ${FLAGS_OF_REPEATS.join(', ')}`, why });
      }
      if (mayJump) {
        const why = 'Fuse does not read the displacement of a jump that is not taken; the chip does';
        excepts({ data, what: 'a read of DJNZ and JR', why });
      }
      counted += wanted.events.filter((event) => event.includes('MC')).length;
    });
  });

  it('is 1,356 tests with 7,844 events of waiting', () => {
    expect(inputs.size).toBe(1356);
    expect(counted).toBe(7844 * enginesOf(z80).length);
  });
});
