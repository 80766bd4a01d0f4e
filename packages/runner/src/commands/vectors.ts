import { BackplaneError, suggest } from '@backplane/core';
import { Masks, referenceOf, type Vector, vectorsFor } from '@backplane/core/fuzz';
import { Corpus } from '../fuzz/corpus.js';
import { findCpu } from '../fuzz/subject.js';
import { vectorFormat } from '../fuzz/vector-formats.js';
import { parseWhole } from '../numbers.js';
import { exitStatus } from '../report.js';

/** The options of `backplane vectors`, as the command line gives them. */
export interface VectorsOptions {
  variant?: string;
  engine: string;
  instruction?: readonly string[];
  count: string;
  seed: string;
  out: string;
  plugin?: readonly string[];
}

/** `backplane vectors`: tests of single instructions in the form of SingleStepTests, a file an encoding. */
export async function vectors(type: string, options: VectorsOptions): Promise<number> {
  const { plugin = [], variant, engine, instruction: names } = options;
  const count = parseWhole(options.count, '--count', { min: 1, max: 100_000 });
  const seed = parseWhole(options.seed, '--seed');
  const { cpu } = await findCpu(type, plugin);
  const reference = referenceOf(cpu, variant, engine);
  const chosen = new Masks(names ? names.map((instruction) => ({ instruction, why: 'chosen' })) : []);
  const all = reference.cases.isa.encodings;
  const wanted = names ? all.filter((instruction) => !chosen.allows(instruction)) : all;
  if (wanted.length === 0) {
    throw new BackplaneError('fuzz/unknown-instruction', `no instruction '${names?.join("', '")}'`, {
      path: '--instruction',
      mend: suggest(names?.[0] ?? '', [...new Set(all.map(({ mnemonic }) => mnemonic))]),
    });
  }
  const folder = new Corpus(options.out, {});
  let written = 0;
  for (const instruction of wanted) {
    const made = vectorsFor(reference, instruction, { count, seed, format: vectorFormat(type) });
    const parts = instruction.layout.map((part) =>
      typeof part === 'number' ? part.toString(16).padStart(2, '0') : '__',
    );
    // Operands after the opcode do not tell files apart; the displacement before one does, as in dd-cb-__-06.
    const name = parts.join('-').replace(/(-__)+$/, '');
    await folder.write(`${name}.json`, `[\n${made.map((vector: Vector) => JSON.stringify(vector)).join(',\n')}\n]\n`);
    written += made.length;
  }
  process.stdout.write(`${written} vectors of ${wanted.length} instructions in ${options.out}\n`);
  return exitStatus.expected;
}
