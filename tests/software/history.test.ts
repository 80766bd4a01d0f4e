import { History, parseRecording, Replay } from '@backplane/core/history';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { engines } from '../../packages/runner/src/engines.js';
import { buildMachine, loadMachine } from '../../packages/runner/src/load-machine.js';
import { describeWithReferences, softwarePath } from '../references.js';

const drives = () => ({ a: softwarePath('z80-cpm/cpm22-z80pack.dsk') });
const typed = ['DIR\n', 'STAT DUMP.COM\n', 'ERA TRACE.UTL\n'];
/** More than the conversation takes; after it, empty lines are typed. */
const CYCLES = 3_000_000;
const PLACES = 1000;

describeWithReferences(
  'the past of a CP/M session',
  () => {
    test('stepBack is the inverse of step at a thousand random places, input included', {
      timeout: 300_000,
    }, async () => {
      const machine = buildMachine(await loadMachine('cpm22', { drives: drives(), engine: 'interpreter' }));
      const history = new History(machine);
      const channel = machine.channel('console');
      channel.waits = true;
      const rest = [...typed];
      let delivered = 0;
      machine.on('input', () => {
        delivered += 1;
      });
      const state = () => {
        const { bytes, media, cycles } = machine.checkpoint();
        return { bytes: Buffer.from(bytes), media, cycles, queued: channel.queued };
      };
      /** Types when the guest waits for it. */
      const type = () => {
        if (channel.waiting) channel.write(rest.shift() ?? '\n');
      };
      const [seed] = fc.sample(fc.integer(), 1) as [number];
      const places = fc.sample(fc.nat(CYCLES), { numRuns: PLACES, seed }).sort((a, b) => a - b);
      for (const place of places) {
        while (machine.run(Math.max(0, place - machine.cycles)).reason === 'input') type();
        // So that it stands where a step ends.
        machine.step();
        type();
        const before = state();
        machine.step();
        const after = state();
        expect(after.cycles, `seed ${seed}`).toBeGreaterThan(before.cycles);
        expect(history.stepBack()).toBe(true);
        const back = state();
        expect(Buffer.compare(back.bytes, before.bytes), `at ${before.cycles}, seed ${seed}`).toBe(0);
        expect([back.cycles, back.queued, back.media]).toEqual([before.cycles, before.queued, before.media]);
        machine.step();
        expect(Buffer.compare(state().bytes, after.bytes), `after ${before.cycles}, seed ${seed}`).toBe(0);
      }
      expect(rest).toEqual([]);
      expect(delivered).toBeGreaterThanOrEqual(typed.join('').length);
    });

    test.each(engines)(
      'recorded in the %s, it comes to the same bits in the others',
      { timeout: 300_000 },
      async (engine) => {
        const machine = buildMachine(await loadMachine('cpm22', { drives: drives(), engine }));
        const history = new History(machine);
        const channel = machine.channel('console');
        channel.waits = true;
        for (const piece of typed) {
          while (machine.run(400_000).reason !== 'input');
          channel.write(piece);
        }
        machine.run(2_000_000);
        const recording = parseRecording(JSON.parse(JSON.stringify(history.recording())));
        for (const other of engines) {
          const replay = new Replay(
            buildMachine(await loadMachine('cpm22', { drives: drives(), engine: other })),
            recording,
          );
          replay.runToEnd();
          expect(replay.isAsRecorded, other).toBe(true);
        }
      },
    );

    test('knows which instruction wrote a byte last, and when', async () => {
      const machine = buildMachine(await loadMachine('cpm22', { drives: drives(), engine: 'interpreter' }));
      const history = new History(machine);
      machine.channel('console').write('DIR\n');
      machine.run(3_000_000);
      // The command that was typed lies in the CCP's buffer, whose length is before it.
      const written = history.lastWrite(0x0080);
      expect(written).toMatchObject({ cpu: 'main', value: machine.memory.peek(0x0080) });
      history.goTo(written?.position as number);
      const { cycles } = machine;
      machine.step();
      expect(machine.memory.peek(0x0080)).toBe(written?.value);
      expect(history.lastWrite(0x0080)).toMatchObject({ position: written?.position });
      expect(history.runBack((past) => past.cycles < cycles / 2)).toBe(true);
      expect(machine.cycles).toBeLessThan(cycles / 2);
    });
  },
  'software/z80-cpm',
);
