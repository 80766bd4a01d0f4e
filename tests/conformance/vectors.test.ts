/** Vectors that we write have the form of the reference's, and of the same beginnings come the same ends. */

import { readdirSync } from 'node:fs';
import { programOf, referenceOf, type Vector, type VectorState, vectorOf } from '@backplane/core/fuzz';
import { cpu6502 } from '@backplane/cpu-6502';
import { z80 } from '@backplane/cpu-z80';
import { expect, it } from 'vitest';
import { vectorFormat } from '../../packages/runner/src/fuzz/vector-formats.js';
import { describeWithReferences, referencePath } from '../references.js';
import { readReferenceJson } from './harness.js';

/** Files and vectors that are taken: this is about the form. */
const EVERY_FILE = 7;
const VECTORS = 10;

/**
 * Bits 4 and 5 of P are no flags, and the vectors differ among themselves; JAMs are told cycles after the end. On the
 * WDC the address of the last read of a decimal ADC #n is not to be relied on.
 */
const OF_6502 = {
  mask: { p: 0xcf },
  without: ['02', '12', '22', '32', '42', '52', '62', '72', '92', 'b2', 'd2', 'f2'],
};

describeWithReferences('singlestep', () => {
  it.each([
    { cpu: cpu6502, folder: 'singlestep/6502', ...OF_6502 },
    { cpu: cpu6502, folder: 'singlestep/65c02-wdc', variant: 'wdc', mask: { p: 0xcf }, without: ['69', 'e9'] },
    { cpu: z80, folder: 'singlestep/z80', mask: {}, without: [] as string[] },
  ])('$folder', ({ cpu, folder, variant, mask, without }) => {
    const reference = referenceOf(cpu, variant);
    const format = vectorFormat(cpu.type);
    const names = readdirSync(referencePath(folder)).filter((name) => name.endsWith('.json.gz'));
    const files = names.filter((name, index) => index % EVERY_FILE === 0 && !without.includes(name.slice(0, 2)));
    expect(files.length).toBeGreaterThan(20);
    const isKnown = (name: string): boolean => name !== 'ei' && !(cpu === z80 && name === 'p');
    for (const file of files) {
      for (const wanted of readReferenceJson<Vector[]>(`${folder}/${file}`).slice(0, VECTORS)) {
        const seen = vectorOf(reference, programOf(wanted, isKnown), format);
        const comparable = (state: VectorState) => {
          const cells = new Map(wanted.final.ram);
          const registers = Object.entries(state).filter(([name]) => name !== 'ram' && isKnown(name));
          return {
            ...Object.fromEntries(
              registers.map(([name, value]) => [
                name,
                (value as number) & ((mask as Record<string, number>)[name] ?? 0xffff),
              ]),
            ),
            ram: state.ram.filter(([address]) => cells.has(address)),
          };
        };
        const sorted = (cells: VectorState['ram']) => [...cells].sort(([left], [right]) => left - right);
        expect({ name: wanted.name, ...comparable(seen.final), cycles: seen.cycles, ports: seen.ports }).toEqual({
          name: wanted.name,
          ...comparable({ ...wanted.final, ram: sorted(wanted.final.ram) }),
          cycles: wanted.cycles,
          ports: wanted.ports,
        });
      }
    }
  });
});
