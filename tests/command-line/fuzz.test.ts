import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Coverage, EngineCore, type FuzzOptions, fuzz } from '@backplane/core/fuzz';
import { cpu6502 } from '@backplane/cpu-6502';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProcessCore } from '../../packages/runner/src/fuzz/process-core.js';
import { type Installation, install } from './install.js';
import { spawned, until } from './spawned.js';

/** Our own 6502 at the end of the line. */
const OURS = `
import { EngineCore } from '@backplane/core/fuzz';
import { cpu6502 } from '@backplane/cpu-6502';
import { serveCore } from '@backplane/runner';
await serveCore(new EngineCore(cpu6502));
`;

/** Some instructions of a 6502 in plain JavaScript. At a NOP with A = 0x80 it does what its argument says. */
const FAKE = `
const { createInterface } = require('node:readline');
const at = {
  hang() { for (;;) {} },
  crash() { console.error('no such opcode'); process.exit(3); },
  rubbish() { console.log('ea?'); },
  late() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900); },
  wrong(cpu) { cpu.x = 0x77; },
  right() {},
}[process.argv[2]];
const load = (register, from) => (cpu) => {
  cpu[register] = from(cpu) & 0xff;
  cpu.p = (cpu.p & 0x7d) | (cpu[register] & 0x80) | (cpu[register] === 0 ? 2 : 0);
};
const INSTRUCTIONS = {
  0xe8: load('x', (cpu) => cpu.x + 1),
  0xca: load('x', (cpu) => cpu.x - 1),
  0xc8: load('y', (cpu) => cpu.y + 1),
  0x88: load('y', (cpu) => cpu.y - 1),
  0xaa: load('x', (cpu) => cpu.a),
  0xa8: load('y', (cpu) => cpu.a),
  0x8a: load('a', (cpu) => cpu.x),
  0x98: load('a', (cpu) => cpu.y),
  0x18: (cpu) => { cpu.p &= 0xfe; },
  0x38: (cpu) => { cpu.p |= 1; },
  0xea: (cpu) => { if (cpu.a === 0x80) at(cpu); },
};
const registers = ['pc', 'a', 'x', 'y', 'p'];
function run({ registers: before, ram, steps }) {
  const memory = new Map(ram);
  const cpu = { ...before };
  const states = [];
  for (let step = 1; step <= steps; step += 1) {
    INSTRUCTIONS[memory.get(cpu.pc) ?? 0](cpu);
    cpu.pc = (cpu.pc + 1) & 0xffff;
    states.push([2 * step, ...registers.map((name) => cpu[name])]);
  }
  return { steps: states, ram: [] };
}
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, do: what, programs } = JSON.parse(line);
  const answer = what === 'describe' ? { name: 'fake', registers } : { outcomes: programs.map(run) };
  console.log(JSON.stringify({ id, ...answer }));
});
`;
/** The instructions that the fake has, by their opcodes. */
const HAS = ['e8', 'ca', 'c8', '88', 'aa', 'a8', '8a', '98', '18', '38', 'ea'];

/** A core of somebody's, with a fault: its INX does not set N. */
const MODULE = `
import { EngineCore } from '@backplane/core/fuzz';
import { cpu6502 } from '@backplane/cpu-6502';
const inner = new EngineCore(cpu6502);
export const core = {
  name: 'mine',
  registers: inner.registers,
  setState: (program) => inner.setState(program),
  step() {
    const isInx = inner.memory[inner.cpu.programCounter] === 0xe8;
    inner.step();
    if (isInx) inner.cpu.setRegister('n', 0);
  },
  getState: () => inner.getState(),
  changes: (among) => inner.changes(among),
};
`;

/** Where X is 0x80, and Y small, so that it is seldom, it never ends. */
const HANGS = `
import { core as mine } from './mine.mjs';
export const core = {
  ...mine,
  step() {
    const { x, y } = mine.getState().registers;
    if (x === 0x80 && y < 0x10) for (;;) {}
    mine.step();
  },
};
`;

let installation: Installation;
beforeAll(async () => {
  installation = await install();
  await writeFile(join(installation.folder, 'ours.mjs'), OURS);
  await writeFile(join(installation.folder, 'fake.cjs'), FAKE);
  await writeFile(join(installation.folder, 'mine.mjs'), MODULE);
  await writeFile(join(installation.folder, 'hangs.mjs'), HANGS);
});
afterAll(() => installation.remove());

