import { freshProcess } from '../fresh-process.mjs';
import { findReference, inBenchmarks } from '../paths.mjs';

/** States as values: restored again and again, beside what copying takes; and a booted CP/M forked a thousand times. */
export function measureState({ quick }) {
  const restore = freshProcess(inBenchmarks('measurements/restore-process.mjs'), [quick ? '100' : '500']);
  const disk = findReference('software/z80-cpm/cpm22-z80pack.dsk');
  const count = quick ? 100 : 1000;
  const forks = disk && freshProcess(inBenchmarks('measurements/forks-process.mjs'), [disk, `${count}`]);
  return {
    restore,
    ...(forks && { forks: { ...forks, count } }),
    lines: [
      ['state of a 64 KiB machine copied', restore.copy, 'µs'],
      ...Object.entries(restore.runs).map(([engine, perSecond]) => [
        `checkpoint restored and 2,000 instructions run, ${engine}`,
        perSecond / 1000,
        'thousand/s',
      ]),
      ...(forks
        ? [
            [`CP/M forked ${count} times, each answers DIR`, forks.seconds, 's'],
            ['of that, the forks made', forks.making, 's'],
            ['the same in CPU time, of all threads', forks.cpuSeconds, 's'],
            ['memory of the process (RSS)', forks.megabytes, 'MiB'],
          ]
        : []),
    ],
  };
}
