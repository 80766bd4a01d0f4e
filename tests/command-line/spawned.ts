import { type ChildProcess, spawn } from 'node:child_process';

/** What a process left behind. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  cwd: string;
  /** Pieces of stdin, each written when the one before is gone; none: stdin is at its end. */
  input?: readonly (string | Buffer)[];
  /** Called with the process once it runs; then stdin is left open. */
  meanwhile?(child: ChildProcess, output: () => string): Promise<void> | void;
  env?: Record<string, string>;
}

/** Start a program, feed it, and wait for its end. */
export async function spawned(program: string, words: readonly string[], options: SpawnOptions): Promise<Outcome> {
  const child = spawn(program, words, { cwd: options.cwd, env: { ...process.env, ...options.env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // The process may end without reading all of its input.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status));
  });
  const feeding = (async () => {
    for (const piece of options.input ?? []) {
      await new Promise<void>((resolve) => child.stdin.write(piece, () => setImmediate(resolve)));
    }
    if (options.meanwhile) await options.meanwhile(child, () => stdout);
    else child.stdin.end();
  })();
  const [status] = await Promise.all([ended, feeding]);
  return { status, stdout, stderr };
}

/** Wait until something holds; throws if it takes too long. */
export async function until(holds: () => boolean, milliseconds = 20_000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms in vain`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
