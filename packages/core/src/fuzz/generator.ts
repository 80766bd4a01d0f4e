/** Random programs, made from the instruction tables and aimed at where cores go wrong. */
import type { Instruction } from '../isa/instructions.js';
import type { Operand } from '../isa/syntax.js';
import type { Cell, PinChange } from './core.js';
import type { Coverage } from './coverage.js';
import type { BackedProgram } from './engine-core.js';
import type { Random } from './random.js';
import type { Reference } from './reference.js';

/** Different backgrounds: making one takes as long as a hundred programs. */
const BACKGROUNDS = 4;
/** Programs that were worth keeping and may be changed a little to make others. */
const KEPT = 500;

const EDGES_8 = [0x00, 0x01, 0x0f, 0x10, 0x7f, 0x80, 0x81, 0x99, 0xfe, 0xff];
const EDGES_16 = [0x0000, 0x0001, 0x007f, 0x00ff, 0x0100, 0x01ff, 0x0fff, 0x7fff, 0x8000, 0xff00, 0xfffe, 0xffff];

export interface GeneratorOptions {
  /** Pins that programs may use. */
  readonly pins: readonly string[];
  /** Registers that may be others than 0 before it: those of the core that it is for. */
  readonly registers: readonly string[];
  /** Whether an instruction may be in a program. */
  readonly allows: (instruction: Instruction) => boolean;
  /** How often there are programs that run in a loop, for thousands of cycles: what makes code hot. */
  readonly loops: 'never' | 'seldom' | 'often';
}

/** What the generator has to know of a register. */
interface Register {
  readonly name: string;
  readonly width: number;
  readonly isProgramCounter: boolean;
  /** Whether it may be another one than 0. */
  readonly isSet: boolean;
  readonly isInterrupting: boolean;
  /** The values that it can have, if they are few. */
  readonly values: readonly number[] | undefined;
}

export class Generator {
  readonly #reference: Reference;
  readonly #random: Random;
  readonly #coverage: Coverage;
  readonly #instructions: readonly Instruction[];
  readonly #pins: readonly string[];
  readonly #shown: readonly Register[];
  readonly #programCounter: string;
  readonly #isLittleEndian: boolean;
  readonly #loops: GeneratorOptions['loops'];
  readonly #jump: Instruction | undefined;
  readonly #kept: BackedProgram[] = [];
  #wanting: readonly Instruction[] = [];
  #made = 0;

