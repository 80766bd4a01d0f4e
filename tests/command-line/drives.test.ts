import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { assemble } from '@backplane/core/assembler';
import { z80 } from '@backplane/cpu-z80';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, install } from './install.js';
import { type SpawnOptions, spawned, until } from './spawned.js';

const FLOPPY = 77 * 26 * 128;

/**
 * Adds 1 to the first byte of a file that is alone on drive B (block 2 begins at track 2, sector 20), says so, and waits
 * for a key: `+` does it again, `h` writes the disk without end, anything else ends the run.
 */
const program = `
        .org 0
start:  ld a,1
        out (10),a
        inc a
        out (11),a
        ld a,20
        out (12),a
        ld a,$10
        out (16),a
loop:   xor a
        out (13),a      ; read
        ld hl,$1000
        inc (hl)
        ld a,1
        out (13),a      ; write
        in a,(14)
        add a,'0'
        out (1),a       ; status
        in a,(1)
        cp '+'
        jp z,loop
        cp 'h'
        jp z,hammer
        ld a,$aa
        out (160),a
        out (160),a
hammer: ld hl,$1001
        inc (hl)
        ld a,1
        out (13),a
        jp hammer`;

let installation: Installation;
let boot: Uint8Array;
beforeAll(async () => {
  installation = await install();
  boot = new Uint8Array(FLOPPY);
  boot.set(assemble(z80.instructionSet(), program).bytes);
});
afterAll(() => installation.remove());

let folder: string;
let count = 0;
beforeEach(() => {
  count += 1;
  folder = join(installation.folder, `case-${count}`);
  mkdirSync(join(folder, 'work'), { recursive: true });
  writeFileSync(join(folder, 'boot.dsk'), boot);
  writeFileSync(join(folder, 'work/note.txt'), 'A note\n');
});

const at = (name: string) => join(folder, name);
const run = (words: readonly string[], options: Partial<SpawnOptions> = {}) =>
  spawned(process.execPath, [installation.command, 'run', 'cpm22', '--drive-a', 'boot.dsk', ...words], {
    cwd: folder,
    ...options,
  });
const written = ['--drive-b', 'work', '--write-through', 'b'];

/** A floppy with the byte at the place that the program changes. */
const disk = (byte: number) => {
  const bytes = new Uint8Array(FLOPPY).fill(0xe5);
  bytes[(2 * 26 + 19) * 128] = byte;
  return bytes;
};
const byteOn = (name: string) => readFileSync(at(name))[(2 * 26 + 19) * 128];

describe('a drive', () => {
  it('takes an image, and leaves it as it was', async () => {
    writeFileSync(at('b.dsk'), disk(5));
    expect(await run(['--drive-b', 'b.dsk'], { input: ['q'] })).toEqual({ status: 0, stdout: '0', stderr: '' });
    expect(byteOn('b.dsk')).toBe(5);
  });

  it('takes a folder, and leaves it as it was', async () => {
    expect(await run(['--drive-b', 'work'], { input: ['q'] })).toEqual({ status: 0, stdout: '0', stderr: '' });
    expect(readFileSync(at('work/note.txt'), 'latin1')).toBe('A note\n');
  });

  it('writes through to a folder', async () => {
    expect(await run(written, { input: ['++q'] })).toEqual({ status: 0, stdout: '000', stderr: '' });
    expect([readdirSync(at('work')), readFileSync(at('work/note.txt'), 'latin1')]).toEqual([['note.txt'], 'D note\n']);
  });

  it('writes through to an image, its mode and a link to it kept', async () => {
    writeFileSync(at('b.dsk'), disk(5), { mode: 0o640 });
    symlinkSync('b.dsk', at('link.dsk'));
    await run(['--drive-b', 'link.dsk', '--write-through', 'b'], { input: ['++q'] });
    expect([byteOn('b.dsk'), statSync(at('b.dsk')).mode & 0o777]).toEqual([8, 0o640]);
    expect(readdirSync(folder).sort()).toEqual(['b.dsk', 'boot.dsk', 'link.dsk', 'work']);
  });

  it('has its mode in a config, too', async () => {
    const machine = readFileSync(new URL('../../machines/cpm22.yaml', import.meta.url), 'utf8').replace(
      'disks: { type: z80pack-disks, boot: a }',
      'disks: { type: z80pack-disks, boot: a, media: { a: { image: system }, b: { mode: read-only } } }',
    );
    writeFileSync(at('mine.yaml'), `${machine}images: { system: boot.dsk, b: work }\n`);
    const outcome = await spawned(process.execPath, [installation.command, 'run', 'mine.yaml'], {
      cwd: folder,
      input: ['q'],
    });
    expect(outcome).toEqual({ status: 0, stdout: '6', stderr: '' });
  });
});

