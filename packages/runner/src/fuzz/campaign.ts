/** A campaign on all cores of the host: batches go to workers, what they bring is put together. */
import { fileURLToPath } from 'node:url';
import type { CpuPlugin } from '@backplane/core';
import {
  Coverage,
  type CoverageReport,
  type EngineCycles,
  type Find,
  Masks,
  type Program,
  referenceOf,
} from '@backplane/core/fuzz';
import { Tinypool } from 'tinypool';
import type { Corpus, Progress } from './corpus.js';
import type { Campaign } from './subject.js';
import { type Batch, type BatchReport, BEATS, EXECUTIONS, STOP } from './worker.js';

export interface CampaignOptions {
  readonly cpu: CpuPlugin;
  readonly workers: number;
  /** Programs of a batch. */
  readonly batchSize: number;
  /** Programs to be run at most. */
  readonly executions: number;
  readonly mostFinds: number;
  /** When it is to end, in the host's time. */
  readonly until: number;
  readonly signal: AbortSignal;
  readonly corpus: Corpus | undefined;
  /** Told of each find, and again where an earlier batch has shown it too: then that is the one to keep. */
  onFind(find: Find, isNew: boolean): Promise<void>;
  /** Told now and then how it goes. */
  onProgress(state: { readonly executions: number; readonly cases: number; readonly finds: number }): void;
}

export interface CampaignResult {
  readonly executions: number;
  readonly instructions: number;
  readonly coverage: CoverageReport;
  readonly finds: readonly Find[];
  readonly shown: Readonly<Record<string, number>>;
  /** What ran in which engine since the command began, if the core is one of ours. */
  readonly cycles: EngineCycles | undefined;
}

/** Programs that a corpus keeps at most. */
const MOST_PROGRAMS = 5000;
const TOLD_EVERY = 500;
/** Milliseconds that a thread may take to start. */
const START = 20_000;

/** Beside the built command; from the sources there is none, for a thread runs JavaScript. */
const worker = fileURLToPath(new URL('./fuzz-worker.js', import.meta.url));

const sumOf = (one: EngineCycles, other: EngineCycles): EngineCycles => ({
  evaluator: one.evaluator + other.evaluator,
  interpreter: one.interpreter + other.interpreter,
  translator: one.translator + other.translator,
  regions: one.regions + other.regions,
});

export async function runCampaign(campaign: Campaign, options: CampaignOptions): Promise<CampaignResult> {
  return await new Workers(campaign, options).run();
}

class Workers {
  #campaign: Campaign;
  readonly #options: CampaignOptions;
  readonly #shared: Int32Array;
  readonly #coverage: Coverage;
  readonly #finds = new Map<string, { readonly find: Find; readonly batch: number }>();
  readonly #shown = new Map<string, number>();
  readonly #queue: number[] = [];
  #programs: Program[] = [];
  #next = 0;
  #executions = 0;
  #instructions = 0;
  #cycles: EngineCycles | undefined;
  /** Programs of this run that are planned, whether they have run yet or not. */
  #planned = 0;
  readonly #unfinished = new Set<number>();
  #fault: unknown;
  /** The corpus as it is being written. */
  #saving: Promise<void> | undefined;
  #mustSaveAgain = false;

  constructor(campaign: Campaign, options: CampaignOptions) {
    this.#campaign = campaign;
    this.#options = options;
    this.#shared = new Int32Array(new SharedArrayBuffer(4 * (BEATS + options.workers)));
    this.#coverage = new Coverage(referenceOf(options.cpu, campaign.variant, campaign.against).cases);
  }

