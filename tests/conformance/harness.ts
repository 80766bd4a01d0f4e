/** What the conformance tests of the 6502 family share: reading the reference data, plain machines, bus traces. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { createMachine, type Machine, type MachineStats } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import { eager } from '../eager.js';
import { referencePath } from '../references.js';

/** One cycle of a reference trace. */
export type TraceCycle = [address: number, value: number, direction: 'read' | 'write'];

export interface Registers {
  readonly pc: number;
  readonly a: number;
  readonly x: number;
  readonly y: number;
  readonly s: number;
  readonly p: number;
}

/** The engines that the conformance tests are about. */
export const ENGINES = ['evaluator', 'interpreter'] as const;
export type TestedEngine = (typeof ENGINES)[number];

/** Those of whole programs: of a single instruction a translator makes nothing. */
export const PROGRAM_ENGINES = [...ENGINES, 'translator'] as const;
export type ProgramEngine = (typeof PROGRAM_ENGINES)[number];

/** Registers and the cells of memory that matter. */
export interface State extends Registers {
  readonly ram: readonly (readonly [address: number, value: number])[];
}

/** A file of the reference data, unpacked if it is packed. */
export function readReference(path: string): Uint8Array {
  const file = readFileSync(referencePath(path));
  return new Uint8Array(path.endsWith('.gz') ? gunzipSync(file) : file);
}

/** A file of the reference data that holds JSON. */
export const readReferenceJson = <Content>(path: string): Content =>
  JSON.parse(new TextDecoder().decode(readReference(path))) as Content;

/** Opcodes a folder has a file of vectors for, in hexadecimal. */
export const opcodesIn = (folder: string): string[] =>
  readdirSync(referencePath(folder))
    .filter((name) => name.endsWith('.json.gz'))
    .map((name) => name.slice(0, 2))
    .sort();

/** Jumps that the translator waits for in whole programs. */
export const JUMPS = 100;

const EAGER = eager(cpu6502, JUMPS);

/** 64 KiB of RAM and nothing else. */
export const flatMachine = (variant: string): Machine =>
  createMachine(
    { clock: '1 MHz', cpu: { type: '6502', variant }, memory: [{ at: 0, ram: '64K' }] },
    { plugins: [EAGER] },
  );

/** Cycles that each engine has run between two moments. */
export function cyclesSince({ cycles: before }: MachineStats, machine: Machine): Record<TestedEngine, number> {
  const { cycles } = machine.stats();
  return { evaluator: cycles.evaluator - before.evaluator, interpreter: cycles.interpreter - before.interpreter };
}

/** Run one instruction in the engine that the machine has: `step` always takes the evaluator. */
export const runInstruction = (machine: Machine): void => void machine.runUntil({ halted: true }, { cycles: 1 });

/** Cycles from which on a program has been translated, if it is to be: until then the interpreter finds out what for. */
const LONG = 5_000_000;

/** That most of a run was the engine's: single instructions at its ends are always the evaluator's. */
export function expectRunBy(engine: ProgramEngine, { cycles: before }: MachineStats, machine: Machine): void {
  const { cycles } = machine.stats();
  const ran = PROGRAM_ENGINES.map((name) => [name, cycles[name] - before[name]] as const);
  const total = ran.reduce((sum, [, count]) => sum + count, 0);
  const isMeant = (name: ProgramEngine): boolean =>
    name === engine || (engine === 'translator' && name === 'interpreter' && total < LONG);
  const share = ran.reduce((sum, [name, count]) => sum + (isMeant(name) ? count : 0), 0) / total;
  if (share < 0.75) throw new Error(`${engine} ran only ${Math.round(share * 100)} % of the cycles`);
}

/** Set registers; the program counter comes last, for it ends a reset that is still to come. */
export function setRegisters({ cpu }: Machine, { pc, a, x, y, s, p }: Registers): void {
  Object.assign(cpu.registers, { a, x, y, s, p });
  cpu.registers.pc = pc;
}

/** Registers and the given cells of memory, as the machine has them now. */
export function stateOf({ cpu, memory }: Machine, cells: State['ram']): State {
  const { pc = 0, a = 0, x = 0, y = 0, s = 0, p = 0 } = cpu.registers;
  return { pc, a, x, y, s, p, ram: cells.map(([address]) => [address, memory.peek(address)] as const) };
}

/** Bus cycles from now on, stalled ones left out. The list grows as the machine runs; empty it with `length = 0`. */
export function recordTrace(machine: Machine): TraceCycle[] {
  const trace: TraceCycle[] = [];
  machine.onCycle = ({ address, value, kind, stalled }) => {
    if (!stalled) trace.push([address, value, kind as 'read' | 'write']);
  };
  return trace;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** A trace in a form that is easy to compare by eye: `8010 r 00`. */
export const showTrace = (trace: readonly TraceCycle[]): string[] =>
  trace.map(([address, value, direction]) => `${hex(address, 4)} ${direction[0]} ${hex(value, 2)}`);

export const sameTrace = (left: readonly TraceCycle[], right: readonly TraceCycle[]): boolean =>
  left.length === right.length && left.every((cycle, index) => sameCycle(cycle, right[index] as TraceCycle));

const sameCycle = (left: TraceCycle, right: TraceCycle): boolean =>
  left[0] === right[0] && left[1] === right[1] && left[2] === right[2];
