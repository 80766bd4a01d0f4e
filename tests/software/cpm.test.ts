import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMachine, type Machine } from '@backplane/core';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDisks } from '../../packages/runner/src/drives/drives.js';
import { buildMachine, loadMachine } from '../../packages/runner/src/load-machine.js';
import { type Installation, install } from '../command-line/install.js';
import { spawned } from '../command-line/spawned.js';
import { describeWithReferences, softwarePath } from '../references.js';
import { temporaryFolder } from '../temporary-folder.js';
import { converse, cuts } from './conversation.js';

const disk = (name: string): string => softwarePath(`z80-cpm/${name}-z80pack.dsk`);
const expected = (name: string): string => readFileSync(softwarePath(`expected/${name}.txt`), 'latin1');

interface Recorded {
  /** Of the file with the transcript. */
  readonly name: string;
  readonly machine: 'cpm22' | 'cpm3';
  /** Disks by drive. */
  readonly drives: Readonly<Record<string, string>>;
  readonly typed: string;
}

const apps = { a: 'cpm22', i: 'hd-apps' };
const conversations: readonly Recorded[] = [
  { name: 'cpm22', machine: 'cpm22', drives: { a: 'cpm22' }, typed: 'DIR\nSTAT *.*\nDUMP DUMP.COM\n' },
  { name: 'cpm1975', machine: 'cpm22', drives: { a: 'cpm1975' }, typed: 'DIR\nHELLO\n' },
  { name: 'cpm3', machine: 'cpm3', drives: { a: 'cpm3' }, typed: 'DIR\nSHOW\nSHOW LABEL\nDIR [FULL]\n' },
  {
    name: 'bbcbasic',
    machine: 'cpm22',
    drives: apps,
    typed: 'I:BBCBASIC\n10 FOR I=1 TO 5:PRINT I,SQR(I):NEXT\n20 PRINT PI*2\nLIST\nRUN\n*BYE\n',
  },
  {
    name: 'figforth130',
    machine: 'cpm22',
    drives: apps,
    typed: 'I:FORTH130\n: SQ DUP * ;\n7 SQ .\n: T 5 0 DO I . LOOP ; T\nBYE\n',
  },
  { name: 'hitech-c', machine: 'cpm22', drives: apps, typed: 'I:\nC309 -V SIEVE.C\nSIEVE\nDIR SIEVE.*\n' },
];
const needs = ['software/z80-cpm', 'software/expected/cpm22.txt'];

const pathsOf = (drives: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(drives).map(([drive, name]) => [drive, disk(name)]));

const words = (machine: string, drives: Readonly<Record<string, string>>): string[] => [
  'run',
  machine,
  ...Object.entries(drives).flatMap(([drive, path]) => [`--drive-${drive}`, path]),
];

let installation: Installation;
beforeAll(async () => {
  installation = await install();
});
afterAll(() => installation.remove());

describeWithReferences(
  'CP/M holds the recorded conversation',
  () => {
    test.each(conversations)(
      '$name, from a program',
      { timeout: 600_000 },
      async ({ name, machine, drives, typed }) => {
        const loaded = await loadMachine(machine, { drives: pathsOf(drives) });
        expect(converse(buildMachine(loaded), [typed]).text).toBe(expected(name));
      },
    );

    test.each(conversations)(
      '$name, from the shell',
      { timeout: 600_000 },
      async ({ name, machine, drives, typed }) => {
        const outcome = await spawned(process.execPath, [installation.command, ...words(machine, pathsOf(drives))], {
          cwd: installation.folder,
          input: [typed],
        });
        expect({ ...outcome, stdout: outcome.stdout.replaceAll('\r', '') }).toEqual({
          status: 0,
          stdout: expected(name),
          stderr: '',
        });
      },
    );

    test.each(['cpm22', 'cpm3'] as const)(
      '%s comes to the same bits in both engines',
      {
        timeout: 600_000,
      },
      async (machine) => {
        const loaded = await loadMachine(machine, { drives: pathsOf({ a: machine }) });
        const [evaluated, interpreted] = (['evaluator', 'interpreter'] as const).map((engine) => {
          const one = buildMachine({ ...loaded, engine });
          one.channel('console').write('DIR\nERA TRACE.UTL\n');
          one.run(12_000_000);
          return one;
        }) as [Machine, Machine];
        expect(interpreted.stats().cycles.interpreter).toBeGreaterThan(500_000);
        expect(interpreted.snapshot()).toEqual(evaluated.snapshot());
        const written = interpreted.snapshot().components.find(({ id }) => id === 'medium/disks.a')?.fields.written;
        expect(written).not.toBe('[]');
      },
    );

    // The BIOS, too, keeps to the instructions that both have.
    test('cpm22, on an 8080', { timeout: 600_000 }, async () => {
      const { config, plugins, images } = await loadMachine('cpm22', { drives: pathsOf({ a: 'cpm22' }) });
      const io = config.io?.filter((region) => !('mirror' in region)) ?? [];
      const machine = createMachine({ ...config, cpu: { ...config.cpu, type: '8080' }, io }, { plugins, images });
      const [{ typed }] = conversations as [Recorded];
      expect(converse(machine, [typed]).text).toBe(expected('cpm22'));
    });

    test('law: it takes the same guest cycles however its input is cut, and whenever it comes', {
      timeout: 600_000,
    }, async () => {
      const typed = 'DIR I:*.C\nI:FORTH130\n7 DUP * .\nBYE\n';
      const loaded = await loadMachine('cpm22', { drives: pathsOf(apps) });
      const whole = converse(buildMachine(loaded), [typed]);
      fc.assert(
        fc.property(cuts(typed), ({ pieces, slice }) => {
          expect(converse(buildMachine(loaded), pieces, slice)).toEqual(whole);
        }),
        { numRuns: 12 },
      );
    });
  },
  ...needs,
);

