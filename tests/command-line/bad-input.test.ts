import { existsSync } from 'node:fs';
import { mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, install } from './install.js';
import { config, writePrograms } from './programs.js';
import { spawned } from './spawned.js';

let installation: Installation;
beforeAll(async () => {
  installation = await install();
  await writePrograms(installation.folder);
  await mkdir(join(installation.folder, 'folder'));
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    await writeFile(join(installation.folder, name), text);
  }
  const huge = await open(join(installation.folder, 'huge.json'), 'w');
  await huge.truncate(100 * 1024 * 1024);
  await huge.close();
});
afterAll(() => installation.remove());

const good = config('echo.s');

const files = {
  'comma.json': '{\n  "clock": 1,\n}',
  'word.json': '{\n  "clock": 1,\n  "cpu": nmos\n}',
  'cut.json': '{\n  "clock": 1,\n  "cpu": {',
  'brace.yaml': 'clock: 1 MHz\ncpu: { type: "6502"\nmemory: []\n',
  'twice.yaml': 'clock: 1 MHz\nclock: 2 MHz\n',
  'list.json': '[]',
  'empty.yaml': '',
  'binary.json': Buffer.from([0xff, 0xfe, 0x00]).toString('latin1'),
  'deep.json': `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
  'deep.yaml': `a: ${'['.repeat(200_000)}`,
  'laughs.yaml': `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefghij'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(', ')}]\n`).join('')}`,
  'key.json': { ...good, memroy: [] },
  'type.json': { ...good, devices: { ...good.devices, extra: { type: 'via-6523' } } },
  'cpu.json': { ...good, cpu: { type: '6503' } },
  'overlap.json': { ...good, memory: [...good.memory, { at: '0x7000', ram: '8K' }] },
  'wire.json': { ...good, wires: [['terminal.serail', 'host.console']] },
  'plugin.json': { ...good, plugins: ['./nowhere.mjs'] },
  'empty-plugin.json': { ...good, plugins: ['./empty.mjs'] },
  'broken-plugin.json': { ...good, plugins: ['./broken.mjs'] },
  'empty.mjs': 'export const nothing = 1;',
  'broken.mjs': 'export const = ;',
  'short.bin': 'short',
  'bad.hex': ':0100000055AB\n',
  'bad.s': '  .org $f000\n  lda #1\n  ldq #2\n',
};

const backplane = (words: readonly string[]) =>
  spawned(process.execPath, [installation.command, ...words], { cwd: installation.folder });

/** What `backplane run` says of its arguments: the one line on stderr, without its beginning. */
async function complaint(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await backplane(words);
  expect([status, stdout]).toEqual([125, '']);
  const [, message] = /^backplane: (.*)\n$/.exec(stderr) ?? [];
  // One line and no stack trace.
  if (message === undefined) throw new Error(stderr);
  return message;
}

