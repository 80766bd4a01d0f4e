import { BackplaneError, type MachineStats } from '@backplane/core';
import { closeDisks } from '../drives/drives.js';
import { faultMessage, tellStack } from '../fault-message.js';
import { buildMachine, loadMachine, type MachineOptions } from '../load-machine.js';
import { parseSeconds, parseWhole } from '../numbers.js';
import { Progress } from '../progress.js';
import { RecordingFile, refuseUnwritable } from '../recording/recording-file.js';
import { exitStatus, failedReport, type RunReport } from '../report.js';
import { Interruption, runSession, type SessionOptions } from '../session.js';
import { TraceFile } from '../trace-file.js';
import { Tracer } from '../tracer.js';
import { typedBytes } from '../typed-text.js';

/** The options of `backplane run`, as the command line gives them. */
export interface RunOptions extends MachineOptions {
  pc?: string;
  type?: string;
  expectText?: string;
  failText?: string;
  stopAtTrap?: boolean;
  limitCycles?: string;
  timeout?: string;
  trace?: string;
  record?: string;
  stats?: boolean;
  report?: 'json';
}

/** `backplane run`: a machine with stdin and stdout for its console, until something ends it. */
export async function run(machineName: string, options: RunOptions): Promise<number> {
  const signals = listenToSignals();
  let lineEnded = true;
  const print = (report: RunReport) => {
    if (options.report === 'json') process.stdout.write(`${lineEnded ? '' : '\n'}${JSON.stringify(report)}\n`);
  };
  try {
    const session = sessionOptions(options);
    const loaded = await loadMachine(machineName, options);
    const { record } = options;
    if (record !== undefined) refuseUnwritable(record);
    const machine = buildMachine(loaded);
    const { cpu } = machine;
    const { programCounter, addressWidth } = cpu.isa.declaration;
    const pc = options.pc === undefined ? undefined : parseWhole(options.pc, '--pc', { max: 2 ** addressWidth - 1 });
    const progress =
      process.stderr.isTTY &&
      new Progress(process.stderr, { limit: session.limitCycles, sharesScreen: process.stdout.isTTY === true });
    const trace = options.trace === undefined ? undefined : await TraceFile.open(options.trace);
    const recording = record === undefined ? undefined : new RecordingFile(record, machine, machineName, options);
    if (pc !== undefined) cpu.registers[programCounter] = pc;
    let report: RunReport;
    try {
      report = await runSession(machine, {
        ...session,
        name: loaded.name,
        input: process.stdin,
        output: process.stdout,
        signal: signals.signal,
        ...(trace && { tracer: new Tracer(machine, trace) }),
        beforeOutput(bytes) {
          lineEnded = bytes.at(-1) === 10;
          if (progress) progress.beforeOutput(bytes);
        },
        onSlice(cycles) {
          if (progress) progress.update(cycles);
        },
        onWait() {
          if (progress) progress.clear();
        },
        onFault: tellStack,
      });
      await trace?.finish();
      closeDisks(loaded.disks);
    } catch (error) {
      await trace?.discard();
      throw error;
    } finally {
      if (progress) progress.clear();
      recording?.close();
    }
    if (options.stats) process.stderr.write(statsText(machine.stats()));
    print(report);
    if (report.message !== undefined && report.exitCode === exitStatus.ownError) {
      process.stderr.write(`backplane: ${report.message}\n`);
    }
    return report.exitCode;
  } catch (error) {
    print(failedReport(machineName, faultMessage(error)));
    throw error;
  } finally {
    signals.close();
  }
}

function sessionOptions(options: RunOptions): SessionOptions {
  return {
    ...(options.type !== undefined && { type: typedBytes(options.type) }),
    ...(options.expectText !== undefined && { expectText: pattern(options.expectText, '--expect-text') }),
    ...(options.failText !== undefined && { failText: pattern(options.failText, '--fail-text') }),
    ...(options.stopAtTrap && { stopAtTrap: true }),
    ...(options.limitCycles !== undefined && {
      limitCycles: parseWhole(options.limitCycles, '--limit-cycles', { min: 1 }),
    }),
    ...(options.timeout !== undefined && { timeoutSeconds: parseSeconds(options.timeout, '--timeout') }),
  };
}

/** Lines are matched one by one: ^ and $ stand for their ends. */
function pattern(source: string, path: string): RegExp {
  try {
    return new RegExp(source, 'm');
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    throw new BackplaneError('runner/pattern', fault, { path });
  }
}

/** The first signal ends the run in order; a second one does not wait for that. */
export function listenToSignals(): { signal: AbortSignal; close(): void } {
  const controller = new AbortController();
  const listeners = (
    [
      ['SIGINT', 2],
      ['SIGTERM', 15],
      ['SIGHUP', 1],
    ] as const
  ).map(([name, number]) => {
    const listener = () => {
      if (controller.signal.aborted) process.exit(128 + number);
      controller.abort(new Interruption(`ended by ${name}`, 128 + number));
    };
    process.on(name, listener);
    return { name, listener };
  });
  return {
    signal: controller.signal,
    close() {
      for (const { name, listener } of listeners) process.off(name, listener);
    },
  };
}

/** What `--stats` tells. */
function statsText({ cycles, regions }: MachineStats): string {
  const all = Object.values(cycles).reduce((sum, count) => sum + count, 0);
  const share = (count: number): string => `${((100 * count) / Math.max(1, all)).toFixed(1)} %`;
  const engines = Object.entries(cycles).map(
    ([name, count]) => `  ${name.padEnd(12)}${count} cycles, ${share(count)}\n`,
  );
  const { live, compiled, invalidated, milliseconds } = regions;
  return `engines\n${engines.join('')}translated regions\n  ${live} in use, ${compiled} compiled here in ${milliseconds.toFixed(0)} ms, ${invalidated} dropped because their code changed\n`;
}
