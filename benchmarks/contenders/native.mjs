import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isas } from '../isas.mjs';
import { inBenchmarks } from '../paths.mjs';
import { temporaryFolder } from '../temporary-folder.mjs';

/** C programs by contender. They know no devices but those of a conversation. */
const SOURCES = [
  { name: 'c', isa: '6502', source: '6502-interpreter' },
  { name: 'c', isa: 'z80', source: 'z80-interpreter' },
  { name: 'libz80ex', isa: 'z80', source: 'libz80ex', library: 'z80ex', package: 'libz80ex-dev' },
];

/** Compiled now, but for those that miss something here. */
export function compileNatives() {
  if (spawnSync('gcc', ['--version']).error) {
    const names = new Set(SOURCES.map(({ name }) => name));
    return { natives: [], skipped: [...names].map((name) => `${name}: there is no gcc`) };
  }
  const isMissing = ({ library }) =>
    library && spawnSync('gcc', ['-E', '-'], { input: `#include <${library}/${library}.h>` }).status !== 0;
  const missing = SOURCES.filter(isMissing);
  return {
    natives: SOURCES.filter((source) => !missing.includes(source)).map(compile),
    skipped: missing.map((source) => `${source.name}: it is not installed (Debian: ${source.package})`),
  };
}

function compile({ name, isa, source, library }) {
  const program = join(temporaryFolder(), source);
  const libraries = library ? [`-l${library}`] : [];
  execFileSync('gcc', ['-O2', '-o', program, inBenchmarks(`native/${source}.c`), ...libraries], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { name, isa, program };
}

/** It takes the time itself, so what the process costs does not count. */
export function native({ name, program }, { name: workload, isa, image, entry, conversation }) {
  const keep = (what, bytes) => {
    const file = join(temporaryFolder(), `${workload}.${what}`);
    writeFileSync(file, bytes);
    return file;
  };
  const file = keep('bin', image);
  const more = [];
  if (conversation) {
    const { drives, lines } = conversation;
    more.push(drives.a, drives.i, keep('typed', lines.map((line) => `${line}\r`).join('')));
  }
  return {
    name,
    run(cycles) {
      const output = execFileSync(program, [file, String(entry), String(cycles), ...more], { maxBuffer: 2 ** 20 });
      const end = output.indexOf(10);
      const [nanoseconds, ran, ...values] = output.toString('latin1', 0, end).split(' ').map(Number);
      const memory = new Uint8Array(output.subarray(end + 1, end + 1 + 0x10000));
      const text = conversation && output.toString('latin1', end + 1 + 0x10000);
      const registers = isas[isa].registers.map((register, index) => [register, values[index]]);
      return { seconds: nanoseconds / 1e9, state: { ...Object.fromEntries(registers), cycles: ran, memory, text } };
    },
    close() {},
  };
}
