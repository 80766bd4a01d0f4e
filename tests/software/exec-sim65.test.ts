import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { disassemble } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import { describe, expect, test } from 'vitest';
import { sim65 } from '../../packages/runner/src/exec/sim65.js';
import { temporaryFolder } from '../temporary-folder.js';
import { executed } from './exec.js';

// Programs built by cc65 give what its own simulator gives: output, exit status, cycles. Where that is not installed
// (Debian: cc65), this is skipped. Differences from its version 2.19, and why:
//
// - Three cycles more. It does not count the JMP by which a program ends; here every instruction counts.
// - A taken branch costs one cycle more if it leaves the page of the next instruction; sim65 asks for the page of the
//   branch itself. Where a branch ends a page, that is one more or less.
// - JMP (nn) takes a 65C02 six cycles; sim65 counts five, a 6502's.
// - ROL nn,X (3E) goes on at its third byte under sim65.
// - Files. It opens whatever its user may; here there are the directories that were given, and no way out of them.
// - An error of its own (cycles, a bad header) ends it with 126 or 127; here with 124 or 125, as all of backplane does.
const FINAL_JUMP = 3;

const isInstalled = ['cl65', 'sim65'].every((name) => spawnSync(name, ['--version']).error === undefined);

const programs: Readonly<Record<string, string>> = {
  arguments: `#include <stdio.h>
int main(int argc, char **argv) {
  int i;
  for (i = 0; i < argc; ++i) printf("%d %s\\n", i, i == 0 ? "program" : argv[i]);
  fprintf(stderr, "%d arguments, then %p\\n", argc, argv[argc]);
  return argc;
}`,
  input: `#include <stdio.h>
#include <ctype.h>
int main(void) {
  int c, n = 0;
  while ((c = getchar()) != EOF) { putchar(toupper(c)); ++n; }
  return n & 0xff;
}`,
  files: `#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>
char b[300];
int main(void) {
  int n, f = open("new.txt", O_WRONLY | O_CREAT | O_TRUNC);
  for (n = 0; n < 300; ++n) b[n] = n;
  printf("%d\\n", f);
  printf("%d %d\\n", write(f, "hello", 5), write(f, b, 300));
  printf("%d %d\\n", read(f, b, 1), close(f));
  f = open("new.txt", O_WRONLY | O_APPEND);
  printf("%d %d\\n", write(f, "!", 1), close(f));
  f = open("new.txt", O_RDWR);
  printf("%d %d %d %d\\n", read(f, b, 4), b[3], read(f, b, 300), read(f, b, 300));
  printf("%d %d\\n", write(f, "x", 1), close(f));
  printf("%d\\n", open("new.txt", O_WRONLY | O_CREAT | O_EXCL));
  printf("%d\\n", open("none.txt", O_RDONLY));
  printf("%d %d %d\\n", close(77), read(77, b, 1), write(77, b, 1));
  return 0;
}`,
  arithmetic: `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
unsigned long hash(const char *s) { unsigned long h = 5381; while (*s) h = h * 33 + *s++; return h; }
int compare(const void *a, const void *b) { return *(int *)a - *(int *)b; }
int main(void) {
  int i, v[64]; char text[40];
  for (i = 0; i < 64; ++i) v[i] = (i * 7919) % 1009 - 300;
  qsort(v, 64, sizeof *v, compare);
  for (i = 0; i < 64; i += 9) printf("%d %ld %x\\n", v[i], (long)v[i] * v[63 - i] / 7, v[i] << 3);
  strcpy(text, "the quick brown fox");
  printf("%lu %s\\n", hash(text), strrchr(text, ' '));
  exit(200);
}`,
};

