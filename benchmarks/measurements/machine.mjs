import { freshProcess } from '../fresh-process.mjs';
import { inBenchmarks } from '../paths.mjs';

/** Machines of 64 KiB made one after another, checkpoints of them, and single steps. */
export function measureMachine({ quick }) {
  const script = inBenchmarks('measurements/machine-process.mjs');
  const measured = freshProcess(script, [quick ? '100' : '500'], ['--expose-gc']);
  return {
    ...measured,
    lines: [
      ['64 KiB machine made', measured.milliseconds, 'ms'],
      ['the same, and its first cycle in the interpreter', measured.firstCycle, 'ms'],
      ['memory of a machine (RSS)', measured.kilobytes, 'KiB'],
      ['checkpoint', measured.checkpoint, 'µs'],
      ['restore', measured.restore, 'µs'],
      ['step: set registers and memory, run one instruction, read back', measured.vectors / 1000, 'thousand/s'],
    ],
  };
}
