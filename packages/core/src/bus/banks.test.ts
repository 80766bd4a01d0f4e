import fc from 'fast-check';
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

/** A window of two pages and a half onto four banks, all of it worked out byte by byte. */
test('the common part of a window is bank 0, and takes no writes while it is protected', () => {
  const [from, size] = [0x40c0, 0x280];
  const action = fc.oneof(
    fc.record({ does: fc.constant('select' as const), bank: fc.nat(5) }),
    fc.record({
      does: fc.constant('common' as const),
      at: fc.oneof(fc.nat(size + 50), fc.constantFrom(0, 0x40, 0x140, 0x240)),
      isProtected: fc.boolean(),
    }),
    fc.record({ does: fc.constant('write' as const), at: fc.nat(size - 1), value: fc.nat(255) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 25 }), (actions) => {
      const bus = busOf([
        { at: from, ram: 4 * size, bank: 'map.low', size },
        { at: 0x8000, mirror: from, of: size, size },
        { at: 0xa000, device: 'map' },
      ]);
      const memory = new Uint8Array(4 * size);
      let [bank, common, isProtected, refused] = [0, size, false, 0];
      const place = (at: number): number => (at < common ? bank * size : 0) + at;
      for (const one of actions) {
        if (one.does === 'select') {
          bus.writeAny(0xa000, one.bank);
          bank = one.bank % 4;
        } else if (one.does === 'common') {
          [common, isProtected] = [one.at, one.isProtected];
          bus.writeAny(0xa003, common >> 8);
          bus.writeAny(0xa004, common & 0xff);
          bus.writeAny(0xa005, isProtected ? 1 : 0);
        } else {
          bus.writeAny(from + one.at, one.value);
          if (isProtected && one.at >= common) refused += 1;
          else memory[place(one.at)] = one.value;
        }
        for (let at = 0; at < size; at += 1) {
          const wanted = memory[place(at)] as number;
          const window = bus.window(from + at);
          const isRight =
            bus.readAny(from + at) === wanted &&
            bus.peek(from + at) === wanted &&
            bus.readAny(0x8000 + at) === wanted &&
            window.size > 0;
          if (!isRight) throw new Error(`$${(from + at).toString(16)} is ${bus.readAny(from + at)}, not ${wanted}`);
        }
        expect(bus.peek(0xa003)).toBe(refused & 0xff);
      }
    }),
    { numRuns: 60 },
  );
});
