/** Test programs: the manifest, and a runner that does what it says. */
import { dirname } from 'node:path';
import type { Machine } from '@backplane/core';
import { expect, it } from 'vitest';
import { describeWithReferences } from '../references.js';
import {
  expectRunBy,
  flatMachine,
  PROGRAM_ENGINES,
  type ProgramEngine,
  readReference,
  readReferenceJson,
  setRegisters,
} from './harness.js';
import { mmc1Machine, nesMachine, nestestMachine } from './nes-machine.js';
import { agrees } from './record.js';

/** An entry of the manifest, as far as it is used here. */
export interface Program {
  readonly id: string;
  readonly file: string;
  readonly cpu: readonly string[];
  readonly load: string;
  readonly entry: string;
  readonly environment: string;
  readonly success: {
    readonly type: 'pc-loop' | 'pc' | 'memory' | 'status' | 'text' | 'log' | 'screen';
    readonly pc?: string;
    readonly memory?: { readonly address: string; readonly equals: string };
  };
  readonly expected?: Readonly<Record<string, { readonly cycles?: number } | string>>;
  readonly notes?: string;
}

interface Manifest {
  readonly environments: Readonly<
    Record<string, { readonly text: string; readonly pokes?: Readonly<Record<string, string>> }>
  >;
  readonly entries: readonly Program[];
}

let manifest: Manifest | undefined;
const readManifest = (): Manifest => {
  manifest ??= readReferenceJson<Manifest>('roms/manifest.json');
  return manifest;
};

/** Variants by the manifest's names of CPUs. */
export const VARIANTS: Readonly<Record<string, string>> = {
  nmos6502: 'nmos',
  nes6502: '2a03',
  '65c02-wdc': 'wdc',
  '65c02-rockwell': 'rockwell',
  '65c02-synertek': 'synertek',
};

/** Programs of the 6502 family in a folder of `roms`. */
export const programsIn = (folder: string): Program[] =>
  readManifest().entries.filter(({ file, success }) => file.startsWith(folder) && success !== null);

/** The program of that name. */
export function programNamed(id: string): Program {
  const program = readManifest().entries.find((entry) => entry.id === id);
  if (!program) throw new Error(`the manifest has no program '${id}'`);
  return program;
}

/** What a program of the 6502 family is part of, as the record of agreements has it. */
export const partOf = ({ file }: Program, cpu: string) =>
  ({ cpu: '6502', variant: VARIANTS[cpu] as string, data: `roms/${dirname(file)}`, unit: 'programs' }) as const;

/** Cycles the manifest expects on a CPU: under its own name, or that of all 65C02s. */
export function expectedCycles({ expected }: Program, cpu: string): number | undefined {
  const entry = expected?.[cpu] ?? (cpu.startsWith('65c02') ? expected?.['65c02'] : undefined);
  return typeof entry === 'object' ? entry.cycles : undefined;
}

const numbers = (bytes: string): number[] => bytes.split(' ').map((byte) => Number.parseInt(byte, 16));

/** Registers as the stubs start them: the stack as RESET leaves it, I set. */
const started = (pc: number) => ({ pc, a: 0, x: 0, y: 0, s: 0xfd, p: 0x24 });

/** A machine with the program loaded, about to fetch its first opcode. */
export function machineFor(program: Program, cpu: string): Machine {
  const variant = VARIANTS[cpu] as string;
  const image = readReference(`roms/${program.file}`);
  const environment = environments.find(({ text }) => program.environment.startsWith(text));
  if (!environment) throw new Error(`${program.id} wants an environment of its own: ${program.environment}`);
  return environment.make(program, image, variant);
}

interface Environment {
  /** How the manifest's description of it begins. */
  readonly text: string;
  make(program: Program, image: Uint8Array, variant: string): Machine;
}

const environments: readonly Environment[] = [
  {
    text: '64 KiB of plain RAM holding the image',
    make({ load, entry }, image, variant) {
      const machine = flatMachine(variant);
      machine.memory.load(Number(load), image);
      setRegisters(machine, started(Number(entry)));
      return machine;
    },
  },
  {
    // A subroutine: called from 0x0200, it returns to a jump to itself.
    text: 'plain RAM; put an RTS (0x60) at 0xFFEE',
    make({ load }, image, variant) {
      const machine = flatMachine(variant);
      machine.memory.load(Number(load), image);
      machine.memory.poke(0xffee, RTS);
      machine.memory.load(0x0200, Uint8Array.of(JSR, 0x00, 0x29, JMP, 0x03, 0x02));
      setRegisters(machine, started(0x0200));
      return machine;
    },
  },
  {
    text: 'lorenz-stub',
    make({ entry }, image, variant) {
      const machine = flatMachine(variant);
      const { pokes = {} } = readManifest().environments['lorenz-stub'] ?? {};
      for (const [address, bytes] of Object.entries(pokes)) {
        machine.memory.load(Number(address), Uint8Array.from(numbers(bytes)));
      }
      machine.memory.load(0x0801, image.subarray(2));
      // Where the host is to take over, the program must not go on.
      for (const address of Object.values(LORENZ_ENDS)) machine.memory.poke(address, JAM);
      setRegisters(machine, started(Number(entry)));
      return machine;
    },
  },
  { text: 'nes-stub with mapper 1', make: (program, image) => nesStarted(program, mmc1Machine(image)) },
  { text: 'nes-stub', make: (program, image) => nesStarted(program, nesMachine(image)) },
  { text: 'the host must press reset', make: (program, image) => nesStarted(program, nesMachine(image)) },
  { text: 'NES memory map', make: (program, image) => nesStarted(program, nestestMachine(image)) },
];

