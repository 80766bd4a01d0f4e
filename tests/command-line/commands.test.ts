import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, install } from './install.js';
import { config, writePrograms } from './programs.js';
import { spawned } from './spawned.js';

let installation: Installation;
beforeAll(async () => {
  installation = await install();
  await writePrograms(installation.folder);
});
afterAll(() => installation.remove());

const backplane = (words: readonly string[], cwd = installation.folder) =>
  spawned(process.execPath, [installation.command, ...words], { cwd });

/** What a command prints that goes well. */
async function printed(...words: string[]): Promise<string> {
  const outcome = await backplane(words);
  expect([outcome.status, outcome.stderr]).toEqual([0, '']);
  return Buffer.from(outcome.stdout, 'latin1').toString();
}

describe('backplane --help', () => {
  it('names every command', async () => {
    const help = await printed('--help');
    for (const command of ['run', 'lint', 'disasm', 'list', 'init', 'schema'])
      expect(help).toContain(`\n  ${command} `);
    expect(help).toContain('124 out of budget, 125 an error of ours');
  });

  it('names every option of a command', async () => {
    const help = await printed('run', '--help');
    for (const option of [
      '--image',
      '--pc',
      '--type',
      '--expect-text',
      '--fail-text',
      '--stop-at-trap',
      '--limit-cycles',
      '--timeout',
      '--engine',
      '--variant',
      '--ram-fill',
      '--trace',
      '--stats',
      '--report',
      '--plugin',
    ]) {
      expect(help).toContain(`  ${option} `.trimEnd());
    }
  });

  it('takes at most 100 ms more than bare node', () => {
    const time = (words: readonly string[]) => {
      const before = performance.now();
      spawnSync(process.execPath, words);
      return performance.now() - before;
    };
    // The fastest of each, taken in turns: other work on the host only ever adds, so more rounds come nearer the truth.
    let help = Number.POSITIVE_INFINITY;
    let bare = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5 || (round < 40 && help - bare >= 100); round += 1) {
      bare = Math.min(bare, time(['-e', '0']));
      help = Math.min(help, time([installation.command, '--help']));
    }
    expect(help - bare).toBeLessThan(100);
  });

  it('tells the version', async () => {
    const manifest = JSON.parse(await readFile(join(installation.command, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(await printed('--version')).toBe(`${manifest.version}\n`);
  });

  it('comes by itself when nothing is asked, as an error', async () => {
    const { status, stdout, stderr } = await backplane([]);
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toMatch(/^Usage: backplane /);
  });
});

describe('backplane list', () => {
  it('lists CPUs, devices and machines', async () => {
    const text = await printed('list');
    expect(text).toMatch(/^ {2}6502 +v1/m);
    expect(text).toMatch(/variants: nmos \(unless named\), /);
    expect(text).toMatch(/^ {2}console +v1 +Memory-mapped console/m);
    expect(text).toMatch(/^ {2}py65mon +\S/m);
  });
});

describe('backplane disasm', () => {
  it('lists a file for a bare CPU', async () => {
    await writeFile(
      join(installation.folder, 'code.bin'),
      Buffer.from([0xa9, 0x41, 0x8d, 0x00, 0x80, 0x80, 0xf9, 0x4c]),
    );
    expect(await printed('disasm', '--cpu', '6502:wdc', 'code.bin', '--at', '0xf000')).toBe(
      [
        'f000  a9 41     lda #$41',
        'f002  8d 00 80  sta $8000',
        'f005  80 f9     bra $f000',
        'f007  4c        .byte $4c',
        '',
      ].join('\n'),
    );
    expect(await printed('disasm', '--cpu', '6502', 'code.bin', '--from', '2', '--length', '3')).toBe(
      '0002  8d 00 80  sta $8000\n',
    );
  });

  it('lists a file for the CPU of a machine, and the memory of one', async () => {
    const ofFile = await printed('disasm', 'hello.json', 'hello.s', '--length', '8');
    const ofMemory = await printed('disasm', 'hello.json', '--from', '$f000', '--length', '8');
    expect(ofFile).toBe(ofMemory);
    expect(ofFile.split('\n')[0]).toBe('f000  a2 00     ldx #$00');
  });

  it('shows what the translator makes of the code of a machine', async () => {
    await writeFile(join(installation.folder, 'loop.s'), '.org $0400\nloop: inx\n stx $2000\n jmp loop\n');
    const words = ['disasm', 'bare-6502', '--image', 'ram=loop.s', '--from', '0x400'];
    expect(await printed(...words, '--translated')).toBe(
      [
        '$0400  inx        loop: leave unless more than 6 cycles are left',
        '                  // 2 cycles',
        '                  x = (x + 1) & 0xff',
        '                  nz = x',
        '                  go to $0401',
        '$0401  stx $2000  // 3 cycles',
        '                  write(0x2000, x)',
        '                  go to $0404',
        '$0404  jmp $0400  // 3 cycles',
        '                  go to $0400',
        '',
      ].join('\n'),
    );
    expect(
      await backplane(['run', ...words.slice(1, 4), '--pc', '0x400', '--limit-cycles', '9000000', '--stats']),
    ).toMatchObject({
      status: 124,
      stderr: expect.stringMatching(/^ {2}translator +\d+ cycles, [6-9]\d\.\d %$/m),
    });
  });

  it('asks for what it needs', async () => {
    expect((await backplane(['disasm', 'hello.s', '--cpu', '6502', '--translated'])).stderr).toMatch(
      /^backplane: --translated: only the memory of a machine is translated; /,
    );
    expect((await backplane(['disasm'])).stderr).toMatch(/^backplane: what is to be disassembled\?; /);
    expect((await backplane(['disasm', 'hello.json'])).stderr).toMatch(/^backplane: --from: no address is given; /);
    expect((await backplane(['disasm', '--cpu', '6503', 'code.bin'])).stderr).toBe(
      "backplane: --cpu: no CPU '6503'; did you mean '6502'?\n",
    );
  });
});

describe('backplane init', () => {
  it.each(['machine.json', 'machine.yaml'])('writes a machine that runs: %s', async (file) => {
    const folder = join(installation.folder, `init-${file}`);
    await mkdir(folder);
    expect((await backplane(['init', file], folder)).status).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(['backplane.schema.json', 'hello.s', file]);
    expect(await backplane(['run', file], folder)).toEqual({ status: 0, stdout: 'Hello from the 6502!\n', stderr: '' });
    expect((await backplane(['lint', file], folder)).stdout).toMatch(/^0 errors, 0 warnings$/m);
    expect(await readFile(join(folder, file), 'utf8')).toContain('$schema');
    expect(await readFile(join(folder, 'backplane.schema.json'), 'utf8')).toBe(await printed('schema'));
  });

  it('overwrites nothing unless told to, and then all', async () => {
    const folder = join(installation.folder, 'init-twice');
    await mkdir(folder);
    await writeFile(join(folder, 'hello.s'), 'mine');
    const refused = await backplane(['init'], folder);
    expect([refused.status, refused.stderr]).toEqual([
      125,
      'backplane: hello.s: exists already; use --force to overwrite it\n',
    ]);
    expect(await readdir(folder)).toEqual(['hello.s']);
    expect((await backplane(['init', '--force'], folder)).status).toBe(0);
    expect(await readFile(join(folder, 'hello.s'), 'utf8')).not.toBe('mine');
  });

  it('knows what to write by the name', async () => {
    expect((await backplane(['init', 'machine.toml'])).stderr).toBe(
      'backplane: machine.toml: is neither .json nor .yaml; name it machine.json or machine.yaml\n',
    );
  });
});

describe('backplane schema', () => {
  it('knows the devices', async () => {
    const schema = JSON.parse(await printed('schema')) as { $schema: string; properties: Record<string, unknown> };
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(JSON.stringify(schema.properties.devices)).toContain('"via-6522"');
  });
});

describe('backplane lint', () => {
  it('draws the map', async () => {
    const text = await printed('lint', 'hello.json');
    expect(text).toContain(
      [
        'main: 6502 (nmos), memory',
        '       ┌──────────────────────────────┐',
        ' $0000 │ ram                          │ 32 KiB',
        ' $7fff │                              │',
        '       ├──────────────────────────────┤',
        ' $8000 │ device: terminal             │ 2 bytes',
        ' $8001 │                              │',
        '       ├──────────────────────────────┤',
        ' $8002 │ ···························· │ 14 bytes, open bus',
      ].join('\n'),
    );
  });

  it.each(['bare-6502', 'bare-z80', 'bare-8080', 'py65mon', 'planck', 'board', 'z80-board', 'second-processor'])(
    'finds no fault with %s',
    async (name) => {
      expect(await printed('lint', name)).toMatch(/^0 errors, 0 warnings$/m);
    },
  );

  it('warns of what leads nowhere', async () => {
    const loose = {
      ...config('hello.s'),
      devices: { ...config('').devices, via: { type: 'via-6522' }, spare: { type: 'console' } },
      wires: [],
    };
    await writeFile(join(installation.folder, 'loose.json'), JSON.stringify(loose));
    const text = await printed('lint', 'loose.json');
    expect(text).toContain('warning: via.irq: this line leads nowhere, and the CPU has an input irq\n');
    expect(text).toContain('warning: terminal.serial: this channel leads nowhere\n');
    expect(text).toContain('warning: devices.via: its registers are mapped nowhere\n');
    expect(text).toContain('note: nothing drives main.irq, main.nmi');
    expect(text).toMatch(/note: nothing is at the far end of via.ca1/);
  });

  it('knows that a daisy chain drives the interrupt input, and warns of a device outside of it', async () => {
    const chained = {
      clock: '4 MHz',
      cpu: { type: 'z80', daisyChain: ['ctc'] },
      devices: { ctc: { type: 'ctc' }, pio: { type: 'pio' } },
      io: [
        { at: 0, device: 'ctc' },
        { at: 4, device: 'pio' },
      ],
    };
    await writeFile(join(installation.folder, 'chained.json'), JSON.stringify(chained));
    const text = await printed('lint', 'chained.json');
    expect(text).toContain("warning: devices.pio: no CPU has it in its 'daisyChain': its interrupts reach nobody\n");
    expect(text).toContain('note: nothing drives main.nmi');
    expect(text).toMatch(/^0 errors, 1 warning$/m);
  });

  it('fails for a machine that cannot be', async () => {
    const overlapping = { ...config('hello.s'), memory: [...config('').memory, { at: '0x7000', ram: '8K' }] };
    await writeFile(join(installation.folder, 'overlap.json'), JSON.stringify(overlapping));
    const overlap = await backplane(['lint', 'overlap.json']);
    expect(overlap.status).toBe(1);
    expect(Buffer.from(overlap.stdout, 'latin1').toString()).toMatch(
      /^error: overlap.json: memory\[4\]: overlaps memory\[0\]/m,
    );

    await writeFile(join(installation.folder, 'short.bin'), 'short');
    const size = await backplane(['lint', 'py65mon', '--image', 'rom=short.bin']);
    expect([size.status, size.stdout]).toEqual([
      1,
      "error: short.bin: has 5 bytes, image 'rom' has 32768; give the right file, or change the size in the config\n1 error, 0 warnings\n",
    ]);
  });

  it('tells every fault of a config, not only the first', async () => {
    const wrong = {
      clok: 1,
      clock: '1 MHz',
      cpu: { type: '6502' },
      memory: [
        { at: 0, ram: 'much' },
        { at: 0x8000, rom: 'a', image: 'b' },
      ],
      devices: { one: { type: 'console' } },
    };
    await writeFile(join(installation.folder, 'wrong.json'), JSON.stringify(wrong));
    const { status, stdout } = await backplane(['lint', 'wrong.json']);
    expect(status).toBe(1);
    expect(Buffer.from(stdout, 'latin1').toString()).toBe(
      [
        `error: wrong.json: memory[0].ram: 'much' is no whole number; write 53248, "0xd000", "$d000" or "32K"`,
        "error: wrong.json: memory[1]: unknown key 'image'; this kind has none",
        "error: wrong.json: unknown key 'clok'; did you mean 'clock'?",
        "note: image 'a': not given; its size is guessed",
        '3 errors, 0 warnings\n',
      ].join('\n'),
    );
  });

  it('cannot check what it cannot read', async () => {
    const { status, stderr } = await backplane(['lint', 'nowhere.json']);
    expect([status, stderr]).toEqual([125, 'backplane: nowhere.json: no such file\n']);
  });
});
