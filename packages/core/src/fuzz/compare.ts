/** Where two cores differ first. */
import type { Access, Cell, Failure, Level, Outcome, Step, Subject } from './core.js';
import { instructionText, type Masks, PREFIXES } from './masks.js';
import type { LoggedRun, ReferenceRun } from './reference.js';

/** The first thing that differs. */
export interface Difference {
  /** In which step, from 0. */
  readonly step: number;
  /** What ran in it, such as `adc (n),y`, or `interrupt`. */
  readonly instruction: string;
  /** A register, `cycles`, `ram`, `ports`, `accesses`, or the way it failed. */
  readonly what: string;
  /** Where: an address, a cycle. */
  readonly at?: number | undefined;
  readonly wanted: string;
  readonly seen: string;
}

/** What finds have in common that are one find. */
export const signatureOf = ({ instruction, what }: Difference): string => `${instruction}: ${what}`;

const hexadecimal = (value: number | undefined): string =>
  value === undefined ? 'nothing' : `0x${value.toString(16).padStart(2, '0')}`;

/** What a step is called. */
export function nameOf({ instructions, interrupts }: ReferenceRun, step: number): string {
  const instruction = instructions[step];
  if (instruction) return instructionText(instruction);
  return interrupts[step] ? 'interrupt' : PREFIXES;
}

/** Where subjects differ from the reference first. */
export class Comparison {
  readonly #subject: Subject;
  readonly #masks: Masks;
  /** Of each value of a subject's step, cycles first, where a step of the reference has it; −1 for nowhere. */
  readonly #places: readonly number[];

