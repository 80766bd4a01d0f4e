import { BackplaneError, suggest } from '@backplane/core';
import { cpm } from '../exec/cpm/cpm.js';
import type { Platform, Program } from '../exec/platform.js';
import { runProcess } from '../exec/run-process.js';
import { sim65 } from '../exec/sim65.js';
import { tellStack } from '../fault-message.js';
import { parseSeconds, parseWhole } from '../numbers.js';
import { loadModule } from '../plugins.js';
import { readRegularFile } from '../read-file.js';
import { listenToSignals } from './run.js';

/** The options of `backplane exec`, as the command line gives them. */
export interface ExecOptions {
  platform?: string;
  dir?: readonly string[];
  clock?: string;
  limitCycles?: string;
  timeout?: string;
  limitOutput?: string;
  limitFiles?: string;
  report?: 'json';
}

const PLATFORMS: readonly Platform[] = [cpm, sim65];

/** No program here is larger than an address space of 16 bits, and a header. */
const LARGEST_PROGRAM = 65536 + 512;

/** `backplane exec`: a program as a process. */
export async function exec(path: string, words: readonly string[], options: ExecOptions): Promise<number> {
  const signals = listenToSignals();
  try {
    const budget = (text: string | undefined, name: string) =>
      text === undefined ? {} : { [name]: parseWhole(text, option(name), { min: name === 'limitCycles' ? 1 : 0 }) };
    const settings = {
      ...budget(options.limitCycles, 'limitCycles'),
      ...budget(options.limitOutput, 'limitOutput'),
      ...budget(options.limitFiles, 'limitFiles'),
      ...(options.timeout !== undefined && { timeoutSeconds: parseSeconds(options.timeout, '--timeout') }),
      ...(options.clock !== undefined && { clock: parseClock(options.clock) }),
    };
    const bytes = await readRegularFile(path, { limit: LARGEST_PROGRAM, what: 'a program' });
    const program: Program = { path, bytes, arguments: words };
    const platform = await findPlatform(program, options.platform);
    let lastByte = 10;
    const report = await runProcess(platform, program, {
      ...settings,
      directories: options.dir ?? [],
      input: process.stdin,
      output: process.stdout,
      error: process.stderr,
      signal: signals.signal,
      onFault: tellStack,
      onOutput: (written) => {
        lastByte = written.at(-1) ?? lastByte;
      },
    });
    if (options.report === 'json') {
      process.stdout.write(`${lastByte === 10 ? '' : '\n'}${JSON.stringify(report)}\n`);
    }
    if (report.message !== undefined) process.stderr.write(`backplane: ${report.message}\n`);
    return report.exitCode;
  } finally {
    signals.close();
  }
}

const option = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function parseClock(text: string): Date | 'host' {
  if (text === 'host') return 'host';
  const time = new Date(/^\d{4}-\d\d-\d\d(T[\d:.]+)?$/.test(text) && text.includes('T') ? `${text}Z` : text);
  if (!/^\d{4}-/.test(text) || Number.isNaN(time.getTime())) {
    throw new BackplaneError('runner/clock', `'${text}' is no time`, {
      path: '--clock',
      mend: "write 2026-11-22T15:00:00 (UTC), or 'host' for the host's clock",
    });
  }
  return time;
}

async function findPlatform(program: Program, wanted: string | undefined): Promise<Platform> {
  const names = PLATFORMS.map(({ name }) => name);
  if (wanted === undefined) {
    const platform = PLATFORMS.find((candidate) => candidate.recognises(program));
    if (platform) return platform;
    throw new BackplaneError('runner/unknown-program', 'is no program of a kind that is known', {
      path: program.path,
      mend: `say what it is: --platform ${names.join(' or ')}`,
    });
  }
  const builtIn = PLATFORMS.find(({ name }) => name === wanted);
  if (builtIn) return builtIn;
  if (/^[a-z0-9-]+$/.test(wanted)) {
    throw new BackplaneError('runner/unknown-platform', `no platform '${wanted}'`, {
      path: '--platform',
      mend: suggest(wanted, names),
    });
  }
  const module = await loadModule(wanted, process.cwd(), '--platform');
  const platform = Object.values(module).find(isPlatform);
  if (platform) return platform;
  throw new BackplaneError('runner/no-platform', `module '${wanted}' exports no platform`, {
    path: '--platform',
    mend: 'export what definePlatform returned',
  });
}

const isPlatform = (value: unknown): value is Platform =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'platform';
