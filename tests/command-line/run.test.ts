import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, install } from './install.js';
import { writePrograms } from './programs.js';
import { type Outcome, type SpawnOptions, spawned, until } from './spawned.js';

let installation: Installation;
beforeAll(async () => {
  installation = await install();
  await writePrograms(installation.folder);
});
afterAll(() => installation.remove());

const backplane = (words: readonly string[], options: Partial<SpawnOptions> = {}): Promise<Outcome> =>
  spawned(process.execPath, [installation.command, ...words], { cwd: installation.folder, ...options });

/** The report on the last line, and what stands before it. */
function split({ stdout }: Outcome): { text: string; report: Record<string, unknown> } {
  const end = stdout.lastIndexOf('\n', stdout.length - 2) + 1;
  return { text: stdout.slice(0, end), report: JSON.parse(stdout.slice(end)) as Record<string, unknown> };
}

describe('backplane run', () => {
  it('gives the guest stdin and stdout, and its own exit status to the shell', async () => {
    expect(await backplane(['run', 'echo.json'], { input: ['Hello\nq'] })).toEqual({
      status: 3,
      stdout: '>Hello\n',
      stderr: '',
    });
  });

  it('ends well when the guest goes on waiting after the end of the input', async () => {
    const outcome = await backplane(['run', 'echo.json', '--report', 'json'], { input: ['abc'] });
    const { text, report } = split(outcome);
    expect(text).toBe('>abc\n');
    expect(report).toEqual({
      machine: 'echo.json',
      engine: 'evaluator',
      reason: 'exit',
      pc: expect.any(Number),
      cycles: expect.any(Number),
      registers: expect.objectContaining({ a: expect.any(Number), x: expect.any(Number), s: 255 }),
      exitCode: 0,
      wallSeconds: expect.any(Number),
    });
    expect(outcome.status).toBe(0);
  });

  it('types text before it reads stdin', async () => {
    const { stdout } = await backplane(['run', 'echo.json', '--type', '\\x41b\\n'], { input: ['c0'] });
    expect(stdout).toBe('>Ab\nc');
  });

  it('does the same however its input is cut', async () => {
    const text = 'the quick brown fox\njumps over the lazy dog\nq';
    const whole = split(await backplane(['run', 'echo.json', '--report', 'json'], { input: [text] }));
    const typed = split(
      await backplane(['run', 'echo.json', '--report', 'json', '--type', text.replaceAll('\n', '\\n')]),
    );
    delete whole.report.wallSeconds;
    delete typed.report.wallSeconds;
    expect(typed).toEqual(whole);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(text.length), { minLength: 1, maxLength: 10 }), async (places) => {
        const cuts = [0, ...places.sort((a, b) => a - b), text.length];
        const pieces = cuts.slice(1).map((cut, index) => text.slice(cuts[index], cut));
        const cut = split(await backplane(['run', 'echo.json', '--report', 'json'], { input: pieces }));
        delete cut.report.wallSeconds;
        expect(cut).toEqual(whole);
      }),
      { numRuns: 3 },
    );
  });

  it('passes bytes as they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).filter(
      (byte) => byte !== 0x71 && byte !== 0x30,
    );
    const { stdout } = await backplane(['run', 'echo.json'], { input: [Buffer.concat([bytes, Buffer.from('q')])] });
    expect(Buffer.from(stdout, 'latin1').subarray(1)).toEqual(Buffer.from(bytes));
  });

  it.each([
    ['an expected text', ['hello.json', '--expect-text', 'w.rld$'], 'text', 0],
    ['a failing text', ['hello.json', '--fail-text', 'goodbye'], 'fail-text', 1],
    ['the first of both', ['hello.json', '--fail-text', 'goodbye', '--expect-text', 'world'], 'text', 0],
    ['a trap', ['hello.json', '--stop-at-trap'], 'trap', 0],
    ['a trap, and a text that never came', ['hello.json', '--stop-at-trap', '--expect-text', 'never'], 'trap', 1],
    ['a text before a trap', ['hello.json', '--stop-at-trap', '--expect-text', 'hello'], 'text', 0],
    ['the end of input, and a text that never came', ['echo.json', '--expect-text', 'never'], 'exit', 1],
    ['the limit of cycles', ['busy.json', '--limit-cycles', '1000'], 'cycles', 124],
    ['the limit of cycles before a text', ['busy.json', '--limit-cycles', '1000', '--expect-text', 'x'], 'cycles', 124],
    ['the limit of time', ['busy.json', '--timeout', '0.3'], 'timeout', 124],
    ['a jam', ['jam.json'], 'jam', 1],
  ])('ends at %s', async (_, words, reason, status) => {
    const outcome = await backplane(['run', ...words, '--report', 'json']);
    expect(outcome.stderr).toBe('');
    const { report } = split(outcome);
    expect([report.reason, report.exitCode, outcome.status]).toEqual([reason, status, status]);
  });

  it('tells what a device refuses, after what was printed until then', async () => {
    // Prints an A on channel A, then chooses a synchronous mode.
    const source = ['4, $44', '5, $68']
      .flatMap((setting) => setting.split(', ').map((byte) => ` ld a,${byte}\n out ($0a),a`))
      .concat(" ld a,'A'", ' out (8),a', ' ld b,0', 'wait: djnz wait', ' ld a,4', ' out ($0a),a', ' ld a,$20')
      .concat(' out ($0a),a', 'more: jr more')
      .join('\n');
    await writeFile(join(installation.folder, 'refused.s'), source);
    const words = ['run', 'z80-board', '--image', 'rom=refused.s'];
    const message =
      'devices.sio: the program chooses a synchronous mode; choose 1, 1.5 or 2 stop bits in write register 4';
    expect(await backplane(words)).toEqual({ status: 125, stdout: 'A', stderr: `backplane: ${message}\n` });
    const { report } = split(await backplane([...words, '--report', 'json']));
    expect(report).toMatchObject({ reason: 'error', message });
  });

  it('ends at the very instruction', async () => {
    const { report } = split(await backplane(['run', 'hello.json', '--stop-at-trap', '--report', 'json']));
    const listing = await backplane(['disasm', 'hello.json', '--from', `${report.pc}`, '--length', '1']);
    expect(listing.stdout).toMatch(/^([0-9a-f]{4}) .*jmp \$\1\n$/);
    const limited = split(await backplane(['run', 'busy.json', '--limit-cycles', '12345', '--report', 'json'])).report;
    expect(limited.cycles).toBeGreaterThanOrEqual(12345);
    expect(limited.cycles).toBeLessThan(12345 + 8);
  });

  it('waits for input in host time, and no longer than the timeout', async () => {
    const outcome = await backplane(['run', 'echo.json', '--timeout', '0.5', '--report', 'json'], {
      meanwhile: () => undefined,
    });
    const { report } = split(outcome);
    expect(report).toMatchObject({ reason: 'timeout', exitCode: 124 });
    expect(report.cycles).toBeLessThan(100_000);
  });

  it('starts at --pc', async () => {
    const { report } = split(
      await backplane(['run', 'hello.json', '--pc', '$9000', '--limit-cycles', '1', '--report', 'json']),
    );
    // Open bus reads $ff.
    expect(report.pc).toBe(0x9003);
  });

  it('chooses a variant and fills RAM', async () => {
    const words = ['run', 'hello.json', '--pc', '0x1000', '--limit-cycles', '1', '--report', 'json'];
    const filled = split(await backplane([...words, '--ram-fill', 'pattern:0xea']));
    expect(filled.report).toMatchObject({ pc: 0x1001, cycles: 2 });
    const stopped = split(
      await backplane([...words, '--ram-fill', 'pattern:0xdb', '--variant', 'wdc', '--limit-cycles', '100']),
    );
    expect(stopped.report).toMatchObject({ reason: 'exit', exitCode: 0 });
  });

  it('takes machines by name from anywhere', async () => {
    await mkdir(join(installation.folder, 'deep/down'), { recursive: true });
    await writeFile(join(installation.folder, 'deep/down/loop.bin'), Buffer.from([0x4c, 0, 0]));
    const outcome = await backplane(
      ['run', 'bare-6502', '--image', 'ram=loop.bin', '--pc', '0', '--stop-at-trap', '--report', 'json'],
      {
        cwd: join(installation.folder, 'deep/down'),
      },
    );
    expect(JSON.parse(outcome.stdout)).toMatchObject({ machine: 'bare-6502', reason: 'trap', pc: 0, cycles: 3 });
  });

  it('loads plugins from files and packages, named in the config or on the command line', async () => {
    const folder = join(installation.folder, 'plugins');
    const packed = join(folder, 'node_modules/constant');
    await mkdir(packed, { recursive: true });
    const plugin = `
      import { defineDevice, z } from '@backplane/core';
      export const constant = defineDevice({
        type: 'constant', version: 1, size: 1, config: z.object({ value: z.int() }),
        create: ({ config }) => ({ read: () => config.value }),
      });`;
    await writeFile(join(folder, 'constant.mjs'), plugin);
    await writeFile(join(packed, 'constant.js'), plugin);
    const manifest = { name: 'constant', type: 'module', exports: { '.': { import: './constant.js' } } };
    await writeFile(join(packed, 'package.json'), JSON.stringify(manifest));
    const machine = {
      clock: 1000000,
      cpu: { type: '6502' },
      devices: { constant: { type: 'constant', value: 0xea } },
      memory: [{ at: 0, device: 'constant', size: 0x10000, repeat: true }],
    };
    const files = { file: ['./constant.mjs'], package: ['constant'], none: [] };
    for (const [name, plugins] of Object.entries(files)) {
      await writeFile(join(folder, `${name}.json`), JSON.stringify({ ...machine, plugins }));
    }
    const limits = ['--limit-cycles', '20', '--report', 'json'];
    for (const words of [
      ['plugins/file.json'],
      ['plugins/package.json'],
      ['plugins/none.json', '--plugin', './plugins/constant.mjs'],
    ]) {
      const outcome = await backplane(['run', ...words, ...limits]);
      expect(outcome.stderr).toBe('');
      // The vector is $eaea; reset takes 7 cycles, a NOP 2.
      expect(split(outcome).report).toMatchObject({ cycles: 21, pc: 0xeaf1 });
    }
  });
});

