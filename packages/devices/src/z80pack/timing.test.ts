import { createMachine } from '@backplane/core';
import { deviceLaws, probe } from '@backplane/core/testing';
import { describe, expect, test } from 'vitest';
import { bench } from '../test-bench.js';
import { z80packControl } from './control.js';
import { z80packDelay } from './delay.js';
import { z80packTimer } from './timer.js';

describe.each([z80packTimer, z80packDelay, z80packControl])('$type', (device) => {
  // At 1 kHz the longest delay is short.
  test.each(deviceLaws(device, { config: { clock: 1000 } }))('%s', (_name, law) => law());
});

describe('the timer', () => {
  /** The probe CPU at 10 kHz, at which 10 ms are 100 cycles. It writes to the timer, then does the rest for ever. */
  const machineWith = (value: number, ...rest: number[]) =>
    createMachine(
      {
        clock: 10_000,
        cpu: { type: 'probe', daisyChain: ['timer'] },
        devices: { timer: { type: 'z80pack-timer' } },
        memory: [
          { at: 0, ram: '32K', image: 'program' },
          { at: 0x8000, device: 'timer' },
        ],
        openBus: 0,
      },
      { plugins: [probe, z80packTimer], images: { program: Uint8Array.of(2, 0x80, 0, value, ...rest, 3, 0, 4) } },
    );
  const asks = (machine: ReturnType<typeof machineWith>): boolean | undefined =>
    machine.nets().find(({ members }) => members.includes('main.irq'))?.asserted;
  const ACKNOWLEDGE = 4;

  test('asks for an interrupt every 10 ms, with FF on the data bus, whether or not there is a RETI', () => {
    const machine = machineWith(1);
    expect(machine.memory.peek(0x8000)).toBe(0);
    machine.run(90);
    expect([asks(machine), machine.memory.peek(0x8000)]).toEqual([false, 1]);
    machine.run(20);
    expect(asks(machine)).toBe(true);

    const acknowledging = machineWith(1, ACKNOWLEDGE);
    let interrupts = 0;
    acknowledging.onCycle = ({ kind, value }) => {
      if (kind === 'acknowledge' && value === 0xff) interrupts += 1;
    };
    acknowledging.run(1020);
    expect(interrupts).toBe(10);
  });

  test.each([0, 2, 0xff])('does not run when it is written %i', (value) => {
    const machine = machineWith(value);
    machine.run(500);
    expect([asks(machine), machine.memory.peek(0x8000)]).toEqual([false, 0]);
  });

  test('stops at a reset, and asks no more', () => {
    const machine = machineWith(1);
    machine.run(150);
    machine.memory.load(0, Uint8Array.of(3, 0, 0));
    machine.reset();
    machine.run(500);
    expect([asks(machine), machine.memory.peek(0x8000)]).toEqual([false, 0]);
  });
});

describe('the delay', () => {
  test.each([0, 1, 3, 255])('holds up the CPU for %i × 10 ms', (count) => {
    const { read, write, machine } = bench(z80packDelay, {}, 1000);
    write(0, count);
    expect(machine.cycles).toBe(1);
    expect(read(0)).toBe(0);
    expect(machine.cycles).toBe(2 + count * 10);
  });
});

describe('the hardware control', () => {
  test('does nothing while it is locked', () => {
    const { read, write, edges, machine } = bench(z80packControl);
    for (const value of [0x80, 0x40, 0xff]) write(0, value);
    expect([read(0), edges, machine.exitStatus]).toEqual([0xff, [], undefined]);
  });

  test('ends the run by bit 7', () => {
    const { read, write, machine } = bench(z80packControl);
    write(0, 0xaa);
    expect(read(0)).toBe(0);
    write(0, 0xaa & 0x7f);
    expect(machine.exitStatus).toBeUndefined();
    write(0, 0x80);
    expect(machine.exitStatus).toBe(0);
    expect(machine.run(1).reason).toBe('exit');
  });

  test('pulls the reset line for a while by bit 6, and is locked again', () => {
    const { read, write, idle, edges, machine } = bench(z80packControl);
    write(0, 0xaa);
    write(0, 0x40);
    expect(read(0)).toBe(0xff);
    idle(100);
    expect(edges).toEqual([
      { line: 'reset', low: true, cycle: 1 },
      { line: 'reset', low: false, cycle: 33 },
    ]);
    expect(machine.exitStatus).toBeUndefined();
  });
});
