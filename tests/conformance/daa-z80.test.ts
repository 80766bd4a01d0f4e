/** DAA of the Z80 for every A, N, C and H. */
import { expect, it } from 'vitest';
import { describeWithReferences } from '../references.js';
import { readReference } from './harness.js';
import { z80Machine } from './harness-z80.js';
import { agrees } from './record.js';

const LINE = /^N (\d) C (\d) H (\d) (..) N (\d) C (\d) H (\d) (..)$/;

describeWithReferences('roms/z80/daa', () => {
  it('is as in a table of 2,048 lines', () => {
    const machine = z80Machine('nmos', { read: () => 0, write: () => {} });
    const { registers } = machine.cpu;
    machine.memory.poke(0, 0x27);
    const lines = new TextDecoder().decode(readReference('roms/z80/daa/daaoutput.txt')).split(/\r?\n/);
    const seen = lines.flatMap((line) => {
      const [, n, c, h, a = ''] = LINE.exec(line) ?? [];
      if (a === '') return [];
      registers.af = (Number.parseInt(a, 16) << 8) | (Number(h) << 4) | (Number(n) << 1) | Number(c);
      registers.pc = 0;
      machine.step();
      const after = registers.af as number;
      const result = (after >> 8).toString(16).toUpperCase().padStart(2, '0');
      return `N ${n} C ${c} H ${h} ${a} N ${(after >> 1) & 1} C ${after & 1} H ${(after >> 4) & 1} ${result}`;
    });
    expect(seen).toHaveLength(2048);
    expect(seen).toEqual(lines.filter((line) => LINE.test(line)));
    const { length: count } = seen;
    agrees({ cpu: 'z80', variant: 'nmos', data: 'roms/z80/daa', unit: 'lines', engine: 'evaluator', count });
  });
});