describe('images', () => {
  it.each(['hex', 's19'])('reads .%s', async (extension) => {
    const bytes = [0xa9, 0x07, 0x8d, 0x10, 0x80];
    const start = [0x00, 0xf0, 0x00, 0xf0, 0x00, 0xf0];
    const text =
      extension === 'hex'
        ? `${hexRecord(0xf000, bytes)}${hexRecord(0xfffa, start)}:00000001FF\n`
        : sRecord(0xf000, bytes) + sRecord(0xfffa, start);
    await writeFile(join(installation.folder, `seven.${extension}`), text);
    const { status, stderr } = await backplane(['run', 'echo.json', '--image', `rom=seven.${extension}`]);
    expect([status, stderr]).toEqual([7, '']);
  });

  it('reads .prg', async () => {
    await writeFile(join(installation.folder, 'loop.prg'), Buffer.from([0x00, 0x08, 0x4c, 0x00, 0x08]));
    const outcome = await backplane([
      'run',
      'bare-6502',
      '--image',
      'ram=loop.prg',
      '--pc',
      '0x800',
      '--stop-at-trap',
      '--report',
      'json',
    ]);
    expect(split(outcome).report).toMatchObject({ reason: 'trap', pc: 0x800 });
  });
});

const hexRecord = (address: number, data: readonly number[]) => {
  const bytes = [data.length, address >> 8, address & 0xff, 0, ...data];
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  return `:${Buffer.from([...bytes, -sum & 0xff]).toString('hex')}\n`;
};
const sRecord = (address: number, data: readonly number[]) => {
  const bytes = [data.length + 3, address >> 8, address & 0xff, ...data];
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  return `S1${Buffer.from([...bytes, ~sum & 0xff]).toString('hex')}\n`;
};

