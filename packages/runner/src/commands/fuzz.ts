import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BackplaneError } from '@backplane/core';
import { type CoverageReport, EngineCore, type EngineCycles, type Find, type Mask, Masks } from '@backplane/core/fuzz';
import { type CampaignResult, runCampaign } from '../fuzz/campaign.js';
import { Corpus } from '../fuzz/corpus.js';
import { writeFind } from '../fuzz/find-files.js';
import { type Campaign, findCpu, subjectOf } from '../fuzz/subject.js';
import { parseSeconds, parseWhole } from '../numbers.js';
import { readRegularFile } from '../read-file.js';
import { exitStatus } from '../report.js';

/** The options of `backplane fuzz`, as the command line gives them. */
export interface FuzzOptions {
  variant?: string;
  engine?: string;
  core?: string;
  command?: string;
  against: string;
  time?: string;
  executions?: string;
  seed: string;
  masks?: string;
  only?: readonly string[];
  corpus?: string;
  workers?: string;
  mostFinds: string;
  answerWithin: string;
  report?: 'json';
  plugin?: readonly string[];
}

/** Programs of a batch: some seconds' work. */
const ENGINE_BATCH = 20_000;
const CORE_BATCH = 5_000;

const LARGEST_MASKS = 1_000_000;

/** `backplane fuzz`: random programs on a core, until time or programs are over. */
export async function fuzz(type: string, options: FuzzOptions): Promise<number> {
  const { plugin = [], variant, against } = options;
  const campaign: Campaign = {
    type,
    variant,
    core: coreOf(options),
    against,
    plugins: plugin,
    masks: await readMasks(options.masks),
    only: options.only,
    seed: parseWhole(options.seed, '--seed'),
    timeout: parseSeconds(options.answerWithin, '--answer-within') * 1000,
  };
  const executions =
    options.executions === undefined ? Infinity : parseWhole(options.executions, '--executions', { min: 1 });
  const seconds = options.time === undefined ? undefined : parseSeconds(options.time, '--time');
  const workers =
    options.workers === undefined
      ? availableParallelism()
      : parseWhole(options.workers, '--workers', { min: 1, max: 256 });
  const mostFinds = parseWhole(options.mostFinds, '--most-finds', { min: 1 });

  // Whatever is wrong with the options shows here, and not in a worker.
  const { cpu, from } = await findCpu(type, plugin);
  const { cases } = new EngineCore(cpu, { variant, engine: against });
  const chosen = new Masks([], options.only);
  if (!cases.instructions.some(({ instruction }) => chosen.allows(instruction))) {
    throw new BackplaneError('fuzz/unknown-instruction', `no instruction '${options.only?.join("', '")}'`, {
      path: '--only',
      mend: 'give a mnemonic, a text such as "lda #n", or bytes such as a9',
    });
  }
  (await subjectOf(campaign, cpu)).stop();

  const { timeout: _, ...about } = campaign;
  const corpus = options.corpus === undefined ? undefined : new Corpus(options.corpus, about);
  const finds = new Corpus(options.corpus === undefined ? 'fuzz-finds' : join(options.corpus, 'finds'), about);
  const screen = new Screen();
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  let result: CampaignResult;
  try {
    result = await runCampaign(campaign, {
      cpu,
      workers,
      batchSize: 'engine' in campaign.core ? ENGINE_BATCH : CORE_BATCH,
      executions: executions === Infinity && seconds === undefined ? ENGINE_BATCH * workers : executions,
      mostFinds,
      until: seconds === undefined ? Infinity : Date.now() + seconds * 1000,
      signal: interruption.signal,
      corpus,
      async onFind(find, isNew) {
        const name = await writeFind(finds, find, campaign, cpu, from);
        if (isNew) screen.print(findText(find, `${finds.folder}/${name}.json`));
      },
      onProgress: (state) => screen.progress(state),
    });
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    screen.clear();
  }
  process.stdout.write(options.report === 'json' ? `${JSON.stringify(jsonOf(result))}\n` : `${summary(result)}\n`);
  return result.finds.length > 0 ? exitStatus.failed : exitStatus.expected;
}

function coreOf({ engine, core, command }: FuzzOptions): Campaign['core'] {
  const given = [engine, core, command].filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw new BackplaneError('runner/usage', given.length === 0 ? 'which core?' : 'which of these cores?', {
      mend: 'give one of --engine NAME, --core MODULE and --command COMMAND',
    });
  }
  if (engine !== undefined) return { engine };
  return core !== undefined ? { module: core } : { command: command as string };
}

