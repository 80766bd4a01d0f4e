/**
 * The floppies and hard disks of z80pack's cpmsim, ports 10 to 17. Not a chip that ever was: it moves a sector of 128
 * bytes at once, by DMA, in the bank that the CPU sees.
 *
 *     offset  register
 *     0       drive: 0–3 floppies A–D, 8–11 hard disks I–L, 15 the large hard disk P
 *     1       track
 *     2       sector, low byte; the first one is 1
 *     3       command, when written: 0 reads, 1 writes
 *     4       status, read only
 *     5, 6    DMA address, low and high byte
 *     7       sector, high byte
 *
 * With `boot`, a reset copies the first sector of that drive to address 0, where the CPU begins: the machine has no ROM.
 */
import { BackplaneError, defineDevice, u8, u16, z } from '@backplane/core';

const SECTOR = 128;

interface Geometry {
  readonly tracks: number;
  readonly sectors: number;
}
const FLOPPY: Geometry = { tracks: 77, sectors: 26 };
const HARD_DISK: Geometry = { tracks: 255, sectors: 128 };
const LARGE_HARD_DISK: Geometry = { tracks: 256, sectors: 16384 };

const DRIVES = {
  a: FLOPPY,
  b: FLOPPY,
  c: FLOPPY,
  d: FLOPPY,
  i: HARD_DISK,
  j: HARD_DISK,
  k: HARD_DISK,
  l: HARD_DISK,
  p: LARGE_HARD_DISK,
} as const;
type Drive = keyof typeof DRIVES;

const sizeOf = ({ tracks, sectors }: Geometry): { size: number } => ({ size: tracks * sectors * SECTOR });

const COMMAND = 3;
const STATUS = 4;

const OK = 0;
const NO_DRIVE = 1;
const NO_TRACK = 2;
const NO_SECTOR = 3;
const SEEK_ERROR = 4;
const READ_ERROR = 5;
const WRITE_ERROR = 6;
const NO_COMMAND = 7;

export const z80packDisks = defineDevice({
  type: 'z80pack-disks',
  version: 1,
  description: "z80pack's floppies (a–d) and hard disks (i–l, p), with DMA",
  size: 8,
  lines: ['reset'],
  media: {
    a: sizeOf(FLOPPY),
    b: sizeOf(FLOPPY),
    c: sizeOf(FLOPPY),
    d: sizeOf(FLOPPY),
    i: sizeOf(HARD_DISK),
    j: sizeOf(HARD_DISK),
    k: sizeOf(HARD_DISK),
    l: sizeOf(HARD_DISK),
    p: sizeOf(LARGE_HARD_DISK),
  },
  config: z.object({ boot: z.enum(Object.keys(DRIVES) as [Drive, ...Drive[]]).optional() }),
  state: () => ({ drive: u8(), track: u8(), sector: u16(), status: u8(), address: u16() }),
  create({ config: { boot }, state, media, memory }) {
    const bootDisk = boot === undefined ? undefined : media[boot];
    if (boot !== undefined && !bootDisk) {
      throw new BackplaneError('device/no-disk', `no disk in drive ${boot}, from which the machine starts`, {
        mend: `give one as images.${boot} (on the command line: --drive-${boot} FILE)`,
      });
    }

    const store = (address: number, bytes: Uint8Array): void => {
      bytes.forEach((byte, index) => {
        memory.write((address + index) & 0xffff, byte);
      });
    };
    const reset = (): void => {
      if (bootDisk) store(0, bootDisk.read(0, SECTOR));
    };

    /** Do a command; gives the status, in the order in which z80pack finds faults. */
    const execute = (command: number): number => {
      const name = String.fromCharCode(0x61 + state.drive) as Drive;
      const disk = state.drive < 16 ? media[name] : undefined;
      if (!disk) return NO_DRIVE;
      const { tracks, sectors } = DRIVES[name];
      // One track too many gets as far as the transfer.
      if (state.track > tracks) return NO_TRACK;
      if (state.sector > sectors) return NO_SECTOR;
      const offset = (state.track * sectors + state.sector - 1) * SECTOR;
      if (offset < 0) return SEEK_ERROR;
      if (command === 0) {
        const bytes = disk.read(offset, SECTOR);
        if (bytes.length < SECTOR) return READ_ERROR;
        store(state.address, bytes);
        return OK;
      }
      if (command !== 1) return NO_COMMAND;
      const bytes = Uint8Array.from({ length: SECTOR }, (_, index) => memory.read((state.address + index) & 0xffff));
      return disk.write(offset, bytes) ? OK : WRITE_ERROR;
    };

    const read = (offset: number): number =>
      [
        state.drive,
        state.track,
        state.sector & 0xff,
        0,
        state.status,
        state.address & 0xff,
        state.address >> 8,
        state.sector >> 8,
      ][offset] as number;
    return {
      reset,
      read,
      peek: read,
      write(offset, value) {
        if (offset === 0) state.drive = value;
        else if (offset === 1) state.track = value;
        else if (offset === 2) state.sector = (state.sector & 0xff00) | value;
        else if (offset === COMMAND) state.status = execute(value);
        else if (offset === 5) state.address = (state.address & 0xff00) | value;
        else if (offset === 6) state.address = (state.address & 0xff) | (value << 8);
        else if (offset !== STATUS) state.sector = (state.sector & 0xff) | (value << 8);
      },
      lines: {
        reset(asserted) {
          if (asserted) reset();
        },
      },
    };
  },
});
