/** Our engines as cores: a machine of 64 KiB of RAM whose pins and ports are a program's. */

import type { Evaluate, Execute } from '../engine/evaluator.js';
import { translator, translatorAfter } from '../engine/interpreter.js';
import { BackplaneError, suggest } from '../errors.js';
import type { EngineChoice } from '../machine/build.js';
import type { MachineConfig } from '../machine/config.js';
import { type Cpu, HANG } from '../machine/cpu.js';
import { type Checkpoint, createMachine, type Machine } from '../machine/machine.js';
import type { CpuPlugin } from '../plugin/define-cpu.js';
import { type DeviceEvent, type DeviceLine, defineDevice } from '../plugin/define-device.js';
import { BusLog } from './bus-log.js';
import { type Cases, casesOf } from './cases.js';
import {
  type Access,
  type AccessKind,
  type Cell,
  type Core,
  changedCells,
  type PortAccess,
  type Program,
  type Registers,
} from './core.js';
import { Random } from './random.js';

/** Names of the engines that a CPU has, the evaluator first. */
export const enginesOf = (cpu: CpuPlugin): readonly string[] => [
  'evaluator',
  ...(cpu.definition.engines ?? []).map(({ name }) => name),
];

/** Memory as a program finds it, before its own bytes are put into it. */
interface Background {
  readonly checkpoint: Checkpoint;
  /** Memory as the last program with it found it: to copy all of it for each takes a tenth of the time. */
  readonly before: Uint8Array;
  /** That program's own bytes. */
  cells: readonly Cell[];
}

/** How a register is set. */
interface Setter {
  readonly mask: number;
  readonly execute: Execute;
}

/** A program on cores of ours: what it does not set of memory may be random bytes. */
export interface BackedProgram extends Program {
  /** Seed of the bytes; 0 for none. */
  readonly background?: number;
}

export interface EngineCoreOptions {
  readonly variant?: string | undefined;
  /** One of {@link enginesOf}; the evaluator by default. */
  readonly engine?: string | undefined;
}

/** Cycles by the engine that ran them, and regions that were translated. */
export interface EngineCycles {
  readonly evaluator: number;
  readonly interpreter: number;
  readonly translator: number;
  readonly regions: number;
}

/** Programs of so many steps have a translator that remembers nothing of others: they are those that run in a loop. */
const LONG = 20;

/** A translator translates what is jumped to a second time: a program is too short for anything to become hot. */
const eager = (plugin: CpuPlugin): CpuPlugin => {
  const { engines = [] } = plugin.definition;
  const sooner = engines.map((engine) => (engine === translator ? translatorAfter(1) : engine));
  return { ...plugin, definition: { ...plugin.definition, engines: sooner } };
};

/**
 * One of our engines as a core.
 *
 * @example
 * const core = new EngineCore(cpu6502, { variant: 'wdc', engine: 'interpreter' });
 */
export class EngineCore implements Core {
  readonly name: string;
  readonly registers: readonly string[];
  readonly pins: readonly string[];
  readonly logs: readonly AccessKind[] = ['read', 'write', 'in', 'out', 'idle', 'acknowledge'];
  /** Whether what runs again and again is translated. */
  readonly translates: boolean;
  /** @internal */
  cpu: Cpu;
  /** @internal All memory. */
  memory: Uint8Array;
  readonly #engine: string;
  readonly #make: () => Machine;
  #machine: Machine;
  /** What machines before this one have run. */
  #cyclesBefore: EngineCycles = { evaluator: 0, interpreter: 0, translator: 0, regions: 0 };
  readonly #backgrounds = new Map<number, Background>();
  /** Where memory lies in the arena. */
  readonly #offset: number;
  readonly #getters: readonly Evaluate[];
  readonly #setters = new Map<string, Setter>();
  readonly #programCounter: string;
  /** Memory as it was when the program began. */
  #before: Uint8Array;
  #program: BackedProgram = { registers: {}, ram: [], steps: 0 };
  #change: DeviceEvent | undefined;
  #pinsDone = 0;
  #inputsDone = 0;
  #ports: PortAccess[] = [];
  /** @internal The bus, where it is logged. */
  readonly busLog = new BusLog();