describe('backplane says what is wrong with', () => {
  it.each([
    ['a missing config', ['nowhere.json'], 'nowhere.json: no such file'],
    [
      'a name that is no machine',
      ['py65mom'],
      "py65mom: no such file and no ready-made machine; did you mean 'py65mon'?",
    ],
    ['a folder as config', ['./folder'], './folder: is a directory; a machine config is a file'],
    ['a config of 100 MB', ['huge.json'], 'huge.json: has 104857600 bytes; a machine config has at most 1048576'],
    [
      'a comma too many',
      ['comma.json'],
      "comma.json:3:1: JSON syntax error: expected a key in double quotes, found '}'",
    ],
    ['a bare word', ['word.json'], "word.json:3:10: JSON syntax error: expected a value, found 'nmos'"],
    [
      'a config cut short',
      ['cut.json'],
      "cut.json:3:11: JSON syntax error: expected a key in double quotes, or '}', found the end",
    ],
    [
      'a brace never closed',
      ['brace.yaml'],
      'brace.yaml:3:1: YAML syntax error: Flow map in block collection must be sufficiently indented and end with a }',
    ],
    ['a key given twice', ['twice.yaml'], 'twice.yaml:2:1: YAML syntax error: Map keys must be unique'],
    [
      'a list as config',
      ['list.json'],
      "list.json: is no machine config; it must be an object with 'cpu' and 'memory'",
    ],
    ['an empty config', ['empty.yaml'], 'empty.yaml: is no machine config; '],
    ['a config too deep (JSON)', ['deep.json'], 'deep.json: is '],
    ['a config too deep (YAML)', ['deep.yaml'], 'deep.yaml: is nested too deeply'],
    ['aliases without end', ['laughs.yaml'], 'laughs.yaml: YAML: Excessive alias count'],
    ['an unknown key', ['key.json'], "key.json: unknown key 'memroy'; did you mean 'memory'?"],
    [
      'an unknown device',
      ['type.json'],
      "type.json: devices.extra.type: no device type 'via-6523'; did you mean 'via-6522'?",
    ],
    ['an unknown CPU', ['cpu.json'], "cpu.type: no CPU '6503'; did you mean '6502'?"],
    [
      'an unknown variant',
      ['echo.json', '--variant', 'wdx'],
      "cpu.variant: the 6502 has no variant 'wdx'; did you mean 'wdc'?",
    ],
    ['regions that overlap', ['overlap.json'], 'overlap.json: memory[4]: overlaps memory[0] at $7000–$7fff; '],
    [
      'a wire to nowhere',
      ['wire.json'],
      "wires[0][0]: 'terminal' has no line, port or channel 'serail'; did you mean 'serial'?",
    ],
    ['a missing plugin', ['plugin.json'], "plugin.json: plugins[0]: no module './nowhere.mjs' seen from "],
    ['a plugin that exports none', ['empty-plugin.json'], "plugins[0]: module './empty.mjs' exports no plugin; "],
    ['a plugin that is no JavaScript', ['broken-plugin.json'], "plugins[0]: module './broken.mjs' does not load; "],
    [
      'a package that is not there',
      ['echo.json', '--plugin', 'no-such-plugin'],
      "--plugin: no module 'no-such-plugin' seen from ",
    ],
    [
      'a missing image',
      ['py65mon'],
      "py65mon: memory[1].rom: the machine needs the image 'rom'; give it as images.rom (on the command line: --image rom=FILE)",
    ],
    ['an image that is not there', ['py65mon', '--image', 'rom=nowhere.bin'], 'nowhere.bin: no such file'],
    [
      'an image of the wrong size',
      ['py65mon', '--image', 'rom=short.bin'],
      "short.bin: has 5 bytes, image 'rom' has 32768; give the right file, or change the size in the config",
    ],
    ['a folder as ROM', ['py65mon', '--image', 'rom=folder'], 'folder: is a directory; an image is a file'],
    [
      'an image nobody takes',
      ['py65mon', '--image', 'ron=short.bin'],
      "--image: the machine takes no image 'ron'; did you mean 'rom'?",
    ],
    [
      'an image without a name',
      ['py65mon', '--image', 'short.bin'],
      "--image: 'short.bin' is not NAME=FILE; write rom=FILE",
    ],
    ['a wrong checksum', ['echo.json', '--image', 'rom=bad.hex'], 'bad.hex:1: has a wrong checksum'],
    ['a source that does not assemble', ['echo.json', '--image', 'rom=bad.s'], 'bad.s:3:'],
    [
      'an address that is none',
      ['echo.json', '--pc', 'start'],
      "--pc: 'start' is no number; write 1024, 0x400 or $400",
    ],
    ['an address too high', ['echo.json', '--pc', '0x10000'], '--pc: 0x10000 is out of range; give 0 to 65535'],
    ['a limit that is no number', ['echo.json', '--limit-cycles', '1e6'], "--limit-cycles: '1e6' is no number"],
    ['no limit at all', ['echo.json', '--limit-cycles', '0'], '--limit-cycles: 0 is out of range'],
    ['a timeout that is no time', ['echo.json', '--timeout', 'soon'], "--timeout: 'soon' is no number of seconds"],
    ['a pattern that is none', ['echo.json', '--expect-text', '('], '--expect-text: Invalid regular expression'],
    ['an unknown escape', ['echo.json', '--type', '\\q'], "--type: '\\q' is no escape; "],
    ['an unknown filling', ['echo.json', '--ram-fill', 'ones'], "ramFill: 'ones' is no way to fill RAM; "],
    [
      'text for a machine without a console',
      ['bare-6502', '--image', 'ram=short.bin', '--type', 'x'],
      'typed text needs a console, and the machine has none; ',
    ],
    ['a trace into a folder', ['echo.json', '--trace', 'folder'], 'folder: is a directory, not a file'],
    [
      'a trace into no folder',
      ['echo.json', '--trace', 'nowhere/trace.txt'],
      'nowhere/trace.txt: its folder does not exist',
    ],
    [
      'an unknown engine',
      ['echo.json', '--engine', 'steam'],
      "option '--engine <name>' argument 'steam' is invalid. Allowed choices are auto, evaluator, interpreter, translator.",
    ],
    ['an unknown option', ['echo.json', '--imge', 'x'], "unknown option '--imge'; did you mean --image?"],
    ['too many arguments', ['echo.json', 'hello.json'], "too many arguments for 'run'"],
    ['no machine', [], "missing required argument 'machine'"],
  ])('%s', async (_, words, message) => {
    expect(await complaint('run', ...words)).toContain(message);
  });

  it('an unknown command', async () => {
    expect(await complaint('rnu')).toBe("unknown command 'rnu'; did you mean run?");
  });

  it.skipIf(!existsSync('/dev/zero'))('a device file as ROM', async () => {
    expect(await complaint('run', 'py65mon', '--image', 'rom=/dev/zero')).toBe(
      '/dev/zero: is no regular file; an image is a file',
    );
  });

  it('says it in the report, too', async () => {
    const { status, stdout, stderr } = await backplane(['run', 'key.json', '--report', 'json']);
    expect(status).toBe(125);
    expect(JSON.parse(stdout)).toEqual({
      machine: 'key.json',
      engine: null,
      reason: 'error',
      pc: null,
      cycles: 0,
      registers: {},
      exitCode: 125,
      wallSeconds: 0,
      message: stderr.slice('backplane: '.length, -1),
    });
  });

  it('leaves no file behind', async () => {
    const left = await readdir(installation.folder);
    expect(left.filter((name) => name.includes('partial') || name.includes('trace'))).toEqual([]);
  });
});
