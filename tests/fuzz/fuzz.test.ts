/** Campaigns: the same again from the same seed, what is masked, cores of other people. */
import {
  Coverage,
  coreSubject,
  EngineCore,
  engineSubject,
  enginesOf,
  FlatMemory,
  fuzz,
  type Mask,
} from '@backplane/core/fuzz';
import { cpu6502 } from '@backplane/cpu-6502';
import { i8080, z80 } from '@backplane/cpu-z80';
import { describe, expect, test } from 'vitest';
import { MUTATIONS, mutated } from './mutations.js';

/** `pnpm test:fuzz` runs more of them by the command line. */
const PROGRAMS = Number(process.env.BACKPLANE_FUZZ_PROGRAMS ?? 3000);

const mutation = (name: string) => {
  const found = MUTATIONS.find((each) => each.name.endsWith(name));
  if (!found) throw new Error(name);
  return found;
};

describe.each([cpu6502, z80, i8080])('the engines of the $type', (cpu) => {
  test.each(enginesOf(cpu).slice(1))(`${PROGRAMS} programs are the same in the %s`, async (engine) => {
    const subject = engineSubject(new EngineCore(cpu, { engine }));
    const { finds, executions } = await fuzz({ cpu, subject, seed: 1, programs: PROGRAMS });
    expect(finds).toEqual([]);
    expect(executions).toBe(PROGRAMS);
  });
});

test.each([cpu6502, z80])('much of what the translator of the $type runs is translated', async (cpu) => {
  const core = new EngineCore(cpu, { engine: 'translator' });
  await fuzz({ cpu, subject: engineSubject(core), seed: 2, programs: 500 });
  const { evaluator, interpreter, translator, regions } = core.cyclesByEngine();
  expect(translator / (evaluator + interpreter + translator)).toBeGreaterThan(0.2);
  expect(regions).toBeGreaterThan(30);
});

describe('a campaign', () => {
  const bugs = mutation('H of DAA');
  const once = (seed: number, masks?: readonly Mask[]) =>
    fuzz({
      cpu: z80,
      subject: engineSubject(new EngineCore(mutated(bugs))),
      seed,
      programs: 600,
      levels: ['cycle'],
      masks,
    });

  test('is the same again with the same seed, and another one with another', async () => {
    const [first, again, other] = [await once(7), await once(7), await once(8)];
    expect(first.finds.length).toBeGreaterThan(0);
    expect(again).toEqual(first);
    expect(other.met).not.toEqual(first.met);
  });

  test('leaves out what is masked', async () => {
    const why = 'known';
    const inFlags: Mask[] = [
      { instruction: 'daa', register: 'af', bits: '0x10', why },
      { instruction: 'daa', register: 'q', why },
    ];
    expect((await once(7, inFlags)).finds).toEqual([]);
    expect((await once(7, [{ instruction: ['27', 'dd 27', 'fd 27'], why }])).finds).toEqual([]);
    expect((await once(7, [{ instruction: 'daa', register: 'af', bits: '0x80', why }])).finds.length).toBeGreaterThan(
      0,
    );
  });

  test('refuses masks that do not say why', async () => {
    await expect(once(7, [{ instruction: 'daa' } as Mask])).rejects.toMatchObject({
      code: 'fuzz/masks',
      path: '0.why',
    });
  });

  test('tells what was never met', async () => {
    const { met } = await once(7);
    const subject = new EngineCore(z80);
    const report = new Coverage(subject.cases, met).report();
    const [some, all] = report.instructions;
    expect(some).toBeGreaterThan(200);
    expect(some).toBeLessThanOrEqual(all);
    expect(report.cases).toBe(met.length);
    expect(report.never.length).toBeGreaterThan(0);
  });
});

describe('a core of somebody else', () => {
  const core = (fault: () => void) => {
    const ram = new FlatMemory();
    const cpu = { pc: 0, a: 0 };
    let cycles = 0;
    return {
      name: 'loads A and does nothing else',
      registers: ['pc', 'a'],
      setState({
        registers,
        ram: cells,
      }: {
        registers: Readonly<Record<string, number>>;
        ram: readonly (readonly [number, number])[];
      }) {
        ram.load(cells);
        cpu.pc = registers.pc ?? 0;
        cpu.a = registers.a ?? 0;
        cycles = 0;
      },
      step() {
        const opcode = ram.bytes[cpu.pc];
        if (opcode === 0xa9) cpu.a = ram.bytes[(cpu.pc + 1) & 0xffff] as number;
        else fault();
        cpu.pc = (cpu.pc + 2) & 0xffff;
        cycles += 2;
      },
      getState: () => ({ registers: cpu, cycles }),
      changes: (among?: readonly number[]) => ram.changes(among),
    };
  };
  /** Everything else than LDA with an immediate operand is left out. */
  const masks: Mask[] = new EngineCore(cpu6502).cases.instructions
    .filter(({ instruction }) => instruction.layout[0] !== 0xa9)
    .map(({ instruction }) => ({
      instruction: (instruction.layout[0] as number).toString(16).padStart(2, '0'),
      why: 'not there yet',
    }));

  test('that is right in what it has shows nothing', async () => {
    const subject = coreSubject(core(() => undefined));
    const { finds, executions } = await fuzz({ cpu: cpu6502, subject, seed: 1, programs: 300, masks });
    expect(finds).toEqual([]);
    expect(executions).toBe(300);
  });

  test('is named where it throws, with the instruction that makes it', async () => {
    const subject = coreSubject(
      core(() => {
        throw new Error('not implemented');
      }),
    );
    const { finds } = await fuzz({ cpu: cpu6502, subject, seed: 1, programs: 300, mostFinds: 3 });
    expect(finds).toHaveLength(3);
    for (const { difference, program } of finds) {
      expect(difference).toMatchObject({ what: 'throw', seen: 'not implemented' });
      expect(program.steps).toBe(1);
    }
  });
});
