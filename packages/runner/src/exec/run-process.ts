import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { BackplaneError } from '@backplane/core';
import { faultMessage } from '../fault-message.js';
import { exitStatus } from '../report.js';
import { Interruption } from '../session.js';
import { Budget, OutOfBudget } from './budget.js';
import { openDirectories } from './capabilities.js';
import type { Platform, Process, Program } from './platform.js';
import { StandardInput, StandardOutput } from './standard-streams.js';

/** What a process is given of the host, and how much. */
export interface ProcessOptions {
  /** `NAME=PATH`, `NAME=PATH:ro` or `NAME=PATH:overlay`. */
  directories?: readonly string[];
  /** None: it is at its end at once. */
  input?: Readable | undefined;
  output: Writable;
  error: Writable;
  /** The time when it starts, or the host's clock; 1980-01-01T00:00:00Z unless given. */
  clock?: Date | 'host';
  limitCycles?: number;
  timeoutSeconds?: number;
  /** Bytes on standard output and standard error together. */
  limitOutput?: number;
  /** Bytes written to files; 64 MiB unless given. A new file counts 32. */
  limitFiles?: number;
  /** Ends it from outside; its reason, if it is an {@link Interruption}, goes into the report. */
  signal?: AbortSignal;
  /** Called with what goes to standard output. */
  onOutput?(bytes: Uint8Array): void;
  /** Called with what was thrown, if it ends by that. */
  onFault?(error: unknown): void;
}

/** What `backplane exec --report json` prints. */
export interface ProcessReport {
  readonly program: string;
  readonly platform: string;
  /** `exit`: it ended itself; `budget`: it wanted more than it was given; `error`: the message says what. */
  readonly reason: 'exit' | 'budget' | 'error';
  /** The exit status of the command. */
  readonly exitCode: number;
  /** Cycles of the CPU. Answering a call takes none. */
  readonly cycles: number;
  readonly wallSeconds: number;
  readonly message?: string;
}

const START = new Date('1980-01-01T00:00:00Z');
const FILE_LIMIT = 2 ** 26;
const SLICE_MILLISECONDS = 50;
const SHORTEST_SLICE = 1000;
const LONGEST_SLICE = 4_000_000;
/** Calls after which the host's events are served, however short they were. */
const CALLS_IN_A_ROW = 1000;

const brokenPipe = 141;

interface End {
  readonly reason: ProcessReport['reason'];
  readonly exitCode: number;
  readonly message?: string;
}

/**
 * Run a program as a process: from its start to its end.
 *
 * @throws BackplaneError if it cannot be started
 */
