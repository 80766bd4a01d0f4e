/** Programs as vectors in the form of SingleStepTests: registers, memory and every bus cycle before and after. */
import type { Instruction } from '../isa/instructions.js';
import type { CpuPlugin } from '../plugin/define-cpu.js';
import { Comparison, type Difference, failed } from './compare.js';
import {
  type Access,
  type Cell,
  isFailure,
  type Level,
  type PinChange,
  type PortAccess,
  type Program,
  type Subject,
} from './core.js';
import { Coverage } from './coverage.js';
import type { BackedProgram } from './engine-core.js';
import { Generator } from './generator.js';
import { type Mask, Masks } from './masks.js';
import { Random } from './random.js';
import { type LoggedRun, type Reference, type ReferenceRun, referenceOf } from './reference.js';

/** Registers by name, and memory. */
export type VectorState = Readonly<Record<string, number | readonly Cell[]>> & { readonly ram: readonly Cell[] };

/** A clock cycle: what is on the buses, and `read` or `write`, or the pins as a string such as `r-m-`. */
export type VectorCycle = readonly [address: number, value: number | null, pins: string];

/** One test of a file of SingleStepTests. `steps`, `pins` and `level` are ours, there where they are needed. */
export interface Vector {
  readonly name: string;
  readonly initial: VectorState;
  readonly final: VectorState;
  readonly cycles: readonly VectorCycle[];
  readonly ports?: readonly PortAccess[];
  /** Instructions, where it is not one. */
  readonly steps?: number;
  /** As in a program. */
  readonly pins?: readonly PinChange[];
}

/**
 * The registers that vectors of a CPU have, in their order: any registers and views of its instruction set. Those that
 * `unlessZero` names are there only where they are not 0.
 */
export interface VectorFormat {
  readonly registers: readonly string[];
  readonly unlessZero?: readonly string[];
}

const hexadecimal = (value: number): string => value.toString(16).padStart(2, '0');

/**
 * What one of our engines makes of a program, as a vector.
 *
 * @example
 * const vector = vectorOf(referenceOf(cpu6502), { registers: { pc: 0x400, a: 1 }, ram: [[0x400, 0x0a]], steps: 1 });
 */
export function vectorOf(reference: Reference, program: BackedProgram, format?: VectorFormat): Vector {
  const { core } = reference;
  const { registers = core.registers, unlessZero = [] } = format ?? {};
  const shown = (): Record<string, number> => ({
    ...Object.fromEntries(registers.map((name) => [name, core.cpu.register(name)])),
    ...Object.fromEntries(unlessZero.map((name) => [name, core.cpu.register(name)]).filter(([, value]) => value !== 0)),
  });
  core.setState(program);
  const before = shown();
  const memory = core.memory.slice();
  const run = reference.runLogged(program);
  const touched = new Set(program.background ? [] : program.ram.map(([address]) => address));
  for (const [, kind, address] of run.accesses) if (kind === 'read' || kind === 'write') touched.add(address);
  const cells = (bytes: Uint8Array): Cell[] =>
    [...touched].sort((left, right) => left - right).map((address) => [address, bytes[address] as number]);
  const { pins = [], steps } = program;
  return {
    name: nameOf(run, memory),
    initial: { ...before, ram: cells(memory) },
    final: { ...shown(), ram: cells(core.memory) },
    cycles: cyclesOf(reference, run),
    ...(run.ports.length > 0 && { ports: run.ports }),
    ...(steps !== 1 && { steps }),
    ...(pins.length > 0 && { pins }),
  };
}

/** The bytes of the first instruction and the number of steps, as the reference vectors are called. */
function nameOf({ addresses, instructions }: ReferenceRun, memory: Uint8Array): string {
  const [at = 0] = addresses;
  const length = instructions[0]?.length ?? 1;
  const bytes = Array.from({ length }, (_, offset) => hexadecimal(memory[(at + offset) & 0xffff] as number));
  return bytes.join(' ');
}

/** One entry a clock cycle: those that take one each are reads and writes, longer ones have their pins shown. */
function cyclesOf({ cases }: Reference, { accesses, cycles }: LoggedRun): VectorCycle[] {
  const kinds = Object.values(cases.isa.declaration.cycles);
  if (kinds.every(({ length = 1 }) => length === 1)) {
    return accesses.map(([, kind, address, value]) => [address, value, kind]);
  }
  return clockCycles(accesses, cycles);
}

