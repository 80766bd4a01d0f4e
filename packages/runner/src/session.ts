import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { BackplaneError, type HostChannel, type Machine, type RunCondition } from '@backplane/core';
import { type ConsoleInput, ConsoleOutput, isTerminal, NoInput, PipedInput, TerminalInput } from './console.js';
import { faultMessage } from './fault-message.js';
import { exitCodeFor, type RunReason, type RunReport } from './report.js';
import type { Tracer } from './tracer.js';

/** A run of a machine from where it stands to an end. */
export interface SessionOptions {
  /** The machine's name in the report. */
  name?: string;
  /** Host channel that is the console; `console` unless given. */
  channel?: string;
  /** Typed before anything of `input`. */
  type?: Uint8Array | string;
  /** The console's input: a pipe or file, read to its end, or a terminal. None: the input is at its end at once. */
  input?: Readable;
  /** Where the console's output goes. */
  output?: Writable;
  /** End well as soon as the output matches. */
  expectText?: RegExp;
  /** End badly as soon as the output matches. */
  failText?: RegExp;
  /** End at an instruction that leaves everything as it was. */
  stopAtTrap?: boolean;
  /** End after so many cycles. */
  limitCycles?: number;
  /** End after so much host time. */
  timeoutSeconds?: number;
  /** Ends the run from outside; its reason, if it is an {@link Interruption}, goes into the report. */
  signal?: AbortSignal;
  /** Is told of every bus cycle. */
  tracer?: Tracer;
  /** Called before output is written. */
  beforeOutput?(bytes: Uint8Array): void;
  /** Called after each slice that the guest was busy in. */
  onSlice?(cycles: number): void;
  /** Called when the guest waits for input. */
  onWait?(): void;
  /** Called with what was thrown, if the run ends by that. */
  onFault?(error: unknown): void;
}

/** Why a run was ended from outside: a message for the report, an exit status for the shell. */
export class Interruption {
  constructor(
    readonly message: string,
    readonly exitCode: number,
  ) {}
}

const ctrlC = new Interruption('interrupted', 130);

const sliceMilliseconds = 50;
const longestSlice = 1_000_000;
/** A cycle is some 30 bytes of trace: this many pile up before the disk is waited for. */
const tracedSlice = 20_000;
/** A guest that idles at a terminal runs so many cycles, then sleeps for the terminal's patience: at 1 MHz, real time. */
const idleSlice = 10_000;

interface End {
  readonly reason: RunReason;
  readonly message?: string;
  readonly exitCode?: number;
}

/**
 * Run a machine with streams for its console until something ends it.
 *
 * The guest runs in slices, between which the host's events are served. However the slices fall, and however the input
 * is cut into pieces, the guest does the same, cycle by cycle; only `timeoutSeconds`, `signal` and a terminal bring
 * host time in.
 *
 * @returns the report; the exit status in it is what `backplane run` would end with
 *
 * @example
 * const { reason, cycles } = await runSession(machine, { type: '2 3 + .\n', expectText: /5 {2}ok/, limitCycles: 1e7 });
 */
