import { freshProcess } from '../fresh-process.mjs';
import { inBenchmarks } from '../paths.mjs';
import { median, ratioOfMedians } from '../statistics.mjs';

const MARKS = [1, 10, 100];
/** V8 compiles on the thread that runs, or else it is chance when on a busy computer it is done. */
const OPTIONS = ['--single-threaded'];

/** Cycles at a moment; what ends after it does not count, be it a slice or a compilation. */
const cyclesAt = (slices, mark) => slices.findLast(([elapsed]) => elapsed <= mark)?.[1] ?? 0;

const timeOf = (slices, cycles) => slices.find(([, done]) => done >= cycles)?.[0] ?? Number.POSITIVE_INFINITY;

/**
 * Whether `auto` has run 0.9 × what the evaluator has, 1, 10 and 100 ms after the start, in fresh processes. Of two that do
 * the same one may have run half as much as the other, for once code is compiled it runs a hundred times as fast. What
 * can be compared is when they get there: how long the evaluator takes to what it has run by then, and `auto` to 0.9 of it.
 */
export function measureAutoStart({ quick }) {
  const script = inBenchmarks('measurements/auto-start-process.mjs');
  const runs = { evaluator: [], auto: [] };
  for (let round = 0; round < (quick ? 5 : 41); round += 1) {
    const order = round % 2 === 0 ? ['evaluator', 'auto'] : ['auto', 'evaluator'];
    for (const engine of order) runs[engine].push(freshProcess(script, [engine, '200'], OPTIONS));
  }
  const measured = MARKS.map((mark) => {
    const cycles = median(runs.evaluator.map((slices) => cyclesAt(slices, mark)));
    const evaluator = runs.evaluator.map((slices) => timeOf(slices, cycles));
    const auto = runs.auto.map((slices) => timeOf(slices, 0.9 * cycles));
    // Where neither has ended its first slice yet they are level.
    const ratio = cycles === 0 ? { value: 1, low: 1, high: 1 } : ratioOfMedians(evaluator, auto);
    return { mark, cycles, ratio };
  });
  return {
    ratios: Object.fromEntries(measured.map(({ mark, ratio }) => [mark, ratio])),
    lines: measured.flatMap(({ mark, cycles, ratio }) => [
      [`evaluator, ${mark} ms after the start`, cycles / 1000, 'thousand cycles'],
      ['its time to that : that of `auto` to 0.9 of it', ratio.value, '×'],
      ['… in 95 of 100 such measurements from', ratio.low, '×'],
      ['… to', ratio.high, '×'],
    ]),
  };
}
