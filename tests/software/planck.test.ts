import { readFileSync } from 'node:fs';
import { createMachine, type MachineConfig } from '@backplane/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadMachine } from '../../packages/runner/src/load-machine.js';
import { describeWithReferences, softwarePath } from '../references.js';
import { converse, cuts, machineWithRom } from './conversation.js';

const rom = '6502-sbc/fos-planck.bin';
const typed = '2 3 + .\r: sq dup * ; 12 sq .\r: t 5 0 do i . loop ; t\r';

const expected = (name: string) => readFileSync(softwarePath(`expected/${name}.txt`), 'latin1');

describeWithReferences(
  'Planck FOS',
  () => {
    test('boots and holds the recorded conversation', async () => {
      const machine = await machineWithRom('planck', softwarePath(rom));
      expect(converse(machine(), [typed]).text).toBe(expected('fos-planck'));
    });

    test('takes line feeds, as a pipe has them, as well', async () => {
      const machine = await machineWithRom('planck', softwarePath(rom));
      expect(converse(machine(), [typed.replaceAll('\r', '\n')]).text).toBe(expected('fos-planck'));
    });

    // `uptime`, before and after the picture, prints 0 with a VIA that counts, too: in this build the call of
    // `timer_init` is commented out (planck-6502, Software/fos/platform/planck/main.s at a86986a1), so timer 1 is never
    // started and `time` stays what the RAM held at power-on.
    test('tmandel draws the Mandelbrot set', { timeout: 300_000 }, async () => {
      const machine = await machineWithRom('planck', softwarePath(rom));
      expect(converse(machine(), ['tmandel\r2 3 + .\r']).text).toBe(expected('fos-planck-tmandel'));
    });

    test('law: takes the same guest cycles however its input is cut, and whenever it comes', {
      timeout: 300_000,
    }, async () => {
      const machine = await machineWithRom('planck', softwarePath(rom));
      const [line = ''] = typed.split(/(?<=\r)/);
      const whole = converse(machine(), [line]);
      fc.assert(
        fc.property(cuts(line), ({ pieces, slice }) => {
          expect(converse(machine(), pieces, slice)).toEqual(whole);
        }),
        { numRuns: 6 },
      );
    });

    test('outruns a 6551 that has a transmitter data register of its own, one character in 21', async () => {
      const { config, plugins, images } = await loadMachine('planck', { image: [`rom=${softwarePath(rom)}`] });
      const { devices } = config as Required<MachineConfig>;
      const machine = createMachine(
        { ...config, devices: { ...devices, acia: { ...devices.acia, type: 'acia-6551', variant: '6551' } } },
        { plugins, images },
      );
      expect(converse(machine, []).text).toMatch(/^Welcome to Planck 652Type 'words' for aailable words\n/);
    });
  },
  `software/${rom}`,
  'software/expected/fos-planck.txt',
);
