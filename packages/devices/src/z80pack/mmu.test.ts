import { createMachine, defineDevice } from '@backplane/core';
import { deviceLaws } from '@backplane/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bench, pilot } from '../test-bench.js';
import { z80packMmu } from './mmu.js';

test.each(deviceLaws(z80packMmu))('%s', (_name, law) => law());

const [BANKS, BANK, SEGMENT, PROTECT] = [0, 1, 2, 3] as const;
const COUNT = 0x8000;

/** The MMU in I/O space of sorts: a CPU's memory all banked, the registers over it at FF00. */
function machineWithMmu() {
  const machine = createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'pilot' },
      devices: { mmu: { type: 'z80pack-mmu' } },
      memory: [
        { at: 0, ram: '1M', size: '64K', bank: 'mmu.segment' },
        { at: 0xff00, device: 'mmu', priority: 1 },
      ],
    },
    { plugins: [pilot, z80packMmu] },
  );
  const { registers } = machine.cpu;
  const access = (kind: number, address: number, value = 0): number => {
    registers.pc = address;
    registers.kind = kind;
    registers.data = value;
    machine.step();
    return registers.data as number;
  };
  return {
    read: (address: number) => access(1, address),
    write: (address: number, value: number) => void access(2, address, value),
    set: (register: number, value: number) => void access(2, 0xff00 + register, value),
    show: (register: number) => access(1, 0xff00 + register),
  };
}

describe('the MMU', () => {
  test('begins with one bank, segments of 48K, and nothing protected', () => {
    const { read } = bench(z80packMmu);
    expect([BANKS, BANK, SEGMENT, PROTECT].map((register) => read(register))).toEqual([1, 0, 0xc0, 0]);
  });

  test('sets banks up once, and selects only those there are', () => {
    const { show, set } = machineWithMmu();
    set(BANK, 1);
    expect(show(BANK)).toBe(0);
    set(BANKS, 17);
    expect(show(BANKS)).toBe(1);
    set(BANKS, 3);
    set(BANKS, 5);
    set(SEGMENT, 0x40);
    set(BANK, 3);
    expect([BANKS, BANK, SEGMENT].map((register) => show(register))).toEqual([3, 0, 0xc0]);
    set(BANK, 2);
    expect(show(BANK)).toBe(2);
  });

  test('does with every byte what z80pack does', () => {
    const action = fc.oneof(
      fc.record({ does: fc.constant('bank' as const), value: fc.nat(5) }),
      fc.record({ does: fc.constant('protect' as const), value: fc.constantFrom(0, 1, 0) }),
      fc.record({
        does: fc.constant('write' as const),
        address: fc.oneof(fc.nat(0xfeff), fc.constantFrom(0, 0x3fff, 0x4000, 0xbfff, 0xc000)),
        value: fc.nat(255),
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom(0xc0, 0x40, 1, 0xfe), fc.array(action, { maxLength: 60 }), (segment, actions) => {
        const { read, write, set, show } = machineWithMmu();
        set(SEGMENT, segment);
        set(BANKS, 4);
        const memory = new Map<number, number>();
        let [bank, protection] = [0, 0];
        for (const one of actions) {
          if (one.does === 'bank') {
            set(BANK, one.value);
            if (one.value < 4) bank = one.value;
          } else if (one.does === 'protect') {
            set(PROTECT, one.value);
            protection = one.value;
          } else {
            write(one.address, one.value);
            if (one.address >= segment << 8 && protection !== 0) protection |= 0x80;
            else memory.set((one.address < segment << 8 ? bank << 16 : 0) + one.address, one.value);
          }
          expect(show(PROTECT)).toBe(protection);
          for (const place of memory.keys()) {
            const address = place & 0xffff;
            expect(read(address)).toBe(memory.get((address < segment << 8 ? bank << 16 : 0) + address) ?? 0);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('asserts NMI for a refused write, if it is told to', () => {
    const nmis = defineDevice({
      type: 'nmis',
      version: 1,
      lines: ['nmi'],
      create: ({ exit }) => ({ lines: { nmi: (asserted) => void (asserted && exit(7)) } }),
    });
    const machine = createMachine(
      {
        clock: 1_000_000,
        cpu: { type: 'pilot' },
        devices: { mmu: { type: 'z80pack-mmu' }, probe: { type: 'nmis' } },
        memory: [
          { at: 0, ram: '1M', size: '64K', bank: 'mmu.segment' },
          { at: 0xff00, device: 'mmu', priority: 1 },
        ],
        wires: [['mmu.nmi', 'probe.nmi']],
      },
      { plugins: [pilot, z80packMmu, nmis] },
    );
    const { registers } = machine.cpu;
    for (const [address, data] of [
      [0xff03, 1],
      [0xd000, 1],
      [0xff03, 0x41],
      [COUNT, 1],
    ] as const) {
      Object.assign(registers, { pc: address, kind: 2, data });
      machine.step();
    }
    expect(machine.exitStatus).toBeUndefined();
    Object.assign(registers, { pc: 0xd000, kind: 2, data: 1 });
    machine.step();
    expect([machine.exitStatus, machine.memory.peek(0xff03)]).toEqual([7, 0xc1]);
  });

  test('is as it was at the beginning after a reset', () => {
    const { read, write, lines } = bench(z80packMmu);
    write(SEGMENT, 0x80);
    write(BANKS, 4);
    write(BANK, 3);
    write(PROTECT, 1);
    lines.reset?.assert();
    expect([BANKS, BANK, SEGMENT, PROTECT].map((register) => read(register))).toEqual([1, 0, 0xc0, 0]);
  });
});
