/** Vectors of single instructions: registers, memory, and every bus cycle. */
import { describe, expect, it } from 'vitest';
import { describeWithReferences } from '../references.js';
import {
  cyclesSince,
  ENGINES,
  flatMachine,
  opcodesIn,
  readReferenceJson,
  recordTrace,
  runInstruction,
  type State,
  sameTrace,
  setRegisters,
  showTrace,
  stateOf,
  type TestedEngine,
  type TraceCycle,
} from './harness.js';
import { agrees, excepts } from './record.js';

interface Vector {
  readonly name: string;
  readonly initial: State;
  readonly final: State;
  readonly cycles: readonly TraceCycle[];
}

/** Cycles that are not compared, and why. */
export interface Doubt {
  readonly what: string;
  readonly why: string;
  is(opcode: number, cycle: number): boolean;
}

interface Expectations {
  readonly folder: string;
  readonly variant: string;
  readonly files: number;
  readonly vectors: number;
  /** A cycle of which address and value are not to be relied on. */
  readonly doubtful?: Doubt;
}

/** Bits 4 and 5 of P are no flags; the vectors differ among themselves on bit 4. */
const FLAGS = 0xcf;

/** Put into a cell that the instruction is to write, so that not writing it shows. */
const UNWRITTEN = 0x5a;

/** A suite that runs every vector of a folder on one machine, in each engine. */
export function singlestepSuite({ folder, variant, files, vectors, doubtful }: Expectations): void {
  describeWithReferences(folder, () => {
    const machine = flatMachine(variant);
    const fresh = machine.checkpoint();
    const trace = recordTrace(machine);
    let count = 0;

    function run({ initial, final, cycles }: Vector, engine: TestedEngine): void {
      if (machine.cpu.status !== 'running') machine.restore(fresh);
      for (const [address] of final.ram) machine.memory.poke(address, UNWRITTEN);
      for (const [address, value] of initial.ram) machine.memory.poke(address, value);
      setRegisters(machine, initial);
      machine.setEngine(engine);
      trace.length = 0;
      const before = machine.stats();
      runInstruction(machine);
      expect(cyclesSince(before, machine)).toEqual({ evaluator: 0, interpreter: 0, [engine]: trace.length });
      // A jam goes on for ever, in instructions of one cycle.
      while (trace.length < cycles.length && machine.cpu.status === 'jammed') machine.step();
    }

    const masked = (state: State): State => ({ ...state, p: state.p & FLAGS });

    const opcodes = opcodesIn(folder);
    it.each(opcodes)('opcode %s', (file) => {
      const opcode = Number.parseInt(file, 16);
      const mask = (cycles: readonly TraceCycle[]): TraceCycle[] =>
        cycles.map(([address, value, direction], index) =>
          doubtful?.is(opcode, index) ? [0, 0, direction] : [address, value, direction],
        );
      const all = readReferenceJson<Vector[]>(`${folder}/${file}.json.gz`);
      for (const vector of all) {
        count += 1;
        for (const engine of ENGINES) {
          run(vector, engine);
          const state = masked(stateOf(machine, vector.final.ram));
          const final = masked(vector.final);
          const [seen, wanted] = [mask(trace), mask(vector.cycles)];
          if (sameTrace(seen, wanted) && sameState(state, final)) continue;
          expect({ vector: vector.name, engine, ...state, trace: showTrace(seen) }).toEqual({
            vector: vector.name,
            engine,
            ...final,
            trace: showTrace(wanted),
          });
        }
      }
      for (const engine of ENGINES)
        agrees({ cpu: '6502', variant, data: folder, unit: 'vectors', engine, count: all.length });
      excepts({
        data: folder,
        what: 'bits 4 and 5 of P',
        why: 'they are no flags, and the vectors differ among themselves on bit 4',
      });
      if (doubtful) excepts({ data: folder, what: doubtful.what, why: doubtful.why });
    });

    describe('as a whole', () => {
      it(`is ${vectors} vectors of ${files} opcodes`, () => {
        expect({ files: opcodes.length, vectors: count }).toEqual({ files, vectors });
      });
    });
  });
}

const sameState = (left: State, right: State): boolean =>
  left.pc === right.pc &&
  left.a === right.a &&
  left.x === right.x &&
  left.y === right.y &&
  left.s === right.s &&
  left.p === right.p &&
  left.ram.every(([, value], index) => value === right.ram[index]?.[1]);
