import { parseArgs } from 'node:util';
import { inBenchmarks } from './paths.mjs';

export const USAGE = `usage: pnpm bench [options]
  --quick           fewer rounds, shorter runs: to see that everything works
  --only NAME       only the workloads and measurements whose name contains NAME; may be given more than once
  --json FILE       where to write the results (benchmarks/results/latest.json)
  --save-baseline   write this run's ratios to benchmarks/baseline.json
  --help            this text`;

/** What the command line asks for. */
export function readOptions(args) {
  const { values } = parseArgs({
    args: args[0] === '--' ? args.slice(1) : args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string', default: inBenchmarks('results/latest.json') },
      'save-baseline': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { quick, only } = values;
  return {
    ...values,
    saveBaseline: values['save-baseline'],
    isWanted: (name) => only.length === 0 || only.some((part) => name.includes(part)),
    rounds: quick ? 3 : 7,
    /** Runs of full length before the timed ones. */
    warmUpRuns: quick ? 1 : 3,
    /** CPU seconds that a timed run is to take. */
    runSeconds: quick ? 0.05 : 0.3,
  };
}