describeWithReferences(
  'CP/M on folders of the host',
  () => {
    const root = temporaryFolder();
    let count = 0;
    const folder = (files: Readonly<Record<string, string>>): string => {
      count += 1;
      const path = join(root, `folder-${count}`);
      mkdirSync(path);
      for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
      return path;
    };

    /** What CP/M says, its disks brought home. */
    async function say(
      machine: 'cpm22' | 'cpm3',
      drives: Readonly<Record<string, string>>,
      typed: string,
      writeThrough = '',
    ): Promise<string> {
      const loaded = await loadMachine(machine, { drives, writeThrough });
      const { text } = converse(buildMachine(loaded), [typed]);
      closeDisks(loaded.disks);
      return text;
    }

    const files = { 'hello.txt': 'Hello, world!\r\n', 'long.dat': 'x'.repeat(20_000), empty: '' };

    test.each([
      ['cpm22', 'b'],
      ['cpm22', 'i'],
      ['cpm3', 'b'],
      ['cpm3', 'j'],
    ] as const)('%s finds the files on drive %s, and reads them', async (machine, drive) => {
      const name = drive.toUpperCase();
      const text = await say(
        machine,
        { a: disk(machine), [drive]: folder(files) },
        `DIR ${name}:\nTYPE ${name}:HELLO.TXT\n`,
      );
      expect(text).toMatch(/: EMPTY {8}: HELLO {4}TXT : LONG {5}DAT/);
      expect(text).toContain('Hello, world!\n');
    });

    test('CP/M finds the sizes that a folder has, on either kind of disk', async () => {
      const drives = { a: disk('cpm22'), b: folder(files), i: folder(files) };
      const text = await say('cpm22', drives, 'STAT B:*.*\nSTAT I:*.*\n');
      const sizes = (blocks: string) =>
        ` Recs  Bytes  Ext Acc\n    0     0k    1 R/W X:EMPTY\n    1     ${blocks}k    1 R/W X:HELLO.TXT\n  157    20k    2 R/W X:LONG.DAT\nBytes Remaining On X: `;
      expect(text).toContain(`${sizes('1').replaceAll('X:', 'B:')}220k`);
      expect(text).toContain(`${sizes('2').replaceAll('X:', 'I:')}4026k`);
    });

    test('a program compiled from a folder comes back to it', { timeout: 300_000 }, async () => {
      const work = folder({
        'hello.c': '#include <stdio.h>\r\nmain() { printf("Hello, C\\n"); }\r\n',
        'keep.txt': 'kept',
      });
      const text = await say(
        'cpm22',
        { a: disk('cpm22'), i: disk('hd-apps'), j: work },
        'I:\nPIP J:=A:DUMP.COM\nA:PIP I:HELLO.C=J:HELLO.C\nC309 HELLO.C\nA:PIP J:=I:HELLO.COM\nJ:HELLO\nERA J:KEEP.TXT\n',
        'j',
      );
      expect(text).toMatch(/J:HELLO\nHello, C\n/);
      const program = readFileSync(join(work, 'HELLO.COM'));
      expect(program.length).toBeGreaterThan(1000);
      expect(readFileSync(join(work, 'keep.txt'), 'latin1')).toBe('kept');
      // And it runs from there the next time.
      expect(await say('cpm22', { a: disk('cpm22'), b: work }, 'B:HELLO\n')).toMatch(/A>B:HELLO\nHello, C\n/);
    });

    test('a disk that the guest fills up is told to the guest', async () => {
      const work = folder({ 'big.dat': 'x'.repeat(240_000) });
      const text = await say('cpm22', { a: disk('cpm22'), b: work }, 'PIP B:=A:MAC.COM\n');
      expect(text).toMatch(/DISK WRITE ERROR|CANNOT WRITE|DISK FULL|NO FILE|ERROR/i);
    });
  },
  ...needs,
);

describeWithReferences(
  'The hardware control',
  () => {
    test('ends the run for BYE', async () => {
      const outcome = await spawned(
        process.execPath,
        [installation.command, ...words('cpm22', pathsOf({ a: 'cpm22' }))],
        { cwd: installation.folder, input: ['BYE\nDIR\n'] },
      );
      expect([outcome.status, outcome.stdout.split('A>')[1]?.trim()]).toEqual([0, 'BYE']);
    });

    test.each(['cpm22', 'cpm3'] as const)('starts %s again for RESET', async (machine) => {
      const loaded = await loadMachine(machine, { drives: pathsOf({ a: machine }) });
      const { text } = converse(buildMachine(loaded), ['RESET\nDIR\n']);
      const [first, second, ...rest] = text.split(/(?=64K CP\/M|\nLDRBIOS3)/).filter((part) => part.length > 2);
      expect(first).toMatch(/A>RESET\n/);
      expect(second).toMatch(/A>DIR\nA: /);
      expect(rest).toEqual([]);
    });
  },
  ...needs,
);