  /** @throws BackplaneError `fuzz/unknown-engine`, `cpu/unknown-variant` */
  constructor(
    plugin: CpuPlugin,
    { variant = plugin.definition.defaultVariant, engine = 'evaluator' }: EngineCoreOptions = {},
  ) {
    if (!enginesOf(plugin).includes(engine)) {
      throw new BackplaneError('fuzz/unknown-engine', `the ${plugin.type} has no engine '${engine}'`, {
        mend: suggest(engine, enginesOf(plugin)),
      });
    }
    const { declaration, inputs } = plugin.instructionSet(variant);
    const { addressWidth, ioAddressWidth, shown } = declaration;
    this.name = `${plugin.type}:${variant} ${engine}`;
    this.registers = shown;
    this.pins = inputs.map(({ name }) => name);
    this.#engine = engine;
    this.translates = engine === 'translator';
    const own = this.translates ? eager(plugin) : plugin;
    const config: MachineConfig = {
      clock: '1 MHz',
      cpu: { type: plugin.type, variant },
      devices: { program: { type: 'program' } },
      memory: [{ at: 0, ram: 2 ** Math.min(addressWidth, 16) }],
      ...(ioAddressWidth === undefined ? {} : { io: [{ at: 0, device: 'program' }] }),
      wires: this.pins.map((pin) => [`program.${pin}`, `cpu.${pin}`] as [string, string]),
    };
    const plugins = [own, this.#device(2 ** (ioAddressWidth ?? 0))];
    this.#make = () => createMachine(config, { plugins, engine: engine as EngineChoice });
    this.#machine = this.#make();
    const { parts } = this.#machine;
    const { offset = 0, size = 0 } = parts.memories[0] ?? {};
    this.#offset = offset;
    this.cpu = mainCpu(this.#machine);
    this.memory = parts.arena.bytes(offset, size);
    this.#before = new Uint8Array(size);
    const { isa, evaluator } = this.cpu;
    this.#programCounter = declaration.programCounter;
    this.#getters = shown.map((name) => evaluator.compileExpression(isa.getter(name)));
  }

  /** What is at all pins and ports. All it does follows from the program, so it keeps nothing in the machine. */
  #device(size: number) {
    return defineDevice({
      type: 'program',
      version: 1,
      lines: this.pins,
      size,
      create: ({ lines, event }) => {
        this.#change = event('change', () => this.#changePins(lines));
        return {
          read: (port) => {
            const { input = [] } = this.#program;
            const value = input.length === 0 ? 0xff : (input[this.#inputsDone % input.length] as number);
            this.#inputsDone += 1;
            this.#ports.push([port, value, 'r']);
            return value;
          },
          peek: () => 0xff,
          write: (port, value) => void this.#ports.push([port, value, 'w']),
        };
      },
    });
  }

  #changePins(lines: Readonly<Record<string, DeviceLine>>): void {
    const { pins = [] } = this.#program;
    const now = pins[this.#pinsDone]?.[0] ?? 0;
    for (let next = pins[this.#pinsDone]; next !== undefined; next = pins[this.#pinsDone]) {
      const [cycle, pin, level] = next;
      if (cycle > now) {
        this.#change?.after(cycle - now);
        break;
      }
      this.#pinsDone += 1;
      if (level === 0) lines[pin]?.assert();
      else lines[pin]?.release();
    }
  }

  #background(seed: number): Background {
    let background = this.#backgrounds.get(seed);
    if (!background) {
      if (seed !== 0) {
        this.#machine.restore(this.#background(0).checkpoint);
        this.memory.set(randomBytes(seed, this.memory.length));
      }
      background = { checkpoint: this.#machine.checkpoint(), before: this.memory.slice(), cells: [] };
      this.#backgrounds.set(seed, background);
    }
    return background;
  }

  /** Take a machine that has translated nothing: what a program comes to must not depend on those before it. */
  #renew(): void {
    this.#cyclesBefore = this.cyclesByEngine();
    this.#machine = this.#make();
    this.cpu = mainCpu(this.#machine);
    this.memory = this.#machine.parts.arena.bytes(this.#offset, this.memory.length);
  }

  /** Cycles that all programs took, by the engine that ran them. */
  cyclesByEngine(): EngineCycles {
    const { cycles, regions } = this.#machine.stats();
    const before = this.#cyclesBefore;
    return {
      evaluator: before.evaluator + cycles.evaluator,
      interpreter: before.interpreter + cycles.interpreter,
      translator: before.translator + cycles.translator,
      regions: before.regions + regions.compiled,
    };
  }

  setState(program: BackedProgram): void {
    if (this.translates && (program.steps >= LONG || this.#program.steps >= LONG)) this.#renew();
    const machine = this.#machine;
    const { memory } = this.cpu;
    const background = this.#background(program.background ?? 0);
    const { checkpoint, before } = background;
    machine.onCycle = null;
    machine.restore(checkpoint);
    for (const [address] of background.cells) before[address] = checkpoint.bytes[this.#offset + address] as number;
    background.cells = program.ram;
    this.#before = before;
    this.#program = program;
    this.#pinsDone = this.#inputsDone = 0;
    this.#ports = [];
    this.busLog.clear();
    for (const [address, value] of program.ram) {
      memory.poke(address, value);
      before[address] = value;
    }
    this.#setRegisters(program.registers);
    const [first] = program.pins ?? [];
    if (first) this.#change?.after(first[0]);
  }

  #setRegisters(registers: Registers): void {
    const { cpu } = this;
    for (const name in registers) {
      if (name === this.#programCounter) continue;
      const { mask, execute } = this.#setters.get(name) ?? this.#setter(name);
      cpu.words[cpu.isa.words] = (registers[name] as number) & mask;
      execute(cpu);
    }
    // Last, for it takes back the reset that is still to come. It clears the locals, too.
    cpu.setRegister(this.#programCounter, registers[this.#programCounter] ?? 0);
  }

  /** How a register is set; not at all if there is none of this name. */
  #setter(name: string): Setter {
    const { isa, evaluator } = this.cpu;
    const body = isa.setter(name);
    const setter = {
      mask: body ? 2 ** isa.width(name) - 1 : 0,
      execute: body ? evaluator.compile(body) : () => undefined,
    };
    this.#setters.set(name, setter);
    return setter;
  }

  /** Have bus cycles logged from now on. */
  log(): void {
    this.busLog.clear();
    this.#machine.onCycle = this.busLog.add;
  }

  step(): void {
    if (this.#engine === 'evaluator') {
      this.#evaluate();
      return;
    }
    const { cycles } = this.#machine;
    // A step of the machine is always the evaluator's; a run as short as can be is the engine's.
    this.#machine.runUntil({ halted: true }, { cycles: 1 });
    // The first step after the CPU has jammed or stopped only tells that it has.
    for (let tries = 0; tries < 2 && this.#machine.cycles === cycles; tries += 1) this.#machine.step();
  }

  /** An instruction in the evaluator, without what a machine does around it: no output, no listeners, no other CPU. */
  #evaluate(): void {
    try {
      this.cpu.evaluator.step(this.cpu);
    } catch (error) {
      if (error !== HANG) throw error;
    }
  }

  run(cycles: number): void {
    this.#machine.run(cycles);
  }

  get cycles(): number {
    return this.cpu.cycles;
  }

  getState(): { readonly registers: Record<string, number>; readonly cycles: number } {
    return { registers: this.#machine.cpu.registers, cycles: this.#machine.cycles };
  }

  /** The cases that programs of its instruction set can meet. */
  get cases(): Cases {
    return casesOf(this.cpu.isa);
  }

  /** @internal Cycles, then registers, as a step of an outcome has them. */
  values(): number[] {
    const { cpu } = this;
    const values = [cpu.cycles];
    for (const evaluate of this.#getters) values.push(evaluate(cpu));
    return values;
  }

  /** @internal What was at an address when the program began. */
  before(address: number): number {
    return this.#before[address] as number;
  }

  changes(among?: readonly number[]): readonly Cell[] {
    return changedCells(this.memory, this.#before, among);
  }

  accesses(): readonly Access[] {
    return this.busLog.accesses();
  }

  ports(): readonly PortAccess[] {
    return this.#ports;
  }
}

const mainCpu = ({ parts }: Machine): Cpu => [...parts.cpus.values()][0] as Cpu;

const made = new Map<number, Uint8Array>();

/** Bytes that follow from a seed; they take as long as a hundred programs, and there are few. */
function randomBytes(seed: number, size: number): Uint8Array {
  let bytes = made.get(seed);
  if (bytes?.length !== size) {
    const random = new Random(seed);
    bytes = Uint8Array.from({ length: size }, () => random.below(256));
    made.set(seed, bytes);
  }
  return bytes;
}
