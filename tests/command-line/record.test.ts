import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../../packages/runner/src/engines.js';
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

const at = (...names: string[]) => join(installation.folder, ...names);

const record = (name: string, words: readonly string[], input: readonly string[] = []): Promise<Outcome> =>
  backplane(['run', ...words, '--record', name], { input });

describe('backplane replay', () => {
  it.each(engines)('plays a run once more in the %s, though nobody types', async (engine) => {
    const { stdout, status } = await record(`echo-${engine}.rec`, ['echo.json', '--pc', '0xf008'], ['one\n', 'two\nq']);
    expect([stdout, status]).toEqual(['one\ntwo\n', 3]);
    expect(await backplane(['replay', `echo-${engine}.rec`, '--engine', engine])).toEqual({
      status: 0,
      stdout,
      stderr: '',
    });
  });

  it('plays a ready-made machine, and reports', async () => {
    await record('board.rec', ['board', '--limit-cycles', '400000']);
    const { stdout, status } = await backplane(['replay', 'board.rec', '--report', 'json', '--engine', 'interpreter']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout.slice(stdout.lastIndexOf('\n', stdout.length - 2)))).toMatchObject({
      machine: 'board',
      engine: 'interpreter',
      same: true,
      cycles: expect.any(Number),
      exitCode: 0,
    });
  });

  it('finds what lies below its folder when both are moved', async () => {
    await mkdir(at('first'));
    await writePrograms(at('first'));
    await record('first/hello.rec', ['first/hello.json', '--image', 'rom=first/hello.s', '--stop-at-trap']);
    await cp(at('first'), at('second'), { recursive: true });
    expect(await backplane(['replay', '../second/hello.rec'], { cwd: at('first') })).toEqual({
      status: 0,
      stdout: 'hello, world\nand goodbye',
      stderr: '',
    });
  });

  it('says what is not as it was', async () => {
    await mkdir(at('changed'));
    await writePrograms(at('changed'));
    await record('changed/hello.rec', ['changed/hello.json', '--stop-at-trap']);
    await cp(at('changed/jam.s'), at('changed/hello.s'));
    expect(await backplane(['replay', 'changed/hello.rec'])).toEqual({
      status: 125,
      stdout: '',
      stderr:
        'backplane: changed/hello.rec: the machine is not the one that was recorded: memory/main.memory[f000] is another one; ' +
        'give it the same config, images and versions\n',
    });
  });
});

describe.skipIf(process.platform === 'win32')('a recording', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('is whole when %s ends the run', async (signal) => {
    const name = `${signal}.rec`;
    const { stdout } = await backplane(['run', 'busy.json', '--record', name], {
      async meanwhile(child, output) {
        await until(() => output().length > 0);
        child.kill(signal);
      },
    });
    expect(await backplane(['replay', name])).toEqual({ status: 0, stdout, stderr: '' });
  });

  it('is there or not, but never half, whatever kills the run', async () => {
    await backplane(['run', 'busy.json', '--record', 'killed.rec'], {
      async meanwhile(child, output) {
        await until(() => output().length > 0);
        child.kill('SIGKILL');
      },
    });
    expect((await readdir(installation.folder)).filter((name) => name.includes('killed'))).toEqual([]);
  });

  it('is written of a run that fails, too', async () => {
    expect((await record('jam.rec', ['jam.json'])).status).toBe(1);
    expect((await backplane(['replay', 'jam.rec'])).stdout).toBe('!');
  });

  it('can be put out', async () => {
    const words = [installation.command, 'run', 'jam.json', '--record', '/dev/stdout'];
    const { stdout } = await spawned('sh', ['-c', '"$@" | cat', 'sh', process.execPath, ...words], {
      cwd: installation.folder,
    });
    expect(JSON.parse(stdout.slice(1))).toMatchObject({
      format: 'backplane-recording',
      source: { machine: expect.any(String) },
    });
  });

  it('does not begin where it could not be written', async () => {
    expect(await record('nowhere/at/all.rec', ['jam.json'])).toEqual({
      status: 125,
      stdout: '',
      stderr: 'backplane: nowhere/at/all.rec: its folder does not exist\n',
    });
    expect((await record('.', ['jam.json'])).stderr).toBe('backplane: .: is a directory, not a file\n');
    expect((await record('number.rec', ['jam.json', '--pc', 'ten'])).status).toBe(125);
    expect(existsSync(at('number.rec'))).toBe(false);
  });
});

describe('backplane verify', () => {
  it('finds nothing between two engines', async () => {
    await record('same.rec', ['echo.json'], ['abc', 'q']);
    const outcome = await backplane(['verify', 'same.rec', '--engine', 'evaluator', '--against', 'interpreter']);
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(/^same: \d+ cycles\n$/), stderr: '' });
  });

  it('finds where two runs part', async () => {
    await record('c.rec', ['echo.json'], ['abcq']);
    await record('d.rec', ['echo.json'], ['abdq']);
    const { status, stdout } = await backplane(['verify', 'c.rec', 'd.rec', '--report', 'json']);
    expect(status).toBe(1);
    const { difference, ...report } = JSON.parse(stdout) as { difference: { fields: object[] } };
    expect(report).toMatchObject({ same: false, exitCode: 1 });
    // The byte lies in the console's register.
    expect(difference.fields).toContainEqual({
      component: 'device/terminal',
      field: expect.any(String),
      first: 'c'.charCodeAt(0),
      second: 'd'.charCodeAt(0),
    });
    const text = await backplane(['verify', 'c.rec', 'd.rec']);
    expect(text.stdout).toMatch(
      /^different: from cycle \d+ on, after the instruction at \$f0[0-9a-f]{2}\n {2}device\/terminal /,
    );
  });

  it('tells of runs of which one is longer', async () => {
    await record('short.rec', ['busy.json', '--limit-cycles', '1000']);
    await record('long.rec', ['busy.json', '--limit-cycles', '2000']);
    expect(await backplane(['verify', 'long.rec', 'short.rec'])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        /^different: the same for 10\d\d cycles; the second ends there, the other goes on\n$/,
      ),
    });
  });

  it('wants two things to compare, and recordings', async () => {
    await record('one.rec', ['jam.json']);
    await writeFile(
      at('damaged.rec'),
      (await readFile(at('one.rec'), 'utf8')).replace('"waits":true', '"waits":false'),
    );
    await writeFile(at('text.rec'), 'hello');
    await writeFile(at('list.rec'), '[]');
    const complaint = async (...words: string[]) => {
      const { status, stdout, stderr } = await backplane(words);
      expect([status, stdout]).toEqual([125, '']);
      return stderr;
    };
    expect(await complaint('verify', 'one.rec')).toBe(
      'backplane: there is nothing to compare one.rec with; give a second recording, or another engine with --against\n',
    );
    expect(await complaint('verify', 'one.rec', 'none.rec')).toBe('backplane: none.rec: no such file\n');
    expect(await complaint('replay', 'text.rec')).toContain('text.rec: this is no recording; make one with');
    expect(await complaint('replay', 'list.rec')).toContain('list.rec: this is no recording; make one with');
    expect(await complaint('replay', 'damaged.rec')).toBe(
      'backplane: damaged.rec: the digest does not match; record it again\n',
    );
    expect(await complaint('verify', 'one.rec', '--against', 'translater')).toContain('--against <name>');
  });
});
