import type { VectorFormat } from '@backplane/core/fuzz';

const halves = ['a', 'b', 'c', 'd', 'e', 'f', 'h', 'l'];

/** Registers as SingleStepTests have them, where that is not as our CPUs show them. */
const FORMATS: Readonly<Record<string, VectorFormat>> = {
  z80: {
    registers: [
      ...['pc', 'sp', ...halves, 'i', 'r', 'wz', 'ix', 'iy'],
      ...['af_', 'bc_', 'de_', 'hl_', 'im', 'q', 'iff1', 'iff2'],
    ],
    unlessZero: ['halted', 'prefix'],
  },
  '8080': { registers: ['pc', 'sp', ...halves, 'inte'], unlessZero: ['halted'] },
};

/** The registers in vectors of a CPU; as it shows them where there are no such vectors. */
export const vectorFormat = (type: string): VectorFormat | undefined =>
  Object.hasOwn(FORMATS, type) ? FORMATS[type] : undefined;