describe('what was written is there', () => {
  it('before the guest says so, whoever kills the process', async () => {
    writeFileSync(at('b.dsk'), disk(5));
    await run(['--drive-b', 'b.dsk', '--write-through', 'b'], {
      async meanwhile(child, output) {
        await until(() => output() === '0');
        expect(byteOn('b.dsk')).toBe(6);
        child.kill('SIGKILL');
      },
    });
    expect(byteOn('b.dsk')).toBe(6);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('after %s', async (signal) => {
    const { status } = await run(written, {
      async meanwhile(child, output) {
        await until(() => output() === '0');
        child.kill(signal);
      },
    });
    expect([status, readFileSync(at('work/note.txt'), 'latin1')]).toEqual([
      { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal],
      'B note\n',
    ]);
  });

  it.each([[['--limit-cycles', '3000000']], [['--timeout', '2']]])('when the budget %j is used up', async (budget) => {
    const { status } = await run([...written, ...budget], { input: ['+h'] });
    const note = readFileSync(at('work/note.txt'), 'latin1');
    expect([status, note[0], note.length]).toEqual([124, 'C', 7]);
  });

  it('as one disk or the next, never half of each, while it is written all the time', async () => {
    writeFileSync(at('b.dsk'), disk(5));
    await run(['--drive-b', 'b.dsk', '--write-through', 'b'], {
      async meanwhile(child, output) {
        child.stdin?.write('h');
        await until(() => output() === '0');
        for (let look = 0; look < 200; look += 1) {
          expect(statSync(at('b.dsk')).size).toBe(FLOPPY);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        child.kill('SIGKILL');
      },
    });
    expect([statSync(at('b.dsk')).size, byteOn('b.dsk')]).toEqual([FLOPPY, 6]);
  });
});

describe('backplane says what is wrong with', () => {
  const complaint = async (...words: string[]) => {
    const { status, stdout, stderr } = await run(words);
    expect([status, stdout]).toEqual([125, '']);
    return stderr;
  };

  it('a machine that has no disk to start from', async () => {
    const { status, stderr } = await spawned(process.execPath, [installation.command, 'run', 'cpm22'], { cwd: folder });
    expect([status, stderr]).toEqual([
      125,
      'backplane: cpm22: no disk in drive a, from which the machine starts; give one as images.a (on the command line: --drive-a FILE)\n',
    ]);
  });

  it.each([
    ['a missing image', ['--drive-b', 'nowhere.dsk'], 'nowhere.dsk: no such file'],
    [
      'an image of the wrong size',
      ['--drive-i', 'boot.dsk'],
      'boot.dsk: has 256256 bytes; a disk in drive i has 4177920; give an image of the right size, or a folder',
    ],
    [
      'an image that is too large',
      ['--drive-b', 'huge.dsk'],
      'huge.dsk: has 4177920 bytes; a disk in drive b has at most 256256',
    ],
    [
      'a folder where no disk can be made of one',
      ['--drive-p', 'work'],
      'work: is a folder; what goes into drive p is a file',
    ],
    ['a device', ['--drive-b', '/dev/zero'], '/dev/zero: is no regular file; a disk in drive b is a file'],
    [
      'names that CP/M has not',
      ['--drive-b', 'names'],
      'names/Makefile.am.in: is no name of CP/M, which has at most eight characters, a dot and three more; rename it, or move it out of the folder',
    ],
    [
      'a full directory',
      ['--drive-b', 'full'],
      'full: 65 files take 65 entries of the directory, a disk ibm-3740 has 64; take some away, or use a drive with larger disks',
    ],
    ['a drive that is not there', ['--write-through', 'e'], "--write-through: the machine has no drive 'e'; "],
    ['an image in two places', ['--image', 'x=boot.dsk'], "--image: the machine takes no image 'x'; "],
  ])('%s', async (_name, words, message) => {
    writeFileSync(at('huge.dsk'), new Uint8Array(255 * 128 * 128));
    mkdirSync(at('names'));
    writeFileSync(at('names/Makefile.am.in'), '');
    mkdirSync(at('full'));
    for (let index = 0; index < 65; index += 1) writeFileSync(at(`full/f${index}`), '');
    expect(await complaint(...words)).toContain(`backplane: ${message}`);
  });

  it('a drive of a machine that has none', async () => {
    const { status, stderr } = await spawned(
      process.execPath,
      [installation.command, 'run', 'board', '--drive-a', 'boot.dsk'],
      { cwd: folder },
    );
    expect([status, stderr]).toEqual([125, "backplane: --drive-a: the machine has no drive 'a'; it has none at all\n"]);
  });

  it('a read-only image or folder that is to be written, and leaves it alone', async () => {
    writeFileSync(at('b.dsk'), disk(5));
    chmodSync(at('b.dsk'), 0o444);
    const mend = "use the mode 'overlay' or 'read-only', or make it writable";
    expect(await complaint('--drive-b', 'b.dsk', '--write-through', 'b')).toBe(
      `backplane: b.dsk: may not be written; ${mend}\n`,
    );
    chmodSync(at('work'), 0o555);
    expect(await complaint(...written)).toBe(`backplane: work: may not be written; ${mend}\n`);
    chmodSync(at('work'), 0o755);
    expect(byteOn('b.dsk')).toBe(5);
  });

  it('a file that somebody else changed meanwhile, which it keeps', async () => {
    const { status, stderr } = await run(written, {
      async meanwhile(child, output) {
        await until(() => output() === '0');
        writeFileSync(at('work/note.txt'), 'Mine\n');
        child.stdin?.write('q');
      },
    });
    expect([status, stderr]).toEqual([
      125,
      'backplane: work/note.txt: was changed while the machine ran; what the machine made of it is in work/note.txt.from-disk\n',
    ]);
    expect(readFileSync(at('work/note.txt'), 'latin1')).toBe('Mine\n');
    expect(readFileSync(at('work/note.txt.from-disk'), 'latin1')).toBe('B note\n');
    expect(existsSync(at('work/.note.txt.partial'))).toBe(false);
  });
});

it('lint takes a machine with drives without a disk', async () => {
  const { status, stdout } = await spawned(process.execPath, [installation.command, 'lint', 'cpm3'], { cwd: folder });
  expect(status).toBe(0);
  expect(stdout).toContain('note: drive a: empty; a blank disk stands in\n');
  expect(stdout).toContain('0 errors, 0 warnings\n');
});
