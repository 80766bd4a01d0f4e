import { performance } from 'node:perf_hooks';

/** The part of a terminal that progress is drawn on. */
export interface ProgressTerminal {
  write(text: string): unknown;
  readonly columns?: number | undefined;
}

const appearsAfter = 2000;
const redrawnAfter = 250;
const silentFor = 500;

/**
 * One line on stderr about a long run. It shares the screen with what the guest prints, so it is drawn only while the
 * guest is silent and the cursor stands at the start of a line, and is wiped before the guest's next byte.
 */
export class Progress {
  readonly #terminal: ProgressTerminal;
  readonly #limit: number | undefined;
  readonly #sharesScreen: boolean;
  readonly #now: () => number;
  readonly #started: number;
  #drawn = 0;
  #visible = false;
  #lineOpen = false;
  #lastOutput = Number.NEGATIVE_INFINITY;

  constructor(
    terminal: ProgressTerminal,
    {
      limit,
      sharesScreen,
      now = () => performance.now(),
    }: { limit: number | undefined; sharesScreen: boolean; now?: () => number },
  ) {
    this.#terminal = terminal;
    this.#limit = limit;
    this.#sharesScreen = sharesScreen;
    this.#now = now;
    this.#started = now();
  }

  /** The guest is about to print these bytes. */
  beforeOutput(bytes: Uint8Array): void {
    if (!this.#sharesScreen || bytes.length === 0) return;
    this.clear();
    this.#lineOpen = bytes.at(-1) !== 10;
    this.#lastOutput = this.#now();
  }

  /** A slice has run. */
  update(cycles: number): void {
    const now = this.#now();
    if (now - this.#started < appearsAfter || now - this.#drawn < redrawnAfter) return;
    if (this.#lineOpen || now - this.#lastOutput < silentFor) return;
    this.#drawn = now;
    this.#visible = true;
    const seconds = (now - this.#started) / 1000;
    const share = this.#limit === undefined ? '' : `, ${((100 * cycles) / this.#limit).toFixed(1)} % of the limit`;
    const text = `${(cycles / 1e6).toFixed(1)} M cycles, ${(cycles / 1e6 / seconds).toFixed(1)} MHz${share}`;
    this.#terminal.write(`\r${text.slice(0, (this.#terminal.columns || 80) - 1)}\x1b[K`);
  }

  /** Wipe the line. */
  clear(): void {
    if (this.#visible) this.#terminal.write('\r\x1b[K');
    this.#visible = false;
  }
}