  constructor(
    reference: Reference,
    random: Random,
    coverage: Coverage,
    { pins, registers, allows, loops }: GeneratorOptions,
  ) {
    this.#reference = reference;
    this.#random = random;
    this.#coverage = coverage;
    this.#instructions = reference.cases.instructions.map(({ instruction }) => instruction).filter(allows);
    this.#pins = pins;
    const { isa, interrupting, values } = reference.cases;
    const { shown, programCounter, byteOrder } = isa.declaration;
    this.#programCounter = programCounter;
    this.#isLittleEndian = byteOrder === 'little';
    this.#shown = shown.map((name) => ({
      name,
      width: isa.width(name),
      isProgramCounter: name === programCounter,
      isSet: registers.includes(name),
      isInterrupting: interrupting.has(name),
      values: values.get(name),
    }));
    this.#loops = loops;
    this.#jump = jumpOf(reference);
  }

  /** A program is worth making others from. */
  keep(program: BackedProgram): void {
    if (this.#kept.length < KEPT) this.#kept.push(program);
    else this.#kept[this.#random.below(KEPT)] = program;
  }

  next(): BackedProgram {
    if (this.#made % 1000 === 0) {
      const wanting = new Set(
        this.#coverage.wanting().map((index) => this.#reference.cases.instructions[index]?.instruction),
      );
      this.#wanting = this.#instructions.filter((instruction) => wanting.has(instruction));
    }
    this.#made += 1;
    const random = this.#random;
    if (this.#kept.length > 0 && random.oneIn(4)) return this.#changed(random.pick(this.#kept));
    return this.#fresh();
  }

  #fresh(): BackedProgram {
    const random = this.#random;
    const origin = this.#origin();
    const isLong = this.#loops !== 'never' && this.#jump !== undefined && random.oneIn(250);
    const isLoop = isLong || (this.#loops === 'often' && this.#jump !== undefined && random.oneIn(8));
    const count = 1 + random.below(random.oneIn(4) ? 12 : 5);
    const instructions: Instruction[] = [];
    for (let left = count; left > 0; left -= 1) instructions.push(this.#instruction());
    const bytes: number[] = [];
    for (const instruction of instructions) this.#append(bytes, instruction, origin);
    const [first] = instructions;
    const limits = first ? (this.#reference.cases.of(first)?.limits ?? []) : [];
    if (isLoop) bytes.push(...this.#jumpTo(origin));
    const steps = isLong ? 200 + random.below(1500) : isLoop ? 20 + random.below(80) : count + random.below(3);
    return {
      registers: this.#registers(origin, limits),
      ram: cellsFrom(origin, bytes),
      input: this.#input(1 + random.below(4)),
      pins: this.#pinChanges(isLong ? 3000 : steps * 5),
      steps,
      background: 1 + random.below(BACKGROUNDS),
    };
  }

  /** One instruction in random surroundings. */
  single(instruction: Instruction): BackedProgram {
    const origin = this.#origin();
    const limits = this.#reference.cases.of(instruction)?.limits;
    const bytes: number[] = [];
    this.#append(bytes, instruction, origin);
    return {
      registers: this.#registers(origin, limits),
      ram: cellsFrom(origin, bytes),
      input: [this.#byte()],
      steps: 1,
      background: 1 + this.#random.below(BACKGROUNDS),
    };
  }

  #changed(program: BackedProgram): BackedProgram {
    const random = this.#random;
    const origin = program.registers[this.#programCounter] ?? 0;
    switch (random.below(4)) {
      case 0: {
        const fresh = this.#registers(origin);
        const name = random.pick(Object.keys(fresh));
        if (name === this.#programCounter) return { ...program, background: 1 + random.below(BACKGROUNDS) };
        return { ...program, registers: { ...program.registers, [name]: fresh[name] as number } };
      }
      case 1: {
        const index = random.below(program.ram.length);
        return {
          ...program,
          ram: program.ram.map((cell, at): Cell => (at === index ? [cell[0], this.#byte()] : cell)),
        };
      }
      case 2:
        return { ...program, pins: this.#pinChanges(program.steps * 5, true) };
      default:
        return { ...program, registers: this.#registers(origin), background: 1 + random.below(BACKGROUNDS) };
    }
  }

  #byte(limits: readonly number[] = []): number {
    if (limits.length > 0 && this.#random.oneIn(2)) return this.#random.pick(limits);
    return this.#random.oneIn(3) ? this.#random.pick(EDGES_8) : this.#random.below(256);
  }

  /** Where a program begins: anywhere, so that it lies across the end of a page, at either end of memory. */
  #origin(): number {
    const random = this.#random;
    switch (random.below(4)) {
      case 0:
        return ((random.below(256) << 8) | (0xf4 + random.below(12))) & 0xffff;
      case 1:
        return random.oneIn(2) ? 0x10000 - 1 - random.below(12) : random.below(0x220);
      default:
        return random.below(0x10000);
    }
  }

  /** An address worth pointing at. */
  #address(origin: number): number {
    const random = this.#random;
    switch (random.below(6)) {
      case 0:
        return (origin + random.below(40) - 8) & 0xffff;
      case 1:
        return ((random.below(256) << 8) + random.below(4) - 2) & 0xffff;
      case 2:
        return random.pick(EDGES_16);
      case 3:
        return random.below(0x200);
      default:
        return random.below(0x10000);
    }
  }

  #registers(origin: number, limits: readonly number[] = []): Record<string, number> {
    const registers: Record<string, number> = {};
    for (const register of this.#shown) registers[register.name] = this.#register(register, origin, limits);
    return registers;
  }

  #register(
    { width, isProgramCounter, isSet, isInterrupting, values }: Register,
    origin: number,
    limits: readonly number[],
  ): number {
    const random = this.#random;
    if (isProgramCounter) return origin;
    if (!isSet) return 0;
    // What keeps the next instruction from running is tried, but seldom.
    if (isInterrupting && !random.oneIn(40)) return 0;
    if (width > 8) return random.oneIn(2) ? this.#address(origin) : (this.#byte(limits) << 8) | this.#byte(limits);
    if (values) return random.pick(values);
    return width === 8 ? this.#byte(limits) : random.below(2 ** width);
  }

  #input(length: number): number[] {
    const input: number[] = [];
    for (let left = length; left > 0; left -= 1) input.push(this.#byte());
    return input;
  }

  #instruction(): Instruction {
    const random = this.#random;
    if (this.#wanting.length > 0 && random.oneIn(3)) return random.pick(this.#wanting);
    const one = random.pick(this.#instructions);
    if (random.oneIn(2)) return one;
    const other = random.pick(this.#instructions);
    const runs = (instruction: Instruction) =>
      this.#coverage.executions[this.#reference.cases.indexOf(instruction)] as number;
    return runs(other) < runs(one) ? other : one;
  }

  /** Put an instruction at the end of a program. */
  #append(program: number[], { layout }: Instruction, origin: number): void {
    for (const part of layout) {
      if (typeof part === 'number') program.push(part);
      else this.#appendOperand(program, part, origin);
    }
  }

  #appendOperand(program: number[], { bytes, relative }: Operand, origin: number): void {
    const random = this.#random;
    if (relative) program.push((random.oneIn(2) ? random.below(256) : random.below(24) - 12) & 0xff);
    else if (bytes === 1) program.push(this.#byte());
    else program.push(...this.#word(this.#address(origin)));
  }

  #word(value: number): number[] {
    const [low, high] = [value & 0xff, value >> 8];
    return this.#isLittleEndian ? [low, high] : [high, low];
  }

  #jumpTo(address: number): number[] {
    return (this.#jump?.layout ?? []).flatMap((part) => (typeof part === 'number' ? [part] : this.#word(address)));
  }

  /** Pulses at pins, each soon over: who holds up a CPU for ever hangs it. */
  #pinChanges(cycles: number, always = false): PinChange[] {
    const random = this.#random;
    if (this.#pins.length === 0 || (!always && !random.oneIn(3))) return [];
    const { inputs } = this.#reference.cases.isa;
    const changes: PinChange[] = [];
    const freeFrom = new Map<string, number>();
    for (let pulse = 1 + random.below(3); pulse > 0; pulse -= 1) {
      const pin = random.pick(this.#pins);
      const input = inputs.find(({ name }) => name === pin);
      if (input?.resets && !random.oneIn(4)) continue;
      const from = random.below(cycles);
      const until = from + 1 + random.below(input?.stalls || input?.resets ? 6 : 30);
      if (from < (freeFrom.get(pin) ?? 0)) continue;
      freeFrom.set(pin, until + 1);
      changes.push([from, pin, 0], [until, pin, 1]);
    }
    return changes.sort(([left], [right]) => left - right);
  }
}

const cellsFrom = (address: number, bytes: readonly number[]): Cell[] =>
  bytes.map((value, index) => [(address + index) & 0xffff, value]);

/** An instruction that goes where its operand says and does nothing else, found by trying. */
function jumpOf({ core, cases }: Reference): Instruction | undefined {
  const { declaration } = cases.isa;
  const target = declaration.byteOrder === 'little' ? [0x34, 0x12] : [0x12, 0x34];
  const isJump = ({ layout }: Instruction): boolean => {
    const operands = layout.filter((part) => typeof part === 'object');
    if (operands.length !== 1 || operands[0]?.bytes !== 2) return false;
    const bytes = layout.flatMap((part) => (typeof part === 'number' ? [part] : target));
    return [0, 0x55, 0xaa, 0xff].every((value) => {
      const registers = Object.fromEntries(
        declaration.shown.map((register) => [register, cases.interrupting.has(register) ? 0 : value]),
      );
      const ram = bytes.map((byte, index): Cell => [0x8000 + index, byte]);
      core.setState({ registers: { ...registers, [declaration.programCounter]: 0x8000 }, ram, steps: 1 });
      core.step();
      return core.cpu.programCounter === 0x1234 && core.changes().length === 0;
    });
  };
  return cases.instructions.map(({ instruction }) => instruction).find(isJump);
}
