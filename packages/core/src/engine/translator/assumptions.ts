/**
 * What a region takes for granted. A flag that it only asks, such as the 6502's D in each ADC, is what it is when the
 * region is made: half of the code of such an instruction is left out, and the region looks once, at its beginning,
 * whether that holds.
 */
import { nextsOf, type Region } from './region.js';
import type { Step } from './specialize.js';

/**
 * Registers that decide between ways through an instruction, none of which leads elsewhere than the other, and that no
 * instruction of the region changes.
 */
export function steadyConditions({ nodes }: Pick<Region, 'nodes'>): Set<number> {
  const asked = new Set<number>();
  const changed = new Set<number>();
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.op === 'set') changed.add(step.register);
      if (step.op !== 'if') continue;
      visit(step.consequent);
      visit(step.alternate);
      const { condition } = step;
      if (condition.op === 'register' && nextsOf([step]).length === 0) asked.add(condition.index);
    }
  };
  for (const { steps } of nodes) visit(steps);
  for (const register of changed) asked.delete(register);
  return asked;
}
