import { createMachine, defineDevice, type Machine } from '@backplane/core';
import { describe, expect, it } from 'vitest';
import { cpu6502 } from './index.js';

/** [cycle, line, level]: 1 asserts the line, 0 lets it go. */
type Change = readonly [cycle: number, line: 'irq' | 'nmi', level: 0 | 1];
let changes: readonly Change[] = [];

const signals = defineDevice({
  type: 'signals',
  version: 1,
  lines: ['irq', 'nmi'],
  create({ lines, clock, event }) {
    const next = event('next', () => {
      for (const [at, line, level] of changes) {
        if (at === clock.now()) lines[line][level ? 'assert' : 'release']();
      }
      if (changes.some(([at]) => at > clock.now())) next.after(1);
    });
    return { reset: () => next.after(0) };
  },
});

const NOP = 0xea;
const [NMI_HANDLER, IRQ_HANDLER] = [0x9000, 0xa000];

/** A machine that runs `program` at 0x0200 from cycle 7 on, RESET having taken the first seven, with I clear. */
function machineWith(variant: string, program: readonly number[], schedule: readonly Change[] = []): Machine {
  changes = schedule;
  const machine = createMachine(
    {
      clock: '1 MHz',
      cpu: { type: '6502', variant },
      devices: { signals: { type: 'signals' } },
      memory: [{ at: 0, ram: '64K' }],
      wires: [
        ['signals.irq', 'cpu.irq'],
        ['signals.nmi', 'cpu.nmi'],
      ],
    },
    { plugins: [cpu6502, signals] },
  );
  machine.memory.load(0, new Uint8Array(0x10000).fill(NOP));
  machine.memory.load(0xfffa, Uint8Array.of(0x00, NMI_HANDLER >> 8, 0x00, 0x02, 0x00, IRQ_HANDLER >> 8));
  machine.memory.load(0x0200, Uint8Array.from(program));
  machine.step();
  machine.cpu.registers.p = 0x20;
  return machine;
}

/** Where the CPU stands after each of some instructions, in hexadecimal. */
const path = (machine: Machine, instructions: number): string[] =>
  Array.from({ length: instructions }, () => {
    machine.step();
    return (machine.cpu.registers.pc as number).toString(16).padStart(4, '0');
  });

const status = (machine: Machine): number => machine.cpu.registers.p as number;
const pushedStatus = (machine: Machine): number =>
  machine.memory.peek(0x100 | ((machine.cpu.registers.s as number) + 1));

describe('an interrupt', () => {
  it.each([
    ['nmos', 0x2c],
    ['2a03', 0x2c],
    ['wdc', 0x24],
    ['rockwell', 0x24],
    ['synertek', 0x24],
  ])('on the %s sets I and leaves or clears D', (variant, after) => {
    const machine = machineWith(variant, [NOP], [[7, 'irq', 1]]);
    machine.cpu.registers.p = 0x28;
    expect(path(machine, 2)).toEqual(['0201', 'a000']);
    expect(status(machine)).toBe(after);
    expect(pushedStatus(machine)).toBe(0x28);
  });

  it('on CMOS does not take over a BRK: that is run, then the interrupt', () => {
    const nmi: Change[] = [[9, 'nmi', 1]];
    expect(path(machineWith('nmos', [0x00], nmi), 2)).toEqual(['9000', '9001']);
    expect(path(machineWith('wdc', [0x00], nmi), 3)).toEqual(['a000', 'a001', '9000']);
  });

  it('on CMOS is not taken after a NOP of one cycle', () => {
    const machine = machineWith('wdc', [0x03, 0x0b, 0x03, NOP], [[7, 'nmi', 1]]);
    expect(path(machine, 5)).toEqual(['0201', '0202', '0203', '0204', '9000']);
    expect(machine.cycles).toBe(7 + 3 + 2 + 7);
  });

  it('during a taken branch waits for the next instruction on NMOS, not on CMOS', () => {
    // BCC over one byte, in cycles 7 to 9; IRQ falls in cycle 8.
    const irq: Change[] = [[8, 'irq', 1]];
    expect(path(machineWith('nmos', [0x90, 0x01], irq), 3)).toEqual(['0203', '0204', 'a000']);
    expect(path(machineWith('wdc', [0x90, 0x01], irq), 2)).toEqual(['0203', 'a000']);
  });
});

describe('WAI', () => {
  const WAI = 0xcb;

  it('waits, a cycle at a time, for as long as nothing happens', () => {
    const machine = machineWith('wdc', [WAI]);
    machine.step();
    expect(machine.cpu.status).toBe('waiting');
    expect(machine.run(1000)).toEqual({ reason: 'cycles', cycles: expect.any(Number) });
    expect(machine.cpu.registers.pc).toBe(0x0201);
  });

  // "Wait at cycle 2 for 2 cycles after NMIB or IRQB active input": W65C816S data sheet (WDC, 2018), p. 43, a note that
  // holds for the W65C02S too.
  it.each(['irq', 'nmi'] as const)('goes on two cycles after %s', (line) => {
    const machine = machineWith('wdc', [WAI], [[20, line, 1]]);
    const addresses: number[] = [];
    machine.onCycle = ({ address }) => addresses.push(address);
    machine.run(40);
    const push = addresses.findIndex((address) => (address & 0xff00) === 0x0100);
    expect(7 + push).toBe(20 + 2 + 2);
  });

  it('goes on with the next instruction after an IRQ that I keeps from being taken', () => {
    const machine = machineWith('wdc', [WAI, NOP], [[20, 'irq', 1]]);
    machine.cpu.registers.p = 0x24;
    machine.run(30);
    expect(machine.cpu.status).toBe('running');
    expect(machine.cpu.registers.pc).toBeGreaterThan(0x0201);
    expect(machine.cpu.registers.pc).toBeLessThan(0x0210);
  });

  it('takes its three cycles and no more if an IRQ is there already', () => {
    const machine = machineWith('wdc', [WAI, NOP], [[0, 'irq', 1]]);
    machine.cpu.registers.p = 0x24;
    expect(path(machine, 2)).toEqual(['0201', '0202']);
    expect(machine.cycles).toBe(7 + 3 + 2);
  });
});

describe.each([
  { name: 'STP', variant: 'wdc', opcode: 0xdb, reason: 'stopped', halted: 'stopped' },
  { name: 'JAM', variant: 'nmos', opcode: 0x02, reason: 'jam', halted: 'jammed' },
])('$name', ({ variant, opcode, reason, halted }) => {
  it('ends a run, and only RESET goes on from it', () => {
    const machine = machineWith(
      variant,
      [opcode],
      [
        [30, 'nmi', 1],
        [30, 'irq', 1],
      ],
    );
    expect(machine.run(100).reason).toBe(reason);
    expect(machine.cpu.status).toBe(halted);
    expect(machine.run(100).reason).toBe(reason);
    expect(machine.cpu.registers.pc).toBe(0x0201);
    machine.memory.poke(0x0200, NOP);
    machine.reset();
    expect(machine.run(9).reason).toBe('cycles');
    expect(machine.cpu.status).toBe('running');
  });
});
