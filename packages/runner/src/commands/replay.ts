import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { BackplaneError, type EngineChoice } from '@backplane/core';
import { ConsoleOutput } from '../console.js';
import { loadReplay } from '../recording/load-replay.js';
import { exitStatus } from '../report.js';

export interface ReplayOptions {
  engine: EngineChoice;
  report?: 'json';
}

/** Cycles between looks at whether the output is read. */
const slice = 1_000_000;

/** `backplane replay`: a recorded run once more, with nothing of the host but its output. */
export async function replay(path: string, { engine, report }: ReplayOptions): Promise<number> {
  const { name, recording, machine, replay: replaying } = await loadReplay(path, engine);
  const { end, start } = recording;
  const output = new ConsoleOutput(process.stdout);
  let lineEnded = true;
  machine.on('output', ({ channel, bytes }) => {
    if (channel !== 'console') return;
    lineEnded = bytes.at(-1) === 10;
    output.write(bytes);
  });
  const started = performance.now();
  const ticks = Math.max(1, Math.ceil((slice * end.at) / Math.max(1, end.cycles)));
  for (let position = start.at + ticks; position < end.at && !output.gone; position += ticks) {
    replaying.runTo(position);
    await output.settled();
    await setImmediate();
  }
  if (!output.gone) replaying.runToEnd();
  await output.flushed();
  output.release();
  if (output.gone) throw new BackplaneError('runner/output', 'nobody reads standard output any more');

  const isSame = replaying.isAsRecorded;
  const exitCode = isSame ? exitStatus.expected : exitStatus.failed;
  if (report === 'json') {
    const { cycles } = machine;
    const wallSeconds = Math.round(performance.now() - started) / 1000;
    const told = { machine: name, engine: machine.engine, same: isSame, cycles, exitCode, wallSeconds };
    process.stdout.write(`${lineEnded ? '' : '\n'}${JSON.stringify(told)}\n`);
  }
  if (!isSame) {
    process.stderr.write(
      `backplane: ${path}: the run did not come to the recorded state; it stands at cycle ${machine.cycles}, ` +
        `the recording ends at ${end.cycles}\n`,
    );
  }
  return exitCode;
}
