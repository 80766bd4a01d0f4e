/** Buses for tests, made as machines make them. */
import { defineInstructionSet } from '../isa/instruction-set.js';
import { rtl } from '../isa/rtl-syntax.js';
import type { Plugin } from '../machine/build.js';
import type { MachineConfig } from '../machine/config.js';
import { createMachine } from '../machine/machine.js';
import { type CpuPlugin, defineCpu } from '../plugin/define-cpu.js';
import { defineDevice } from '../plugin/define-device.js';
import { bytes, u8 } from '../plugin/fields.js';
import * as z from '../zod.js';
import type { Bus } from './bus.js';

/** A CPU that does nothing in an address space of so many bits. */
const idler = (addressWidth: number): CpuPlugin =>
  defineCpu({
    type: 'idler',
    version: 1,
    defaultVariant: 'idler',
    variants: {
      idler: () =>
        defineInstructionSet({
          name: 'idler',
          addressWidth,
          byteOrder: 'big',
          registers: { pc: Math.min(31, addressWidth) },
          shown: ['pc'],
          programCounter: 'pc',
          cycles: { idle: { kind: 'idle' } },
          step: rtl`idle(pc)`,
          reset: rtl`idle(pc)`,
          rows: [],
        }),
    },
  });

/** A device of so many registers that remember what is written; register 0 also counts the reads of all. */
export const registers = defineDevice({
  type: 'registers',
  version: 1,
  size: ({ count }) => count,
  config: z.object({ count: z.int().default(4) }),
  state: ({ count }) => ({ values: bytes(count) }),
  create: ({ state }) => ({
    read(offset) {
      state.values[0] = (state.values[0] as number) + 1;
      return state.values[offset] as number;
    },
    peek: (offset) => state.values[offset] as number,
    write(offset, value) {
      state.values[offset] = value;
    },
  }),
});

/**
 * A device with three bank selectors: a write to register n selects a bank in selector n. What follows is of the first:
 * registers 3 and 4 say from where on it is common, register 5 whether that is protected; it counts refused writes.
 */
export const mapper = defineDevice({
  type: 'mapper',
  version: 1,
  size: 6,
  banks: ['low', 'high', 'third'],
  state: () => ({ common: bytes(3), refused: u8() }),
  create: ({ banks, state }) => ({
    write(offset, value) {
      [banks.low, banks.high, banks.third][offset]?.select(value);
      if (offset < 3) return;
      state.common[offset - 3] = value;
      banks.low.common(((state.common[0] as number) << 8) | (state.common[1] as number), state.common[2] !== 0);
    },
    peek: (offset) => [banks.low, banks.high, banks.third][offset]?.selected ?? state.refused,
    banks: {
      low() {
        state.refused += 1;
      },
    },
  }),
});

export interface TestBusOptions {
  readonly addressWidth?: number;
  readonly images?: Readonly<Record<string, Uint8Array>>;
  readonly plugins?: readonly Plugin[];
}

/** The memory bus of a machine with this memory map. The devices are `dev` (registers) and `map` (mapper). */
export function busOf(
  memory: MachineConfig['memory'],
  config: Partial<MachineConfig> = {},
  { addressWidth = 16, images = {}, plugins = [] }: TestBusOptions = {},
): Bus {
  const machine = createMachine(
    {
      clock: 1_000_000,
      cpu: { type: 'idler' },
      devices: { dev: { type: 'registers' }, map: { type: 'mapper' } },
      memory,
      ...config,
    },
    { plugins: [idler(addressWidth), registers, mapper, ...plugins], images },
  );
  const cpu = machine.parts.cpus.get('main');
  if (!cpu) throw new Error('the machine has no CPU');
  return cpu.memory;
}

/** `length` bytes that count up from `first`. */
export const counting = (length: number, first = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => first + index);
