import { readFileSync } from 'node:fs';
import { PassThrough, Readable, Writable } from 'node:stream';
import { cpm } from '../../packages/runner/src/exec/cpm/cpm.js';
import type { Platform, Program } from '../../packages/runner/src/exec/platform.js';
import { type ProcessOptions, type ProcessReport, runProcess } from '../../packages/runner/src/exec/run-process.js';
import { sim65 } from '../../packages/runner/src/exec/sim65.js';

export interface Executed {
  readonly stdout: string;
  readonly stderr: string;
  readonly report: ProcessReport;
}

interface Options extends Partial<Omit<ProcessOptions, 'input'>> {
  /** Standard input; none is at its end at once. */
  input?: string | Readable;
  words?: readonly string[];
}

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('latin1');
    done();
  }
}

/** Run a program as `backplane exec` does, in this process. */
export async function executed(
  program: string | Uint8Array,
  options: Options = {},
  platform?: Platform,
): Promise<Executed> {
  const { input, words = [], ...rest } = options;
  const given: Program = {
    path: typeof program === 'string' ? program : 'program',
    bytes: typeof program === 'string' ? readFileSync(program) : program,
    arguments: words,
  };
  const [output, error] = [new Sink(), new Sink()];
  const report = await runProcess(platform ?? (sim65.recognises(given) ? sim65 : cpm), given, {
    timeoutSeconds: 60,
    ...rest,
    input: typeof input === 'string' ? Readable.from([Buffer.from(input, 'latin1')]) : input,
    output,
    error,
  });
  return { stdout: output.text, stderr: error.text, report };
}

/** An input to which nobody writes, and which never ends. */
export const silence = (): Readable => new PassThrough();
