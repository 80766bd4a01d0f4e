import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '@backplane/core/assembler';
import { z80 } from '@backplane/cpu-z80';
import { expect, test } from 'vitest';
import { parseControlBlock } from '../../packages/runner/src/exec/cpm/cpm.js';
import { temporaryFolder } from '../temporary-folder.js';
import { executed } from './exec.js';

/** Call functions of the BDOS one after the other; what each answers in A, and standard output without that. */
async function answers(folder: string, calls: readonly string[], data: string): Promise<number[]> {
  const code = calls.map((call) => {
    const [number, argument = '0', ...before] = call.split(' ');
    const prepare = before.map((poke) => poke.split('=')).map(([at, value]) => ` ld a,${value}\n ld (${at}),a`);
    return `${prepare.join('\n')}\n ld c,${number}\n ld de,${argument}\n call 5\n call show`;
  });
  const source = `.org $100\n${code.join('\n')}\n jp 0
    show: ld e,a\n ld c,6\n cp $fe\n jr c,direct\n ld e,$fd\n direct: ld d,0\n jp 5\n${data}\n`;
  const [segment] = assemble(z80.instructionSet(), source).segments;
  const { stdout, report } = await executed(segment?.bytes ?? new Uint8Array(), { directories: [`a=${folder}`] });
  expect(report).toMatchObject({ reason: 'exit', exitCode: 0 });
  // FE and FF would be asked for a key by function 6: they are shown as FD.
  return [...Buffer.from(stdout, 'latin1')];
}

const block = (label: string, name: string) => `${label}: .byte 0\n .text "${name}"\n .fill 24`;
const FAILED = 0xfd;

test('files are made, written, read, measured, renamed, found and deleted', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'short.txt'), 'hello');
  writeFileSync(join(folder, 'a-name-too-long.text'), 'x');
  mkdirSync(join(folder, 'FOLDER'));
  const data = [block('new', 'NEW     DAT'), block('short', 'SHORT   TXT'), block('any', '????????TXT')];
  data.push(`renamed: .byte 0\n .text "NEW     DAT"\n .fill 4\n .byte 0\n .text "OLD     DAT"\n .fill 8`);
  const seen = await answers(
    folder,
    [
      '15 new', // there is none
      '22 new',
      '22 new', // there is one
      '21 new $80=1',
      '21 new $80=2',
      '34 new new+33=200 $80=3', // random: the 201st record, in the second extent
      '35 new', // its size: 201 records
      '33 new new+33=1', // the second record
      '33 new new+33=2', // never written, but in the file: zero
      '33 new new+33=201', // beyond the end
      '16 new',
      '15 short',
      '20 short',
      '20 short', // its end
      '17 any',
      '18',
      '23 renamed',
      '15 new', // is another now
      '19 short',
      '19 short', // is no more
    ],
    data.join('\n'),
  );
  expect(seen).toEqual([FAILED, 0, FAILED, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, FAILED, 0, FAILED, 0, FAILED]);
  expect(readdirSync(folder).sort()).toEqual(['FOLDER', 'OLD.DAT', 'a-name-too-long.text']);
  const written = readFileSync(join(folder, 'OLD.DAT'));
  expect([written.length, written[0], written[128], written[256], written[200 * 128]]).toEqual([201 * 128, 1, 2, 0, 3]);
});

test('a file that was written ends on the host where its content does', async () => {
  const folder = temporaryFolder();
  const record = `${block('new', 'NEW     TXT')}\n text: .text "hello"\n .fill 123, $1a`;
  expect(await answers(folder, ['22 new', '26 text', '21 new', '16 new'], record)).toEqual([0, 0, 0, 0]);
  expect(readFileSync(join(folder, 'NEW.TXT'), 'latin1')).toBe('hello');
  // And in CP/M's eyes it has not changed: what comes behind it stands in the second record.
  const more = await answers(folder, ['15 new', '26 text', '21 new new+32=1', '16 new'], record);
  expect(more).toEqual([0, 0, 0, 0]);
  expect(statSync(join(folder, 'NEW.TXT')).size).toBe(133);
});

test.each([
  ['', '\0           '],
  ['A.B', '\0A       B  '],
  ['C:NAME.TYPE', '\x03NAME    TYP'],
  ['*.COM', '\0????????COM'],
  ['LONGERTHAN8.*', '\0LONGERTH???'],
  ['B:', '\x02           '],
  ['-V', '\0-V         '],
])('the argument %j in a control block', (argument, wanted) => {
  expect(Buffer.from(parseControlBlock(argument).subarray(0, 12)).toString('latin1')).toBe(wanted);
});
