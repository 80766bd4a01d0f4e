/** The smallest program that still shows a difference. */
import type { Program } from './core.js';

/** Whether a program shows what is looked for. */
export type Shows = (program: Program) => Promise<boolean>;

/** Steps back from the end that are tried one by one. */
const NEAR = 6;

/**
 * Make a program small: fewer steps, then fewer pins, bytes, registers that are not 0.
 *
 * @param rest what is left of a program after so many steps, as a program
 * @param most tries
 */
export async function shrink(
  program: Program,
  shows: Shows,
  rest: (program: Program, steps: number) => Program,
  most = 400,
): Promise<Program> {
  let smallest = program;
  let tries = 0;
  const take = async (candidate: Program): Promise<boolean> => {
    if (tries >= most) return false;
    tries += 1;
    if (!(await shows(candidate))) return false;
    smallest = candidate;
    return true;
  };

  await beginLater(() => smallest, take, rest);
  for (let size = -1; size !== sizeOf(smallest) && tries < most; ) {
    size = sizeOf(smallest);
    const { pins = [], input = [] } = smallest;
    if (pins.length > 0) await fewer(pins, (kept) => take({ ...smallest, pins: kept }));
    if (smallest.pins?.length === 0) {
      const { pins: _, ...without } = smallest;
      smallest = without;
    }
    await fewer(smallest.ram, (ram) => take({ ...smallest, ram }));
    for (const name of Object.keys(smallest.registers)) {
      if (smallest.registers[name] !== 0) await take({ ...smallest, registers: { ...smallest.registers, [name]: 0 } });
    }
    if (input.length > 0 && !(await take(withoutInput(smallest)))) {
      await fewer(input, (kept) => take({ ...smallest, input: kept }));
    }
  }
  return smallest;
}

const withoutInput = ({ input: _, ...rest }: Program): Program => rest;

const sizeOf = ({ ram, pins = [], input = [], registers, steps }: Program): number =>
  steps + ram.length + pins.length + input.length + Object.values(registers).filter((value) => value !== 0).length;

/** Begin as late as still shows it. */
async function beginLater(
  program: () => Program,
  take: (candidate: Program) => Promise<boolean>,
  rest: (program: Program, steps: number) => Program,
): Promise<void> {
  const { steps } = program();
  const whole = program();
  for (let left = 1; left < steps && left <= NEAR; left += 1) {
    if (await take(rest(whole, steps - left))) return;
  }
  for (let skipped = steps >> 1; skipped > 0; skipped >>= 1) {
    while (program().steps > skipped && (await take(rest(program(), skipped)))) {}
  }
}

/** As few items of a list as still show it (Andreas Zeller, "Simplifying and Isolating Failure-Inducing Input", 2002). */
async function fewer<Item>(items: readonly Item[], take: (kept: readonly Item[]) => Promise<boolean>): Promise<void> {
  let kept = items;
  for (let size = Math.ceil(kept.length / 2); size > 0; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let at = 0; at < kept.length; ) {
      const without = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await take(without)) kept = without;
      else at += size;
    }
  }
}