describe.skipIf(!isInstalled)('programs built by cc65', () => {
  const folder = temporaryFolder();

  const built = (name: string, source: string, target: string): string => {
    const path = join(folder, `${name}.${target}`);
    writeFileSync(join(folder, `${name}.c`), source);
    execFileSync('cl65', ['-t', target, '-o', path, join(folder, `${name}.c`)], { stdio: 'ignore' });
    return path;
  };

  /** Each documented instruction that goes on to the next one, with X and Y, which the addresses are computed with. */
  const everyInstruction = (cpu: number, index: number): Uint8Array => {
    const isa = cpu6502.instructionSet(cpu === 0 ? 'nmos' : 'wdc');
    const code: number[] = [];
    for (let opcode = 0; opcode < 256; opcode += 1) {
      const [{ text, length, encoding } = {}] = disassemble(isa, Uint8Array.of(opcode, 0x10, 0x05), 0);
      if (text === undefined || encoding === undefined || encoding.undocumented) continue;
      if (/^(b(?!it)|j|rt|wai|stp|txs|rmb|smb|pl|nop \S|rol \$....,x)/.test(text)) continue;
      // The pointers that the addressing modes find, to $0590.
      for (const pointer of [0x10, (0x10 + index) & 0xff]) {
        code.push(0xa9, 0x90, 0x85, pointer, 0xa9, 0x05, 0x85, (pointer + 1) & 0xff);
      }
      code.push(0xd8, 0x18, 0xa2, index, 0xa0, index, 0xa9, 0x11, ...[opcode, 0x10, 0x05].slice(0, length));
      if (text.startsWith('ph')) code.push(0x68);
    }
    return Uint8Array.of(...Buffer.from('sim65'), 2, cpu, 0, 0, 8, 0, 8, ...code, 0xd8, 0x4c, 0xf9, 0xff);
  };

  const cyclesOf = async (bytes: Uint8Array): Promise<{ theirs: number; ours: number }> => {
    const path = join(folder, 'instructions');
    writeFileSync(path, bytes);
    const { stdout, status } = spawnSync('sim65', ['-c', path], { encoding: 'latin1' });
    const { report } = await executed(bytes);
    expect(report).toMatchObject({ reason: 'exit', exitCode: status });
    return { theirs: Number(/^(\d+) cycles/.exec(stdout)?.[1]), ours: report.cycles - FINAL_JUMP };
  };

  test.each([
    [0, 0],
    [0, 0xff],
    [1, 0],
    [1, 0xff],
  ])('take the cycles that sim65 counts, instruction by instruction: CPU %i, index %i', async (cpu, index) => {
    const { theirs, ours } = await cyclesOf(everyInstruction(cpu, index));
    expect(theirs).toBeGreaterThan(4000);
    expect(ours).toBe(theirs);
  });

  const at = (cpu: number, address: number, code: readonly number[]): Uint8Array => {
    const word = [address & 0xff, address >> 8];
    return Uint8Array.of(...Buffer.from('sim65'), 2, cpu, 0, ...word, ...word, ...code, 0x4c, 0xf9, 0xff);
  };

  test.each([
    ['a branch over the end of a page', at(0, 0x03fa, [0xa9, 1, 0xd0, 2, 0, 0]), 6, 6],
    ['a branch that ends a page', at(0, 0x03fc, [0xa9, 1, 0xd0, 0]), 6, 5],
    ['JMP (nn) of a 6502', at(0, 0x0300, [0xa9, 3, 0x8d, 0x21, 2, 0xa9, 0x0d, 0x8d, 0x20, 2, 0x6c, 0x20, 2]), 17, 17],
    ['JMP (nn) of a 65C02', at(1, 0x0300, [0xa9, 3, 0x8d, 0x21, 2, 0xa9, 0x0d, 0x8d, 0x20, 2, 0x6c, 0x20, 2]), 17, 18],
  ])('%s', async (_, bytes, theirs, ours) => {
    expect(await cyclesOf(bytes)).toEqual({ theirs, ours });
  });

  describe.each(['sim6502', 'sim65c02'])('for %s', (target) => {
    test.each(Object.keys(programs))('%s: as under sim65', async (name) => {
      const path = built(name, programs[name] as string, target);
      const words = name === 'arguments' ? ['one', 'two words', ''] : [];
      const input = name === 'input' ? 'Hello,\nworld\n' : '';
      const [theirs, ours] = ['theirs', 'ours'].map((side) => join(folder, `${name}-${target}-${side}`)) as [
        string,
        string,
      ];
      mkdirSync(theirs);
      mkdirSync(ours);
      const wanted = spawnSync('sim65', ['-c', path, ...words], { cwd: theirs, input, encoding: 'latin1' });
      const { stdout, stderr, report } = await executed(path, { words, input, directories: [`.=${ours}`] });
      const [, output, cycles] = /^(.*?)(\d+) cycles\n$/s.exec(wanted.stdout) ?? [];
      expect({ stdout, stderr, status: report.exitCode, reason: report.reason }).toEqual({
        stdout: output,
        stderr: wanted.stderr,
        status: wanted.status,
        reason: 'exit',
      });
      const rotations =
        name === 'arithmetic' && target === 'sim6502' ? expect.any(Number) : Number(cycles) + FINAL_JUMP;
      expect(report.cycles).toEqual(rotations);
      if (name === 'files') {
        expect(readFileSync(join(ours, 'new.txt'))).toEqual(readFileSync(join(theirs, 'new.txt')));
      }
    });
  });

  test('have their console and nothing else, unless they are given more', async () => {
    const source = `#include <fcntl.h>
#include <stdio.h>
int main(int argc, char **argv) {
  int i;
  for (i = 1; i < argc; ++i) printf("%d\\n", open(argv[i], i & 1 ? O_RDONLY : O_WRONLY | O_CREAT));
  return 0;
}`;
    const path = built('opens', source, 'sim6502');
    const inside = join(folder, 'inside');
    mkdirSync(inside);
    writeFileSync(join(inside, 'here'), 'x');
    writeFileSync(join(folder, 'outside'), 'secret');
    const names = [
      'here',
      'new',
      '../outside',
      './here',
      '/etc/passwd',
      '..',
      '.',
      '',
      'data/here',
      'data/../outside',
      'other/here',
    ];
    const nothing = await executed(path, { words: names });
    expect(nothing.stdout).toBe('-1\n'.repeat(names.length));
    const given = await executed(path, { words: names, directories: [`.=${inside}`, `data=${inside}:ro`] });
    expect(given.stdout.trim().split('\n').map(Number)).toEqual([3, 4, -1, 5, -1, -1, -1, -1, 6, -1, -1]);
  });
});

