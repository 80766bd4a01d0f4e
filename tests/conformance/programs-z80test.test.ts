/**
 * Patrik Rak's z80test, which asks for every flag, WZ and Q. Not in the evaluator, for each program is 0.6e9 cycles or
 * 1.1e9: the two that other tests do not come near, and all of them for `pnpm test:zex`, that is `BACKPLANE_ZEX=all`.
 */
import { createMachine, defineDevice, type Machine } from '@backplane/core';
import { z80 } from '@backplane/cpu-z80';
import { describe, expect, it } from 'vitest';
import { eager } from '../eager.js';
import { describeWithReferences } from '../references.js';
import { expectRunBy, JUMPS, type ProgramEngine, readReference } from './harness.js';
import { programEnginesOf } from './harness-z80.js';
import { type Program, programsIn } from './programs.js';
import { agrees } from './record.js';

/** The code is the last block of the tape, without its checksum. */
const CODE = 91;
/** A Spectrum's routine that prints A, and one that the tests call before. */
const [PRINT, OPEN_CHANNEL] = [0x0010, 0x1601];
const START = 0x7000;
const OUT = 11;

/** What a Spectrum whose keys are all up shows at its ports. */
const portValue = (port: number): number => ((port & 1) === 0 ? 0xbf : 0xff);

function run(program: Program, engine: ProgramEngine, enough: number): { text: string; cycles: number; hash: string } {
  const printed: number[] = [];
  const ports = defineDevice({
    type: 'ports',
    version: 1,
    size: 0x10000,
    create: ({ exit }) => ({
      read: portValue,
      peek: portValue,
      write(_port, value) {
        // The tests themselves put out whatever comes.
        const { programCounter } = machine.cpu;
        if (programCounter === PRINT + 2) printed.push(value);
        if (programCounter === START + 5) exit(0);
      },
    }),
  });
  const rom = new Uint8Array(0x4000);
  rom.set([0xd3, 0x01, 0xc9], PRINT);
  rom.set([0xc9], OPEN_CHANNEL);
  const machine: Machine = createMachine(
    {
      clock: '3.5 MHz',
      cpu: { type: 'z80' },
      devices: { ports: { type: 'ports' } },
      memory: [
        { at: 0, rom: 'rom' },
        { at: 0x4000, ram: '48K' },
      ],
      io: [{ at: 0, device: 'ports' }],
    },
    { plugins: [eager(z80, JUMPS), ports], images: { rom }, engine },
  );
  machine.memory.load(0x8000, readReference(`roms/${program.file}`).slice(CODE, -1));
  machine.memory.load(START, Uint8Array.of(0xcd, 0x00, 0x80, 0xd3, 0x00));
  Object.assign(machine.cpu.registers, { i: 0x3f, im: 1, sp: START });
  machine.cpu.registers.pc = START;
  const begin = machine.cycles;
  const before = machine.stats();
  const { reason } = machine.run(enough);
  expectRunBy(engine, before, machine);
  const text = String.fromCharCode(...printed);
  if (reason !== 'exit') throw new Error(`${program.id} goes on: ${text}`);
  const HALT = 4;
  return { text, cycles: machine.cycles - begin - (printed.length + 1) * OUT + HALT, hash: fnv1(printed) };
}

function fnv1(bytes: readonly number[]): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash, 0x01000193) ^ byte;
  return (hash >>> 0).toString(16).toUpperCase().padStart(8, '0');
}

const CHOSEN = ['z80test-1.2a-z80ccf', 'z80test-1.2a-z80memptr'];

describeWithReferences('roms/z80/z80test', () => {
  const programs = programsIn('z80/z80test');
  const some = process.env.BACKPLANE_ZEX === 'all' ? programs : programs.filter(({ id }) => CHOSEN.includes(id));

  it('is twelve programs', () => expect(programs).toHaveLength(12));

  describe.each(programEnginesOf(z80).filter((engine) => engine !== 'evaluator'))('in the %s', (engine) => {
    it.each(some)('$id', (program) => {
      const { cycles = 0, outputFnv1_32 } = (program.expected?.z80 ?? {}) as {
        cycles?: number;
        outputFnv1_32?: string;
      };
      const seen = run(program, engine, cycles + 1_000_000);
      expect(seen.text).toContain('Result: all tests passed.');
      expect(seen).toMatchObject({ cycles, hash: outputFnv1_32 });
      agrees({
        cpu: 'z80',
        variant: 'nmos',
        data: 'roms/z80/z80test',
        unit: `programs of ${programs.length}`,
        engine,
      });
    });
  });
});
