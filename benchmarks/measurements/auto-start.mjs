import { freshProcess } from '../fresh-process.mjs';
import { inBenchmarks } from '../paths.mjs';
import { median } from '../statistics.mjs';

const MARKS = [1, 10, 100];

/** How far `auto` has come 1, 10 and 100 ms after its first cycle, and how far the evaluator, each in fresh processes. */
export function measureAutoStart({ quick }) {
  const script = inBenchmarks('measurements/auto-start-process.mjs');
  const runs = { evaluator: [], auto: [] };
  for (let round = 0; round < (quick ? 5 : 21); round += 1) {
    const order = round % 2 === 0 ? ['evaluator', 'auto'] : ['auto', 'evaluator'];
    for (const engine of order) runs[engine].push(freshProcess(script, [engine, ...MARKS.map(String)]));
  }
  const cycles = (engine) => MARKS.map((_, index) => median(runs[engine].map((marks) => marks[index])));
  const evaluator = cycles('evaluator');
  const auto = cycles('auto');
  // Where the evaluator has got nowhere yet, there is nothing to compare.
  const ratio = (index) => (evaluator[index] === 0 ? Number.NaN : auto[index] / evaluator[index]);
  const ratios = Object.fromEntries(MARKS.map((mark, index) => [mark, ratio(index)]));
  return {
    ratios,
    cycles: { evaluator, auto },
    lines: MARKS.flatMap((mark, index) => [
      [`evaluator, ${mark} ms after the start`, evaluator[index] / 1000, 'thousand cycles'],
      [`auto, ${mark} ms after the start`, auto[index] / 1000, 'thousand cycles'],
    ]),
  };
}
