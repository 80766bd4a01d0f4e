import { BackplaneError, type EngineChoice } from '@backplane/core';
import { type Difference, firstDifference } from '@backplane/core/history';
import { type LoadedReplay, loadReplay } from '../recording/load-replay.js';
import { exitStatus } from '../report.js';

export interface VerifyOptions {
  engine: EngineChoice;
  against?: EngineChoice;
  report?: 'json';
}

/** What `--report json` prints. */
interface VerifyReport {
  readonly same: boolean;
  /** Cycles that both were run for. */
  readonly cycles: number;
  readonly difference?: Difference;
  readonly message?: string;
  readonly exitCode: number;
}

/** Values of a difference that are printed: of most others there is no end. */
const shown = 20;

/** `backplane verify`: where two recordings, or two engines, begin to differ. */
export async function verify(first: string, second: string | undefined, options: VerifyOptions): Promise<number> {
  const { engine, against } = options;
  if (second === undefined && against === undefined) {
    throw new BackplaneError('runner/verify', `there is nothing to compare ${first} with`, {
      mend: 'give a second recording, or another engine with --against',
    });
  }
  const one = await loadReplay(first, engine);
  const other = await loadReplay(second ?? first, against ?? engine);
  const report = compared(one, other);
  if (options.report === 'json') process.stdout.write(`${JSON.stringify(report)}\n`);
  else process.stdout.write(`${describe(report)}\n`);
  return report.exitCode;
}

function compared(one: LoadedReplay, other: LoadedReplay): VerifyReport {
  const end = Math.min(one.recording.end.at, other.recording.end.at);
  const difference = firstDifference(one.replay, other.replay, end);
  const { cycles } = one.machine;
  if (difference) return { same: false, cycles: difference.cycles, difference, exitCode: exitStatus.failed };
  const message = endsOf(one, other);
  if (message !== undefined) return { same: false, cycles, message, exitCode: exitStatus.failed };
  return { same: true, cycles, exitCode: exitStatus.expected };
}

/** What is wrong at the end of two runs that were the same till then. */
function endsOf(one: LoadedReplay, other: LoadedReplay): string | undefined {
  const [first, second] = [one.recording.end.at, other.recording.end.at];
  if (first !== second) return `the ${first < second ? 'first' : 'second'} ends there, the other goes on`;
  one.replay.runToEnd();
  // A recording of another version of Backplane, perhaps.
  return one.replay.isAsRecorded ? undefined : 'both are the same, but not what was recorded';
}

function describe({ same, cycles, difference, message }: VerifyReport): string {
  if (same) return `same: ${cycles} cycles`;
  if (!difference) return `different: the same for ${cycles} cycles; ${message}`;
  const { programCounter, fields } = difference;
  const value = (told: number | string | undefined) => {
    const text = told === undefined ? 'not there' : String(told);
    return text.length > 60 ? `${text.slice(0, 57)}...` : text;
  };
  return [
    `different: from cycle ${cycles} on, after the instruction at $${programCounter.toString(16).padStart(4, '0')}`,
    ...fields
      .slice(0, shown)
      .map(({ component, field, first, second }) => `  ${component} ${field}: ${value(first)}, ${value(second)}`),
    ...(fields.length > shown ? [`  and ${fields.length - shown} more`] : []),
  ].join('\n');
}
