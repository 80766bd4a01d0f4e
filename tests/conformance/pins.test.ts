/** RESET and SO on the bus. */
import { createMachine, defineDevice, type Machine } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import { describe, expect, it } from 'vitest';
import { recordTrace, setRegisters, showTrace } from './harness.js';

const NOP = 0xea;
const CLV = 0xb8;

/** Asserts its line at one cycle and lets it go `length` cycles later, counted from its reset. */
const pulse = { at: 0, length: 1 };
const pulseGenerator = defineDevice({
  type: 'pulse-generator',
  version: 1,
  lines: ['out'],
  create({ lines, event }) {
    const falls = event('falls', () => lines.out.assert());
    const rises = event('rises', () => lines.out.release());
    return {
      reset() {
        falls.after(pulse.at);
        rises.after(pulse.at + pulse.length);
      },
    };
  },
});

function machineWith(pin: string, variant: string, program: readonly number[]): Machine {
  const machine = createMachine(
    {
      clock: '1 MHz',
      cpu: { type: '6502', variant },
      devices: { generator: { type: 'pulse-generator' } },
      memory: [{ at: 0, ram: '64K' }],
      wires: [['generator.out', `cpu.${pin}`]],
    },
    { plugins: [cpu6502, pulseGenerator] },
  );
  machine.memory.load(0, new Uint8Array(0x10000).fill(NOP));
  machine.memory.load(0x0200, Uint8Array.from(program));
  machine.memory.load(0xfffc, Uint8Array.of(0x34, 0x12));
  return machine;
}

describe.each(['nmos', '2a03', 'wdc', 'rockwell', 'synertek'])('RESET of the %s', (variant) => {
  /*
   * Michael Steil, "Internals of BRK/IRQ/NMI/RESET on a MOS 6502" (pagetable.com/?p=410), from the visual6502
   * simulator: RESET is the sequence of BRK, its three pushes turned into reads; with S = 0 at power-on they are at
   * 0x0100, 0x01FF and 0x01FE, and leave S = 0xFD. On the W65C02S too "RWB remains high during Reset" (W65C816S data
   * sheet, WDC 2018, p. 43, note 10).
   */
  it('is seven reads at power-on, and leaves S = 0xFD and I set', () => {
    const machine = machineWith('so', variant, []);
    machine.memory.load(0x01fe, Uint8Array.of(0x11, 0x22));
    const trace = recordTrace(machine);
    machine.step();
    expect(showTrace(trace)).toEqual([
      '0000 r ea',
      '0000 r ea',
      '0100 r ea',
      '01ff r 22',
      '01fe r 11',
      'fffc r 34',
      'fffd r 12',
    ]);
    expect(machine.cpu.registers).toMatchObject({ pc: 0x1234, s: 0xfd });
    expect((machine.cpu.registers.p as number) & 4).toBe(4);
    expect(machine.cycles).toBe(7);
  });

  it('comes between two instructions, and keeps A, X, Y and the flags but I, and on CMOS D', () => {
    const machine = machineWith('so', variant, []);
    setRegisters(machine, { pc: 0x0200, a: 1, x: 2, y: 3, s: 0x80, p: 0xe9 });
    machine.step();
    machine.reset();
    const trace = recordTrace(machine);
    machine.step();
    expect(showTrace(trace)).toEqual([
      '0201 r ea',
      '0201 r ea',
      '0180 r ea',
      '017f r ea',
      '017e r ea',
      'fffc r 34',
      'fffd r 12',
    ]);
    const clearsDecimal = !['nmos', '2a03'].includes(variant);
    expect(machine.cpu.registers).toMatchObject({
      pc: 0x1234,
      a: 1,
      x: 2,
      y: 3,
      s: 0x7d,
      p: clearsDecimal ? 0xe5 : 0xed,
    });
  });

  it('begins in the cycle after the pin has risen', () => {
    Object.assign(pulse, { at: 12, length: 20 });
    const machine = machineWith('reset', variant, []);
    const cycleOf = new Map<number, number>();
    machine.onCycle = ({ cycle, address }) => cycleOf.set(address, cycle);
    machine.run(12 + 20 + 1 + 7);
    expect(machine.cpu.registers.pc).toBe(0x1234);
    // Five cycles of the sequence come before the vector.
    expect(cycleOf.get(0xfffc)).toBe(12 + 20 + 1 + 5);
  });
});

describe.each(['nmos', 'wdc'])('SO of the %s', (variant) => {
  /*
   * "MCS6500 Microcomputer Family Hardware Manual" (MOS Technology, 1976), Set Overflow: a negative transition on the
   * pin sets the overflow flag. It is the edge that counts: a pin that stays low does not keep V set.
   */
  const overflowAfterEach = (machine: Machine, instructions: number): number[] =>
    Array.from({ length: instructions }, () => {
      machine.step();
      return ((machine.cpu.registers.p as number) >> 6) & 1;
    });

  function machineWithPulse(at: number, length: number): Machine {
    Object.assign(pulse, { at, length });
    const machine = machineWith('so', variant, [NOP, NOP, CLV, NOP, NOP]);
    machine.reset();
    setRegisters(machine, { pc: 0x0200, a: 0, x: 0, y: 0, s: 0xff, p: 0x20 });
    return machine;
  }

  it('sets V at its falling edge', () => {
    expect(overflowAfterEach(machineWithPulse(2, 1), 5)).toEqual([0, 1, 0, 0, 0]);
  });

  it('does not set it again while it stays low', () => {
    expect(overflowAfterEach(machineWithPulse(2, 100), 5)).toEqual([0, 1, 0, 0, 0]);
  });

  it('is not on the bus', () => {
    const [quiet, pulsed] = [machineWithPulse(1000, 1), machineWithPulse(2, 1)].map((machine) => {
      const trace = recordTrace(machine);
      machine.run(20);
      return trace;
    });
    expect(pulsed).toEqual(quiet);
  });
});