/**
 * Clock cycles of a CPU whose bus cycles last several: a pulse is shown in the second one in memory, the third one at
 * ports, and what was read is on the bus in the one after it.
 */
function clockCycles(accesses: readonly Access[], cycles: number): VectorCycle[] {
  const states: VectorCycle[] = [];
  let address = 0;
  let fetched: number | null = null;
  const push = (pins: string, value: number | null = null): void => void states.push([address, value, pins]);
  const fill = (until: number): void => {
    while (states.length < until) {
      push('----', fetched);
      fetched = null;
    }
  };
  for (const [cycle, kind, at, value] of accesses) {
    fill(cycle);
    address = at;
    if (kind === 'idle') {
      push('----', fetched);
      fetched = null;
      continue;
    }
    push('----');
    if (kind === 'in' || kind === 'out') push('----');
    const [memory, port] = kind === 'read' || kind === 'write' ? ['m', '-'] : ['-', 'i'];
    const isWrite = kind === 'write' || kind === 'out';
    push(isWrite ? `-w${memory}${port}` : `r-${memory}${port}`, isWrite ? value : null);
    if (!isWrite) fetched = value;
  }
  fill(cycles);
  return states;
}

/** The program of a vector. Registers that the instruction set does not know are left out. */
export function programOf(
  { initial, ports = [], pins = [], steps = 1 }: Pick<Vector, 'initial' | 'ports' | 'pins' | 'steps'>,
  isKnown: (register: string) => boolean = () => true,
): Program {
  const registers = Object.entries(initial).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && isKnown(entry[0]),
  );
  const input = ports.filter(([, , direction]) => direction === 'r').map(([, value]) => value);
  return {
    registers: Object.fromEntries(registers),
    ram: initial.ram,
    ...(input.length > 0 && { input }),
    ...(pins.length > 0 && { pins }),
    steps,
  };
}

/**
 * Random vectors of one instruction.
 *
 * @example
 * const reference = referenceOf(cpu6502);
 * const [instruction] = reference.cases.isa.encodings;
 * const vectors = vectorsFor(reference, instruction, { count: 10, seed: 1 });
 */
export function vectorsFor(
  reference: Reference,
  instruction: Instruction,
  {
    count,
    seed,
    format,
  }: { readonly count: number; readonly seed: number; readonly format?: VectorFormat | undefined },
): Vector[] {
  const random = new Random(seed, reference.cases.indexOf(instruction));
  const coverage = new Coverage(reference.cases);
  const generator = new Generator(reference, random, coverage, {
    pins: [],
    registers: reference.core.registers,
    allows: () => true,
    loops: 'never',
  });
  const vectors: Vector[] = [];
  while (vectors.length < count) {
    const program = generator.single(instruction);
    // What comes in place of an instruction is no test of it.
    if (reference.run(program).instructions[0] === instruction) vectors.push(vectorOf(reference, program, format));
  }
  return vectors;
}

/**
 * Run a program, or the one of a vector, on a core and on one of our engines.
 *
 * @returns where they differ first, or undefined
 */
export async function differenceOn({
  cpu,
  variant,
  against,
  subject,
  program,
  vector,
  level = subject.logs.length > 0 ? 'cycle' : 'instruction',
  masks,
}: {
  readonly cpu: CpuPlugin;
  readonly variant?: string | undefined;
  readonly against?: string | undefined;
  readonly subject: Subject;
  readonly program?: Program;
  readonly vector?: Vector;
  readonly level?: Level;
  readonly masks?: readonly Mask[] | undefined;
}): Promise<Difference | undefined> {
  const reference = referenceOf(cpu, variant, against);
  const given =
    program ?? programOf(vector ?? { initial: { ram: [] } }, (name) => reference.core.cpu.isa.width(name) > 0);
  // Registers as both know them: a vector has halves where a core has pairs.
  const run = reference.runLogged(given);
  const registers = Object.fromEntries(
    reference.core.registers.map((name, at) => [name, run.initial[at + 1] as number]),
  );
  const [result] = await subject.run([{ program: { ...given, registers }, level, cycles: run.cycles }]);
  if (!result || isFailure(result)) return failed(run, result ?? { failure: 'rubbish', text: 'no answer' });
  return new Comparison(subject, reference.core.registers, new Masks(masks)).difference(run, result, level);
}