  /** @param registers those of the reference */
  constructor(subject: Subject, registers: readonly string[], masks: Masks) {
    this.#subject = subject;
    this.#masks = masks;
    this.#places = [
      0,
      ...subject.registers.map((name) => (registers.includes(name) ? registers.indexOf(name) + 1 : -1)),
    ];
  }

  /** Where an outcome differs first, if it does. */
  difference(wanted: ReferenceRun | LoggedRun, seen: Outcome, level: Level): Difference | undefined {
    const inState = level === 'program' ? this.#afterAll(wanted, seen) : this.#afterEach(wanted, seen);
    const inAccesses = level === 'cycle' && 'accesses' in wanted ? this.#inAccesses(wanted, seen) : undefined;
    if (inAccesses && (!inState || inAccesses.step < inState.step)) return inAccesses;
    return inState ?? this.#inMemory(wanted, seen) ?? this.#inPorts(wanted, seen);
  }

  #afterAll(wanted: ReferenceRun, seen: Outcome): Difference | undefined {
    const last = wanted.ends.length - 1;
    return this.#inState(wanted, last, wanted.steps.at(-1) as Step, seen.steps.at(-1), seen);
  }

  #afterEach(wanted: ReferenceRun, seen: Outcome): Difference | undefined {
    for (let step = 0; step < wanted.ends.length; step += 1) {
      const found = this.#inState(wanted, step, wanted.steps[step] as Step, seen.steps[step], seen);
      if (found) return found;
    }
    return undefined;
  }

  #inState(
    wanted: ReferenceRun,
    step: number,
    wantedStep: Step,
    seenStep: Step | undefined,
    { steps }: Outcome,
  ): Difference | undefined {
    if (!seenStep) return at(wanted, step, { what: 'steps', wanted: `${wanted.ends.length}`, seen: `${steps.length}` });
    const places = this.#places;
    for (let index = 0; index < places.length; index += 1) {
      const place = places[index] as number;
      if (place < 0 || wantedStep[place] === seenStep[index]) continue;
      const [one, other] = [wantedStep[place], seenStep[index]];
      if (index === 0 && (other === undefined || other === null)) continue;
      const name = index === 0 ? 'cycles' : (this.#subject.registers[index - 1] as string);
      const instruction = wanted.instructions[step];
      const isSame =
        index === 0
          ? !this.#masks.compares('cycles', instruction)
          : (((one ?? 0) ^ (other ?? 0)) & this.#masks.bits(name, instruction)) === 0 && other !== undefined;
      if (!isSame) return at(wanted, step, { what: name, wanted: hexadecimal(one), seen: hexadecimal(other) });
    }
    return undefined;
  }

  #inMemory(wanted: ReferenceRun, seen: Outcome): Difference | undefined {
    const last = wanted.ends.length - 1;
    if (!this.#masks.compares('ram', wanted.instructions[last])) return undefined;
    const cell = differentCell(wanted.ram, seen.ram);
    if (!cell) return undefined;
    const [address, one, other] = cell;
    return at(wanted, last, { what: 'ram', at: address, wanted: hexadecimal(one), seen: hexadecimal(other) });
  }

  #inPorts(wanted: ReferenceRun, seen: Outcome): Difference | undefined {
    const last = wanted.ends.length - 1;
    if (!seen.ports || (seen.ports.length === 0 && wanted.ports.length === 0)) return undefined;
    if (!this.#masks.compares('ports', wanted.instructions[last])) return undefined;
    const [one, other] = [JSON.stringify(wanted.ports), JSON.stringify(seen.ports)];
    return one === other ? undefined : at(wanted, last, { what: 'ports', wanted: one, seen: other });
  }

  #inAccesses(wanted: LoggedRun, seen: Outcome): Difference | undefined {
    const kinds = new Set(this.#subject.logs);
    const one = wanted.accesses.filter(([, kind]) => kinds.has(kind));
    const other = seen.accesses ?? [];
    for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
      const [left, right] = [one[index], other[index]];
      if (left && right && isSameAccess(left, right)) continue;
      const cycle = (left ?? right)?.[0] ?? 0;
      const found = wanted.ends.findIndex((end) => cycle < end);
      const step = found < 0 ? wanted.ends.length - 1 : found;
      if (!this.#masks.compares('accesses', wanted.instructions[step])) return undefined;
      return at(wanted, step, { what: 'accesses', at: cycle, wanted: showAccess(left), seen: showAccess(right) });
    }
    return undefined;
  }
}

const at = (run: ReferenceRun, step: number, rest: Omit<Difference, 'step' | 'instruction'>): Difference => ({
  step,
  instruction: nameOf(run, step),
  ...rest,
});

/** What is on the data bus in an idle cycle is nothing, and a core need not know when a cycle is. */
const isSameAccess = (one: Access, other: Access): boolean =>
  (one[0] === other[0] || (other[0] as number | null) === null) &&
  one[1] === other[1] &&
  one[2] === other[2] &&
  (one[3] === other[3] || other[1] === 'idle');

/** The first address at which two lists of changes differ, and what each has there. */
function differentCell(
  wanted: readonly Cell[],
  seen: readonly Cell[],
): [number, number | undefined, number | undefined] | undefined {
  const isSame = (cell: Cell, index: number): boolean => cell[0] === seen[index]?.[0] && cell[1] === seen[index]?.[1];
  if (wanted.length === seen.length && wanted.every(isSame)) return undefined;
  const [left, right] = [new Map(wanted), new Map(seen)];
  const addresses = [...new Set([...left.keys(), ...right.keys()])].sort((one, other) => one - other);
  const address = addresses.find((at) => left.get(at) !== right.get(at));
  return address === undefined ? undefined : [address, left.get(address), right.get(address)];
}

const showAccess = (access: Access | undefined): string => {
  if (!access) return 'nothing';
  const [cycle, kind, address, value] = access;
  return `${kind} ${hexadecimal(address)}${kind === 'idle' ? '' : ` ${hexadecimal(value)}`} in cycle ${cycle}`;
};

/** A failure as a difference: what it was doing is not known, so the last step stands for it. */
export function failed(wanted: ReferenceRun, { failure, text }: Failure): Difference {
  const step = wanted.ends.length - 1;
  return { step, instruction: nameOf(wanted, step), what: failure, wanted: 'an answer', seen: text };
}
