import { dirname } from 'node:path';
import type { EngineChoice, Machine } from '@backplane/core';
import { type Recording, Replay } from '@backplane/core/history';
import { buildMachine, loadMachine } from '../load-machine.js';
import { atPath, readRecording } from './recording-file.js';
import { machineOf } from './source.js';

/** A recording, and the machine it is of, ready to be replayed. */
export interface LoadedReplay {
  readonly name: string;
  readonly recording: Recording;
  readonly machine: Machine;
  readonly replay: Replay;
}

/**
 * Put the machine of a recording together again.
 *
 * @throws BackplaneError if its config or images are not found any more, or are others
 */
export async function loadReplay(path: string, engine: EngineChoice): Promise<LoadedReplay> {
  const recording = await readRecording(path);
  const { machine: machineName, options } = atPath(path, () => machineOf(recording, dirname(path)));
  const loaded = await loadMachine(machineName, { ...options, engine });
  // Nothing that it writes reaches the host.
  const machine = buildMachine({ ...loaded, disks: [] });
  return { name: loaded.name, recording, machine, replay: atPath(path, () => new Replay(machine, recording)) };
}