export async function runProcess(
  platform: Platform,
  program: Program,
  options: ProcessOptions,
): Promise<ProcessReport> {
  const started = performance.now();
  const files = new Budget(options.limitFiles ?? FILE_LIMIT, 'files (--limit-files)');
  const printed = new Budget(options.limitOutput ?? Number.POSITIVE_INFINITY, 'output (--limit-output)');
  const interrupted = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, interrupted.signal]) : interrupted.signal;
  const directories = openDirectories(options.directories ?? [], platform, files);
  const output = new StandardOutput(options.output, printed);
  const error = new StandardOutput(options.error, printed);
  const input = new StandardInput(options.input, {
    raw: platform.rawTerminal,
    interrupt: () => interrupted.abort(new Interruption('interrupted', 130)),
  });

  let status: number | undefined;
  let process: Process | undefined;
  const { clock = START } = options;
  let own = 0;
  const cycles = () => (process ? process.machine.cycles - own : 0);
  try {
    process = platform.start(program, {
      input,
      directories,
      print(bytes, to = 'output') {
        if (to === 'output') options.onOutput?.(bytes);
        (to === 'error' ? error : output).print(bytes);
      },
      now: () => (clock === 'host' ? new Date() : new Date(clock.getTime() + (process?.machine.seconds ?? 0) * 1000)),
      exit: (code) => {
        status ??= code & 0xff;
      },
    });
    const running = process;
    const flush = async () => {
      await error.flush();
      await output.flush();
    };
    const ending = async (): Promise<End> => {
      const deadline = started + (options.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000;
      const outOfTime = () => overrun(`${options.timeoutSeconds} seconds (--timeout)`);
      const { limitCycles = Number.POSITIVE_INFINITY } = options;
      const calls = new Calls(running);
      let slice = LONGEST_SLICE / 16;
      for (;;) {
        await flush();
        if (signal.aborted) return interruption(signal.reason);
        if (output.gone) return failure('nobody reads standard output any more', brokenPipe);
        if (performance.now() >= deadline) return outOfTime();
        const before = performance.now();
        const sliceEnd = cycles() + slice;
        for (let count = 0; count < CALLS_IN_A_ROW && !output.isFull && !error.isFull; count += 1) {
          const left = Math.min(sliceEnd, limitCycles) - cycles();
          if (left <= 0) break;
          const number = calls.next(left);
          if (typeof number === 'string') return failure(number);
          if (number === undefined) continue;
          own += running.returnCycles ?? 0;
          const answer = running.call(number);
          if (answer) {
            // Whoever is to type something wants to see first what was asked.
            await flush();
            // A timer may fire a little early: the clock is not asked again, for the call has no answer to go on with.
            if (!(await inTime(answer, signal, deadline - performance.now()))) {
              return signal.aborted ? interruption(signal.reason) : outOfTime();
            }
          }
          if (status !== undefined) return { reason: 'exit', exitCode: status };
        }
        if (cycles() >= limitCycles) return overrun(`${limitCycles} cycles (--limit-cycles)`);
        const elapsed = performance.now() - before;
        if (elapsed > SLICE_MILLISECONDS) slice = Math.max(SHORTEST_SLICE, slice >> 1);
        else if (elapsed < SLICE_MILLISECONDS / 2) slice = Math.min(LONGEST_SLICE, slice * 2);
        await setImmediate();
      }
    };
    let end: End;
    try {
      end = await ending();
    } catch (fault) {
      if (!(fault instanceof OutOfBudget)) options.onFault?.(fault);
      end = fault instanceof OutOfBudget ? overrun(fault.message) : failure(faultMessage(fault));
    }
    try {
      await error.finish();
      await output.finish();
    } catch (fault) {
      if (end.exitCode === 0) end = failure(faultMessage(fault));
    }
    return {
      program: program.path,
      platform: platform.name,
      reason: end.reason,
      exitCode: end.exitCode,
      cycles: cycles(),
      wallSeconds: Math.round(performance.now() - started) / 1000,
      ...(end.message === undefined ? {} : { message: end.message }),
    };
  } finally {
    process?.close?.();
    process?.machine.dispose();
    for (const directory of directories.values()) directory.close();
    input.close();
    output.release();
    error.release();
  }
}

/** The calls that a program makes. */
class Calls {
  readonly #process: Process;
  #called: number | undefined;

  constructor(process: Process) {
    this.#process = process;
    const { machine } = process;
    if (!machine.channels.includes('calls')) {
      throw new BackplaneError('platform/no-calls', 'the machine has no way to call the host', {
        mend: "wire one: ['calls.host', 'host.calls'], calls being a device of the type host-calls",
      });
    }
    machine.on('output', ({ channel, bytes }) => {
      // The first is the entry's; a 6502 reads the byte behind its return instruction as well.
      if (channel === 'calls') this.#called ??= bytes[0];
    });
  }

  /** Run to the next call, or for so many cycles; gives the call's number, or why there will never be one. */
  next(cycles: number): number | string | undefined {
    const { machine } = this.#process;
    this.#called = undefined;
    const { reason } = machine.runUntil({ text: /[\s\S]/, channel: 'calls' }, { cycles });
    const at = () => `$${machine.cpu.programCounter.toString(16).padStart(4, '0')}`;
    if (reason === 'jam') return `the CPU has jammed at ${at()}`;
    if (reason === 'stopped') return `the program has stopped the CPU at ${at()}`;
    if (this.#called === undefined) {
      // Without a wire to the CPU there is no interrupt to wait for.
      const waitsForever =
        machine.cpu.status === 'waiting' && machine.nets().every(({ members }) => members.length === 1);
      return waitsForever ? `the program waits for an interrupt at ${at()}, and none will come` : undefined;
    }
    const expected = this.#process.returnAddress?.();
    return expected === undefined || expected === machine.cpu.programCounter ? this.#called : undefined;
  }
}

const failure = (message: string, exitCode: number = exitStatus.ownError): End => ({
  reason: 'error',
  exitCode,
  message,
});

const overrun = (what: string): End => ({
  reason: 'budget',
  exitCode: exitStatus.outOfBudget,
  message: `out of budget: ${what}`,
});

function interruption(reason: unknown): End {
  return reason instanceof Interruption ? failure(reason.message, reason.exitCode) : failure('interrupted', 130);
}

/** Wait for an answer, but not past an abort, nor longer than so many milliseconds; whether it has come. */
async function inTime(answer: Promise<void>, signal: AbortSignal, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  let stop = () => {};
  const stopped = new Promise<false>((resolve) => {
    stop = () => resolve(false);
    if (Number.isFinite(milliseconds)) timer = setTimeout(stop, Math.min(Math.max(0, milliseconds), 2 ** 31 - 1));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([answer.then(() => true), stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
