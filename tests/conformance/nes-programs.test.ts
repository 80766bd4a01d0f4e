import { expect, it } from 'vitest';
import { describeWithReferences } from '../references.js';
import { readReference } from './harness.js';
import { machineFor, type Program, programNamed, programsIn } from './programs.js';
import { agrees, excepts } from './record.js';

/** blargg's protocol: these three bytes at 0x6001 say that the status at 0x6000 counts, and the text at 0x6004. */
const SIGNATURE = [0xde, 0xb0, 0x61];
const RUNNING = 0x80;
const WANTS_RESET = 0x81;

const SLICE = 100_000;
const ENOUGH = 200_000_000;
/** "At least 100 ms": the cycles of 0.2 s. */
const BEFORE_RESET = 360_000;

function runToResult(program: Program): { status: number; text: string } {
  const machine = machineFor(program, 'nes6502');
  const status = () => {
    const [value = 0, ...signature] = machine.memory.read(0x6000, 4);
    return SIGNATURE.every((byte, index) => signature[index] === byte) ? value : RUNNING;
  };
  while (machine.cycles < ENOUGH && status() >= RUNNING) {
    machine.run(SLICE);
    if (status() !== WANTS_RESET) continue;
    machine.run(BEFORE_RESET);
    machine.reset();
    machine.run(SLICE);
  }
  const bytes = machine.memory.read(0x6004, 0x1000);
  return { status: status(), text: String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0))) };
}

const isRun = ({ environment, success }: Program): boolean =>
  !environment.startsWith('needs') && success.type === 'status';

describeWithReferences('roms/nes', () => {
  const programs = programsIn('nes/').filter(isRun);
  // LXA is analogue: this ROM's machine had the constant 0xFF, the vectors have 0xEE.
  const failsOnLxa = programNamed('nes-instr_test-v5-03-immediate');

  for (const program of programs.filter(({ id }) => id !== failsOnLxa.id)) {
    it(program.id, () => {
      const { status, text } = runToResult(program);
      expect(status, text).toBe(0);
      agrees({ cpu: '6502', variant: '2a03', data: 'roms/nes', unit: 'programs', engine: 'auto' });
    });
  }

  it(`${failsOnLxa.id}: fails on 0xAB, and on nothing else`, () => {
    const { status, text } = runToResult(failsOnLxa);
    expect(status).not.toBe(0);
    expect(text.match(/^[0-9A-F]{2} .*/gm)).toEqual([expect.stringMatching(/^AB /)]);
    const why = 'LXA is analogue: the machine that the ROM was made with had the constant 0xFF, the vectors have 0xEE';
    excepts({ data: 'roms/nes', what: `${failsOnLxa.id} fails on 0xAB, and on nothing else`, why });
  });

  it('runs all that a NES without PPU and APU can run; the others it names', () => {
    expect(programs).toHaveLength(22);
    const notRun = programsIn('nes/').filter((program) => !isRun(program) && program.success.type !== 'log');
    expect(notRun.map(({ id, environment }) => `${id.slice('nes-'.length)}: ${environment}`)).toEqual(NOT_RUN);
    const why = 'they need a PPU or an APU, which there is none of';
    excepts({ data: 'roms/nes', what: `${NOT_RUN.length} programs are not run`, why });
  });
});

const NOT_RUN = [
  'branch_timing_tests-1.Branch_Basics: needs PPU NMI timing',
  'branch_timing_tests-2.Backward_Branch: needs PPU NMI timing',
  'branch_timing_tests-3.Forward_Branch: needs PPU NMI timing',
  'cpu_dummy_writes-cpu_dummy_writes_oam: needs a PPU',
  'cpu_dummy_writes-cpu_dummy_writes_ppumem: needs a PPU',
  'cpu_exec_space-test_cpu_exec_space_ppuio: needs a PPU',
  'cpu_interrupts_v2-1-cli_latency: needs the APU frame IRQ, PPU NMI and (4) DMC DMA',
  'cpu_interrupts_v2-2-nmi_and_brk: needs the APU frame IRQ, PPU NMI and (4) DMC DMA',
  'cpu_interrupts_v2-3-nmi_and_irq: needs the APU frame IRQ, PPU NMI and (4) DMC DMA',
  'cpu_interrupts_v2-4-irq_and_dma: needs the APU frame IRQ, PPU NMI and (4) DMC DMA',
  'cpu_interrupts_v2-5-branch_delays_irq: needs the APU frame IRQ, PPU NMI and (4) DMC DMA',
  'cpu_timing_test6-cpu_timing_test: needs PPU NMI timing (counts cycles per frame)',
  'instr_misc-03-dummy_reads: needs a PPU ($2002 mirrored every 8 bytes)',
  'instr_misc-04-dummy_reads_apu: needs an APU ($4015 frame IRQ flag)',
  'instr_timing-1-instr_timing: needs the APU length counter as a clock',
  'instr_timing-2-branch_timing: needs the APU length counter as a clock',
];

describeWithReferences('roms/nes/nestest.log', () => {
  interface Line {
    readonly pc: number;
    readonly a: number;
    readonly x: number;
    readonly y: number;
    readonly p: number;
    readonly s: number;
    readonly cycle: number;
  }

  const LINE =
    /^(?<pc>[0-9A-F]{4}) .* A:(?<a>..) X:(?<x>..) Y:(?<y>..) P:(?<p>..) SP:(?<s>..) PPU:.* CYC:(?<cycle>\d+)$/;

  function parse(line: string): Line {
    const { pc = '', a = '', x = '', y = '', p = '', s = '', cycle = '' } = LINE.exec(line)?.groups ?? {};
    const [pcValue = 0, aValue = 0, xValue = 0, yValue = 0, pValue = 0, sValue = 0] = [pc, a, x, y, p, s].map((text) =>
      Number.parseInt(text, 16),
    );
    return { pc: pcValue, a: aValue, x: xValue, y: yValue, p: pValue, s: sValue, cycle: Number(cycle) };
  }

  it('agrees before each of 8,991 instructions, and the results are 0', () => {
    const machine = machineFor(programNamed('nes-nestest'), 'nes6502');
    const log = new TextDecoder().decode(readReference('roms/nes/nestest.log')).split(/\r?\n/).filter(Boolean);
    expect(log).toHaveLength(8991);
    // The log counts the seven cycles of RESET, which this run leaves out.
    const before = machine.cycles - 7;
    for (const [index, line] of log.entries()) {
      const wanted = parse(line);
      const { pc, a, x, y, p, s } = machine.cpu.registers;
      const seen = { pc, a, x, y, p, s, cycle: machine.cycles - before };
      expect(seen, `line ${index + 1}: ${line}`).toEqual(wanted);
      machine.step();
    }
    expect([...machine.memory.read(2, 2)]).toEqual([0, 0]);
    expect(machine.cycles - before - 7).toBe(26_553);
    const data = 'roms/nes/nestest.log';
    agrees({ cpu: '6502', variant: '2a03', data, unit: 'instructions', engine: 'evaluator', count: log.length });
  });
});
