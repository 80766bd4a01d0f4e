/** A campaign: programs are made, run by two cores, compared, and what differs is made small. */
import { BackplaneError } from '../errors.js';
import type { CpuPlugin } from '../plugin/define-cpu.js';
import { Comparison, type Difference, failed, nameOf, signatureOf } from './compare.js';
import { type Failure, isFailure, type Level, type Outcome, type Program, type Subject, subjectOf } from './core.js';
import { Coverage } from './coverage.js';
import type { BackedProgram, EngineCore } from './engine-core.js';
import { Generator } from './generator.js';
import { type Mask, Masks } from './masks.js';
import { Random } from './random.js';
import {
  explicit,
  type LoggedRun,
  type Reference,
  type ReferenceRun,
  type RunOptions,
  referenceOf,
} from './reference.js';
import { shrink } from './shrink.js';

/** What two cores make of one program differs. */
export interface Find {
  /** Instruction and what differs: `adc #n: p`. Finds with the same one are told once. */
  readonly signature: string;
  /** The smallest program that shows it. */
  readonly program: Program;
  readonly difference: Difference;
  /** What runs in each of its steps, `interrupt` for what is no instruction. */
  readonly listing: readonly string[];
  readonly level: Level;
  /** Number of the program that showed it first. */
  readonly execution: number;
}

export interface FuzzOptions {
  readonly cpu: CpuPlugin;
  readonly variant?: string | undefined;
  /** Engine that is right by definition; the evaluator unless it is given. */
  readonly against?: string | undefined;
  readonly subject: Subject;
  readonly seed: number;
  /** Which part of the campaign: the same seed and batch give the same programs. */
  readonly batch?: number | undefined;
  /** Programs to be run. */
  readonly programs: number;
  /** Programs take turns with these levels. */
  readonly levels?: readonly Level[] | undefined;
  readonly masks?: readonly Mask[] | undefined;
  /** Instructions that programs are made of, by mnemonic, text or bytes; all unless given. */
  readonly only?: readonly string[] | undefined;
  /** Cases met before, as {@link FuzzReport.met} has them. */
  readonly met?: readonly number[] | undefined;
  /** End once there are so many finds. */
  readonly mostFinds?: number | undefined;
  /** Whether to make finds small; they are by default. */
  readonly shrinks?: boolean | undefined;
  /** Programs to be run before any that are made. */
  readonly given?: readonly Program[] | undefined;
  /** Asked now and then, with the number of programs that have run: true ends the batch. */
  readonly stop?: ((executions: number) => boolean) | undefined;
}

export interface FuzzReport {
  /** Programs that were run and compared. */
  readonly executions: number;
  /** Instructions in them. */
  readonly instructions: number;
  readonly finds: readonly Find[];
  /** Programs that showed each find, by its signature. */
  readonly shown: Readonly<Record<string, number>>;
  /** Cases met, as numbers that the next batch takes. */
  readonly met: readonly number[];
  /** The first programs that met a case. */
  readonly kept: readonly Program[];
}

/** One in so many programs has all of memory looked at, where the core is ours or shows what it writes. */
const WHOLE_MEMORY = 16;
/** Programs that are handed over at once. */
const HANDED_OVER = 256;
const MOST_KEPT = 200;
/** Ways not to answer. */
const FAILURES: ReadonlySet<string> = new Set([
  'throw',
  'hang',
  'crash',
  'rubbish',
  'late',
] satisfies Failure['failure'][]);
/** Tries to make a program small: to hang takes as long as was waited for. */
const MOST_TRIES: Readonly<Record<string, number>> = { throw: 30, crash: 30, rubbish: 30, late: 8, hang: 8 };
/** What is compared after the last step only. */
const WITHOUT_STEP: ReadonlySet<string> = new Set(['ram', 'ports']);
/** Failures of one batch that are looked into. */
const MOST_FAILURES = 200;

/** One of our engines as a subject. */
export const engineSubject = (core: EngineCore): Subject => ({
  ...subjectOf(core, () => core.values()),
  takesBackground: true,
  translates: core.translates,
});

/** Levels that make sense for a subject. */
const levelsFor = (subject: Subject, isOurs: boolean): readonly Level[] => {
  // Translated code runs where nobody looks at each instruction.
  if (subject.translates) return ['program', 'program', 'program', 'instruction'];
  if (isOurs) return ['program', 'cycle', 'program', 'instruction'];
  return subject.logs.length > 0 ? ['cycle'] : ['instruction'];
};

/** A program under way. */
interface Pending {
  readonly program: BackedProgram;
  readonly run: ReferenceRun | LoggedRun;
  readonly level: Level;
}

