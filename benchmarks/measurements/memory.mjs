import { freshProcess } from '../fresh-process.mjs';
import { findReference, inBenchmarks } from '../paths.mjs';

/** What machines take that have run Klaus Dormann's test in the translator, all of them alive. */
export function measureMemory({ quick }) {
  const klaus = findReference('reference/roms/6502/klaus/6502_functional_test.bin');
  if (!klaus) return { lines: [] };
  const script = inBenchmarks('measurements/memory-process.mjs');
  const measured = freshProcess(script, [klaus, quick ? '50' : '200'], ['--expose-gc']);
  return {
    ...measured,
    lines: [[`memory of each of ${measured.count} machines after Klaus' test (RSS)`, measured.kilobytes, 'KiB']],
  };
}