describe('what is no sound sim65 program', () => {
  const header = (version: number, cpu: number, load: number, reset: number, body: number[]): Uint8Array =>
    Uint8Array.of(...Buffer.from('sim65'), version, cpu, 0, load & 255, load >> 8, reset & 255, reset >> 8, ...body);
  const JMP_EXIT = [0xa9, 7, 0x4c, 0xf9, 0xff];

  test('one that does nothing but end is', async () => {
    const { report } = await executed(header(2, 0, 0x0300, 0x0300, JMP_EXIT));
    expect(report).toMatchObject({ platform: 'sim65', reason: 'exit', exitCode: 7, cycles: 5 });
  });

  test('version 1 has no addresses: it begins at $0200', async () => {
    const { report } = await executed(Uint8Array.of(...Buffer.from('sim65'), 1, 1, 0, ...JMP_EXIT));
    expect(report).toMatchObject({ reason: 'exit', exitCode: 7 });
  });

  test.each([
    ['program: ends within its header', Uint8Array.of(...Buffer.from('sim65'))],
    ['program: ends within its header', header(2, 0, 0x200, 0x200, []).subarray(0, 11)],
    ['program: has nothing behind its header', header(2, 0, 0x200, 0x200, [])],
    ['program: has a header of version 3; versions 1 and 2 are known', header(3, 0, 0x200, 0x200, JMP_EXIT)],
    ['program: is for CPU 9; known are 0 (6502), 1 (65C02) and 2 (6502)', header(2, 9, 0x200, 0x200, JMP_EXIT)],
    ['program: begins at $0400, outside of its 5 bytes from $0200 on', header(2, 0, 0x200, 0x400, JMP_EXIT)],
    ['program: has 5 bytes for $fff0 on; they must end below $fff4', header(2, 0, 0xfff0, 0xfff0, JMP_EXIT)],
  ])('%s', async (message, bytes) => {
    await expect(executed(bytes, {}, sim65)).rejects.toThrow(message);
  });

  test('one that jams, stops, or reads the entries without calling them', async () => {
    const jam = await executed(header(2, 0, 0x200, 0x200, [0x02]));
    expect(jam.report).toMatchObject({ exitCode: 125, message: expect.stringMatching(/^the CPU has jammed at \$020/) });
    const stop = await executed(header(2, 1, 0x200, 0x200, [0xdb]));
    expect(stop.report).toMatchObject({
      exitCode: 125,
      message: expect.stringMatching(/^the program has stopped the CPU/),
    });
    // LDA $FFF9, INC $FFF9, then the end.
    const reads = await executed(header(2, 0, 0x200, 0x200, [0xad, 0xf9, 0xff, 0xee, 0xf9, 0xff, ...JMP_EXIT]));
    expect(reads.report).toMatchObject({ reason: 'exit', exitCode: 7 });
  });
});
