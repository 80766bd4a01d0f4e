import { createInterface } from 'node:readline';
import { type Core, type Level, type Program, runProgram } from '@backplane/core/fuzz';

/** A line of the protocol, as far as it concerns a core. */
interface Question {
  readonly id: number;
  readonly do: 'describe' | 'run';
  readonly level: Level;
  readonly programs: readonly (Program & { readonly cycles: number })[];
}

/**
 * The other end of the line protocol: have a core of this process answer on stdout what is asked on stdin.
 *
 * @example
 * import { serveCore } from '@backplane/runner';
 * import { core } from './my-core.js';
 * await serveCore(core);
 */
export async function serveCore(core: Core): Promise<void> {
  const { name, registers, pins, logs } = core;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    const question = JSON.parse(line) as Question;
    const answer =
      question.do === 'describe'
        ? { name, registers, pins, logs }
        : {
            outcomes: question.programs.map((program) =>
              runProgram(core, { program, level: question.level, cycles: program.cycles }),
            ),
          };
    process.stdout.write(`${JSON.stringify({ id: question.id, ...answer })}\n`);
  }
}
