/** What takes part in a comparison: a CPU core behind three functions, and what it is given to run. */
import { BackplaneError } from '../errors.js';

/** Registers by name. */
export type Registers = Readonly<Record<string, number>>;

/** A byte of memory. */
export type Cell = readonly [address: number, value: number];

/** A pin changes early in a clock cycle of the program: 0 is asserted, for all pins of our CPUs are active low. */
export type PinChange = readonly [cycle: number, pin: string, level: 0 | 1];

/** What a core may log. An acknowledge reads 0xff, idle cycles are those in which nothing is read or written. */
export type AccessKind = 'read' | 'write' | 'in' | 'out' | 'idle' | 'acknowledge';

/** One cycle on the bus: the clock cycle of the program in which it begins, and what is on the bus. */
export type Access = readonly [cycle: number, kind: AccessKind, address: number, value: number];

/** What a port took or gave. */
export type PortAccess = readonly [port: number, value: number, direction: 'r' | 'w'];

/** A program, whole: everything it does follows from this. */
export interface Program {
  /** All registers before it, the program counter among them. */
  readonly registers: Registers;
  /** Memory before it; all else is 0. */
  readonly ram: readonly Cell[];
  /** What ports give, one after the other and then again from the first; 0xff where there is nothing. */
  readonly input?: readonly number[];
  /** What happens at the pins; all are released before it. */
  readonly pins?: readonly PinChange[];
  /** Instructions; an interrupt taken is one, and so is each pass of a repeating instruction. */
  readonly steps: number;
}

/** A core after a step. */
export interface CoreState {
  readonly registers: Registers;
  /** Clock cycles since the program began; left out by cores that do not count them. */
  readonly cycles?: number | undefined;
}

/**
 * A CPU core that takes part. Memory is 64 KiB of RAM; {@link FlatMemory} does for most.
 *
 * @example
 * const ram = new FlatMemory();
 * const core = {
 *   name: 'mine',
 *   registers: ['pc', 'a', 'x', 'y', 's', 'p'],
 *   setState({ registers, ram: cells }) { ram.load(cells); Object.assign(cpu, registers); cpu.cycles = 0; },
 *   step() { cpu.step(ram.bytes); },
 *   getState: () => ({ registers: cpu, cycles: cpu.cycles }),
 *   changes: (among) => ram.changes(among),
 * };
 */
export interface Core {
  readonly name: string;
  /** The registers it shows; those that it and the reference have are compared. */
  readonly registers: readonly string[];
  /** Pins that it can be told of; without them no program has any. */
  readonly pins?: readonly string[];
  /** Kinds of bus cycles that it logs. */
  readonly logs?: readonly AccessKind[];
  /** Begin a program. */
  setState(program: Program): void;
  /** Log bus cycles from now on; called after `setState`, where they are wanted. */
  log?(): void;
  /** Run one instruction. */
  step(): void;
  /** Run to the first instruction boundary at or after so many cycles of the program. Without it, steps are taken. */
  run?(cycles: number): void;
  getState(): CoreState;
  /**
   * The bytes of memory that are others than at the program's beginning.
   *
   * @param among addresses; where they are given it is enough to look at these
   */
  changes(among?: readonly number[]): readonly Cell[];
  /** The bus cycles that were logged. */
  accesses?(): readonly Access[];
  /** What ports took and gave since the program began. */
  ports?(): readonly PortAccess[];
}

/** 64 KiB of RAM that knows what was changed. */
export class FlatMemory {
  readonly bytes: Uint8Array;
  readonly #before = new Uint8Array(0x10000);

  /**
   * @param bytes where the RAM lies, such as 64 KiB of a WebAssembly memory; bytes of its own unless given
   *
   * @example
   * const ram = new FlatMemory(new Uint8Array(exports.memory.buffer, 0, 0x10000));
   */
  constructor(bytes = new Uint8Array(0x10000)) {
    if (bytes.length !== 0x10000 || bytes.byteOffset % 4 !== 0) {
      throw new BackplaneError('fuzz/memory', `RAM of ${bytes.length} bytes at ${bytes.byteOffset}`, {
        mend: 'give 65,536 bytes that begin at a multiple of four',
      });
    }
    this.bytes = bytes;
  }