function nesStarted({ entry }: Program, machine: Machine): Machine {
  setRegisters(machine, started(Number(entry)));
  return machine;
}

const RTS = 0x60;
const JSR = 0x20;
const JMP = 0x4c;
const JAM = 0x02;
/** Cycles of a JAM until it counts as jammed. */
const JAM_CYCLES = 5;

/** Where a program of Wolfgang Lorenz' suite ends in the stub: loading the next one, or giving up. */
const LORENZ_ENDS = { passed: 0xe16f, failed: 0x8000, failedToBasic: 0xa474 } as const;
const LORENZ_PRINTS = 0xffd2;

/** What became of a run. */
export interface Outcome {
  readonly pc: number;
  readonly cycles: number;
  /** The byte the manifest names, if it names one. */
  readonly memory?: number;
}

/** How far before the expected end a run begins to watch out for it: in the evaluator watching makes it slow. */
const MARGIN = 10_000;

/** Run a program of which the manifest says by which address or byte it tells the result. */
export function runProgram(program: Program, cpu: string, engine: ProgramEngine = 'interpreter'): Outcome {
  const machine = machineFor(program, cpu);
  machine.setEngine(engine);
  const before = machine.stats();
  const from = machine.cycles;
  const { type, pc, memory } = program.success;
  machine.run(Math.max(0, (expectedCycles(program, cpu) as number) - MARGIN));
  // A program that loops where it should not has ended as well; its address tells which check failed.
  machine.runUntil(type === 'pc' ? Number(pc) : { trap: true }, { cycles: 2 * MARGIN });
  expectRunBy(engine, before, machine);
  return {
    pc: machine.cpu.programCounter,
    cycles: machine.cycles - from,
    ...(memory && { memory: machine.memory.peek(Number(memory.address)) }),
  };
}

/** What the manifest says of a run. */
export function expectedOutcome(program: Program, cpu: string): Outcome {
  const { pc, memory } = program.success;
  return {
    pc: Number(pc ?? 0x0203),
    cycles: expectedCycles(program, cpu) as number,
    ...(memory && { memory: Number(memory.equals) }),
  };
}

/** Run a program of Wolfgang Lorenz' suite. Its text is heard at the start, when it says its name, and at the end. */
export function runLorenz(program: Program, engine: ProgramEngine): Outcome & { readonly text: string } {
  const cpu = 'nmos6502';
  const machine = machineFor(program, cpu);
  machine.setEngine(engine);
  const before = machine.stats();
  const from = machine.cycles;
  const expected = expectedCycles(program, cpu) as number;
  let text = '';
  const listen = (until: number) => {
    while (machine.runUntil(LORENZ_PRINTS, { cycles: from + until - machine.cycles }).reason === 'condition') {
      text += String.fromCharCode(machine.cpu.registers.a as number);
      machine.memory.poke(0x030c, 0);
    }
  };
  listen(MARGIN);
  if (expected > MARGIN) {
    machine.run(from + expected - MARGIN - machine.cycles);
    listen(expected + MARGIN);
  }
  expectRunBy(engine, before, machine);
  // It is a JAM that ended it, one byte behind the program counter.
  const isJammed = machine.cpu.status === 'jammed';
  return {
    pc: machine.cpu.programCounter - (isJammed ? 1 : 0),
    cycles: machine.cycles - from - (isJammed ? JAM_CYCLES : 0),
    text,
  };
}

/**
 * A suite of all programs in folders of `roms`, on every CPU each of them is meant for.
 *
 * @param isForAll programs for the evaluator, too
 */
export function programsSuite(
  name: string,
  belongs: (program: Program) => boolean,
  isForAll: (program: Program, cpu: string) => boolean = () => false,
): void {
  describeWithReferences(name, () => {
    for (const program of programsIn('6502/').filter(belongs)) {
      for (const cpu of program.cpu) {
        const passes = (engine: ProgramEngine): void => {
          expect(runProgram(program, cpu, engine)).toEqual(expectedOutcome(program, cpu));
          agrees({ ...partOf(program, cpu), engine });
        };
        const engines = PROGRAM_ENGINES.filter((engine) => engine !== 'evaluator' || isForAll(program, cpu));
        it.each(engines)(`${program.id} on ${cpu}, in the %s`, passes);
      }
    }
  });
}
