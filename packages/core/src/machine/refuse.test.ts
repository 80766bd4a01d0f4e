import { describe, expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { toyMachine } from '../testing/toy.js';

/** Prints what is written to it, and does not print 9. */
const printer = defineDevice({
  type: 'printer',
  version: 1,
  size: 1,
  channels: ['paper'],
  create: ({ channels, refuse }) => ({
    write(_offset, value) {
      if (value === 9) refuse('it prints no tabs', 'send blanks');
      else channels.paper.send(value);
    },
  }),
});

describe.each(['evaluator', 'interpreter'] as const)('in the %s, what a device refuses', (engine) => {
  const machine = () =>
    toyMachine(
      'LD #$41\n ST $8000\n LD #9\n ST $8000\n LD #$42\n ST $8000\n STOP',
      {
        devices: { printer: { type: 'printer' } },
        memory: [{ at: 0x8000, device: 'printer' }],
        wires: [['printer.paper', 'host.paper']],
      },
      [printer],
      engine,
    );
  const fault = expect.objectContaining({
    code: 'device/refused',
    path: 'devices.printer',
    message: 'devices.printer: it prints no tabs; send blanks',
  });

  test.each([
    ['run', (m: ReturnType<typeof machine>) => m.run(1000)],
    ['a run to this very instruction', (m: ReturnType<typeof machine>) => m.run(13)],
    ['runUntil', (m: ReturnType<typeof machine>) => m.runUntil({ halted: true })],
    ['runUntil an address', (m: ReturnType<typeof machine>) => m.runUntil(14)],
    [
      'steps',
      (m: ReturnType<typeof machine>) => {
        for (;;) m.step();
      },
    ],
  ])('ends %s after the instruction, once, with the output before it', (_name, run) => {
    const m = machine();
    let output = '';
    m.on('output', ({ bytes }) => {
      output += String.fromCharCode(...bytes);
    });
    expect(() => run(m)).toThrow(fault);
    expect([m.cpu.programCounter, m.cycles, output]).toEqual([10, 13, 'A']);
    expect(m.runUntil({ halted: true }).reason).toBe('stopped');
    expect(output).toBe('AB');
  });
});
