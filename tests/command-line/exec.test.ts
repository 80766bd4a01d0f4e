import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '@backplane/core/assembler';
import { z80 } from '@backplane/cpu-z80';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, install } from './install.js';
import { type Outcome, type SpawnOptions, spawned, until } from './spawned.js';

let installation: Installation;
beforeAll(async () => {
  installation = await install();
});
afterAll(() => installation.remove());

const backplane = (words: readonly string[], options: Partial<SpawnOptions> = {}): Promise<Outcome> =>
  spawned(process.execPath, [installation.command, ...words], { cwd: installation.folder, ...options });

/** Put a program of CP/M into the working folder. */
function program(name: string, source: string): void {
  const [segment] = assemble(z80.instructionSet(), `.org $100\n${source}\n`).segments;
  writeFileSync(join(installation.folder, name), segment?.bytes ?? []);
}

const bdos = (number: number, de: string) => ` ld c,${number}\n ld de,${de}\n call 5`;
const block = (name: string) => `.byte 0\n .text "${name}"\n .fill 24`;

describe('backplane exec', () => {
  it('gives a program its arguments, whatever they look like, and its exit status to the shell', async () => {
    program('words.com', `${bdos(108, '42')}\n ld a,'$'\n ld ($fd),a\n${bdos(9, '$81')}\n ret`);
    const words = ['--report', 'json', '-x', '--', '$'];
    const outcome = await backplane(['exec', 'words.com', ...words]);
    expect(outcome).toEqual({ status: 42, stdout: ' --REPORT JSON -X -- ', stderr: '' });
  });

  it('gives it stdin, line by line', async () => {
    // Reads a line, prints it between brackets, and does so again.
    const source = `again: ${bdos(10, 'buffer')}
      ld a,(buffer+1)\n ld e,a\n ld d,0\n ld hl,buffer+2\n add hl,de\n ld (hl),'$'
      ${bdos(2, "'<'")}\n ${bdos(9, 'buffer+2')}\n ${bdos(2, "'>'")}\n jp again
      buffer: .byte 80\n .fill 90`;
    program('lines.com', source);
    expect(await backplane(['exec', 'lines.com'], { input: ['one\nt', 'wo\r\n', '\nlast'] })).toEqual({
      status: 0,
      stdout: '<one><two><><last>',
      stderr: '',
    });
  });

  it('is ended by a signal, and nothing that was written is lost', async () => {
    const folder = join(installation.folder, 'signal');
    mkdirSync(folder);
    program(
      'signal.com',
      `${bdos(22, 'fcb')}\n${bdos(21, 'fcb')}\n${bdos(2, "'A'")}\nloop: jp loop\nfcb: ${block('KEPT    TXT')}`,
    );
    const outcome = await backplane(['exec', '--dir', 'a=signal', 'signal.com', 'content'], {
      async meanwhile(child, output) {
        await until(() => output() === 'A');
        child.kill('SIGINT');
      },
    });
    expect(outcome).toEqual({ status: 130, stdout: 'A', stderr: 'backplane: ended by SIGINT\n' });
    const written = readFileSync(join(folder, 'KEPT.TXT'), 'latin1');
    expect(written.slice(0, 9)).toBe('\x08 CONTENT');
    expect(written.length).toBe(128);
  });

  it('ends when nobody reads its output any more', async () => {
    program('flood.com', `loop: ${bdos(2, "'A'")}\n jp loop`);
    const outcome = await backplane(['exec', 'flood.com'], {
      async meanwhile(child, output) {
        await until(() => output().length > 0);
        child.stdout?.destroy();
      },
    });
    expect(outcome.status).toBe(141);
  });

  it('finds no way out by a link that is swapped in while it runs', async () => {
    const root = join(installation.folder, 'swap');
    const inside = join(root, 'inside');
    mkdirSync(inside, { recursive: true });
    writeFileSync(join(root, 'secret'), 'S'.repeat(128));
    // Opens, reads and prints the first byte, or a dot if there is no file.
    const source = `again: xor a\n ld (fcb+12),a\n ld (fcb+32),a\n ${bdos(15, 'fcb')}\n inc a\n jr z,none
      ${bdos(20, 'fcb')}\n or a\n jr nz,none\n ld a,($80)\n ld e,a\n ld d,0\n jr show
      none: ld de,'.'\n show: ld c,2\n call 5\n ${bdos(16, 'fcb')}\n jp again\n fcb: ${block('FILE    TXT')}`;
    program('swap.com', source);
    const path = join(inside, 'FILE.TXT');
    const outcome = await backplane(['exec', '--dir', 'a=swap/inside', '--timeout', '3', 'swap.com'], {
      async meanwhile(child) {
        let isRunning = true;
        child.on('close', () => {
          isRunning = false;
        });
        while (isRunning) {
          for (let turn = 0; turn < 50; turn += 1) {
            writeFileSync(join(inside, 'new'), 'F'.repeat(128));
            renameSync(join(inside, 'new'), path);
            rmSync(path);
            symlinkSync('../secret', path);
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
        child.stdin?.destroy();
      },
    });
    expect(outcome.status).toBe(124);
    expect(outcome.stdout).toMatch(/^[F.]+$/);
    expect(outcome.stdout).toContain('.');
    expect(readFileSync(join(root, 'secret'), 'latin1')).toBe('S'.repeat(128));
    expect(readdirSync(root).sort()).toEqual(['inside', 'secret']);
  });

  it.each([
    [['exec', 'none.com'], 'none.com: no such file'],
    [['exec', '.'], '.: is a directory, not a file|.: is a directory; a program is a file'],
    [['exec', 'text'], 'text: is no program of a kind that is known; say what it is: --platform cpm or sim65'],
    [['exec', '--platform', 'cpn', 'text'], "--platform: no platform 'cpn'; did you mean 'cpm'?"],
    [['exec', '--platform', './none.mjs', 'text'], "--platform: no module './none.mjs' seen from"],
    [
      ['exec', '--platform', './empty.mjs', 'text'],
      "--platform: module './empty.mjs' exports no platform; export what definePlatform returned",
    ],
    [['exec', '--platform', 'sim65', 'text'], "text: does not begin with 'sim65'; build it with cl65 -t sim6502"],
    [['exec', '--dir', 'x', 'ok.com'], "--dir: 'x' is not NAME=PATH; write a=PATH, a=PATH:ro or a=PATH:overlay"],
    [['exec', '--dir', 'z=.', 'ok.com'], "--dir: 'z' is no name of a directory to programs of cpm; it must match"],
    [['exec', '--dir', 'a=none', 'ok.com'], 'none: no such file'],
    [['exec', '--dir', 'a=text', 'ok.com'], 'text: '],
    [['exec', '--dir', 'a=.', '--dir', 'a=.', 'ok.com'], "--dir: 'a' is given twice; give each name once"],
    [
      ['exec', '--clock', 'noon', 'ok.com'],
      "--clock: 'noon' is no time; write 2026-11-22T15:00:00 (UTC), or 'host' for the host's clock",
    ],
    [['exec', '--limit-files', '-1', 'ok.com'], '--limit-files: '],
    [['exec', 'ok.com', 'é'], 'ok.com: takes arguments of printable ASCII characters only'],
  ])('%j is refused', async (words, message) => {
    program('ok.com', ' ret');
    writeFileSync(join(installation.folder, 'text'), 'hello');
    writeFileSync(join(installation.folder, 'empty.mjs'), 'export const nothing = 1;\n');
    const { status, stdout, stderr } = await backplane(words);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr.split('\n').length).toBe(2);
    expect(message.split('|').some((one) => stderr.startsWith(`backplane: ${one}`)) || stderr).toBe(true);
  });

  it('has the time that it is given', async () => {
    // Days, hours and minutes as function 105 has them, printed as they are.
    program('time.com', `${bdos(105, 'time')}\n ld a,'$'\n ld (time+4),a\n${bdos(9, 'time')}\n ret\ntime: .fill 5`);
    const { stdout } = await backplane(['exec', '--clock', '1978-01-02T12:34:56', 'time.com']);
    expect(Buffer.from(stdout, 'latin1')).toEqual(Buffer.of(2, 0, 0x12, 0x34));
    const fixed = await backplane(['exec', 'time.com']);
    expect(Buffer.from(fixed.stdout, 'latin1')).toEqual(Buffer.of(0xdb, 0x02, 0, 0));
  });
});
