/**
 * Cycles of every documented instruction, as the data sheets count them, against cycles seen on the bus. No table of
 * the description says how long anything takes, so these tables are nobody's input.
 */
import { describe, expect, it } from 'vitest';
import { flatMachine, recordTrace, setRegisters } from './harness.js';

/*
 * Opcodes by row of 16; `.` is not documented.
 *   4*  one more if indexing leaves the page
 *   2b  a branch: one more if taken, two if it leaves the page
 */

/** "MCS6500 Microcomputer Family Programming Manual" (MOS Technology, 1976), appendix B. */
const NMOS = `
  7  6  .  .  .  3  5  .  3  2  2  .  .  4  6  .
  2b 5* .  .  .  4  6  .  2  4* .  .  .  4* 7  .
  6  6  .  .  3  3  5  .  4  2  2  .  4  4  6  .
  2b 5* .  .  .  4  6  .  2  4* .  .  .  4* 7  .
  6  6  .  .  .  3  5  .  3  2  2  .  3  4  6  .
  2b 5* .  .  .  4  6  .  2  4* .  .  .  4* 7  .
  6  6  .  .  .  3  5  .  4  2  2  .  5  4  6  .
  2b 5* .  .  .  4  6  .  2  4* .  .  .  4* 7  .
  .  6  .  .  3  3  3  .  2  .  2  .  4  4  4  .
  2b 6  .  .  4  4  4  .  2  5  2  .  .  5  .  .
  2  6  2  .  3  3  3  .  2  2  2  .  4  4  4  .
  2b 5* .  .  4  4  4  .  2  4* 2  .  4* 4* 4* .
  2  6  .  .  3  3  5  .  2  2  2  .  4  4  6  .
  2b 5* .  .  .  4  6  .  2  4* .  .  .  4* 7  .
  2  6  .  .  3  3  5  .  2  2  2  .  4  4  6  .
  2b 5* .  .  .  4  6  .  2  4* .  .  .  4* 7  .`;

/** W65C02S data sheet (WDC, 2018), opcode matrix. */
const WDC = `
  7  6  .  .  5  3  5  5  3  2  2  .  6  4  6  5b
  2b 5* 5  .  5  4  6  5  2  4* 2  .  6  4* 6* 5b
  6  6  .  .  3  3  5  5  4  2  2  .  4  4  6  5b
  2b 5* 5  .  4  4  6  5  2  4* 2  .  4* 4* 6* 5b
  6  6  .  .  .  3  5  5  3  2  2  .  3  4  6  5b
  2b 5* 5  .  .  4  6  5  2  4* 3  .  .  4* 6* 5b
  6  6  .  .  3  3  5  5  4  2  2  .  6  4  6  5b
  2b 5* 5  .  4  4  6  5  2  4* 4  .  6  4* 6* 5b
  2b 6  .  .  3  3  3  5  2  2  2  .  4  4  4  5b
  2b 6  5  .  4  4  4  5  2  5  2  .  4  5  5  5b
  2  6  2  .  3  3  3  5  2  2  2  .  4  4  4  5b
  2b 5* 5  .  4  4  4  5  2  4* 2  .  4* 4* 4* 5b
  2  6  .  .  3  3  5  5  2  2  2  3  4  4  6  5b
  2b 5* 5  .  .  4  6  5  2  4* 3  3  .  4* 7  5b
  2  6  .  .  3  3  5  5  2  2  2  .  4  4  6  5b
  2b 5* 5  .  .  4  6  5  2  4* 4  .  .  4* 7  5b`;

interface Entry {
  readonly opcode: number;
  readonly cycles: number;
  readonly mark: string;
}

const entriesOf = (table: string): Entry[] =>
  table
    .trim()
    .split(/\s+/)
    .flatMap((entry, opcode) => {
      const [, cycles, mark = ''] = /^(\d)([*b]?)$/.exec(entry) ?? [];
      return cycles ? [{ opcode, cycles: Number(cycles), mark }] : [];
    });

const hex = (opcode: number): string => opcode.toString(16).padStart(2, '0');

describe.each([
  { sheet: 'MCS6500 programming manual', variant: 'nmos', table: NMOS, documented: 151 },
  { sheet: 'MCS6500 programming manual', variant: '2a03', table: NMOS, documented: 151 },
  { sheet: 'W65C02S data sheet', variant: 'wdc', table: WDC, documented: 212 },
])('cycles of the $variant as in the $sheet', ({ variant, table, documented }) => {
  const machine = flatMachine(variant);
  const fresh = machine.checkpoint();
  const trace = recordTrace(machine);
  const entries = entriesOf(table);

  /** Cycles of one instruction. Page zero holds pointers to 0x40F0, and `memory` at 0x10. */
  function cyclesOf(opcode: number, { bytes = [0x10, 0x40], index = 1, p = 0x20, memory = 0xf0 }): number {
    machine.restore(fresh);
    for (let address = 0; address < 0x100; address += 2) machine.memory.load(address, Uint8Array.of(0xf0, 0x40));
    machine.memory.poke(0x10, memory);
    machine.memory.load(0x0200, Uint8Array.of(opcode, ...bytes));
    setRegisters(machine, { pc: 0x0200, a: 0, x: index, y: index, s: 0xff, p });
    trace.length = 0;
    machine.step();
    return trace.length;
  }

  it(`is a table of ${documented} instructions`, () => expect(entries).toHaveLength(documented));

  it('counts what the sheet counts', () => {
    const seen = entries
      .filter(({ mark }) => mark !== 'b')
      .map(({ opcode }) => `${hex(opcode)}: ${cyclesOf(opcode, {})}`);
    const wanted = entries.filter(({ mark }) => mark !== 'b').map(({ opcode, cycles }) => `${hex(opcode)}: ${cycles}`);
    expect(seen).toEqual(wanted);
  });

  it('takes one more where indexing leaves the page, and only where the sheet says so', () => {
    const straight = entries.filter(({ mark }) => mark !== 'b');
    const seen = straight.map(
      ({ opcode }) => `${hex(opcode)}: ${cyclesOf(opcode, { bytes: [0xf0, 0x40], index: 0xff })}`,
    );
    const wanted = straight.map(({ opcode, cycles, mark }) => `${hex(opcode)}: ${cycles + (mark === '*' ? 1 : 0)}`);
    expect(seen).toEqual(wanted);
  });

  it('takes one more for a branch taken, two if it leaves the page', () => {
    // N, V, Z, C and the bits of the operand that BBR and BBS look at: all set, or all clear.
    const conditions = [
      { p: 0xe3, memory: 0xff },
      { p: 0x20, memory: 0 },
    ];
    for (const { opcode, cycles } of entries.filter(({ mark }) => mark === 'b')) {
      const looksAtBit = (opcode & 0xf) === 0xf;
      const branch = (displacement: number) => (looksAtBit ? [0x10, displacement] : [displacement, 0]);
      const seen = conditions.map((condition) =>
        [0x10, 0x80].map((displacement) => cyclesOf(opcode, { ...condition, bytes: branch(displacement) })),
      );
      const notTaken = [cycles, cycles];
      const taken = [cycles + 1, cycles + 2];
      const isBra = opcode === 0x80;
      expect(seen, hex(opcode)).toContainEqual(taken);
      expect(seen, hex(opcode)).toContainEqual(isBra ? taken : notTaken);
    }
  });
});