/**
 * Run random programs on a core and on one of our engines, and tell where they differ.
 *
 * @throws BackplaneError `fuzz/registers` if they have no register in common
 *
 * @example
 * const subject = engineSubject(new EngineCore(cpu6502, { engine: 'interpreter' }));
 * const { finds } = await fuzz({ cpu: cpu6502, subject, seed: 1, programs: 1000 });
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  return await new Campaign(options).run();
}

class Campaign {
  readonly #options: FuzzOptions;
  readonly #reference: Reference;
  readonly #masks: Masks;
  readonly #coverage: Coverage;
  readonly #generator: Generator;
  readonly #comparison: Comparison;
  readonly #levels: readonly Level[];
  readonly #isOurs: boolean;
  readonly #showsWrites: boolean;
  /** Places in a step of registers that keep the next instruction from running, and that the subject does not have. */
  readonly #lacking: readonly number[];
  /** Whether all of every program is compared. */
  readonly #isUnmasked: boolean;
  readonly #finds = new Map<string, Find>();
  readonly #shown = new Map<string, number>();
  readonly #kept: Program[] = [];
  #executions = 0;
  #failures = 0;
  #made = 0;
  #instructions = 0;

  constructor(options: FuzzOptions) {
    const { cpu, variant, against, subject, seed, batch = 0 } = options;
    this.#options = options;
    this.#reference = referenceOf(cpu, variant, against);
    this.#isOurs = subject.takesBackground === true;
    this.#levels = options.levels ?? levelsFor(subject, this.#isOurs);
    this.#showsWrites =
      this.#isOurs || (subject.logs.includes('write') && this.#levels.every((level) => level === 'cycle'));
    this.#masks = new Masks(options.masks, options.only);
    this.#coverage = new Coverage(this.#reference.cases, options.met);
    const { registers, pins } = this.#reference.core;
    if (!subject.registers.some((name) => registers.includes(name))) {
      throw new BackplaneError('fuzz/registers', `${subject.name} has no register of the ${cpu.type}`, {
        mend: `it has ${registers.join(', ')}`,
      });
    }
    this.#comparison = new Comparison(subject, registers, this.#masks);
    const { interrupting } = this.#reference.cases;
    this.#lacking = registers.flatMap((name, index) =>
      interrupting.has(name) && !subject.registers.includes(name) ? [index + 1] : [],
    );
    this.#isUnmasked = (options.masks ?? []).length === 0 && options.only === undefined && this.#lacking.length === 0;
    this.#generator = new Generator(this.#reference, new Random(seed, batch), this.#coverage, {
      pins: subject.pins.filter((pin) => pins.includes(pin) && this.#masks.allowsPin(pin)),
      registers: subject.registers,
      allows: (instruction) => this.#masks.allows(instruction),
      loops: subject.translates ? 'often' : this.#isOurs ? 'seldom' : 'never',
    });
  }

  async run(): Promise<FuzzReport> {
    const { programs, stop, mostFinds = 100 } = this.#options;
    const atOnce = this.#isOurs ? 1 : HANDED_OVER;
    while (this.#executions < programs && this.#finds.size < mostFinds && !stop?.(this.#executions)) {
      const pending: Pending[] = [];
      while (pending.length < Math.min(atOnce, programs - this.#executions)) pending.push(this.#next());
      const results = this.#subject(pending);
      // Most subjects answer at once, and a turn of the event loop takes longer than a program.
      const answers = results instanceof Promise ? await results : results;
      for (let index = 0; index < pending.length; index += 1) {
        const each = pending[index] as Pending;
        this.#executions += 1;
        this.#instructions += each.run.ends.length;
        const result = answers[index] ?? { failure: 'rubbish', text: 'no answer' };
        const found = this.#compare(each, result);
        if (found) await this.#found(each, found);
        if (this.#finds.size >= mostFinds) break;
      }
    }
    return {
      executions: this.#executions,
      instructions: this.#instructions,
      finds: [...this.#finds.values()],
      shown: Object.fromEntries(this.#shown),
      met: this.#coverage.values(),
      kept: this.#kept,
    };
  }

  /** The next program, and what the reference makes of it. */
  #next(): Pending {
    for (;;) {
      let program: BackedProgram = this.#options.given?.[this.#made] ?? this.#generator.next();
      const level = this.#levels[this.#made % this.#levels.length] as Level;
      let run = this.#reference.run(program, this.#coverage, this.#needed(level));
      const steps = this.#allowed(run);
      if (steps === 0) {
        this.#made += 1;
        continue;
      }
      if (steps < program.steps) {
        program = { ...program, steps };
        run = this.#reference.run(program, this.#coverage, this.#needed(level));
      }
      // Only what is compared counts as met.
      if (this.#coverage.add(run.met)) {
        this.#generator.keep(program);
        if (this.#kept.length < MOST_KEPT) this.#kept.push(this.#explicit(program, run));
      }
      this.#made += 1;
      return { program: this.#isOurs ? program : this.#explicit(program, run), run, level };
    }
  }

  /** What is compared. Others than our own engines need to be told what a program looks at. */
  #needed(level: Level): RunOptions {
    if (!this.#isOurs || level === 'cycle') return { isLogged: true };
    return { isLastOnly: this.#isUnmasked && level === 'program' };
  }

  /** A program with all that it looks at. */
  #explicit(program: BackedProgram, run?: ReferenceRun | LoggedRun): Program {
    const logged = run && 'accesses' in run ? run : this.#reference.runLogged(program);
    return explicit(program, logged, this.#names);
  }

  get #names(): readonly string[] {
    return this.#reference.core.registers;
  }

  /** Steps before something that is not to be compared. */
  #allowed({ instructions, interrupts, steps }: ReferenceRun): number {
    if (this.#isUnmasked) return instructions.length;
    for (const [step, instruction] of instructions.entries()) {
      // Where it has no such register, what is here between two steps is for the core in the midst of one.
      if (this.#lacking.some((place) => (steps[step]?.[place] ?? 0) !== 0)) return step;
      if (!instruction && !interrupts[step] && !this.#masks.allowsPrefixes) return step;
      if (!instruction) continue;
      if (!this.#masks.allows(instruction)) return step;
      if (this.#masks.isLast(instruction)) return step + 1;
    }
    return instructions.length;
  }

  #subject(pending: readonly Pending[]) {
    return this.#options.subject.run(
      pending.map(({ program, run, level }, index) => ({
        program,
        level,
        cycles: run.cycles,
        written: this.#showsWrites && (this.#made + index) % WHOLE_MEMORY !== 0 ? run.written : undefined,
      })),
    );
  }

  #compare({ run, level }: Pick<Pending, 'run' | 'level'>, result: Outcome | Failure): Difference | undefined {
    return isFailure(result) ? failed(run, result) : this.#comparison.difference(run, result, level);
  }

  /** Run a program on both. */
  async #try(program: Program, level: Level): Promise<Difference | undefined> {
    const run = this.#reference.runLogged(program);
    if (this.#allowed(run) < run.ends.length) return undefined;
    const [result] = await this.#options.subject.run([{ program, level, cycles: run.cycles }]);
    return this.#compare({ run, level }, result ?? { failure: 'rubbish', text: 'no answer' });
  }

  async #found(pending: Pending, first: Difference): Promise<void> {
    const { program, run } = pending;
    let { level } = pending;
    let found = first;
    if (level === 'program') {
      // Which instruction it was shows step by step, if it shows there at all.
      const closer = await this.#try(program, 'instruction');
      if (closer) {
        found = closer;
        level = 'instruction';
      }
    }
    if (FAILURES.has(found.what)) {
      // A core that fails all the time is not to be restarted for ever.
      this.#failures += 1;
      if (this.#failures > MOST_FAILURES) return;
    }
    if (FAILURES.has(found.what) || WITHOUT_STEP.has(found.what) || level === 'program') {
      found = await this.#culprit(this.#explicit(program, run), run, found, level);
    }
    const signature = signatureOf(found);
    this.#shown.set(signature, (this.#shown.get(signature) ?? 0) + 1);
    if (this.#finds.has(signature)) return;
    const find = { signature, program, difference: found, listing: listingOf(run), level, execution: this.#executions };
    if (this.#options.shrinks === false) {
      this.#finds.set(signature, { ...find, program: this.#explicit(program, run) });
      return;
    }
    const shows = async (candidate: Program): Promise<boolean> => {
      const again = await this.#try(candidate, level);
      return again !== undefined && signatureOf(again) === signature;
    };
    let small: Program = { ...this.#explicit(program, run), steps: found.step + 1 };
    if (!(await shows(small))) small = { ...this.#whole(program), steps: program.steps };
    const rest = (whole: Program, steps: number): Program => this.#reference.rest(whole, steps);
    small = await shrink(small, shows, rest, MOST_TRIES[found.what] ?? 500);
    const final = (await this.#try(small, level)) ?? found;
    const listing = listingOf(this.#reference.run(small));
    this.#finds.set(signature, { ...find, program: small, difference: final, listing });
  }

  /**
   * The instruction at which a core fails, or changes memory that it should not: the first steps of a program are
   * enough, and which one is the last of these?
   */
  async #culprit(program: Program, run: ReferenceRun, found: Difference, level: Level): Promise<Difference> {
    let enough = program.steps;
    for (let few = 1; few < enough; ) {
      const steps = (few + enough) >> 1;
      const again = await this.#try({ ...program, steps }, level);
      if (again?.what === found.what) enough = steps;
      else few = steps + 1;
    }
    return { ...found, step: enough - 1, instruction: nameOf(run, enough - 1) };
  }

  /** A program with all of memory, for one that looks where the reference does not. */
  #whole(program: BackedProgram): Program {
    const { core } = this.#reference;
    core.setState(program);
    const ram = [...core.memory].flatMap((value, address) => (value === 0 ? [] : [[address, value] as const]));
    return { ...this.#explicit(program), ram };
  }
}

const listingOf = (run: ReferenceRun): string[] => run.instructions.map((_, step) => nameOf(run, step));