  /** Begin with these bytes, all others 0. */
  load(cells: readonly Cell[]): void {
    this.#before.fill(0);
    for (const [address, value] of cells) this.#before[address & 0xffff] = value;
    this.bytes.set(this.#before);
  }

  /** The bytes that have changed, by address. */
  changes(among?: readonly number[]): Cell[] {
    return changedCells(this.bytes, this.#before, among);
  }
}

/** Bytes of `now` that differ from `before`. Both begin at a multiple of four, and are compared by four words at once. */
export function changedCells(now: Uint8Array, before: Uint8Array, among?: readonly number[]): Cell[] {
  if (among) {
    const changed = among.filter((at) => now[at] !== before[at]);
    return changed.map((at) => [at, now[at] as number]);
  }
  const words = new Int32Array(now.buffer, now.byteOffset, now.length >> 2);
  const wordsBefore = new Int32Array(before.buffer, before.byteOffset, before.length >> 2);
  const cells: Cell[] = [];
  for (let index = 0; index < words.length; index += 4) {
    const isSame =
      words[index] === wordsBefore[index] &&
      words[index + 1] === wordsBefore[index + 1] &&
      words[index + 2] === wordsBefore[index + 2] &&
      words[index + 3] === wordsBefore[index + 3];
    if (isSame) continue;
    for (let at = index * 4; at < index * 4 + 16; at += 1) {
      if (now[at] !== before[at]) cells.push([at, now[at] as number]);
    }
  }
  return cells;
}

/** How closely cores are compared: after the program, after each instruction, or every bus cycle as well. */
export type Level = 'program' | 'instruction' | 'cycle';

/** Clock cycles, then the values of a core's registers in their order. */
export type Step = readonly (number | undefined)[];

/** What came of a program. */
export interface Outcome {
  /** After each instruction, or after the last one only. */
  readonly steps: readonly Step[];
  /** Memory that changed. */
  readonly ram: readonly Cell[];
  readonly accesses?: readonly Access[] | undefined;
  readonly ports?: readonly PortAccess[] | undefined;
}

/** Why there is no outcome. */
export interface Failure {
  /** `throw`: an exception; the others are what a process may do. */
  readonly failure: 'throw' | 'hang' | 'crash' | 'rubbish' | 'late';
  readonly text: string;
}

/** A program to be run, and how. */
export interface Task {
  readonly program: Program;
  readonly level: Level;
  /** Cycles that the reference took. */
  readonly cycles: number;
  /** Addresses that the reference wrote to, where it is enough to look at these: all of memory takes 15 µs. */
  readonly written?: readonly number[] | undefined;
}

/** Whatever runs programs: a core of this process, or another process. */
export interface Subject {
  readonly name: string;
  readonly registers: readonly string[];
  readonly pins: readonly string[];
  readonly logs: readonly AccessKind[];
  /** Whether programs may leave the rest of memory to a seed: our own engines only. */
  readonly takesBackground?: boolean;
  /** Whether what runs again and again is translated: then more programs run in loops. */
  readonly translates?: boolean;
  run(tasks: readonly Task[]): readonly (Outcome | Failure)[] | Promise<readonly (Outcome | Failure)[]>;
}

export const isFailure = (result: Outcome | Failure): result is Failure => 'failure' in result;

const stepOf = ({ cycles, registers }: CoreState, names: readonly string[]): Step => [
  cycles,
  ...names.map((name) => registers[name]),
];

/** Run a program on a core. */
export const runProgram = (core: Core, task: Task): Outcome =>
  runTask(core, task, () => stepOf(core.getState(), core.registers));

/** @param stateNow cycles and registers of the core */
function runTask(core: Core, { program, level, cycles, written }: Task, stateNow: () => Step): Outcome {
  core.setState(program);
  if (level === 'cycle') core.log?.();
  const steps: Step[] = [];
  if (level === 'program' && core.run) core.run(cycles);
  else {
    for (let step = 0; step < program.steps; step += 1) {
      core.step();
      if (level !== 'program') steps.push(stateNow());
    }
  }
  if (level === 'program') steps.push(stateNow());
  return {
    steps,
    ram: core.changes(written),
    accesses: level === 'cycle' ? core.accesses?.() : undefined,
    ports: core.ports?.(),
  };
}

/**
 * A core of this process as a subject: what it throws is a failure of its own.
 *
 * @example
 * const report = await fuzz({ cpu: cpu6502, subject: coreSubject(core), seed: 1, programs: 10_000 });
 */
export const coreSubject = (core: Core): Subject => subjectOf(core, () => stepOf(core.getState(), core.registers));

/** @param stateNow cycles and registers of the core, which may have a quicker way to tell them */
export function subjectOf(core: Core, stateNow: () => Step): Subject {
  return {
    name: core.name,
    registers: core.registers,
    pins: core.pins ?? [],
    logs: core.logs ?? [],
    run: (tasks) =>
      tasks.map((task) => {
        try {
          return runTask(core, task, stateNow);
        } catch (error) {
          return { failure: 'throw', text: error instanceof Error ? error.message : String(error) };
        }
      }),
  };
}
