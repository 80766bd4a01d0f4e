import { expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { probe, probeProgram } from '../testing/probe.js';
import { createMachine } from './machine.js';

/** Two CPUs, of which the main one does a few things before it jumps to itself, and the other has its own program. */
function pair() {
  const main = new Uint8Array(0x100);
  main.set([0, 0, 0, 3, 0, 3]); // PAUSE three times, JUMP 3
  const other = new Uint8Array(0x100);
  other.set(probeProgram([{ op: 'pause' }]));
  const memory = (image: string) => [{ at: 0, ram: 0x100, image }];
  return createMachine(
    {
      clock: 1_000_000,
      cpus: { main: { type: 'probe', memory: memory('main') }, other: { type: 'probe', memory: memory('other') } },
      quantum: 'instruction',
    },
    { plugins: [probe], images: { main, other } },
  );
}

test('a trap is one of the main CPU: an instruction of another one leaves it as it was, too', () => {
  const machine = pair();
  expect(machine.runUntil({ trap: true }, { cycles: 1000 }).reason).toBe('condition');
  expect(machine.cpu.programCounter).toBe(3);
});

test('an address is one the main CPU has come to, not one it still stands at', () => {
  const machine = pair();
  machine.runUntil(3);
  const { cycles } = machine;
  expect(machine.runUntil(3).reason).toBe('condition');
  expect(machine.cycles).toBeGreaterThan(cycles);
});

test('the text that ended a run can be read after it', () => {
  const speaker = defineDevice({
    type: 'speaker',
    version: 1,
    size: 1,
    channels: ['voice'],
    create: ({ channels }) => ({ write: (_offset, value) => channels.voice.send(value) }),
  });
  const program = probeProgram([...'so it is'].map((c) => ({ op: 'write', address: 0x8000, value: c.charCodeAt(0) })));
  const machine = createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'probe' },
      devices: { speaker: { type: 'speaker' } },
      memory: [
        { at: 0, ram: 0x100, image: 'program' },
        { at: 0x8000, device: 'speaker' },
      ],
      wires: [['speaker.voice', 'host.console']],
    },
    { plugins: [probe, speaker], images: { program } },
  );
  expect(machine.runUntil({ text: /i./ }).reason).toBe('condition');
  expect(machine.channel('console').recentText).toBe('so it');
});
