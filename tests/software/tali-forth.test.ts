import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeWithReferences, softwarePath } from '../references.js';
import { converse, cuts, machineWithRom } from './conversation.js';

const rom = '6502-sbc/taliforth2-py65mon.bin';
const typed = '2 3 + .\n: sq dup * ; 12 sq .\n: t 5 0 do i . loop ; t\nbye\n';

describeWithReferences(
  'Tali Forth 2',
  () => {
    test('boots and holds the recorded conversation', async () => {
      const machine = await machineWithRom('py65mon', softwarePath(rom));
      const expected = readFileSync(softwarePath('expected/taliforth2.txt'), 'latin1');
      expect(converse(machine(), [typed]).text).toBe(expected);
    });

    test('law: takes the same guest cycles however its input is cut, and whenever it comes', {
      timeout: 300_000,
    }, async () => {
      const machine = await machineWithRom('py65mon', softwarePath(rom));
      const whole = converse(machine(), [typed]);
      fc.assert(
        fc.property(cuts(typed), ({ pieces, slice }) => {
          expect(converse(machine(), pieces, slice)).toEqual(whole);
        }),
        { numRuns: 12 },
      );
    });
  },
  `software/${rom}`,
  'software/expected/taliforth2.txt',
);
