/**
 * As much of a NES as the CPU tests of the reference data need: its memory map with stubs for PPU and APU, which
 * neither draw nor count nor interrupt.
 */
import { createMachine, defineDevice, type Machine, type MachineConfig, u8 } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';

const INES_HEADER = 16;
const PRG_UNIT = 0x4000;

const programRom = (ines: Uint8Array): Uint8Array =>
  ines.subarray(INES_HEADER, INES_HEADER + (ines[4] as number) * PRG_UNIT);

/** 0x2000 to 0x5FFF. The PPU's status shows and hides the vertical blank in turn, so that who waits for it goes on. */
const registersStub = defineDevice({
  type: 'nes-registers-stub',
  version: 1,
  size: 0x4000,
  state: () => ({ blank: u8() }),
  create({ state }) {
    const peek = (offset: number): number => {
      const address = 0x2000 + offset;
      if (address < 0x4000) return (address & 7) === 2 ? state.blank ^ 0x80 : 0;
      if (address < 0x4020) return address === 0x4015 ? 0 : 0x40;
      return address >> 8;
    };
    return {
      peek,
      read(offset) {
        const value = peek(offset);
        if (offset < 0x2000 && (offset & 7) === 2) state.blank = value;
        return value;
      },
      write() {},
    };
  },
});

/** nestest's own: the APU and the controllers read 0xFF, everything else 0. */
const nestestStub = defineDevice({
  type: 'nestest-stub',
  version: 1,
  size: 0x6000,
  create() {
    const read = (offset: number): number => (offset >= 0x2000 && offset < 0x2018 ? 0xff : 0);
    return { peek: read, read, write() {} };
  },
});

/** Nintendo's MMC1 (mapper 1), in its usual mode: 16 KiB banks at 0x8000, the last one fixed at 0xC000. */
const mmc1 = defineDevice({
  type: 'mmc1',
  version: 1,
  size: 0x8000,
  banks: ['prg'],
  state: () => ({ shift: u8(), bits: u8() }),
  create: ({ state, banks }) => ({
    write(offset, value) {
      if (value & 0x80) {
        state.shift = 0;
        state.bits = 0;
        return;
      }
      state.shift |= (value & 1) << state.bits;
      state.bits += 1;
      if (state.bits < 5) return;
      if (offset >= 0x6000) banks.prg.select(state.shift & 0xf);
      state.shift = 0;
      state.bits = 0;
    },
  }),
});

const cpu = { type: '6502', variant: '2a03' } as const;
const clock = '21477272/12 Hz';
const ram = [
  { at: 0, ram: 0x800 },
  { at: 0x800, mirror: 0, of: 0x800, size: 0x1800 },
] as const;
const registers = { at: 0x2000, device: 'registers' } as const;

function machineWith(config: Pick<MachineConfig, 'devices' | 'memory'>, prg: Uint8Array): Machine {
  return createMachine(
    { clock, cpu, ...config },
    { plugins: [cpu6502, registersStub, nestestStub, mmc1], images: { prg } },
  );
}

/** A cartridge without a mapper, with the stubs of `nes-stub`. */
export const nesMachine = (ines: Uint8Array): Machine =>
  machineWith(
    {
      devices: { registers: { type: 'nes-registers-stub' } },
      memory: [...ram, registers, { at: 0x6000, ram: '8K' }, { at: 0x8000, rom: 'prg', size: 0x8000 }],
    },
    doubled(programRom(ines)),
  );

/** A cartridge with an MMC1. */
export function mmc1Machine(ines: Uint8Array): Machine {
  const prg = programRom(ines);
  return createMachine(
    {
      clock,
      cpu,
      devices: { registers: { type: 'nes-registers-stub' }, mapper: { type: 'mmc1' } },
      memory: [
        ...ram,
        registers,
        { at: 0x6000, ram: '8K' },
        { at: 0x8000, rom: 'prg', bank: 'mapper.prg', size: PRG_UNIT },
        { at: 0xc000, rom: 'last', size: PRG_UNIT },
        { at: 0x8000, device: 'mapper', size: 0x8000, access: 'write', priority: 1 },
      ],
    },
    { plugins: [cpu6502, registersStub, mmc1], images: { prg, last: prg.subarray(-PRG_UNIT) } },
  );
}

/** What nestest's log was made with. */
export const nestestMachine = (ines: Uint8Array): Machine =>
  machineWith(
    {
      devices: { registers: { type: 'nestest-stub' } },
      memory: [...ram, registers, { at: 0x8000, rom: 'prg', size: 0x8000 }],
    },
    doubled(programRom(ines)),
  );

/** 16 KiB show twice in 32. */
const doubled = (prg: Uint8Array): Uint8Array => (prg.length > PRG_UNIT ? prg : Uint8Array.of(...prg, ...prg));
