import { describe, expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { deviceLaws } from '../testing/device-laws.js';
import { toy, toyProgram } from '../testing/toy.js';
import type { MachineConfig } from './config.js';
import { createMachine, type Machine } from './machine.js';

/** A byte of a disk at register 0–3; a write to register 4 moves 16 bytes by DMA, from the disk (0) or to it (1). */
const drive = defineDevice({
  type: 'drive',
  version: 1,
  size: 5,
  media: { disk: { size: 1000 }, card: {} },
  create: ({ media: { disk, card }, memory }) => ({
    read: (offset) => disk?.read(offset * 200, 1)[0] ?? 0xee,
    peek: (offset) => disk?.read(offset * 200, 1)[0] ?? 0xee,
    write(offset, value) {
      if (offset < 4) {
        disk?.write(offset * 200, Uint8Array.of(value));
        card?.write(offset, Uint8Array.of(value));
      } else if (value === 0) disk?.read(0, 16).forEach((byte, index) => void memory.write(0x400 + index, byte));
      else
        disk?.write(
          0,
          Uint8Array.from({ length: 16 }, (_, index) => memory.read(index)),
        );
    },
  }),
});

const image = (): Uint8Array => Uint8Array.from({ length: 1000 }, (_, index) => index * 7);

const make = (
  source: string,
  images: Record<string, Uint8Array> = { disk: image() },
  media?: unknown,
  changes: Partial<MachineConfig> = {},
): Machine =>
  createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'toy' },
      devices: { d: { type: 'drive', ...(media === undefined ? {} : { media }) } },
      memory: [
        { at: 0, ram: '1K', image: 'program' },
        { at: 0x400, ram: '1K' },
        { at: 0x8000, device: 'd' },
      ],
      ...changes,
    },
    { plugins: [toy, drive], images: { ...images, program: toyProgram(source) } },
  );

const writes = 'LD #$99\n ST $8000\n LD #$77\n ST $8003\n ST $8001\n loop: JMP loop';

test.each(deviceLaws(drive, { images: { disk: image(), card: Uint8Array.of(1, 2, 3) } }))('%s', (_name, law) => law());