export async function runSession(machine: Machine, options: SessionOptions = {}): Promise<RunReport> {
  const { expectText, failText, tracer } = options;
  const name = options.channel ?? 'console';
  const channel = machine.channels.includes(name) ? machine.channel(name) : undefined;
  if (channel === undefined) refuseConsole(name, options);

  const started = performance.now();
  const deadline = started + (options.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  const lastCycle = machine.cycles + (options.limitCycles ?? Number.POSITIVE_INFINITY);
  const stopped = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopped.signal]) : stopped.signal;
  const output = options.output && new ConsoleOutput(options.output);

  let matched: 'text' | 'fail-text' | undefined;
  channel?.expect((text) => {
    if (failText && matches(failText, text)) matched = 'fail-text';
    else if (expectText && matches(expectText, text)) matched = 'text';
    return matched !== undefined;
  });
  const print = (event: { readonly channel: string; readonly bytes: Uint8Array }) => {
    if (event.channel !== name || output === undefined) return;
    options.beforeOutput?.(event.bytes);
    output.write(event.bytes);
  };
  machine.on('output', print);
  if (options.type !== undefined) channel?.write(options.type);
  const input = openInput(options.input, channel, () => stopped.abort(ctrlC));

  const condition: RunCondition = options.stopAtTrap ? { trap: true } : { halted: true };
  let slice = tracer ? tracedSlice : longestSlice / 8;
  // Whether a terminal's guest waits for a key and nobody types: its time goes on, no faster than a human's.
  let idles = false;

  const ending = async (): Promise<End> => {
    for (;;) {
      if (signal.aborted) return interrupted(signal.reason);
      if (performance.now() >= deadline) return { reason: 'timeout' };
      const cycles = Math.min(idles ? idleSlice : slice, lastCycle - machine.cycles);
      if (cycles <= 0) return { reason: 'cycles' };

      const before = performance.now();
      if (channel) channel.waits = !idles;
      const run = tracer ? tracer.run(condition, cycles) : machine.runUntil(condition, { cycles });
      const elapsed = performance.now() - before;
      await tracer?.drained();
      await output?.settled();
      if (output?.gone) return { reason: 'error', message: 'nobody reads standard output any more', exitCode: 141 };

      switch (run.reason) {
        case 'condition':
          return { reason: matched ?? 'trap' };
        case 'jam':
          return { reason: 'jam' };
        case 'exit':
        case 'stopped':
          return { reason: 'exit' };
        case 'input':
          if (channel?.ended) return { reason: 'exit' };
          options.onWait?.();
          await either(input.more(), signal, Math.min(deadline - performance.now(), input.patience));
          if (input.fault) throw input.fault;
          idles = channel?.waiting === true && !channel.ended && input.patience < Number.POSITIVE_INFINITY;
          break;
        case 'cycles':
          if (!idles) options.onSlice?.(machine.cycles);
          if (idles) idles = false;
          else if (elapsed > sliceMilliseconds) slice = Math.max(1000, slice >> 1);
          else if (elapsed < sliceMilliseconds / 2 && !tracer) slice = Math.min(longestSlice, slice * 2);
          await setImmediate();
      }
    }
  };

  let end: End;
  try {
    end = await ending();
    await output?.flushed();
  } catch (error) {
    options.onFault?.(error);
    end = { reason: 'error', message: faultMessage(error) };
  } finally {
    machine.off('output', print);
    channel?.expect(undefined);
    output?.release();
    input.close();
  }
  const missed = expectText !== undefined && matched !== 'text';
  const { reason, message } = end;
  return {
    machine: options.name ?? machine.name,
    engine: machine.engine,
    reason,
    pc: machine.cpu.programCounter,
    cycles: machine.cycles,
    registers: { ...machine.cpu.registers },
    exitCode: end.exitCode ?? exitCodeFor(reason, { missed, guestStatus: machine.exitStatus ?? 0 }),
    wallSeconds: Math.round(performance.now() - started) / 1000,
    ...(message === undefined ? {} : { message }),
  };
}

/** A pattern with the flags g or y remembers where it was; here every question is about the whole text. */
function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

function refuseConsole(name: string, { type, expectText, failText }: SessionOptions): void {
  const asked = [
    ...(type === undefined ? [] : ['typed text']),
    ...(expectText === undefined ? [] : ['an expected text']),
    ...(failText === undefined ? [] : ['a failing text']),
  ];
  if (asked.length === 0) return;
  throw new BackplaneError('runner/no-console', `${asked[0]} needs a console, and the machine has none`, {
    mend: `wire one: ['console.serial', 'host.${name}']`,
  });
}

function openInput(
  stream: Readable | undefined,
  channel: HostChannel | undefined,
  interrupt: () => void,
): ConsoleInput {
  if (channel === undefined) return new NoInput();
  if (stream === undefined) {
    channel.end();
    return new NoInput();
  }
  return isTerminal(stream) ? new TerminalInput(stream, channel, interrupt) : new PipedInput(stream, channel);
}

function interrupted(reason: unknown): End {
  const { message, exitCode } = reason instanceof Interruption ? reason : ctrlC;
  return { reason: 'error', message, exitCode };
}

/** Wait for a promise, but not past an abort, nor longer than so many milliseconds. */
async function either(promise: Promise<void>, signal: AbortSignal, milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = Number.isFinite(milliseconds)
      ? setTimeout(done, Math.min(Math.max(0, milliseconds), 2 ** 31 - 1))
      : undefined;
    signal.addEventListener('abort', done);
    promise.then(done, done);
  });
}
