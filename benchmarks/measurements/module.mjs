import { variants } from '@backplane/cpu-6502';
import { freshProcess } from '../fresh-process.mjs';
import { inBenchmarks } from '../paths.mjs';
import { median } from '../statistics.mjs';

/** The interpreter's module of each variant, printed and compiled in a process that has run nothing yet. */
export function measureModule({ rounds }) {
  const names = Object.keys(variants);
  const runs = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names)
      runs.get(name).push(freshProcess(inBenchmarks('measurements/module-process.mjs'), [name]));
  }
  const middle = (name, what) => median(runs.get(name).map((run) => run[what]));
  const measured = Object.fromEntries(
    names.map((name) => [
      name,
      {
        total: middle(name, 'total'),
        compiled: middle(name, 'compiled'),
        firstCall: middle(name, 'firstCall'),
        kilobytes: middle(name, 'bytes') / 1024,
      },
    ]),
  );
  return {
    variants: measured,
    lines: names.flatMap((name) => [
      [`module of ${name}: printed and compiled`, measured[name].total, 'ms'],
      [`of that, WebAssembly.Module (${name})`, measured[name].compiled, 'ms'],
      [`of that, the first call, which V8 compiles for (${name})`, measured[name].firstCall, 'ms'],
      [`size of the module (${name})`, measured[name].kilobytes, 'KiB'],
    ]),
  };
}