describe('media', () => {
  test('that are written through are not forked: both would write to them', () => {
    const machine = make(writes, { disk: image() }, { disk: { mode: 'write-through' } });
    machine.run(100);
    const before = machine.snapshot();
    expect(() => machine.fork()).toThrow(
      "d.disk: what is written to it reaches the host; make its mode 'overlay', or 'read-only'",
    );
    expect(machine.snapshot()).toEqual(before);
    const overlay = make(writes, { disk: image() }, { disk: { mode: 'overlay' } });
    expect(overlay.fork().snapshot()).toEqual(overlay.snapshot());
  });

  test('are what the images hold, and are written over them, not into them', () => {
    const disk = image();
    const machine = make(writes, { disk });
    machine.run(100);
    expect(machine.media['d.disk']?.read(598, 4)).toEqual(Uint8Array.of(90, 97, 0x77, 111));
    expect([machine.memory.peek(0x8000), machine.memory.peek(0x8001), machine.memory.peek(0x8002)]).toEqual([
      0x99,
      0x77,
      (400 * 7) & 0xff,
    ]);
    expect(disk).toEqual(image());
    expect(Object.keys(machine.media)).toEqual(['d.disk']);
  });

  test('that are not there are undefined to the device', () => {
    expect(make('loop: JMP loop', {}).memory.peek(0x8000)).toBe(0xee);
  });

  test('move by DMA, as the CPU sees its memory', () => {
    const machine = make('LD #0\n ST $8004\n LD #1\n ST $8004\n loop: JMP loop');
    machine.run(100);
    expect(machine.memory.read(0x400, 16)).toEqual(image().slice(0, 16));
    expect(machine.media['d.disk']?.read(0, 16)).toEqual(machine.memory.read(0, 16));
  });

  test('take the image that the config names', () => {
    const machine = make(
      writes,
      { system: image(), disk: Uint8Array.of(5) },
      { disk: { image: 'system' }, card: { image: 'disk' } },
    );
    expect([machine.media['d.disk']?.image, machine.media['d.card']?.size]).toEqual(['system', 1]);
  });

  test('that are read-only stay as they are', () => {
    const machine = make(writes, undefined, { disk: { mode: 'read-only' } });
    machine.run(100);
    expect(machine.media['d.disk']?.read()).toEqual(image());
  });

  test('are told to the host when they have changed, before output is', () => {
    const machine = make(writes, undefined, { disk: { mode: 'write-through' } });
    const told: [string, string, number[]][] = [];
    machine.on('medium', ({ medium: { name, mode }, changes }) => {
      told.push([name, mode, changes.map(({ offset }) => offset)]);
    });
    machine.run(6);
    machine.run(100);
    machine.run(100);
    expect(told).toEqual([
      ['d.disk', 'write-through', [0]],
      ['d.disk', 'write-through', [128, 512]],
    ]);
  });

  test('go back with a checkpoint, and the host hears of it', () => {
    const machine = make(writes);
    machine.run(8);
    const checkpoint = machine.checkpoint();
    machine.run(100);
    const host = machine.media['d.disk']?.read() as Uint8Array;
    machine.on('medium', ({ changes }) => {
      for (const { offset, bytes } of changes) host.set(bytes, offset);
    });
    machine.restore(checkpoint);
    const wanted = image();
    wanted[0] = 0x99;
    expect(machine.media['d.disk']?.read()).toEqual(wanted);
    expect(host).toEqual(wanted);
    machine.run(100);
    expect(host[600]).toBe(0x77);
    machine.restore(checkpoint);
    expect(machine.media['d.disk']?.read()).toEqual(wanted);
  });

  test('of a fork are as they were, and what it writes only it can read', () => {
    const machine = make(writes);
    machine.run(8);
    const fork = machine.fork();
    const before = machine.media['d.disk']?.read();
    expect(fork.media['d.disk']?.read()).toEqual(before);
    fork.run(100);
    expect(machine.media['d.disk']?.read()).toEqual(before);
    machine.run(100);
    expect(machine.media['d.disk']?.read()).toEqual(fork.media['d.disk']?.read());
    expect(machine.media['d.disk']?.read()).not.toEqual(before);
  });

  test('that are written through refuse to be forked', () => {
    const machine = make(writes, { disk: image() }, { disk: { mode: 'write-through' } });
    expect(() => machine.fork()).toThrow(
      "d.disk: what is written to it reaches the host; make its mode 'overlay', or 'read-only'",
    );
  });

  test('are in a snapshot by what was written, and tied to their image', () => {
    const machine = make(writes);
    machine.run(100);
    const snapshot = JSON.parse(JSON.stringify(machine.snapshot()));
    const other = make(writes);
    other.loadSnapshot(snapshot);
    expect(other.media['d.disk']?.read()).toEqual(machine.media['d.disk']?.read());
    expect(() => make(writes, { disk: new Uint8Array(1000) }).loadSnapshot(snapshot)).toThrow(
      'medium/d.disk: the image is another; load it into the machine it was taken from',
    );
    expect(() => make(writes, {}).loadSnapshot(snapshot)).toThrow('medium/d.disk: this machine has no such component');
  });

  test.each<[string, Record<string, Uint8Array>, unknown, string]>([
    [
      'of the wrong size',
      { disk: new Uint8Array(999) },
      undefined,
      "devices.d.media.disk: image 'disk' has 999 bytes, the drive takes 1000",
    ],
    [
      'in two drives',
      { disk: image() },
      { card: { image: 'disk' } },
      "devices.d.media.card: image 'disk' is in another place already",
    ],
    [
      'in a drive that is not there',
      {},
      { dsk: {} },
      "devices.d.media: a drive has no drive 'dsk'; did you mean 'disk'?",
    ],
    ['of an unknown mode', {}, { disk: { mode: 'rw' } }, 'devices.d.media.disk.mode: Invalid option: expected one of'],
    ['with an unknown key', {}, { disk: { file: 'x' } }, "devices.d.media.disk: unknown key 'file'"],
    ['without a drive', { dsik: image() }, undefined, "images.dsik: the machine takes no image 'dsik'"],
  ])('%s are refused', (_name, images, media, message) => {
    expect(() => make(writes, images, media)).toThrow(message);
  });
});
