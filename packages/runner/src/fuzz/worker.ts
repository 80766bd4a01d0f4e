/** Runs one batch of a campaign, in a thread of its own. */
import { type EngineCycles, type FuzzReport, fuzz, type Program, type Subject } from '@backplane/core/fuzz';
import { ProcessCore } from './process-core.js';
import { type Campaign, findCpu, subjectOf } from './subject.js';

/** Places in the memory that the threads share: whether to stop, and programs run so far. */
export const STOP = 0;
export const EXECUTIONS = 1;
/** From here on a word a thread, which moves on as long as its core answers. */
export const BEATS = 2;

export interface Batch {
  readonly campaign: Campaign;
  /** From 0; −1 runs the programs given and no others. */
  readonly number: number;
  readonly programs: number;
  readonly given: readonly Program[];
  readonly mostFinds: number;
  readonly shared: Int32Array;
  /** Which of the threads. */
  readonly thread: number;
}

export interface BatchReport extends FuzzReport {
  /** What ran in which engine, if it was one of ours. */
  readonly cycles?: EngineCycles | undefined;
}

/** Tells whenever the core is given something to do. */
const watched = (subject: Subject, beat: () => void): Subject => ({
  ...subject,
  run(tasks) {
    beat();
    return subject.run(tasks);
  },
});

export default async function run({
  campaign,
  number,
  programs,
  given,
  mostFinds,
  shared,
  thread,
}: Batch): Promise<BatchReport> {
  const { type, variant, against, plugins, masks, only, seed } = campaign;
  const { cpu } = await findCpu(type, plugins);
  // Started for each batch: a thread that is ended leaves no process behind.
  const { subject, stop, cycles } = await subjectOf(campaign, cpu);
  const beat = (): void => void Atomics.add(shared, BEATS + thread, 1);
  let told = 0;
  const tell = (executions: number): void => {
    Atomics.add(shared, EXECUTIONS, executions - told);
    told = executions;
  };
  try {
    const report = await fuzz({
      cpu,
      variant,
      against,
      // What a process may do to us, it is itself watched for.
      subject: subject instanceof ProcessCore ? subject : watched(subject, beat),
      seed,
      batch: number,
      programs,
      given,
      masks,
      only,
      mostFinds,
      stop: (executions) => {
        if (executions - told >= 256) tell(executions);
        return Atomics.load(shared, STOP) !== 0;
      },
    });
    tell(report.executions);
    return { ...report, cycles: cycles?.() };
  } finally {
    stop();
  }
}
