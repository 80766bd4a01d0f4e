import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inBenchmarks } from '../paths.mjs';
import { temporaryFolder } from '../temporary-folder.mjs';

/** Our own C interpreter, compiled now; undefined where there is no gcc. It knows no devices. */
export function compileNative() {
  const program = join(temporaryFolder(), 'interpreter');
  try {
    execFileSync('gcc', ['-O2', '-o', program, inBenchmarks('native/interpreter.c')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
  return program;
}

/** It takes the time itself, so what the process costs does not count. */
export function native(program, workload) {
  const file = join(temporaryFolder(), `${workload.name}.bin`);
  writeFileSync(file, workload.image);
  return {
    name: 'c',
    run(cycles) {
      const output = execFileSync(program, [file, String(workload.entry), String(cycles)], { maxBuffer: 2 ** 20 });
      const end = output.indexOf(10);
      const [nanoseconds, ran, pc, a, x, y, s, p] = output.toString('latin1', 0, end).split(' ').map(Number);
      const memory = new Uint8Array(output.subarray(end + 1));
      return { seconds: nanoseconds / 1e9, state: { pc, a, x, y, s, p, cycles: ran, memory } };
    },
    close() {},
  };
}
