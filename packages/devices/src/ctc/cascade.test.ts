/** CTCs whose channels drive one another, and the clock of a SIO. */
import { createMachine, type MachineConfig } from '@backplane/core';
import { expect, test } from 'vitest';
import { sio } from '../sio/sio.js';
import { pilot } from '../test-bench.js';
import { ctc } from './ctc.js';

/** Registers of the CTC at 0x8000, of the SIO at 0x9000. */
function machineOf(wires: NonNullable<MachineConfig['wires']>) {
  const machine = createMachine(
    {
      clock: 4_000_000,
      cpu: { type: 'pilot', daisyChain: ['ctc', 'sio'] },
      devices: { ctc: { type: 'ctc' }, sio: { type: 'sio' } },
      memory: [
        { at: 0x8000, device: 'ctc' },
        { at: 0x9000, device: 'sio' },
      ],
      wires,
    },
    { plugins: [pilot, ctc, sio] },
  );
  const { registers } = machine.cpu;
  machine.step();
  const access = (kind: number, at: number, data: number): number => {
    Object.assign(registers, { pc: at, kind, data });
    machine.step();
    return registers.data as number;
  };
  return {
    machine,
    read: (at: number) => access(1, at, 0),
    write: (at: number, ...values: readonly number[]) => {
      for (const value of values) access(2, at, value);
    },
  };
}

test('a channel counts the pulses of another', () => {
  const { machine, read, write } = machineOf([['ctc.zc0', 'ctc.trg1']]);
  // Counter, rising edges, 10; timer by 16, 5: a pulse every 80 cycles.
  write(0x8001, 0x57, 10);
  write(0x8000, 0x07, 5);
  const start = machine.cycles - 1 + 5;
  const counts = [1, 2, 9, 10, 11].map((pulses) => {
    machine.run(start + 80 * pulses + 1 - machine.cycles);
    return read(0x8001);
  });
  expect(counts).toEqual([9, 8, 1, 10, 9]);
});

test.each([78, 79, 80, 81, 82])('a running timer %i cycles behind its trigger loses no zero to it', (behind) => {
  const { machine, read, write } = machineOf([
    ['ctc.zc0', 'ctc.trg1'],
    ['ctc.zc1', 'ctc.trg2'],
  ]);
  write(0x8002, 0x57, 200);
  // Timers by 16, 5 and 4: zero every 80 and 64 cycles, with 80 in the same cycle each 320. Rising edges trigger.
  write(0x8000, 0x07, 5);
  const { cycles } = machine;
  write(0x8001, 0x17);
  machine.run(cycles - 1 + behind - machine.cycles);
  write(0x8001, 4);
  machine.run(100 * 64 + 10);
  expect(read(0x8002)).toBe(100);
});

test('a channel is the clock of a SIO: 4 MHz / 16 / 2 / 16 is 7812.5 bits a second', () => {
  const { machine, write } = machineOf([
    ['ctc.zc0', 'sio.txca'],
    ['sio.seriala', 'host.line'],
  ]);
  const sent: number[] = [];
  machine.on('output', ({ bytes }) => sent.push(...[...bytes].map(() => machine.cycles)));
  write(0x9002, 4, 0x44, 5, 0x68);
  write(0x8000, 0x07, 2);
  write(0x9000, 0x55);
  const { cycles } = machine;
  for (let slice = 0; slice < 6000; slice += 1) machine.run(1);
  // Start and eight data bits of 512 cycles, from one edge of the clock to the next.
  expect(sent).toHaveLength(1);
  expect(Math.abs((sent[0] ?? 0) - cycles - 9 * 512)).toBeLessThanOrEqual(32);
});