async function readMasks(path: string | undefined): Promise<readonly Mask[]> {
  if (path === undefined) return [];
  const bytes = await readRegularFile(path, { limit: LARGEST_MASKS, what: 'a list of masks' });
  let masks: unknown;
  try {
    masks = JSON.parse(new TextDecoder().decode(bytes));
    new Masks(masks);
  } catch (error) {
    const fault = error instanceof BackplaneError ? error.message : 'is no JSON';
    throw new BackplaneError('fuzz/masks', fault, { path });
  }
  return masks as readonly Mask[];
}

/** A find as the terminal shows it. */
function findText({ signature, listing, difference, program }: Find, file: string): string {
  const { step, wanted, seen, at } = difference;
  const where = at === undefined ? '' : ` at 0x${at.toString(16)}`;
  const steps =
    listing.length > 6 ? `${listing.slice(0, 6).join(' / ')} … ${listing.length} steps` : listing.join(' / ');
  const pins = (program.pins ?? []).map(([cycle, pin, level]) => `${pin}=${level}@${cycle}`).join(' ');
  return `FIND ${signature}${where}: ${wanted} wanted, ${seen} seen in step ${step + 1} of: ${steps}${pins && ` [${pins}]`}\n     ${file}\n`;
}

const percentage = ([met, all]: readonly [number, number]): string =>
  all === 0 ? '100' : ((100 * met) / all).toFixed(1);

/** The last line. */
function summary({ executions, instructions, coverage, finds, shown, cycles }: CampaignResult): string {
  const never = coverage.never.map((text) => `never met: ${text}\n`).join('');
  const times = Object.values(shown).reduce((sum, count) => sum + count, 0);
  return `${never}executions ${executions} (${instructions} instructions), coverage ${coverageText(coverage)}, finds ${finds.length}${times > finds.length ? ` (shown ${times} times)` : ''}${cycles ? translatedText(cycles) : ''}`;
}

/** How much of it the translator has run. */
function translatedText({ evaluator, interpreter, translator, regions }: EngineCycles): string {
  const share = percentage([translator, evaluator + interpreter + translator]);
  return translator === 0 ? '' : `, translated ${share} % of cycles in ${regions} regions`;
}

const coverageText = ({ cases, instructions, flags, lengths, branches, interrupted }: CoverageReport): string =>
  `${cases} cases (instructions ${percentage(instructions)} %, flags ${percentage(flags)} %, lengths ${percentage(lengths)} %, branches ${percentage(branches)} %, interrupted ${percentage(interrupted)} %)`;

const jsonOf = ({ executions, instructions, coverage, finds, shown, cycles }: CampaignResult) => ({
  executions,
  instructions,
  coverage,
  ...(cycles && { cycles }),
  finds: finds.map(({ signature, listing, difference, level, program }) => ({
    signature,
    times: shown[signature] ?? 1,
    listing,
    difference,
    level,
    program,
  })),
});

const LINE_EVERY = 10_000;

/** Standard error: a line that is drawn again and again on a terminal, and one now and then elsewhere. */
class Screen {
  readonly #started = Date.now();
  #before: { readonly time: number; readonly executions: number } | undefined;
  #isDrawn = false;
  #lastLine = Date.now();

  progress({
    executions,
    cases,
    finds,
  }: {
    readonly executions: number;
    readonly cases: number;
    readonly finds: number;
  }): void {
    const now = Date.now();
    const isTerminal = process.stderr.isTTY === true;
    if (!isTerminal && now - this.#lastLine < LINE_EVERY) return;
    const { time, executions: earlier } = this.#before ?? { time: this.#started, executions: 0 };
    const rate = Math.round((1000 * (executions - earlier)) / Math.max(1, now - time));
    this.#before = { time: now, executions };
    const text = `${executions} executions, ${rate}/s, ${cases} cases, ${finds} finds`;
    this.#lastLine = now;
    process.stderr.write(isTerminal ? `\r${text}\x1b[K` : `${text}\n`);
    this.#isDrawn = isTerminal;
  }

  print(text: string): void {
    this.clear();
    process.stdout.write(text);
  }

  clear(): void {
    if (this.#isDrawn) process.stderr.write('\r\x1b[K');
    this.#isDrawn = false;
  }
}