describe('a trace', () => {
  it('has a line for every bus cycle, and does not change the run', async () => {
    const words = ['run', 'hello.json', '--stop-at-trap', '--report', 'json'];
    const plain = split(await backplane(words));
    const traced = split(await backplane([...words, '--trace', 'trace.txt']));
    delete plain.report.wallSeconds;
    delete traced.report.wallSeconds;
    expect(traced).toEqual(plain);
    const lines = (await readFile(join(installation.folder, 'trace.txt'), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(plain.report.cycles as number);
    expect(lines.map((line) => Number(line.slice(0, 10)))).toEqual(lines.map((_, index) => index));
    expect(lines.slice(7, 14)).toEqual([
      '         7 R f000 a2 ldx #$00',
      '         8 R f001 00',
      '         9 R f002 bd lda $f010,x',
      '        10 R f003 10',
      '        11 R f004 f0',
      '        12 R f010 68',
      '        13 R f005 f0 beq $f00d',
    ]);
    expect(lines.filter((line) => line.includes('W 8000'))).toHaveLength('hello, world\nand goodbye'.length);
  });

  it('is whole or not there', async () => {
    const folder = join(installation.folder, 'traces');
    await mkdir(folder);
    await writeFile(join(folder, 'old.txt'), 'old');
    const words = ['run', 'hello.json', '--image', 'rom=nowhere.bin', '--trace', 'traces/old.txt'];
    expect((await backplane(words)).status).toBe(125);
    expect(await readdir(folder)).toEqual(['old.txt']);
    expect(await readFile(join(folder, 'old.txt'), 'utf8')).toBe('old');
  });

  it.skipIf(!existsSync('/dev/full'))('tells when the disk is full', async () => {
    const { status, stderr } = await backplane([
      'run',
      'busy.json',
      '--limit-cycles',
      '100000',
      '--trace',
      '/dev/full',
    ]);
    expect(status).toBe(125);
    expect(stderr).toBe('backplane: /dev/full: no space left on the device\n');
  });
});

describe.skipIf(process.platform === 'win32')('signals and pipes', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends a run in order', async (signal, status) => {
    const outcome = await backplane(['run', 'busy.json', '--report', 'json', '--trace', `${signal}.txt`], {
      async meanwhile(child, output) {
        await until(() => output().length > 0);
        child.kill(signal);
      },
    });
    const { text, report } = split(outcome);
    expect(text).toMatch(/^\.+\n$/);
    expect(report).toMatchObject({ reason: 'error', message: `ended by ${signal}`, exitCode: status });
    expect(outcome.status).toBe(status);
    const trace = await readFile(join(installation.folder, `${signal}.txt`), 'utf8');
    expect(trace.trimEnd().split('\n')).toHaveLength(report.cycles as number);
  });

  it('ends while it waits for input', async () => {
    const outcome = await backplane(['run', 'echo.json', '--report', 'json'], {
      async meanwhile(child, output) {
        await until(() => output().length > 0);
        child.kill('SIGINT');
      },
    });
    expect(split(outcome).report.exitCode).toBe(130);
  });

  it('ends quietly when nobody reads its output', async () => {
    const { status, stderr } = await backplane(['run', 'chatter.json'], {
      async meanwhile(child, output) {
        await until(() => output().length > 0);
        child.stdout?.destroy();
      },
    });
    expect([status, stderr]).toEqual([141, '']);
  });

  it('waits for a slow reader', async () => {
    const words = [installation.command, 'run', 'chatter.json', '--limit-cycles', '7000000'];
    const { stdout } = await spawned('sh', ['-c', '"$@" | (sleep 1; cat)', 'sh', process.execPath, ...words], {
      cwd: installation.folder,
    });
    // 7 cycles of reset, then 9 a letter.
    expect(stdout.length).toBe(Math.ceil((7_000_000 - 7 - 5) / 9));
  });

  it.skipIf(!existsSync('/dev/full'))('tells when its output cannot be written', async () => {
    const words = [installation.command, 'run', 'hello.json', '--stop-at-trap'];
    const { stdout, stderr } = await spawned(
      'sh',
      ['-c', '"$@" >/dev/full; echo $?', 'sh', process.execPath, ...words],
      {
        cwd: installation.folder,
      },
    );
    expect(stdout).toBe('125\n');
    expect(stderr).toMatch(/^backplane: standard output: ENOSPC: .*\n$/);
  });
});

