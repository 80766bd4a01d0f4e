/** The record of a run of the conformance tests, as docs/conformance.json has it, and the page made of it. */
import type { Agreement, Exception } from './conformance/record.js';

/** By test file: what was found, summed up. */
export type ConformanceRecord = Readonly<Record<string, FileRecord>>;

export interface FileRecord {
  readonly agreements: readonly Agreement[];
  readonly exceptions: readonly Exception[];
}

/** Sum up what the tests of a file told; the same file gives the same record. */
export function summedUp(agreements: readonly Agreement[], exceptions: readonly Exception[]): FileRecord {
  const counts = new Map<string, Agreement>();
  for (const { cpu, variant, data, unit, engine, count } of agreements) {
    const key = [cpu, variant, data, unit, engine].join(' ');
    counts.set(key, { cpu, variant, data, unit, engine, count: (counts.get(key)?.count ?? 0) + count });
  }
  const texts = new Map(exceptions.map(({ data, what, why }) => [`${data} ${what}`, { data, what, why }]));
  const sorted = <Value>(values: ReadonlyMap<string, Value>): Value[] =>
    [...values].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, value]) => value);
  return { agreements: sorted(counts), exceptions: sorted(texts) };
}

const CPUS = { '6502': 'The 6502 family', z80: 'The Z80', '8080': 'The 8080' } as const;

/** What the data sets are, by folder: what the manifests of the reference data say in a line. */
const ABOUT: readonly (readonly [folder: string, text: string])[] = [
  ['singlestep/z80', 'one instruction each, every T-state (SingleStepTests/z80)'],
  ['singlestep/', 'one instruction each, every bus cycle (SingleStepTests/65x02)'],
  ['interrupts/6502', 'IRQ and NMI in every cycle of every instruction (perfect6502, a transistor-level simulator)'],
  ['roms/6502/klaus', "Klaus Dormann's functional and interrupt tests"],
  ['roms/6502/lorenz-prg', "Wolfgang Lorenz' suite"],
  ['roms/6502/lorenz-undocumented', 'undocumented instructions, from the same suite'],
  ['roms/6502/', "Bruce Clark's decimal tests and others"],
  ['roms/nes/nestest.log', 'nestest, each instruction against its log'],
  ['roms/nes', "blargg's CPU tests"],
  ['roms/z80/zex', 'ZEXDOC, ZEXALL (Frank Cringle) and their preliminary test; a test is one of their 67 lines'],
  ['roms/z80/z80test', "Patrik Rak's z80test"],
  ['roms/z80/fuse', 'the tests of Fuse, with each event on the bus'],
  ['roms/z80/daa', 'DAA for all A, N, C and H'],
  ['roms/8080', 'TST8080, 8080PRE, CPUTEST, 8080EXM'],
];

const number = (value: number): string => value.toLocaleString('en-US');

/** The page. */
export function pageOf(record: ConformanceRecord): string {
  const files = Object.values(record);
  const agreements = summedUp(
    files.flatMap((file) => file.agreements),
    [],
  ).agreements;
  // What holds of several data sets is said once.
  const exceptions = new Map<string, string[]>();
  for (const { data, what, why } of summedUp(
    [],
    files.flatMap((file) => file.exceptions),
  ).exceptions) {
    const text = `${what} | ${why}`;
    exceptions.set(text, [...(exceptions.get(text) ?? []), `\`${data}\``]);
  }
  const engines = ['evaluator', 'interpreter', 'translator', 'auto'].filter((name) =>
    agreements.some(({ engine }) => engine === name),
  );
  const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
    [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const sections = Object.entries(CPUS).flatMap(([name, title]) => {
    const rows = new Map<string, Map<string, number>>();
    for (const { cpu, variant, data, unit, engine, count } of agreements) {
      if (cpu !== name) continue;
      const key = [variant, `\`${data}\``, unit].join(' | ');
      rows.set(key, (rows.get(key) ?? new Map()).set(engine, count));
    }
    if (rows.size === 0) return [];
    const cells = [...rows].map(([key, counts]) => [
      key,
      ...engines.map((engine) => (counts.has(engine) ? number(counts.get(engine) as number) : '')),
    ]);
    return [`## ${title}`, table(['variant', 'data', 'counted', ...engines], cells)];
  });
  const folders = [...new Set(agreements.map(({ data }) => data))];
  const about = ABOUT.filter(([folder], index) =>
    folders.some((data) => ABOUT.findIndex(([other]) => data.startsWith(other)) === index && data.startsWith(folder)),
  );
  return `${[
    '# Conformance',
    `What the conformance tests have compared, and all of it agreed: a test that finds a difference fails, and nothing of it is here.
This page is written by \`pnpm docs:conformance\`, from what the tests told of themselves as they ran
([conformance.json](conformance.json)); nobody writes into it. Whenever the tests run, what they tell is compared with it.`,
    `The data is of others (one set was recorded for this project from somebody's simulator); [CONTRIBUTING.md](../CONTRIBUTING.md#reference-data)
says where it comes from. An empty cell: not run in that engine, or only by \`pnpm test:zex\` and \`pnpm test:lorenz\`, which run the long
ones whole. The translator makes nothing of a single instruction, so it has no vectors; of the shortest programs it leaves most to the
interpreter. That all engines give the same bits is tested apart, with random machines.`,
    ...sections,
    '## The data',
    table(
      ['data', 'what it is'],
      about.map(([folder, text]) => [`\`${folder}\``, text]),
    ),
    '## Left out, or known to differ',
    'What is not compared, where the data is in doubt or knows less than the chip, and what is expected to differ.',
    table(
      ['data', 'what', 'why'],
      [...exceptions].map(([text, data]) => [data.join(', '), text]),
    ),
  ].join('\n\n')}\n`;
}
