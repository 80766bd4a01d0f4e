import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackplaneError } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { z80 } from '@backplane/cpu-z80';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { cpm } from '../../packages/runner/src/exec/cpm/cpm.js';
import { sim65 } from '../../packages/runner/src/exec/sim65.js';
import { temporaryFolder } from '../temporary-folder.js';
import { executed, silence } from './exec.js';

const isa = z80.instructionSet();
/** A program of CP/M, from its source. */
const program = (source: string): Uint8Array => {
  const [segment] = assemble(isa, `.org $100\n${source}\n`).segments;
  if (segment === undefined) throw new Error('no program');
  return segment.bytes;
};

const bdos = (number: number, de: string) => ` ld c,${number}\n ld de,${de}\n call 5`;

describe('budgets', () => {
  test('an endless loop ends with its cycles', async () => {
    const { report } = await executed(program('loop: jp loop'), { limitCycles: 5_000_000 });
    expect(report).toMatchObject({
      reason: 'budget',
      exitCode: 124,
      message: 'out of budget: 5000000 cycles (--limit-cycles)',
    });
  });

  test('and with its time', async () => {
    const { report } = await executed(program('loop: jp loop'), { timeoutSeconds: 0.2 });
    expect(report).toMatchObject({
      reason: 'budget',
      exitCode: 124,
      message: 'out of budget: 0.2 seconds (--timeout)',
    });
  });

  test('and so does one that waits for input that never comes', async () => {
    const { report } = await executed(program(bdos(1, '0')), { timeoutSeconds: 0.2, input: silence() });
    expect(report).toMatchObject({ reason: 'budget', exitCode: 124 });
  });

  test('even where the timer comes before the clock says so', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    try {
      const { report } = await executed(program(bdos(1, '0')), { timeoutSeconds: 0.05, input: silence() });
      expect(report).toMatchObject({ reason: 'budget', exitCode: 124 });
    } finally {
      clock.mockRestore();
    }
  });

  test('a signal ends it, with all that it printed', async () => {
    const controller = new AbortController();
    const running = executed(program(`${bdos(2, "'A'")}\nloop: jp loop`), { signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    const { stdout, report } = await running;
    expect(stdout).toBe('A');
    expect(report).toMatchObject({ reason: 'error', exitCode: 130 });
  });

  test('a flood of output ends at the limit', async () => {
    const { stdout, report } = await executed(program(`loop: ${bdos(2, "'A'")}\n jp loop`), { limitOutput: 100_000 });
    expect(stdout).toBe('A'.repeat(100_000));
    expect(report).toMatchObject({
      reason: 'budget',
      exitCode: 124,
      message: 'out of budget: more than 100000 bytes of output (--limit-output)',
    });
  });

  test.each(['', ':overlay'])('a flood of bytes into a file ends at the limit, between two records%s', async (mode) => {
    const folder = temporaryFolder();
    const source = `${bdos(22, 'fcb')}\nloop: ${bdos(21, 'fcb')}\n jp loop\nfcb: .byte 0\n .text "FLOOD   TXT"\n .fill 24`;
    const { report } = await executed(program(source), { directories: [`a=${folder}${mode}`], limitFiles: 10_000 });
    expect(report).toMatchObject({ reason: 'budget', exitCode: 124 });
    expect(readdirSync(folder)).toEqual(mode === '' ? ['FLOOD.TXT'] : []);
    if (mode === '') expect(statSync(join(folder, 'FLOOD.TXT')).size).toBe(77 * 128);
  });

  test('a hole in a file is charged as if it were full', async () => {
    const folder = temporaryFolder();
    const source = `${bdos(22, 'fcb')}\n${bdos(34, 'fcb')}\n jp 0\nfcb: .byte 0\n .text "HUGE    TXT"\n .fill 21\n .byte $ff,$ff,0`;
    const { report } = await executed(program(source), { directories: [`a=${folder}`], limitFiles: 1_000_000 });
    expect(report).toMatchObject({ reason: 'budget', exitCode: 124 });
    expect(statSync(join(folder, 'HUGE.TXT')).size).toBe(0);
  });
});

describe('what a program of CP/M cannot do', () => {
  test.each([
    ['nothing', Uint8Array.of(), 'program: is empty'],
    ['too much', new Uint8Array(65536), 'program: has 65536 bytes; a program of CP/M has at most 63998'],
  ])('have %s in it', async (_, bytes, message) => {
    await expect(executed(bytes)).rejects.toThrow(message);
  });

  test('go to a drive that it was not given, or write to one that is read-only', async () => {
    const folder = temporaryFolder();
    const select = await executed(program(bdos(14, '3')));
    expect(select.stdout).toContain('Bdos Err On D: Select');
    expect(select.report).toMatchObject({ reason: 'exit', exitCode: 1 });
    const write = await executed(program(`${bdos(22, 'fcb')}\n ret\nfcb: .byte 0\n .text "NEW     TXT"\n .fill 24`), {
      directories: [`a=${folder}:ro`],
    });
    expect(write.stdout).toContain('Bdos Err On A: R/O');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('wait for an interrupt', async () => {
    const { report } = await executed(program(' halt'));
    expect(report).toMatchObject({
      exitCode: 125,
      message: expect.stringMatching(/^the program waits for an interrupt/),
    });
  });

  test('get anywhere by random calls with random control blocks', { timeout: 300_000 }, async () => {
    const root = temporaryFolder();
    const inside = join(root, 'inside');
    const secret = 'nobody is to read this';
    writeFileSync(join(root, 'SECRET.TXT'), secret);
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            number: fc.oneof(fc.integer({ min: 12, max: 40 }), fc.nat(255)),
            name: fc.oneof(
              fc.constantFrom(
                'LINK    TXT',
                '../SECRETTXT',
                'HERE    TXT',
                '????????TXT',
                '..         ',
                '/       ETC',
              ),
              fc.string({ unit: 'binary-ascii', minLength: 11, maxLength: 11 }),
            ),
            drive: fc.nat(3),
            rest: fc.uint8Array({ minLength: 24, maxLength: 24 }),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        async (calls) => {
          rmSync(inside, { recursive: true, force: true });
          mkdirSync(inside);
          writeFileSync(join(inside, 'HERE.TXT'), 'here');
          symlinkSync('../SECRET.TXT', join(inside, 'LINK.TXT'));
          symlinkSync('..', join(inside, 'UP'));
          const blocks = calls.map(({ drive, name, rest }) => [drive, ...Buffer.from(name, 'latin1'), ...rest]);
          const code = calls.map(({ number }, index) => `${bdos(number, `blocks + ${index * 36}`)}\n ld hl,0`);
          const source = `${code.join('\n')}\n jp 0\nblocks: .byte ${blocks.flat().join(', ')}`;
          const { stdout, report } = await executed(program(source), {
            directories: [`a=${inside}`, `b=${inside}:overlay`],
            limitOutput: 100_000,
            limitFiles: 100_000,
            limitCycles: 3_000_000,
            timeoutSeconds: 20,
          });
          opened += 1;
          expect(['exit', 'budget', 'error']).toContain(report.reason);
          expect(report.message ?? '').not.toMatch(/internal/);
          expect(stdout).not.toContain(secret);
          expect(readFileSync(join(root, 'SECRET.TXT'), 'latin1')).toBe(secret);
          expect(readdirSync(root).sort()).toEqual(['SECRET.TXT', 'inside']);
        },
      ),
      { numRuns: 150 },
    );
    expect(opened).toBeGreaterThan(0);
  });
});

test.each([cpm, sim65])(
  'whatever is in a program for $name, the host lives',
  { timeout: 200_000 },
  async (platform) => {
    const folder = temporaryFolder();
    const header = fc
      .tuple(fc.constantFrom(1, 2), fc.nat(2), fc.nat(255))
      .map(([version, cpu, stack]) => [...Buffer.from('sim65'), version, cpu, stack, 0, 2, 0, 2]);
    const body = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0x20, 0xcd, 0xf4, 0xff, 5, 0)), { maxLength: 300 });
    const bytes = fc.oneof(
      fc.tuple(header, body).map(([first, rest]) => Uint8Array.from([...(platform === sim65 ? first : []), ...rest])),
      fc.uint8Array({ maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (program) => {
        try {
          const { report } = await executed(
            program,
            { limitCycles: 30_000, limitOutput: 10_000, limitFiles: 10_000, directories: [`a=${folder}`] },
            platform,
          );
          expect(report.message ?? '').not.toMatch(/internal/);
        } catch (error) {
          expect(error).toBeInstanceOf(BackplaneError);
        }
      }),
      { numRuns: 200 },
    );
  },
);