// util-linux's script gives a process a terminal.
describe.skipIf(process.platform !== 'linux' || !existsSync('/usr/bin/script'))('a terminal', () => {
  const inTerminal = (words: string, meanwhile: NonNullable<SpawnOptions['meanwhile']>) =>
    spawned('/usr/bin/script', ['-qec', `${process.execPath} ${installation.command} ${words}`, '/dev/null'], {
      cwd: installation.folder,
      meanwhile,
    });

  it('gives the guest every key at once', async () => {
    const { status, stdout } = await inTerminal('run echo.json', async (child, output) => {
      await until(() => output().includes('>'));
      child.stdin?.write('a');
      await until(() => output().includes('>a'));
      child.stdin?.write('\r');
      await until(() => output().includes('>a\r\n'));
      child.stdin?.write('q');
    });
    expect([status, stdout]).toEqual([3, '>a\r\n']);
  });

  it('ends at Ctrl-C, with the terminal as it was', async () => {
    const command = `sh -c 'stty -a >before; ${process.execPath} ${installation.command} run echo.json; echo $? >status; stty -a >after'`;
    await spawned('/usr/bin/script', ['-qec', command, '/dev/null'], {
      cwd: installation.folder,
      async meanwhile(child, output) {
        await until(() => output().includes('>'));
        child.stdin?.write('\x03');
      },
    });
    const read = (name: string) => readFile(join(installation.folder, name), 'utf8');
    expect(await read('status')).toBe('130\n');
    expect(await read('after')).toBe(await read('before'));
  });

  it('shows progress of a long run, and wipes it', async () => {
    const words = 'run busy.json --limit-cycles 100_000_000_000 >/dev/null';
    const { status, stdout } = await inTerminal(words, async (child, output) => {
      await until(() => output().includes('of the limit'));
      child.stdin?.write('\x03');
    });
    expect(status).toBe(130);
    expect(stdout).toMatch(/^\r\d+\.\d M cycles, \d+\.\d MHz, \d+\.\d % of the limit/);
    expect(stdout.endsWith('\r\x1b[K')).toBe(true);
  });
});
