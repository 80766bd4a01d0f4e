import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesOn, formatOfSize } from '../../packages/runner/src/drives/cpm-disk.js';
import { describeWithReferences, softwarePath } from '../references.js';
import { temporaryFolder } from '../temporary-folder.js';
import { executed, silence } from './exec.js';

const program = (name: string): string => softwarePath(`z80-cpm/com/${name}`);

describeWithReferences('programs of CP/M as processes', () => {
  test('HI-TECH C compiles from a directory; what it made runs, and its status arrives', async () => {
    const folder = temporaryFolder();
    const image = new Uint8Array(readFileSync(softwarePath('z80-cpm/hd-apps-z80pack.dsk')));
    const format = formatOfSize(image.length);
    if (format === undefined) throw new Error('the image has an unknown size');
    for (const { name, bytes } of filesOn(format, image, 'image')) writeFileSync(join(folder, name), bytes);
    const before = readdirSync(folder);

    const compiled = await executed(join(folder, 'C309.COM'), {
      // A pipe that stays open, and silent, holds up nothing.
      input: silence(),
      words: ['-v', 'sieve.c'],
      directories: [`a=${folder}`],
    });
    const expected = readFileSync(softwarePath('expected/hitech-c.txt'), 'latin1');
    const passes = expected.slice(expected.indexOf('HI-TECH'), expected.indexOf('\n\nI>SIEVE'));
    expect(compiled.stdout.replaceAll('\r', '').trim()).toBe(passes.replaceAll('\r', '').trim());
    expect(compiled.report).toMatchObject({ platform: 'cpm', reason: 'exit', exitCode: 0 });
    // Its working files are gone.
    expect(readdirSync(folder).filter((name) => !before.includes(name))).toEqual(['SIEVE.COM']);

    const ran = await executed(join(folder, 'SIEVE.COM'));
    expect(ran.stdout).toBe('1899 primes\r\n');
    // Its main returns nothing, so the status is what happened to be in HL: of that, the low seven bits.
    expect(ran.report.reason).toBe('exit');

    // The same from sources and into an overlay that nothing comes out of.
    const source = `#include <stdio.h>
main(argc, argv) char **argv; {
  FILE *f; int i;
  for (i = 1; i < argc; i++) printf("%s\\n", argv[i]);
  f = fopen("out.txt", "w"); fprintf(f, "hello\\n"); fclose(f);
  exit(3);
}
`;
    writeFileSync(join(folder, 'three.c'), source.replaceAll('\n', '\r\n'));
    await executed(join(folder, 'C309.COM'), { words: ['three.c'], directories: [`a=${folder}:overlay`] });
    expect(readdirSync(folder)).not.toContain('THREE.COM');
    await executed(join(folder, 'C309.COM'), { words: ['three.c'], directories: [`a=${folder}`] });
    const output = temporaryFolder();
    copyFileSync(join(folder, 'THREE.COM'), join(output, 'THREE.COM'));
    const three = await executed(join(output, 'THREE.COM'), { words: ['one', 'Two'], directories: [`a=${output}`] });
    expect(three.stdout).toBe('ONE\r\nTWO\r\n');
    expect(three.report).toMatchObject({ reason: 'exit', exitCode: 3 });
    expect(readFileSync(join(output, 'OUT.TXT'), 'latin1')).toBe('hello\r\n');
  });

  test('BBC BASIC reads a program from a pipe', async () => {
    const input = '10 FOR I=1 TO 3:PRINT I*I:NEXT\nLIST\nRUN\n*BYE\n';
    const { stdout, report } = await executed(program('BBCBASIC.COM'), { input });
    expect(stdout.replaceAll('\r', '')).toMatch(
      /^BBC BASIC \(Z80\) Version 5\.00 *\n.*\n>10 FOR.*\n>LIST\n {3}10 FOR.*\n>RUN\n +1\n +4\n +9\n>\*BYE/s,
    );
    expect(report).toMatchObject({ reason: 'exit', exitCode: 0 });
  });

  test('BBC BASIC ends when its input has', async () => {
    const { stdout, report } = await executed(program('BBCBASIC.COM'), { input: 'PRINT 6*7\n' });
    expect(stdout).toContain(' 42');
    expect(report).toMatchObject({ reason: 'exit', exitCode: 0 });
  });

  test('the input may be cut in any way, and the program does the same', async () => {
    const { Readable } = await import('node:stream');
    const text = 'PRINT 2^10\nPRINT "A"\n*BYE\n';
    const whole = await executed(program('BBCBASIC.COM'), { input: text });
    const pieces = await executed(program('BBCBASIC.COM'), {
      input: Readable.from([...text].map((letter) => Buffer.from(letter))),
    });
    expect(pieces.stdout).toBe(whole.stdout);
    expect(pieces.report.cycles).toBe(whole.report.cycles);
  });

  test('zexdoc begins', async () => {
    const { stdout, report } = await executed(program('zexdoc.com'), { limitCycles: 20_000_000 });
    expect(stdout).toMatch(/^Z80doc instruction exerciser/);
    expect(report).toMatchObject({ reason: 'budget', exitCode: 124 });
  });
});