  async run(): Promise<CampaignResult> {
    const { corpus, workers, signal, until, onProgress } = this.#options;
    if (corpus) await this.#resume(corpus);
    // A folder that cannot be written to shows now.
    await this.#save();
    const pool = new Tinypool({ filename: worker, minThreads: workers, maxThreads: workers, idleTimeout: 60_000 });
    const stop = (): void => void Atomics.store(this.#shared, STOP, 1);
    signal.addEventListener('abort', stop);
    const deadline = Number.isFinite(until) ? setTimeout(stop, Math.max(0, until - Date.now())) : undefined;
    const before = this.#executions;
    const telling = setInterval(() => {
      const executions = before + Atomics.load(this.#shared, EXECUTIONS);
      onProgress({ executions, cases: this.#coverage.size, finds: this.#finds.size });
    }, TOLD_EVERY);
    if (signal.aborted) stop();
    try {
      // What earlier runs kept comes first: a core that was changed meanwhile is tried with all of it.
      if (this.#programs.length > 0) await this.#batch(pool, 0, -1, this.#programs.length, this.#programs);
      await Promise.all(Array.from({ length: workers }, (_, thread) => this.#work(pool, thread)));
    } finally {
      clearTimeout(deadline);
      clearInterval(telling);
      signal.removeEventListener('abort', stop);
      await pool.destroy();
    }
    await this.#saving;
    await this.#save();
    const masks = new Masks(this.#campaign.masks, this.#campaign.only);
    if (this.#fault !== undefined) throw this.#fault;
    return {
      executions: this.#executions,
      instructions: this.#instructions,
      coverage: this.#coverage.report((instruction) => masks.allows(instruction)),
      finds: [...this.#finds.values()].sort((left, right) => left.batch - right.batch).map(({ find }) => find),
      shown: Object.fromEntries(this.#shown),
      cycles: this.#cycles,
    };
  }

  get #isOver(): boolean {
    const { executions, mostFinds } = this.#options;
    const isEnough = this.#planned >= executions || this.#finds.size >= mostFinds;
    return isEnough || this.#fault !== undefined || Atomics.load(this.#shared, STOP) !== 0;
  }

  /** Batches, one after the other, until it is over. */
  async #work(pool: Tinypool, thread: number): Promise<void> {
    while (!this.#isOver) {
      const { batchSize, executions } = this.#options;
      const number = this.#queue.shift() ?? this.#next++;
      const programs = Math.min(batchSize, executions - this.#planned);
      this.#planned += programs;
      await this.#batch(pool, thread, number, programs, []);
    }
  }

  async #batch(
    pool: Tinypool,
    thread: number,
    number: number,
    programs: number,
    given: readonly Program[],
  ): Promise<void> {
    this.#unfinished.add(number);
    try {
      const { mostFinds } = this.#options;
      const make = (): Batch => ({
        ...{ campaign: this.#campaign, number, programs, given, mostFinds },
        ...{ shared: this.#shared, thread },
      });
      const report = (await this.#run(pool, make())) ?? (await this.#run(pool, make()));
      if (!report) return;
      if (report.executions >= programs || number < 0) this.#unfinished.delete(number);
      await this.#take(number, report);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The others end their batches first, so that nothing they have found is lost. */
  #fail(error: unknown): void {
    this.#fault ??= error;
    Atomics.store(this.#shared, STOP, 1);
  }

  /** Run a batch; undefined where the core hangs the thread. From then on it runs in a process, which can be ended. */
  async #run(pool: Tinypool, batch: Batch): Promise<BatchReport | undefined> {
    const { core, timeout } = this.#campaign;
    if (!('module' in batch.campaign.core) || batch.campaign.core.isApart)
      return (await pool.run(batch)) as BatchReport;
    const hang = new AbortController();
    const first = Atomics.load(this.#shared, BEATS + batch.thread);
    let beats = first;
    let since = Date.now();
    const watching = setInterval(() => {
      const now = Atomics.load(this.#shared, BEATS + batch.thread);
      if (now !== beats) since = Date.now();
      beats = now;
      if (Date.now() - since > (now === first ? START + timeout : timeout)) hang.abort();
    }, TOLD_EVERY);
    try {
      return (await pool.run(batch, { signal: hang.signal })) as BatchReport;
    } catch (error) {
      if (!hang.signal.aborted) throw error;
      if ('module' in core) this.#campaign = { ...this.#campaign, core: { ...core, isApart: true } };
      return undefined;
    } finally {
      clearInterval(watching);
    }
  }

  async #take(
    batch: number,
    { executions, instructions, met, kept, shown, finds, cycles }: BatchReport,
  ): Promise<void> {
    if (cycles) this.#cycles = this.#cycles ? sumOf(this.#cycles, cycles) : cycles;
    this.#executions += executions;
    this.#instructions += instructions;
    if (this.#coverage.addAll(met) > 0) this.#programs.push(...kept.slice(0, MOST_PROGRAMS - this.#programs.length));
    for (const [signature, count] of Object.entries(shown)) {
      this.#shown.set(signature, (this.#shown.get(signature) ?? 0) + count);
    }
    for (const find of finds) {
      const known = this.#finds.get(find.signature);
      // Which batch ends first is the host's; the one with the lowest number gives the find.
      if (known && known.batch <= batch) continue;
      this.#finds.set(find.signature, { find, batch });
      await this.#options.onFind(find, known === undefined);
    }
    this.#saveSoon();
  }

  /** Save while the next batches run; what came meanwhile is saved together. */
  #saveSoon(): void {
    this.#mustSaveAgain = true;
    this.#saving ??= this.#saveAll();
  }

  async #saveAll(): Promise<void> {
    try {
      while (this.#mustSaveAgain) {
        this.#mustSaveAgain = false;
        await this.#save();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#saving = undefined;
  }

  async #resume(corpus: Corpus): Promise<void> {
    const { progress, programs } = await corpus.load();
    this.#next = progress.next;
    this.#queue.push(...progress.unfinished.filter((batch) => batch >= 0));
    this.#executions = progress.executions;
    this.#instructions = progress.instructions;
    this.#coverage.addAll(progress.met);
    for (const [signature, count] of Object.entries(progress.shown)) this.#shown.set(signature, count);
    this.#programs = [...programs];
  }

  async #save(): Promise<void> {
    const progress: Progress = {
      next: this.#next,
      unfinished: [...this.#unfinished, ...this.#queue],
      executions: this.#executions,
      instructions: this.#instructions,
      met: this.#coverage.values(),
      shown: Object.fromEntries(this.#shown),
    };
    await this.#options.corpus?.save(progress, this.#programs);
  }
}
