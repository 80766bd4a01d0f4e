/**
 * A core in a process of its own, by JSON lines over stdin and stdout (docs/fuzzing-a-core.md has the protocol). It may
 * hang, crash, print rubbish or answer late: then the program that makes it is found, and it is started anew.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { BackplaneError } from '@backplane/core';
import type { Access, AccessKind, Cell, Failure, Outcome, PortAccess, Step, Subject, Task } from '@backplane/core/fuzz';

export interface ProcessCoreOptions {
  /** Milliseconds that an answer may take, 10,000 by default. */
  readonly timeout?: number;
  /** Milliseconds after that in which an answer counts as late, not as missing; as many again unless given. */
  readonly grace?: number;
  readonly cwd?: string;
}

/** What a core says of itself. */
interface Description {
  readonly name: string;
  readonly registers: readonly string[];
  readonly pins: readonly string[];
  readonly logs: readonly AccessKind[];
}

/** Milliseconds that a process may take to start and say what it is. */
const START = 20_000;

type Answer = Readonly<Record<string, unknown>>;

/** What a process did in place of answering. */
class Misbehaviour extends Error {
  readonly kind: Failure['failure'];

  constructor(kind: Failure['failure'], text: string) {
    super(text);
    this.kind = kind;
  }
}

/** Words of a command line; quotes keep spaces. */
export const wordsOf = (command: string): string[] =>
  Array.from(
    command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g),
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );

/** What is shown of a line that was not understood. */
const shown = (line: string): string => (line.length > 60 ? `${line.slice(0, 60)}…` : line);

/** One process: it is asked one thing at a time. */
class Conversation {
  readonly #child: ChildProcessWithoutNullStreams;
  #pending = '';
  #complaints = '';
  #lines: string[] = [];
  #ended: string | undefined;
  #wake: () => void = () => undefined;
  #asked = 0;

  constructor([program = '', ...words]: readonly string[], cwd: string | undefined) {
    this.#child = spawn(program, words, { cwd, stdio: 'pipe' });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#pending + text).split('\n');
      this.#pending = lines.pop() ?? '';
      this.#lines.push(...lines);
      if (lines.length > 0) this.#wake();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-500);
    });
    // Its end is told by `close`.
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', (status, signal) =>
      this.#end(signal ? `ended by ${signal}` : `ended with status ${status}`),
    );
  }

  #end(how: string): void {
    const last = this.#complaints.trim().split('\n').at(-1);
    this.#ended ??= last ? `${how}: ${last}` : how;
    this.#wake();
  }

  /**
   * @param patience milliseconds
   * @param grace milliseconds after that in which an answer is late
   */
  async ask(question: object, patience: number, grace = 0): Promise<Answer> {
    const id = this.#asked;
    this.#asked += 1;
    this.#child.stdin.write(`${JSON.stringify({ id, ...question })}\n`);
    const line = await this.#line(patience);
    if (line === undefined) {
      const late = await this.#line(grace);
      throw late === undefined
        ? new Misbehaviour('hang', `no answer in ${patience} ms`)
        : new Misbehaviour('late', `an answer after more than ${patience} ms`);
    }
    let answer: unknown;
    try {
      answer = JSON.parse(line);
    } catch {
      throw new Misbehaviour('rubbish', `no JSON: ${shown(line)}`);
    }
    if (typeof answer !== 'object' || answer === null || (answer as Answer).id !== id) {
      throw new Misbehaviour('rubbish', `no answer to ${id}: ${shown(line)}`);
    }
    return answer as Answer;
  }

  /** The next line, or undefined where there is none in time. */
  async #line(patience: number): Promise<string | undefined> {
    const deadline = Date.now() + patience;
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (this.#ended !== undefined) throw new Misbehaviour('crash', this.#ended);
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  stop(): void {
    this.#child.stdin.end();
    this.#child.kill('SIGKILL');
  }
}

/**
 * A core in a process of its own, as a subject.
 *
 * @example
 * const core = await ProcessCore.start(['node', 'my-core.js']);
 * const { finds } = await fuzz({ cpu: z80, subject: core, seed: 1, programs: 10_000 });
 * core.stop();
 */
export class ProcessCore implements Subject {
  readonly name: string;
  readonly registers: readonly string[];
  readonly pins: readonly string[];
  readonly logs: readonly AccessKind[];
  /** Times it had to be started anew. */
  restarts = 0;
  readonly #words: readonly string[];
  readonly #timeout: number;
  readonly #grace: number;
  readonly #cwd: string | undefined;
  #conversation: Conversation | undefined;

