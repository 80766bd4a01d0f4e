import { freshProcess } from '../fresh-process.mjs';
import { inBenchmarks } from '../paths.mjs';
import { median, ratioOfMedians } from '../statistics.mjs';

const MARKS = [1, 10, 100];
const OPTIONS = ['--single-threaded'];

/**
 * How far `auto` has come 1, 10 and 100 ms after its first cycle, and how far the evaluator, each in fresh processes. In
 * the first milliseconds, in which V8 compiles what runs for the first time, one process comes several times as far as
 * another that does the same: hence so many, and a range. V8 compiles on the thread that runs, or else it is chance
 * when on a busy computer it is done.
 */
export function measureAutoStart({ quick }) {
  const script = inBenchmarks('measurements/auto-start-process.mjs');
  const runs = { evaluator: [], auto: [] };
  for (let round = 0; round < (quick ? 5 : 41); round += 1) {
    const order = round % 2 === 0 ? ['evaluator', 'auto'] : ['auto', 'evaluator'];
    for (const engine of order) runs[engine].push(freshProcess(script, [engine, ...MARKS.map(String)], OPTIONS));
  }
  const cycles = (engine, index) => runs[engine].map((marks) => marks[index]);
  const ratios = MARKS.map((_, index) => {
    const [auto, evaluator] = [cycles('auto', index), cycles('evaluator', index)];
    // Where neither has ended its first slice yet they are level.
    return median(evaluator) === 0 ? { value: 1, low: 1, high: 1 } : ratioOfMedians(auto, evaluator);
  });
  return {
    ratios: Object.fromEntries(MARKS.map((mark, index) => [mark, ratios[index]])),
    lines: MARKS.flatMap((mark, index) => [
      [`evaluator, ${mark} ms after the start`, median(cycles('evaluator', index)) / 1000, 'thousand cycles'],
      [`auto, ${mark} ms after the start`, median(cycles('auto', index)) / 1000, 'thousand cycles'],
      ['their ratio is, in 95 of 100 such measurements, from', ratios[index].low, '×'],
      ['to', ratios[index].high, '×'],
    ]),
  };
}
