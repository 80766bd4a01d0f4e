/** CPUs whose translator does not wait for long: tests are shorter than what it pays for. */
import { type CpuPlugin, defineCpu } from '@backplane/core';
import { interpreter, translatorAfter } from '@backplane/core/interpreter';

/** The same CPU with a translator that waits for so many jumps to a place. */
export function eager({ definition, instructionSet }: CpuPlugin, jumps: number): CpuPlugin {
  const names = Object.keys(definition.variants);
  return defineCpu({
    ...definition,
    variants: Object.fromEntries(names.map((name) => [name, () => instructionSet(name)])),
    engines: [interpreter, translatorAfter(jumps)],
  });
}
