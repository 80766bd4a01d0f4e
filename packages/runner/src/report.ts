/** Why a run ended. */
export type RunReason = 'trap' | 'exit' | 'text' | 'fail-text' | 'cycles' | 'timeout' | 'jam' | 'error';

/** What `--report json` prints: one object on the last line of stdout. */
export interface RunReport {
  /** The ready-made name, or the file. */
  readonly machine: string;
  /** The engine that ran it; null if no machine came to be. */
  readonly engine: string | null;
  readonly reason: RunReason;
  /** Address of the next instruction of the main CPU; null if no machine came to be. */
  readonly pc: number | null;
  /** Cycles of the main CPU since power-on. */
  readonly cycles: number;
  /** The registers of the main CPU as its description shows them. */
  readonly registers: Readonly<Record<string, number>>;
  /** The exit status of the command. */
  readonly exitCode: number;
  /** Host time from the first instruction to the last. */
  readonly wallSeconds: number;
  /** What went wrong, where the reason is `error`. */
  readonly message?: string;
}

/** Exit statuses that are not the guest's. */
export const exitStatus = { expected: 0, failed: 1, outOfBudget: 124, ownError: 125 } as const;

/**
 * The exit status that a run's end stands for.
 *
 * @param missed whether a text was expected and never came
 * @param guestStatus the status the guest gave when it ended itself
 */
export function exitCodeFor(
  reason: RunReason,
  { missed, guestStatus }: { missed: boolean; guestStatus: number },
): number {
  switch (reason) {
    case 'text':
      return exitStatus.expected;
    case 'trap':
      return missed ? exitStatus.failed : exitStatus.expected;
    case 'exit':
      // A guest that failed by its own account is believed before the expectation is.
      return guestStatus !== 0 ? guestStatus : missed ? exitStatus.failed : exitStatus.expected;
    case 'fail-text':
    case 'jam':
      return exitStatus.failed;
    case 'cycles':
    case 'timeout':
      return exitStatus.outOfBudget;
    case 'error':
      return exitStatus.ownError;
  }
}

/** The report of a run that never began. */
export const failedReport = (machine: string, message: string): RunReport => ({
  machine,
  engine: null,
  reason: 'error',
  pc: null,
  cycles: 0,
  registers: {},
  exitCode: exitStatus.ownError,
  wallSeconds: 0,
  message,
});
