/** What an engine beside the evaluator is to a machine. The evaluator is always there; CPU plugins bring the others. */
import type { InstructionSet } from '../isa/instruction-set.js';
import type { Cpu } from '../machine/cpu.js';
import type { Arena } from '../state/arena.js';
import type { Scheduler } from '../time/scheduler.js';

/** The ways to run instructions. */
export type EngineName = 'evaluator' | 'interpreter' | 'translator';

/** Regions of translated code. */
export interface RegionCounts {
  /** How many there are, were compiled, and were dropped because their code changed. */
  readonly live: number;
  readonly compiled: number;
  readonly invalidated: number;
  /** Milliseconds that compiling them took; 0 if the machine was given no clock. */
  readonly milliseconds: number;
}

export const NO_REGIONS: RegionCounts = { live: 0, compiled: 0, invalidated: 0, milliseconds: 0 };

/** What a watched run stops at. */
export interface Watch {
  /** Address of an instruction, −1 for none. */
  readonly address: number;
  /** Whether to stop after an instruction that has changed nothing. */
  readonly trap: boolean;
}

/** An engine at work for one CPU. */
export interface RunningEngine {
  /** Cycles that it has run. */
  readonly cycles: number;
  /** Cycles of these that translated code has run. */
  readonly translated: number;
  /** Of a translator. */
  readonly regions: RegionCounts | undefined;
  /** Run whole instructions until the CPU's time reaches `until` or something asks for the machine's attention. */
  run(until: number): void;
  /**
   * The same, but also until what is watched for has come.
   *
   * @param holds whether it has, asked after instructions that the evaluator ran
   * @returns whether it has
   */
  runWatched(until: number, watch: Watch, holds: () => boolean): boolean;
}

/** A way to run instructions, made from an instruction set; given to `defineCpu`. */
export interface Engine {
  readonly name: Exclude<EngineName, 'evaluator'>;
  /** Whether it can run an instruction set on this host. */
  supports(isa: InstructionSet): boolean;
  /** Whether what it compiles for an instruction set is at hand already. */
  isReady(isa: InstructionSet): boolean;
  /** @internal */
  start(cpu: Cpu, arena: Arena, scheduler: Scheduler): RunningEngine;
}