  private constructor(
    { name, registers, pins, logs }: Description,
    words: readonly string[],
    { timeout = 10_000, grace = timeout, cwd }: ProcessCoreOptions,
    conversation: Conversation,
  ) {
    this.name = name;
    this.registers = registers;
    this.pins = pins;
    this.logs = logs;
    this.#words = words;
    this.#timeout = timeout;
    this.#grace = grace;
    this.#cwd = cwd;
    this.#conversation = conversation;
  }

  /** @throws BackplaneError `fuzz/core-start` if it does not start or does not say what it is */
  static async start(words: readonly string[], options: ProcessCoreOptions = {}): Promise<ProcessCore> {
    const conversation = new Conversation(words, options.cwd);
    try {
      const answer = await conversation.ask({ do: 'describe' }, START);
      return new ProcessCore(descriptionOf(answer), words, options, conversation);
    } catch (error) {
      conversation.stop();
      if (!(error instanceof Misbehaviour)) throw error;
      throw new BackplaneError('fuzz/core-start', `it does not say what it is: ${error.message}`, {
        path: words.join(' '),
        mend: 'answer {"id":0,"do":"describe"} with {"id":0,"name":…,"registers":[…]} on one line',
      });
    }
  }

  async run(tasks: readonly Task[]): Promise<(Outcome | Failure)[]> {
    const [first] = tasks;
    if (!first) return [];
    try {
      return await this.#ask(tasks, first.level);
    } catch (error) {
      if (!(error instanceof Misbehaviour)) throw error;
      await this.#restart();
      if (tasks.length === 1) return [{ failure: error.kind, text: error.message }];
    }
    // Which of them was it?
    const half = tasks.length >> 1;
    return [...(await this.run(tasks.slice(0, half))), ...(await this.run(tasks.slice(half)))];
  }

  async #ask(tasks: readonly Task[], level: Task['level']): Promise<Outcome[]> {
    if (!this.#conversation) {
      this.#conversation = new Conversation(this.#words, this.#cwd);
      // To start may take longer than to answer.
      await this.#conversation.ask({ do: 'describe' }, START);
    }
    const programs = tasks.map(({ program, cycles }) => ({ ...program, cycles }));
    const { outcomes } = await this.#conversation.ask({ do: 'run', level, programs }, this.#timeout, this.#grace);
    if (!Array.isArray(outcomes) || outcomes.length !== tasks.length) {
      throw new Misbehaviour('rubbish', `'outcomes' has to be a list of ${tasks.length}`);
    }
    return outcomes.map((outcome, index) =>
      outcomeOf(outcome, this.registers.length, level === 'program' ? 1 : (tasks[index] as Task).program.steps),
    );
  }

  async #restart(): Promise<void> {
    this.restarts += 1;
    this.#conversation?.stop();
    this.#conversation = undefined;
  }

  stop(): void {
    this.#conversation?.stop();
    this.#conversation = undefined;
  }
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const areStrings = (value: unknown): value is readonly string[] =>
  isList(value) && value.every((item) => typeof item === 'string');

function descriptionOf({ name, registers, pins = [], logs = [] }: Answer): Description {
  if (typeof name !== 'string' || !areStrings(registers)) {
    throw new Misbehaviour('rubbish', "it needs a 'name' and a list of 'registers'");
  }
  if (!areStrings(pins) || !areStrings(logs)) throw new Misbehaviour('rubbish', "'pins' and 'logs' are lists of names");
  return { name, registers, pins, logs: logs as readonly AccessKind[] };
}

/** One outcome, if it is one: whoever writes a core wants to know which part is not. */
function outcomeOf(outcome: unknown, registers: number, steps: number): Outcome {
  const {
    steps: states,
    ram,
    accesses,
    ports,
  } = (typeof outcome === 'object' && outcome !== null ? outcome : {}) as Answer;
  const isRow = (length: number) => (row: unknown) => isList(row) && row.length === length;
  if (!isList(states) || states.length !== steps || !states.every(isRow(registers + 1))) {
    throw new Misbehaviour('rubbish', `'steps' has to be a list of ${steps}, each [cycles, ${registers} registers]`);
  }
  if (!isList(ram) || !ram.every(isRow(2)))
    throw new Misbehaviour('rubbish', "'ram' has to be a list of [address, value]");
  if (accesses !== undefined && !(isList(accesses) && accesses.every(isRow(4)))) {
    throw new Misbehaviour('rubbish', "'accesses' has to be a list of [cycle, kind, address, value]");
  }
  if (ports !== undefined && !(isList(ports) && ports.every(isRow(3)))) {
    throw new Misbehaviour('rubbish', "'ports' has to be a list of [port, value, 'r' or 'w']");
  }
  return {
    steps: states as readonly Step[],
    ram: [...(ram as readonly Cell[])].sort(([left], [right]) => left - right),
    accesses: accesses as readonly Access[] | undefined,
    ports: ports as readonly PortAccess[] | undefined,
  };
}
