import { deviceLaws } from '@backplane/core/testing';
import { describe, expect, test } from 'vitest';
import { bench } from '../test-bench.js';
import { z80packDisks } from './disks.js';

const FLOPPY = 77 * 26 * 128;
const HARD_DISK = 255 * 128 * 128;

/** Each sector is filled with the low byte of its number plus the high one. */
const diskOf = (size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, index) => (index >> 7) + (index >> 15));
const images = { a: diskOf(FLOPPY), i: diskOf(HARD_DISK) };

test.each(deviceLaws(z80packDisks, { images, config: { boot: 'a' }, runs: 10 }))('%s', (_name, law) => law());

const [DRIVE, TRACK, SECTOR, COMMAND, STATUS, LOW, HIGH, SECTOR_HIGH] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const READ = 0;
const WRITE = 1;

const disks = (config: Readonly<Record<string, unknown>> = {}) => bench(z80packDisks, config, 1_000_000, images);

/** Give a command; the status. */
function command(
  { read, write }: ReturnType<typeof bench>,
  kind: number,
  { drive = 0, track = 0, sector = 1, at = 0x1000 }: { drive?: number; track?: number; sector?: number; at?: number },
): number {
  write(DRIVE, drive);
  write(TRACK, track);
  write(SECTOR, sector & 0xff);
  write(SECTOR_HIGH, sector >> 8);
  write(LOW, at & 0xff);
  write(HIGH, at >> 8);
  write(COMMAND, kind);
  return read(STATUS);
}

describe('the disks', () => {
  test('read a sector by DMA', () => {
    const dut = disks();
    expect(command(dut, READ, { track: 3, sector: 5 })).toBe(0);
    const wanted = (3 * 26 + 4) & 0xff;
    expect([0x0fff, 0x1000, 0x107f, 0x1080].map((address) => dut.peek(address - 0x8000))).toEqual([
      0,
      wanted,
      wanted,
      0,
    ]);
  });

  test('write a sector from memory, over the image', () => {
    const dut = disks();
    dut.machine.memory.load(
      0x7ff0,
      Uint8Array.from({ length: 16 }, (_, index) => index + 1),
    );
    expect(command(dut, WRITE, { drive: 8, track: 254, sector: 128, at: 0x7f80 })).toBe(0);
    const written = dut.machine.media['dut.i']?.read(HARD_DISK - 16, 16);
    expect([...(written ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(Buffer.compare(images.i, diskOf(HARD_DISK))).toBe(0);
    expect(command(dut, READ, { drive: 8, track: 254, sector: 128, at: 0x2000 })).toBe(0);
    expect(dut.machine.memory.peek(0x207f)).toBe(16);
  });

  test.each([
    ['no such drive', 1, READ, { drive: 4 }],
    ['an empty drive', 1, READ, { drive: 1 }],
    ['a drive beyond P', 1, READ, { drive: 16 }],
    ['a track beyond the last', 2, READ, { track: 78 }],
    ['a sector beyond the last', 3, READ, { sector: 27 }],
    ['a sector beyond 255', 3, READ, { sector: 257 }],
    ['a place before the disk', 4, READ, { sector: 0 }],
    ['a read behind the disk', 5, READ, { track: 77 }],
    ['a write behind the disk', 6, WRITE, { track: 77 }],
    ['an unknown command', 7, 2, {}],
  ])('tell %s by status %i', (_name, status, kind, place) => {
    const dut = disks();
    expect(command(dut, kind, place)).toBe(status);
    expect(dut.machine.memory.peek(0x1000)).toBe(0);
    expect(command(dut, READ, {})).toBe(0);
  });

  test('refuse to write to a disk that is read-only', () => {
    const dut = disks({ media: { a: { mode: 'read-only' } } });
    expect(command(dut, WRITE, {})).toBe(6);
    expect(command(dut, READ, {})).toBe(0);
  });

  test('show what was written to their registers', () => {
    const dut = disks();
    [8, 3, 5, 9, 9, 0x34, 0x12, 1].forEach((value, offset) => {
      dut.write(offset, value);
    });
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((offset) => dut.read(offset))).toEqual([8, 3, 5, 0, 7, 0x34, 0x12, 1]);
  });

  test('boot by copying the first sector to address 0, at power-on and at reset', () => {
    const { machine, lines } = bench(z80packDisks, { boot: 'a' }, 1_000_000, {
      a: Uint8Array.from({ length: FLOPPY }, (_, index) => index + 1),
    });
    const wanted = Uint8Array.from({ length: 128 }, (_, index) => index + 1);
    const boot = () => machine.memory.read(0, 128);
    expect([boot(), machine.memory.peek(128)]).toEqual([wanted, 0]);
    machine.memory.load(0, new Uint8Array(128));
    machine.reset();
    expect(boot()).toEqual(wanted);
    machine.memory.load(0, new Uint8Array(128));
    lines.reset?.assert();
    expect(boot()).toEqual(wanted);
  });

  test('say so when there is no disk to boot from', () => {
    expect(() => disks({ boot: 'b' })).toThrow(
      'no disk in drive b, from which the machine starts; give one as images.b (on the command line: --drive-b FILE)',
    );
  });
});
