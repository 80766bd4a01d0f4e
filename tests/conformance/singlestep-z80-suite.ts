/** Vectors of single instructions of the Z80: registers, memory, ports, and every T-state. */
import { readdirSync } from 'node:fs';
import { z80 } from '@backplane/cpu-z80';
import { describe, expect, it } from 'vitest';
import { describeWithReferences, referencePath } from '../references.js';
import { cyclesSince, readReferenceJson, runInstruction, type TestedEngine } from './harness.js';
import { enginesOf, type TState, TStateRecorder, z80Machine } from './harness-z80.js';
import { agrees } from './record.js';

type Registers = Readonly<Record<string, number>>;
type State = Registers & { readonly ram: readonly (readonly [address: number, value: number])[] };

interface Vector {
  readonly name: string;
  readonly initial: State;
  readonly final: State;
  readonly cycles: readonly TState[];
  readonly ports?: readonly (readonly [port: number, value: number, direction: 'r' | 'w'])[];
}

const FOLDER = 'singlestep/z80';

/** Put into a cell that the instruction is to write, so that not writing it shows. */
const UNWRITTEN = 0x5a;

/** Registers of the machine that the vectors have under these names. */
const WHOLE = ['sp', 'wz', 'ix', 'iy', 'af_', 'bc_', 'de_', 'hl_', 'i', 'r', 'im', 'iff1', 'iff2', 'q'] as const;
const PAIRS = ['af', 'bc', 'de', 'hl'] as const;

/**
 * A suite of the vectors on one machine, in each engine.
 *
 * @param sample of each so many files, and of each of these only so many vectors, are run; without it all are
 */
export function z80VectorSuite(sample?: { readonly everyFile: number; readonly vectors: number }): void {
  describeWithReferences(FOLDER, () => {
    let expectedPorts: Vector['ports'] = [];
    let seenPorts: [number, number, string][] = [];
    const machine = z80Machine('nmos', {
      read(port) {
        const value = expectedPorts?.find(([at, , direction]) => at === port && direction === 'r')?.[1] ?? 0x55;
        seenPorts.push([port, value, 'r']);
        return value;
      },
      write: (port, value) => void seenPorts.push([port, value, 'w']),
    });
    const fresh = machine.checkpoint();
    const recorder = new TStateRecorder(machine);
    const engines = enginesOf(z80);
    let count = 0;

    function run({ initial, final, ports }: Vector, engine: TestedEngine): void {
      if (machine.cpu.status !== 'running') machine.restore(fresh);
      for (const [address] of final.ram) machine.memory.poke(address, UNWRITTEN);
      for (const [address, value] of initial.ram) machine.memory.poke(address, value);
      const { registers } = machine.cpu;
      for (const pair of PAIRS) {
        registers[pair] = ((initial[pair[0] as string] as number) << 8) | (initial[pair[1] as string] as number);
      }
      for (const name of WHOLE) registers[name] = initial[name] as number;
      registers.pc = initial.pc as number;
      machine.setEngine(engine);
      recorder.begin(machine.cycles);
      expectedPorts = ports;
      seenPorts = [];
      const before = machine.stats();
      runInstruction(machine);
      const ran = cyclesSince(before, machine);
      expect(ran[engine]).toBe(ran.evaluator + ran.interpreter);
      recorder.end(machine.cycles);
    }

    const stateNow = (cells: State['ram']) => {
      const { registers } = machine.cpu;
      const seen: Record<string, unknown> = { pc: registers.pc };
      for (const pair of PAIRS) {
        seen[pair[0] as string] = (registers[pair] as number) >> 8;
        seen[pair[1] as string] = (registers[pair] as number) & 0xff;
      }
      for (const name of WHOLE) seen[name] = registers[name];
      return { ...seen, ram: cells.map(([address]) => [address, machine.memory.peek(address)]) };
    };
    const stateWanted = ({ ei: _ei, p: _p, ...rest }: State) => rest;

    const files = readdirSync(referencePath(FOLDER))
      .filter((name) => name.endsWith('.json.gz'))
      .sort()
      .filter((_, index) => index % (sample?.everyFile ?? 1) === 0);
    it.each(files)('%s', (file) => {
      const vectors = readReferenceJson<Vector[]>(`${FOLDER}/${file}`).slice(0, sample?.vectors);
      for (const vector of vectors) {
        count += 1;
        for (const engine of engines) {
          run(vector, engine);
          const of = { vector: vector.name, engine };
          expect({ ...of, ...stateNow(vector.final.ram), states: recorder.states, ports: seenPorts }).toEqual({
            ...of,
            ...stateWanted(vector.final),
            states: vector.cycles,
            ports: vector.ports ?? [],
          });
        }
      }
      for (const engine of engines)
        agrees({ cpu: 'z80', variant: 'nmos', data: FOLDER, unit: 'vectors', engine, count: vectors.length });
    });

    describe.skipIf(sample)('as a whole', () => {
      it('is 64,160 vectors of 1,604 opcodes', () => {
        expect({ files: files.length, vectors: count }).toEqual({ files: 1604, vectors: 64_160 });
      });
    });
  });
}
