import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MachineConfig } from '../machine/config.js';
import { createMachine } from '../machine/machine.js';
import { toy } from '../testing/toy.js';
import { History } from './history.js';
import { parseRecording, type Recording, stateOf } from './recording.js';
import { Replay } from './replay.js';
import { act, deed, ENGINES, ears, machines, one, two } from './test-deeds.js';

const filed = (recording: Recording): Recording => parseRecording(JSON.parse(JSON.stringify(recording)));

describe.each(machines)('of %s', (_name, make) => {
  test.each(ENGINES)('whatever the host does, recorded in the %s, comes to the same bits in every engine', (engine) => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 30 }), fc.nat(5), (deeds, before) => {
        const machine = make(engine);
        // A recording may begin at any time.
        for (const one of deeds.slice(0, before)) act(machine, one);
        const history = new History(machine);
        for (const one of deeds.slice(before)) act(machine, one);
        const recording = filed(history.recording());
        for (const other of ENGINES) {
          const replay = new Replay(make(other), recording);
          replay.runToEnd();
          expect(stateOf(replay.machine)).toEqual(stateOf(machine));
          expect(replay.isAsRecorded).toBe(true);
        }
      }),
      { numRuns: 12 },
    );
  });
});

describe('a recording', () => {
  const make = () => ears(one, 'evaluator');
  const recorded = (): Recording => {
    const machine = make();
    const history = new History(machine);
    machine.channel('left').write('A\n');
    machine.run(1000);
    machine.memory.load(0x300, Uint8Array.of(1, 2));
    machine.memory.poke(0x302, 3);
    machine.run(10);
    return filed(history.recording({ made: 'by a test' }));
  };

  test('names what was done, and when', () => {
    const { actions, source: own, start, end, manifest } = recorded();
    const at = actions[1]?.at;
    expect(actions).toEqual([
      { at: 0, do: 'write', channel: 'left', bytes: 'A\r\n' },
      { at, do: 'poke', cpu: 'main', space: 'memory', address: 0x300, bytes: '\x01\x02\x03' },
    ]);
    expect(at).toBeGreaterThanOrEqual(1000);
    expect([start.at, end.at, end.cycles]).toEqual([0, end.cycles, end.at]);
    expect(own).toEqual({ made: 'by a test' });
    expect(Object.keys(manifest)).toEqual(['config', 'cpu/main', 'device/ear', 'memory/main.memory[0]']);
  });

  test('is played by its own machine only', () => {
    const recording = recorded();
    const fault = (kind: Partial<MachineConfig>): string => {
      try {
        new Replay(ears({ ...one, ...kind }, 'evaluator'), recording);
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(fault({ name: 'another name' })).toBe('');
    expect(fault({ ramFill: 'random:1' })).toBe(
      'the machine is not the one that was recorded: config is another one; give it the same config, images and versions',
    );
    expect(fault({ ...two, cpu: undefined, memory: undefined } as never)).toContain('cpu/other was not there');
    const image = createMachine(
      { clock: 1_000_000, cpu: { type: 'toy' }, memory: [{ at: 0, ram: '4K', image: 'program' }] },
      { plugins: [toy], images: { program: Uint8Array.of(1) } },
    );
    expect(() => new Replay(image, recording)).toThrow('memory/main.memory[0] is another one');
    const late = make();
    late.run(1);
    expect(() => new Replay(late, recording)).toThrow('the machine does not begin as the recorded one did');
  });

  test.each<[string, (recording: Recording) => unknown, string]>([
    ['nothing', () => undefined, 'recording/format'],
    ['something else', () => ({ format: 'backplane-snapshot', version: 1 }), 'recording/format'],
    ['a newer format', (recording) => ({ ...recording, version: 2 }), 'recording/version'],
    ['a changed one', (recording) => ({ ...recording, end: { ...recording.end, at: 7 } }), 'recording/damaged'],
    ['one cut short', (recording) => ({ ...recording, actions: [] }), 'recording/damaged'],
  ])('%s is refused', (_name, change, code) => {
    expect(() => parseRecording(change(recorded()))).toThrow(expect.objectContaining({ code }));
  });
});
