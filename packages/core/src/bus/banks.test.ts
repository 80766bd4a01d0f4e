import { describe, expect, test } from 'vitest';
import { createMachine } from '../machine/machine.js';
import { toy, toyProgram } from '../testing/toy.js';
import { ENTRY_WORDS, READ } from './bus.js';
import { busOf, mapper } from './test-bus.js';

/** A memory whose every byte tells its bank of so many bytes. */
const banked = (banks: number, size: number): Uint8Array =>
  Uint8Array.from({ length: banks * size }, (_, index) => Math.floor(index / size));

describe('a window onto banks', () => {
  const bus = busOf(
    [
      { at: 0x8000, rom: 'rom', bank: 'map.low', size: 0x1000 },
      { at: 0x9000, rom: 'rom2', bank: 'map.high', size: 0x1000 },
      { at: 0xa000, device: 'map' },
    ],
    {},
    { images: { rom: banked(5, 0x1000), rom2: banked(2, 0x1000) } },
  );

  test('shows bank 0 at power-on', () => {
    expect([bus.readAny(0x8000), bus.readAny(0x9000)]).toEqual([0, 0]);
  });

  test('shows the bank that was selected, whole', () => {
    bus.writeAny(0xa000, 3);
    expect([bus.readAny(0x8000), bus.readAny(0x8fff), bus.readAny(0x9000)]).toEqual([3, 3, 0]);
  });

  test('stays plain', () => {
    expect(bus.table[0x80 * ENTRY_WORDS + READ]).toBeGreaterThan(0);
  });

  test('counts banks modulo their number', () => {
    bus.writeAny(0xa000, 7);
    bus.writeAny(0xa001, 255);
    expect([bus.readAny(0x8000), bus.readAny(0x9000)]).toEqual([2, 1]);
  });

  test('pokes the bank that is shown', () => {
    bus.writeAny(0xa000, 4);
    bus.poke(0x8005, 0x99);
    bus.writeAny(0xa000, 0);
    expect(bus.readAny(0x8005)).toBe(0);
    bus.writeAny(0xa000, 4);
    expect(bus.readAny(0x8005)).toBe(0x99);
  });
});

test('one selector may move several windows', () => {
  const bus = busOf(
    [
      { at: 0x4000, ram: 0x400, bank: 'map.low', size: 0x100 },
      { at: 0x8000, rom: 'rom', bank: 'map.low', size: 0x100 },
      { at: 0xa000, device: 'map' },
    ],
    {},
    { images: { rom: banked(4, 0x100) } },
  );
  bus.writeAny(0xa000, 2);
  bus.writeAny(0x4000, 0x77);
  bus.writeAny(0xa000, 1);
  expect([bus.readAny(0x4000), bus.readAny(0x8000)]).toEqual([0, 1]);
  bus.writeAny(0xa000, 2);
  expect([bus.readAny(0x4000), bus.readAny(0x8000)]).toEqual([0x77, 2]);
});

test('a window smaller than a page, or across pages, shows its bank as well', () => {
  const bus = busOf(
    [
      { at: 0x40f0, rom: 'rom', bank: 'map.low', size: 0x20 },
      { at: 0xa000, device: 'map' },
    ],
    {},
    { images: { rom: banked(4, 0x20) } },
  );
  bus.writeAny(0xa000, 3);
  expect([0x40ef, 0x40f0, 0x410f, 0x4110].map((address) => bus.readAny(address))).toEqual([0xff, 3, 3, 0xff]);
});

test('a negative bank number counts from the last when there are 2ⁿ banks', () => {
  const machine = createMachine(
    {
      clock: 1,
      cpu: { type: 'toy' },
      devices: { map: { type: 'mapper' } },
      memory: [
        { at: 0x8000, rom: 'rom', bank: 'map.low', size: 0x10 },
        { at: 0xa000, device: 'map' },
      ],
    },
    { plugins: [toy, mapper], images: { rom: banked(4, 0x10) } },
  );
  machine.parts.cpus.get('main')?.memory.writeAny(0xa000, -1);
  expect(machine.memory.peek(0x8000)).toBe(3);
});

test('a bank switched by the guest is what the next cycle reads; checkpoints and snapshots keep it', () => {
  const make = () =>
    createMachine(
      {
        clock: 1_000_000,
        cpu: { type: 'toy' },
        devices: { map: { type: 'mapper' } },
        memory: [
          { at: 0, ram: 0x100, image: 'program' },
          { at: 0x8000, rom: 'rom', bank: 'map.low', size: 0x100 },
          { at: 0x9000, mirror: 0x8000, of: 0x100, size: 0x100 },
          { at: 0xa000, device: 'map' },
        ],
      },
      {
        plugins: [toy, mapper],
        images: { rom: banked(4, 0x100), program: toyProgram('LD #3\n ST $a000\n LD $8000\n loop: JMP loop') },
      },
    );
  const machine = make();
  machine.runUntil({ trap: true });
  expect(machine.cpu.registers.a).toBe(3);
  const [restored, loaded] = [make(), make()];
  restored.restore(machine.checkpoint());
  loaded.loadSnapshot(machine.snapshot());
  for (const other of [restored, loaded]) {
    expect([other.memory.peek(0x8000), other.memory.peek(0x9000)]).toEqual([3, 3]);
  }
});
