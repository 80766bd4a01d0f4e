/** A find as files: a vector that anybody can read, and a test that fails until the core is mended. */
import { isAbsolute, relative, resolve } from 'node:path';
import type { CpuPlugin } from '@backplane/core';
import { type Find, referenceOf, vectorOf } from '@backplane/core/fuzz';
import type { Corpus } from './corpus.js';
import { wordsOf } from './process-core.js';
import type { Campaign } from './subject.js';
import { vectorFormat } from './vector-formats.js';

/** `adc (n),y: p` as a file name. */
export const fileNameOf = (signature: string): string => {
  const name = signature.replace(/[^a-z0-9.]+/gi, '-').replace(/^-+|-+$/g, '');
  // `ld (hl),a` and `ld hl,a` are not to be one file.
  const sum = [...signature].reduce((hash, character) => (Math.imul(hash, 31) + character.charCodeAt(0)) | 0, 7);
  return `${name}-${(sum >>> 0).toString(36).slice(-4)}`;
};

/** Write the files of a find; the name of both without what follows the dot. */
export async function writeFind(
  corpus: Corpus,
  find: Find,
  campaign: Campaign,
  cpu: CpuPlugin,
  from: string,
): Promise<string> {
  const { variant, against } = campaign;
  const name = fileNameOf(find.signature);
  const vector = vectorOf(referenceOf(cpu, variant, against), find.program, vectorFormat(cpu.type));
  const { what, wanted, seen, at, step } = find.difference;
  const about = {
    find: find.signature,
    level: find.level,
    listing: find.listing,
    difference: { step, what, at, wanted, seen },
  };
  await corpus.write(`${name}.json`, `${JSON.stringify([{ ...vector, about }])}\n`);
  await corpus.write(`${name}.test.js`, testOf(find, name, campaign, cpu, from, corpus.folder));
  return name;
}

/** A specifier of a module as a file in `folder` imports it. */
function importedBy(folder: string, specifier: string): string {
  if (!specifier.startsWith('.') && !isAbsolute(specifier)) return specifier;
  const path = relative(folder, resolve(specifier));
  return path.startsWith('.') ? path : `./${path}`;
}

function testOf(
  { signature, level }: Find,
  name: string,
  campaign: Campaign,
  cpu: CpuPlugin,
  from: string,
  folder: string,
): string {
  const { core, variant, against, masks } = campaign;
  const fuzz = ['differenceOn'];
  const lines: string[] = [];
  let subject: string;
  let after = '';
  if ('engine' in core) {
    fuzz.push('EngineCore', 'engineSubject');
    subject = `engineSubject(new EngineCore(cpu, ${JSON.stringify({ variant, engine: core.engine })}))`;
  } else if ('module' in core) {
    fuzz.push('coreSubject');
    lines.push(`import { core } from '${importedBy(folder, core.module)}';`);
    subject = 'coreSubject(core)';
  } else {
    lines.push(`import { ProcessCore } from '@backplane/runner';`);
    subject = `await ProcessCore.start(${JSON.stringify(wordsOf(core.command))})`;
    after = 'afterAll(() => subject.stop());\n';
  }
  return `// ${signature}. Written by \`backplane fuzz\`; it fails until the core is mended.
import { readFileSync } from 'node:fs';
import { ${fuzz.join(', ')} } from '@backplane/core/fuzz';
import * as cpus from '${importedBy(folder, from)}';
${lines.map((line) => `${line}\n`).join('')}import { ${after ? 'afterAll, ' : ''}expect, test } from 'vitest';

const cpu = Object.values(cpus).find(({ type }) => type === ${JSON.stringify(cpu.type)});
const [vector] = JSON.parse(readFileSync(new URL('${name}.json', import.meta.url), 'utf8'));
const subject = ${subject};
${after}
test(vector.about.find, async () => {
  const options = ${JSON.stringify({ variant, against, level, masks })};
  expect(await differenceOn({ cpu, subject, vector, ...options })).toBeUndefined();
});
`;
}
