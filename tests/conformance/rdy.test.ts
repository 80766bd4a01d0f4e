/**
 * RDY: a cycle that is held up is repeated, and nothing else. The NMOS 6502 does not stop during a write; the CMOS
 * parts do (W65C816S data sheet, WDC 2000, p. 56, "RDY Pulled During Write", where it compares its predecessors).
 */
import { createMachine, defineDevice, type Machine } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Registers, setRegisters, type TraceCycle } from './harness.js';

/** Whether RDY is low, by cycle; high after the end. */
let pattern: readonly boolean[] = [];

const waitStates = defineDevice({
  type: 'wait-states',
  version: 1,
  lines: ['rdy'],
  create({ lines, clock, event }) {
    const tick = event('tick', () => {
      const cycle = clock.now();
      if (pattern[cycle]) lines.rdy.assert();
      else lines.rdy.release();
      if (cycle < pattern.length) tick.after(1);
    });
    return { reset: () => tick.after(0) };
  },
});

interface Cycle {
  readonly at: number;
  readonly bus: TraceCycle;
  readonly stalled: boolean;
}

const INSTRUCTIONS = 12;

class Bench {
  readonly #machine: Machine;
  readonly #fresh;

  constructor(variant: string) {
    this.#machine = createMachine(
      {
        clock: '1 MHz',
        cpu: { type: '6502', variant },
        devices: { slow: { type: 'wait-states' } },
        memory: [{ at: 0, ram: '64K' }],
        ramFill: 'random:6502',
        wires: [['slow.rdy', 'cpu.rdy']],
      },
      { plugins: [cpu6502, waitStates] },
    );
    this.#fresh = this.#machine.checkpoint();
  }

  /** The bus during some random instructions, and the registers after them. */
  run(registers: Registers, rdyLow: readonly boolean[]): { cycles: Cycle[]; registers: Registers } {
    const machine = this.#machine;
    pattern = rdyLow;
    machine.restore(this.#fresh);
    machine.reset();
    setRegisters(machine, registers);
    const cycles: Cycle[] = [];
    machine.onCycle = ({ cycle, address, value, kind, stalled }) => {
      cycles.push({ at: cycle, bus: [address, value, kind as 'read' | 'write'], stalled });
    };
    for (let count = 0; count < INSTRUCTIONS; count += 1) machine.step();
    return { cycles, registers: { ...machine.cpu.registers } as unknown as Registers };
  }
}

const byte = fc.nat({ max: 0xff });
/** Where in a memory of random bytes to begin, and with which registers. */
const starts: fc.Arbitrary<Registers> = fc.record({
  pc: fc.nat({ max: 0xffff }),
  a: byte,
  x: byte,
  y: byte,
  s: byte,
  p: byte,
});
const patterns = fc.array(fc.boolean(), { minLength: 10, maxLength: 100 });

describe.each([
  { variant: 'nmos', stallsWrites: false },
  { variant: '2a03', stallsWrites: false },
  { variant: 'wdc', stallsWrites: true },
  { variant: 'rockwell', stallsWrites: true },
  { variant: 'synertek', stallsWrites: true },
])('RDY of the $variant', ({ variant, stallsWrites }) => {
  const bench = new Bench(variant);

  it('repeats cycles and does nothing else', () => {
    fc.assert(
      fc.property(starts, patterns, (start, rdyLow) => {
        const without = bench.run(start, []);
        const under = bench.run(start, rdyLow);
        const done = under.cycles.filter(({ stalled }) => !stalled);
        expect(done.map(({ bus }) => bus)).toEqual(without.cycles.map(({ bus }) => bus));
        expect(under.registers).toEqual(without.registers);
      }),
      { numRuns: 300 },
    );
  });

  it(`holds up reads${stallsWrites ? ' and writes' : ', never writes'}, whenever it is low and at no other time`, () => {
    let stalledWrites = 0;
    fc.assert(
      fc.property(starts, patterns, (start, rdyLow) => {
        for (const { at, bus, stalled } of bench.run(start, rdyLow).cycles) {
          const canStall = bus[2] === 'read' || stallsWrites;
          expect(stalled).toBe(canStall && rdyLow[at] === true);
          if (stalled && bus[2] === 'write') stalledWrites += 1;
        }
      }),
      { numRuns: 300 },
    );
    expect(stalledWrites > 0).toBe(stallsWrites);
  });

  it('repeats the address that was on the bus', () => {
    fc.assert(
      fc.property(starts, patterns, (start, rdyLow) => {
        const { cycles } = bench.run(start, rdyLow);
        for (const [index, { bus, stalled }] of cycles.entries()) {
          if (stalled) expect(cycles[index + 1]?.bus[0]).toBe(bus[0]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