const backplane = (...words: string[]) =>
  spawned(process.execPath, [installation.command, ...words], { cwd: installation.folder });
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

describe('backplane fuzz', () => {
  it('has status 0 where nothing is found, and tells at last how much was done', async () => {
    const { status, stdout } = await backplane(
      ...'fuzz 6502 --engine interpreter --executions 300 --seed 1'.split(' '),
    );
    expect(lastLine(stdout)).toMatch(/^executions 300 \(\d+ instructions\), coverage \d+ cases .*, finds 0$/);
    expect(status).toBe(0);
  });

  it('has status 1 with finds, and writes each as a vector and as a test', async () => {
    const words = 'fuzz 6502 --core ./mine.mjs --executions 20000 --seed 1 --most-finds 1 --corpus mine'.split(' ');
    const { status, stdout, stderr } = await backplane(...words);
    expect([status, stderr, lastLine(stdout)]).toEqual([1, '', expect.stringContaining('finds 1')]);
    expect(stdout).toContain('FIND inx: p: ');
    const files = await readdir(join(installation.folder, 'mine/finds'));
    expect(files).toEqual([expect.stringMatching(/^inx-p-.*\.json$/), expect.stringMatching(/^inx-p-.*\.test\.js$/)]);
    const [vector] = JSON.parse(await readFile(join(installation.folder, 'mine/finds', files[0] as string), 'utf8'));
    expect(vector).toMatchObject({ initial: { ram: expect.any(Array) }, about: { find: 'inx: p', listing: ['inx'] } });
    expect(vector.cycles).toHaveLength(2);
  });

  it('names an instruction that hangs a core of this process', async () => {
    const words = '--only ea --executions 300 --most-finds 1 --workers 1 --answer-within 0.5 --corpus hangs'.split(' ');
    const { status, stdout } = await backplane('fuzz', '6502', '--core', './hangs.mjs', ...words);
    expect([status, lastLine(stdout)]).toEqual([1, expect.stringContaining('finds 1')]);
    expect(stdout).toContain('FIND nop: hang: an answer wanted, no answer in 500 ms seen in step 1 of: nop');
  });

  it('goes on with a corpus where it was left, and refuses that of another campaign', async () => {
    const words = (seed: string, executions: string) =>
      `fuzz z80 --engine interpreter --seed ${seed} --executions ${executions} --workers 1 --corpus z80`.split(' ');
    const first = await backplane(...words('3', '200'));
    expect([first.status, lastLine(first.stdout)]).toEqual([0, expect.stringContaining('executions 200 ')]);
    const again = await backplane(...words('3', '200'));
    // What was kept is run once more.
    const [, executions] = /executions (\d+) /.exec(lastLine(again.stdout)) ?? [];
    expect(Number(executions)).toBeGreaterThan(400);
    const state = JSON.parse(await readFile(join(installation.folder, 'z80/state.json'), 'utf8'));
    expect(state).toMatchObject({ next: 2, unfinished: [], executions: Number(executions) });
    const other = await backplane(...words('4', '200'));
    expect([other.status, other.stderr]).toEqual([125, expect.stringContaining('state.json: is of another campaign')]);
  });

  it('keeps what it has when it is interrupted', async () => {
    const words = 'fuzz 6502 --engine interpreter --time 600 --workers 1 --corpus broken-off'.split(' ');
    const outcome = await spawned(process.execPath, [installation.command, ...words], {
      cwd: installation.folder,
      async meanwhile(child) {
        let progress = '';
        child.stderr?.on('data', (text) => {
          progress += text;
        });
        // A line every ten seconds where it is no terminal.
        await until(() => /[1-9]\d* executions/.test(progress), 60_000);
        child.kill('SIGINT');
      },
    });
    expect(outcome.status).toBe(0);
    expect(lastLine(outcome.stdout)).toMatch(/^executions [1-9]/);
    const state = JSON.parse(await readFile(join(installation.folder, 'broken-off/state.json'), 'utf8'));
    expect(state.unfinished.length + state.next).toBeGreaterThan(0);
    expect(state.executions).toBeGreaterThan(0);
  });

  it.each([
    ['fuzz 6502 --engine interpreter --corpus fake.cjs', 'fake.cjs/state.json: a part of this path is no directory'],
    ['fuzz 6502', 'which core?; give one of --engine NAME, --core MODULE and --command COMMAND'],
    ['fuzz 6502 --engine translater', "the 6502 has no engine 'translater'"],
    ['fuzz 6503 --engine interpreter', "cpu: no CPU '6503'; did you mean '6502'?"],
    ['fuzz 6502 --engine interpreter --seed x', "--seed: 'x' is no number"],
    ['fuzz 6502 --engine interpreter --variant nmoss', "the 6502 has no variant 'nmoss'"],
    ['fuzz 6502 --core ./none.mjs', "--core: no module './none.mjs'"],
    ['fuzz 6502 --command false', 'it does not say what it is: ended with status 1'],
    ['fuzz 6502 --engine interpreter --masks fake.cjs', 'fake.cjs: is no JSON'],
    ['vectors 6502 --instruction ldq', "--instruction: no instruction 'ldq'"],
  ])('%s is refused', async (words, fault) => {
    const { status, stdout, stderr } = await backplane(...words.split(' '));
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toContain(fault);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('a core in a process', () => {
  const masks = new EngineCore(cpu6502).cases.instructions
    .map(({ instruction }) => (instruction.layout[0] as number).toString(16).padStart(2, '0'))
    .filter((opcode) => !HAS.includes(opcode))
    .map((instruction) => ({ instruction, why: 'the fake does not have it' }));
  const start = (behaviour: string, times = {}) =>
    ProcessCore.start([process.execPath, join(installation.folder, 'fake.cjs'), behaviour], times);
  const campaign = async (core: ProcessCore, options: Partial<FuzzOptions> = {}) => {
    try {
      return await fuzz({ cpu: cpu6502, subject: core, seed: 1, programs: 300, masks, shrinks: false, ...options });
    } finally {
      core.stop();
    }
  };

  it('that is right shows nothing', async () => {
    const core = await start('right');
    const { finds, executions } = await campaign(core);
    expect([finds, executions, core.restarts]).toEqual([[], 300, 0]);
  });

  it('is told of pins, and tells of bus cycles', async () => {
    const core = await ProcessCore.start([process.execPath, join(installation.folder, 'ours.mjs')]);
    try {
      const { finds, met } = await fuzz({ cpu: cpu6502, subject: core, seed: 1, programs: 300 });
      expect(finds).toEqual([]);
      expect(new Coverage(new EngineCore(cpu6502).cases, met).report().interrupted[0]).toBeGreaterThan(10);
    } finally {
      core.stop();
    }
  });

  it('that is wrong is found, and the program made small', async () => {
    const { finds } = await campaign(await start('wrong'), { shrinks: true });
    expect(finds.map(({ signature, listing }) => [signature, listing])).toEqual([['nop: x', ['nop']]]);
  });

  it.each([
    ['crash', {}, 'ended with status 3: no such opcode'],
    ['rubbish', {}, 'no JSON: ea?'],
    ['hang', { timeout: 1000, grace: 0 }, 'no answer in 1000 ms'],
    ['late', { timeout: 600, grace: 60_000 }, 'an answer after more than 600 ms'],
  ])('whose answer is a %s is named, started anew, and the campaign goes on', async (behaviour, times, text) => {
    const core = await start(behaviour, times);
    const given = [
      { registers: { pc: 0x400, a: 0x80, x: 1, y: 2, s: 3, p: 0 }, ram: [[0x400, 0xea]] as const, steps: 1 },
    ];
    const { finds, executions } = await campaign(core, { programs: 8, given });
    expect(finds).toHaveLength(1);
    const [find] = finds;
    expect(find).toMatchObject({ signature: `nop: ${behaviour}`, difference: { seen: text } });
    expect(executions).toBe(8);
    expect(core.restarts).toBeGreaterThan(0);
  });
});

describe('backplane vectors', () => {
  it('writes a file an encoding', async () => {
    const words = 'vectors z80 --count 3 --out vectors --instruction rlc --instruction'.split(' ');
    const { status, stdout } = await backplane(...words, 'ed b0');
    expect([status, lastLine(stdout)]).toEqual([
      0,
      expect.stringMatching(/^\d+ vectors of \d+ instructions in vectors$/),
    ]);
    const files = await readdir(join(installation.folder, 'vectors'));
    expect(files).toContain('ed-b0.json');
    expect(files).toContain('cb-06.json');
    expect(files).toContain('dd-cb-__-06.json');
    const ldir = JSON.parse(await readFile(join(installation.folder, 'vectors/ed-b0.json'), 'utf8'));
    expect(ldir).toHaveLength(3);
    expect(ldir[0].cycles[0]).toEqual([ldir[0].initial.pc, null, '----']);
  });
});
