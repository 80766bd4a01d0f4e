/** Where two cores differ first. */
import type { Access, Cell, Failure, Level, Outcome, Step, Subject } from './core.js';
import { instructionText, type Masks, PREFIXES } from './masks.js';
import type { ReferenceRun } from './reference.js';

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

/** Where a subject differs from the reference first, if it does. */
export function difference(
  wanted: ReferenceRun,
  seen: Outcome,
  level: Level,
  {
    subject,
    registers,
    masks,
  }: { readonly subject: Subject; readonly registers: readonly string[]; readonly masks: Masks },
): Difference | undefined {
  const last = wanted.ends.length - 1;
  const at = (step: number, rest: Omit<Difference, 'step' | 'instruction'>): Difference => ({
    step,
    instruction: nameOf(wanted, step),
    ...rest,
  });
  const steps = level === 'program' ? [last] : wanted.ends.map((_, step) => step);
  const inState = first(steps, (step) => {
    const instruction = wanted.instructions[step];
    const wantedStep = wanted.steps[level === 'program' ? wanted.steps.length - 1 : step] as Step;
    const seenStep = seen.steps[level === 'program' ? seen.steps.length - 1 : step];
    if (!seenStep) return at(step, { what: 'steps', wanted: `${last + 1}`, seen: `${seen.steps.length}` });
    for (const [index, name] of ['cycles', ...subject.registers].entries()) {
      const place = index === 0 ? 0 : registers.indexOf(name) + 1;
      if (index > 0 && place === 0) continue;
      const [one, other] = [wantedStep[place], seenStep[index]];
      if (one === other || (index === 0 && (other === undefined || other === null))) continue;
      const isSame =
        index === 0
          ? !masks.compares('cycles', instruction)
          : (((one ?? 0) ^ (other ?? 0)) & masks.bits(name, instruction)) === 0 && other !== undefined;
      if (!isSame) return at(step, { what: name, wanted: hexadecimal(one), seen: hexadecimal(other) });
    }
    return undefined;
  });
  const inAccesses = level === 'cycle' ? differentAccess(wanted, seen, subject, masks, at) : undefined;
  if (inAccesses && (!inState || inAccesses.step < inState.step)) return inAccesses;
  if (inState) return inState;
  const lastInstruction = wanted.instructions[last];
  if (masks.compares('ram', lastInstruction)) {
    const cell = differentCell(wanted.ram, seen.ram);
    if (cell) {
      const [address, one, other] = cell;
      return at(last, { what: 'ram', at: address, wanted: hexadecimal(one), seen: hexadecimal(other) });
    }
  }
  if (seen.ports && masks.compares('ports', lastInstruction)) {
    const [one, other] = [JSON.stringify(wanted.ports ?? []), JSON.stringify(seen.ports)];
    if (one !== other) return at(last, { what: 'ports', wanted: one, seen: other });
  }
  return undefined;
}

function first<Item, Found>(items: readonly Item[], find: (item: Item) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first address at which two lists of changes differ, and what each has there. */
function differentCell(
  wanted: readonly Cell[],
  seen: readonly Cell[],
): [number, number | undefined, number | undefined] | undefined {
  if (wanted.length === 0 && seen.length === 0) return undefined;
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

function differentAccess(
  wanted: ReferenceRun,
  seen: Outcome,
  { logs }: Subject,
  masks: Masks,
  at: (step: number, rest: Omit<Difference, 'step' | 'instruction'>) => Difference,
): Difference | undefined {
  const kinds = new Set(logs);
  const one = wanted.accesses.filter(([, kind]) => kinds.has(kind));
  const other = seen.accesses ?? [];
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const [left, right] = [one[index], other[index]];
    if (left && right && left.every((value, place) => value === right[place] || isUntold(right, place))) continue;
    const cycle = (left ?? right)?.[0] ?? 0;
    const found = wanted.ends.findIndex((end) => cycle < end);
    const step = found < 0 ? wanted.ends.length - 1 : found;
    if (!masks.compares('accesses', wanted.instructions[step])) return undefined;
    return at(step, { what: 'accesses', at: cycle, wanted: showAccess(left), seen: showAccess(right) });
  }
  return undefined;
}

/** What is on the data bus in an idle cycle is nothing, and a core need not know when a cycle is. */
const isUntold = (access: Access, place: number): boolean =>
  (place === 3 && access[1] === 'idle') || (place === 0 && (access[0] as number | null) === null);

/** A failure as a difference: what it was doing is not known, so the last step stands for it. */
export function failed(wanted: ReferenceRun, { failure, text }: Failure): Difference {
  const step = wanted.ends.length - 1;
  return { step, instruction: nameOf(wanted, step), what: failure, wanted: 'an answer', seen: text };
}
