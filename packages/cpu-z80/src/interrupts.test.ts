import { type BusCycle, createMachine, defineDevice, type EngineChoice, type Machine, u8, z } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { beforeAll, describe, expect, it } from 'vitest';
import { z80 } from './index.js';

/** [T-state, line, level]: 1 asserts the line, 0 lets it go. `link` is the device's place in the daisy chain. */
type Change = readonly [time: number, line: 'int' | 'nmi' | 'wait' | 'busreq' | 'reset' | 'link', level: 0 | 1];

const LINES = ['int', 'nmi', 'wait', 'busreq', 'reset'] as const;

/** Does what its config says, when it says so. */
const signals = defineDevice({
  type: 'signals',
  version: 1,
  lines: LINES,
  chain: ['link'],
  config: z.object({
    changes: z.array(z.object({ at: z.int(), line: z.string(), level: z.int() })),
    vector: z.int().default(0xff),
  }),
  state: () => ({ done: u8() }),
  create({ config: { changes, vector }, state, lines, chain, clock, event }) {
    const schedule = (): void => {
      const change = changes[state.done];
      if (change) next.after(change.at - clock.now());
    };
    const next = event('next', () => {
      const { line, level } = changes[state.done] as (typeof changes)[number];
      state.done += 1;
      if (line === 'link') chain.link[level ? 'request' : 'cancel']();
      else lines[line as (typeof LINES)[number]][level ? 'assert' : 'release']();
      schedule();
    });
    return {
      reset() {
        if (state.done === 0) schedule();
      },
      acknowledge: () => vector,
    };
  },
});

interface Situation {
  readonly changes?: readonly Change[];
  readonly vector?: number;
  readonly variant?: string;
  readonly registers?: Readonly<Record<string, number>>;
  /** More of memory, as source. */
  readonly also?: string;
}

const START = 0x0200;

/** The engine of all machines that are made. */
let engine: EngineChoice = 'evaluator';

/** A machine about to run a program at 0x0200, at T-state 0, with interrupts enabled in mode 1. NOPs are all around. */
function machineWith(
  program: string,
  { changes = [], vector = 0xff, variant = 'nmos', registers = {}, also = '' }: Situation = {},
): Machine {
  const machine = createMachine(
    {
      clock: '4 MHz',
      cpu: { type: 'z80', variant, daisyChain: ['signals'] },
      devices: {
        signals: { type: 'signals', changes: changes.map(([at, line, level]) => ({ at, line, level })), vector },
      },
      memory: [{ at: 0, ram: '64K' }],
      wires: LINES.map((line) => [`signals.${line}`, `cpu.${line}`] as const),
    },
    { plugins: [z80, signals], engine },
  );
  for (const source of [`.org ${START}\n${program}`, also]) {
    for (const { at, bytes } of assemble(z80.instructionSet(variant), source).segments) machine.memory.load(at, bytes);
  }
  Object.assign(machine.cpu.registers, { sp: 0x8000, im: 1, iff1: 1, iff2: 1, i: 0x40, ...registers });
  machine.cpu.registers.pc = START;
  return machine;
}

/** One instruction, in the engine that the machine has: `step` always takes the evaluator. */
const step = (machine: Machine): void => void machine.runUntil({ halted: true }, { cycles: 1 });

/** Where the CPU stands after each of some steps, and when. */
const path = (machine: Machine, steps: number): string[] =>
  Array.from({ length: steps }, () => {
    step(machine);
    return `${(machine.cpu.registers.pc as number).toString(16).padStart(4, '0')} @${machine.cycles}`;
  });

function traced(machine: Machine, steps: number): string[] {
  const cycles: BusCycle[] = [];
  machine.onCycle = (cycle) => cycles.push(cycle);
  for (let done = 0; done < steps; done += 1) step(machine);
  machine.onCycle = null;
  return cycles.map(({ cycle, kind, address, value, stalled }) => {
    const data = kind === 'idle' || stalled ? '' : ` ${value.toString(16).padStart(2, '0')}`;
    return `${cycle} ${stalled ? 'stalled ' : ''}${kind} ${address.toString(16).padStart(4, '0')}${data}`;
  });
}

const word = (machine: Machine, at: number): number => machine.memory.peek(at) | (machine.memory.peek(at + 1) << 8);

describe.each(['evaluator', 'interpreter'] as const)('in the %s', (each) => {
  beforeAll(() => {
    engine = each;
  });

  describe('INT', () => {
    // "The CPU samples the interrupt signal (INT) on the rising edge of the last clock at the end of any instruction"
    // (UM0080, "Interrupt Request/Acknowledge Cycle").
    it.each([
      ['nop', 4],
      ['ld a,($1234)', 13],
      ['ld ($1234),a', 13],
      ['inc bc', 6],
      ['jr $0202', 12],
      ['set 0,(ix+$00)', 23],
    ])('during %s is seen up to the beginning of its last T-state', (instruction, length) => {
      const after = (time: number) => path(machineWith(instruction, { changes: [[time, 'int', 1]] }), 2)[1];
      expect(after(length - 1)).toBe(`0038 @${length + 13}`);
      expect(after(length)).toMatch(new RegExp(`@${length + 4}$`));
    });

    it('that does not last until then is lost', () => {
      const machine = machineWith('inc bc', {
        changes: [
          [1, 'int', 1],
          [5, 'int', 0],
        ],
      });
      expect(path(machine, 2)).toEqual(['0201 @6', '0202 @10']);
    });

    it('is not taken while disabled', () => {
      const machine = machineWith('di \n nop', { changes: [[4, 'int', 1]] });
      expect(path(machine, 3)).toEqual(['0201 @4', '0202 @8', '0203 @12']);
    });

    it('waits for the instruction after EI, and after the last of several', () => {
      const changes: Change[] = [[0, 'int', 1]];
      const registers = { iff1: 0, iff2: 0 };
      expect(path(machineWith('ei \n nop', { changes, registers }), 3)).toEqual(['0201 @4', '0202 @8', '0038 @21']);
      expect(path(machineWith('ei \n ei \n ei', { changes, registers }), 5).at(-1)).toBe('0038 @29');
    });

    it('in mode 1 calls 0x0038', () => {
      const machine = machineWith('nop', { changes: [[0, 'int', 1]] });
      step(machine);
      expect(traced(machine, 1)).toEqual([
        '4 acknowledge 0201 ff',
        '8 idle 4001',
        '10 idle 4001',
        '11 write 7fff 02',
        '14 write 7ffe 01',
      ]);
      expect(machine.cpu.registers).toMatchObject({ pc: 0x0038, wz: 0x0038, sp: 0x7ffe, r: 2, iff1: 0, iff2: 0 });
      expect(machine.cycles).toBe(4 + 13);
    });

    it('in mode 2 calls where the vector points', () => {
      const machine = machineWith('nop', {
        changes: [[0, 'link', 1]],
        vector: 0x21,
        registers: { im: 2 },
        also: '.org $4021 \n .word $1234',
      });
      step(machine);
      expect(traced(machine, 1)).toEqual([
        '4 acknowledge 0201 21',
        '8 idle 4001',
        '10 idle 4001',
        '11 write 7fff 02',
        '14 write 7ffe 01',
        '17 read 4021 34',
        '20 read 4022 12',
      ]);
      expect(machine.cpu.registers).toMatchObject({ pc: 0x1234, wz: 0x1234, iff1: 0, iff2: 0 });
      expect(machine.cycles).toBe(4 + 19);
    });
  });

  describe('INT in mode 0', () => {
    const taking = (vector: number | undefined, also = '') =>
      machineWith('nop', {
        changes: [[0, vector === undefined ? 'int' : 'link', 1]],
        registers: { im: 0, bc: 0 },
        also,
        ...(vector === undefined ? {} : { vector }),
      });

    it('runs an RST from the bus', () => {
      const machine = taking(0xe7);
      step(machine);
      expect(traced(machine, 1)).toEqual([
        '4 acknowledge 0201 e7',
        '8 idle 4001',
        '10 idle 4001',
        '11 write 7fff 02',
        '14 write 7ffe 01',
      ]);
      expect(machine.cpu.registers).toMatchObject({ pc: 0x0020, iff1: 0, iff2: 0, r: 2 });
    });

    it('runs RST $38 where nobody answers and the bus floats high', () => {
      expect(path(taking(undefined), 2)).toEqual(['0201 @4', '0038 @17']);
    });

    it('runs a CALL whose address memory gives, and returns to the interrupted instruction', () => {
      const machine = taking(0xcd, '.org $0201 \n .byte $12');
      step(machine);
      expect(traced(machine, 1)).toEqual([
        '4 acknowledge 0201 cd',
        '8 idle 4001',
        '10 read 0201 12',
        '13 read 0201 12',
        '16 idle 0200',
        '17 write 7fff 02',
        '20 write 7ffe 01',
      ]);
      expect(machine.cpu.registers.pc).toBe(0x1212);
    });

    it.each([
      ['a byte', 0x04, 0x0100],
      ['a prefix and its opcode', 0xcb, 0x0200],
      ['an instruction with operands', 0x01, 0x1010],
    ])('runs %s, and goes on where it was', (_what, vector, bc) => {
      // 0x10 is an operand, or after CB it is RL B.
      const machine = taking(vector, '.org $0201 \n .byte $10');
      if (vector === 0xcb) Object.assign(machine.cpu.registers, { bc: 0x0100, af: 0 });
      step(machine);
      step(machine);
      expect(machine.cpu.registers).toMatchObject({ pc: START + 1, bc });
    });
  });

  describe('NMI', () => {
    it('calls 0x0066 and keeps IFF2 for RETN', () => {
      const machine = machineWith('nop', { changes: [[1, 'nmi', 1]], also: '.org $0066 \n retn' });
      step(machine);
      expect(traced(machine, 1)).toEqual([
        '4 read 0201 00',
        '6 idle 4001',
        '8 idle 4001',
        '9 write 7fff 02',
        '12 write 7ffe 01',
      ]);
      expect(machine.cpu.registers).toMatchObject({ pc: 0x0066, iff1: 0, iff2: 1, r: 2 });
      expect(machine.cycles).toBe(4 + 11);
      step(machine);
      expect(machine.cpu.registers).toMatchObject({ pc: 0x0201, iff1: 1, iff2: 1 });
    });

    it('is an edge: a line that stays low is one interrupt, however short it is', () => {
      const short = machineWith('inc bc', {
        changes: [
          [1, 'nmi', 1],
          [2, 'nmi', 0],
        ],
      });
      expect(path(short, 2)).toEqual(['0201 @6', '0066 @17']);
      const long = machineWith('inc bc', { changes: [[1, 'nmi', 1]], also: '.org $0066 \n retn' });
      expect(path(long, 4)).toEqual(['0201 @6', '0066 @17', '0201 @31', '0202 @35']);
    });

    it('comes before INT, and right after EI', () => {
      const both: Change[] = [
        [0, 'nmi', 1],
        [0, 'int', 1],
      ];
      const machine = machineWith('nop', { changes: both, also: '.org $0066 \n nop \n retn' });
      expect(path(machine, 5)).toEqual(['0201 @4', '0066 @15', '0067 @19', '0201 @33', '0038 @46']);
      expect(path(machineWith('ei \n nop', { changes: both }), 2)).toEqual(['0201 @4', '0066 @15']);
    });

    it('that comes while INT is acknowledged is taken before the handler', () => {
      const machine = machineWith('nop', {
        changes: [
          [0, 'int', 1],
          [10, 'nmi', 1],
        ],
      });
      expect(path(machine, 3)).toEqual(['0201 @4', '0038 @17', '0066 @28']);
      expect(word(machine, machine.cpu.registers.sp as number)).toBe(0x0038);
    });

    it('in the last T-state, when INT has been sampled, is taken after that', () => {
      const machine = machineWith('inc bc', {
        changes: [
          [5, 'int', 1],
          [6, 'nmi', 1],
        ],
      });
      expect(path(machine, 3)).toEqual(['0201 @6', '0038 @19', '0066 @30']);
    });
  });

  describe('LD A,I and LD A,R', () => {
    const parity = (variant: string, instruction: string, changes: Change[]) => {
      const machine = machineWith(instruction, { changes, variant });
      step(machine);
      return ((machine.cpu.registers.af as number) >> 2) & 1;
    };

    it.each(['ld a,i', 'ld a,r'])('%s shows IFF2, but on NMOS not if an INT is taken right after', (instruction) => {
      expect(parity('nmos', instruction, [])).toBe(1);
      expect(parity('nmos', instruction, [[8, 'int', 1]])).toBe(0);
      expect(parity('nmos', instruction, [[9, 'int', 1]])).toBe(1);
      expect(parity('cmos', instruction, [[8, 'int', 1]])).toBe(1);
      // An NMI leaves IFF2 alone.
      expect(parity('nmos', instruction, [[8, 'nmi', 1]])).toBe(1);
    });
  });

  describe('HALT', () => {
    it('fetches the byte after it again and again, and runs none', () => {
      const machine = machineWith('halt \n inc a');
      step(machine);
      expect(machine.cpu.status).toBe('waiting');
      const { r = 0, af } = machine.cpu.registers;
      expect(traced(machine, 3)).toEqual([
        '4 read 0201 3c',
        '6 idle 4001',
        '8 read 0201 3c',
        '10 idle 4002',
        '12 read 0201 3c',
        '14 idle 4003',
      ]);
      expect(machine.cpu.registers).toMatchObject({ pc: 0x0201, r: r + 3, af });
    });

    it.each([
      ['int', '0038 @25'],
      ['nmi', '0066 @23'],
    ] as const)('ends with %s, which returns behind it', (line, there) => {
      const machine = machineWith('halt', { changes: [[11, line, 1]] });
      expect(path(machine, 4)).toEqual(['0201 @4', '0201 @8', '0201 @12', there]);
      expect(machine.cpu.status).toBe('running');
      expect(word(machine, 0x7ffe)).toBe(0x0201);
    });

    it('with interrupts disabled waits for NMI', () => {
      const machine = machineWith('di \n halt', {
        changes: [
          [20, 'int', 1],
          [1000, 'nmi', 1],
        ],
      });
      machine.run(1000);
      expect(machine.cpu.registers).toMatchObject({ pc: 0x0202, halted: 1 });
      machine.run(20);
      expect(machine.cpu.registers).toMatchObject({ halted: 0 });
    });
  });

  describe('a block instruction', () => {
    it('is interrupted between two passes, and goes on afterwards', () => {
      const machine = machineWith('ldir', {
        changes: [
          [30, 'int', 1],
          [50, 'int', 0],
        ],
        registers: { hl: 0x1000, de: 0x2000, bc: 4 },
        also: '.org $1000 \n .text "abcd" \n .org $0038 \n ei \n ret',
      });
      expect(path(machine, 8)).toEqual([
        '0200 @21',
        '0200 @42',
        '0038 @55',
        '0039 @59',
        '0200 @69',
        '0200 @90',
        '0202 @106',
        '0203 @110',
      ]);
      expect(String.fromCharCode(...machine.memory.read(0x2000, 4))).toBe('abcd');
      expect(machine.cpu.registers.bc).toBe(0);
    });

    // David Banks found it with a logic analyser (hoglet67/Z80Decoder wiki, "Undocumented Flags").
    it.each(['ldir', 'cpir', 'inir', 'otir'])(
      '%s that goes on shows the high byte of PC in bits 5 and 3',
      (instruction) => {
        const flags = (at: number) => {
          const machine = machineWith('', {
            registers: { hl: 0x1000, de: 0x2000, bc: 0x0404, af: 0x5500 },
            also: `.org ${at} \n ${instruction}`,
          });
          machine.cpu.registers.pc = at;
          step(machine);
          expect(machine.cpu.registers.pc).toBe(at);
          return (machine.cpu.registers.af as number) & 0x28;
        };
        expect([0x0300, 0x0800, 0x2000, 0x2800].map(flags)).toEqual([0x00, 0x08, 0x20, 0x28]);
      },
    );
  });

  describe('prefixes', () => {
    it('and their opcode are one instruction', () => {
      const machine = machineWith('.byte $dd \n ld hl,$1234', {
        changes: [
          [0, 'int', 1],
          [0, 'nmi', 1],
        ],
      });
      expect(path(machine, 2)).toEqual(['0204 @14', '0066 @25']);
      expect(machine.cpu.registers.ix).toBe(0x1234);
    });

    it('one after the other are steps, with no interrupt between them', () => {
      const machine = machineWith('.byte $dd, $fd, $dd, $fd \n ld hl,$1234', {
        changes: [
          [0, 'int', 1],
          [0, 'nmi', 1],
        ],
      });
      expect(path(machine, 5)).toEqual(['0202 @8', '0203 @12', '0204 @16', '0207 @26', '0066 @37']);
      expect(machine.cpu.registers).toMatchObject({ iy: 0x1234, ix: 0, hl: 0 });
    });

    it('for ever do not hang the host', () => {
      const machine = machineWith('');
      machine.memory.load(0, new Uint8Array(0x10000).fill(0xdd));
      expect(machine.run(1_000_000)).toEqual({ reason: 'cycles', cycles: expect.any(Number) });
      expect(machine.cycles).toBeLessThan(1_000_010);
    });

    it('are forgotten before ED', () => {
      const machine = machineWith('.byte $dd \n sbc hl,de', { registers: { hl: 5, de: 3, ix: 9, af: 0 } });
      expect(path(machine, 1)).toEqual(['0203 @19']);
      expect(machine.cpu.registers).toMatchObject({ hl: 2, ix: 9 });
    });
  });

  describe('WAIT and BUSREQ', () => {
    it('WAIT holds up a fetch and an access for as long as it lasts', () => {
      const machine = machineWith('ld a,(hl)', {
        changes: [
          [3, 'wait', 1],
          [6, 'wait', 0],
        ],
        registers: { hl: 0x1000 },
      });
      expect(traced(machine, 1)).toEqual([
        '0 read 0200 7e',
        '2 idle 4000',
        '4 stalled read 1000',
        '5 stalled read 1000',
        '6 read 1000 00',
      ]);
      expect(machine.cycles).toBe(9);
    });

    it('BUSREQ holds the CPU between machine cycles, not within one', () => {
      const changes: Change[] = [
        [5, 'busreq', 1],
        [16, 'busreq', 0],
      ];
      const machine = machineWith('inc (hl)', { changes, registers: { hl: 0x1000 } });
      expect(traced(machine, 1)).toEqual([
        '0 read 0200 34',
        '2 idle 4000',
        '4 read 1000 00',
        '7 idle 1000',
        ...[8, 9, 10, 11, 12, 13, 14, 15].map((time) => `${time} stalled write 1000`),
        '16 write 1000 01',
      ]);
    });
  });

  describe('RESET', () => {
    const KEPT = { af: 0x1234, bc: 0x5678, de: 0x9abc, hl: 0xdef0, ix: 1, iy: 2, sp: 0x8000, af_: 3, bc_: 4 };
    const CLEARED = { pc: 0, i: 0, r: 0, im: 0, iff1: 0, iff2: 0, halted: 0 };

    it('clears PC, I and R, sets mode 0, disables interrupts, and leaves the rest', () => {
      const machine = machineWith('halt', { registers: { ...KEPT, im: 2 } });
      machine.run(100);
      const before = machine.cycles;
      machine.reset();
      expect(traced(machine, 2)).toEqual([
        `${before} idle 0000`,
        `${before + 1} idle 0000`,
        `${before + 2} read 0000 00`,
        `${before + 4} idle 0000`,
      ]);
      expect(machine.cpu.registers).toMatchObject({ ...KEPT, ...CLEARED, pc: 1, r: 1 });
    });

    it('as a line does so when it is let go', () => {
      const machine = machineWith('', {
        changes: [
          [20, 'reset', 1],
          [40, 'reset', 0],
        ],
        registers: KEPT,
      });
      machine.run(39);
      expect(machine.cpu.registers.pc).toBe(START + 6);
      machine.run(3);
      expect(machine.cpu.registers).toMatchObject({ ...KEPT, ...CLEARED });
    });

    it('at power-on finds AF and SP with all bits set', () => {
      const machine = createMachine(
        { clock: 1, cpu: { type: 'z80' }, memory: [{ at: 0, ram: '64K' }] },
        { plugins: [z80] },
      );
      step(machine);
      expect(machine.cpu.registers).toMatchObject({ ...CLEARED, af: 0xffff, sp: 0xffff });
    });
  });

  describe('OUT (C),0', () => {
    it.each([
      ['nmos', 0x00],
      ['cmos', 0xff],
    ])('on %s puts out %i', (variant, value) => {
      const machine = machineWith('out (c),0', { variant });
      expect(traced(machine, 1).at(-1)).toMatch(new RegExp(`${value.toString(16).padStart(2, '0')}$`));
    });
  });

  describe('RETI', () => {
    it('is seen on the bus, and restores IFF1 as RETN does', () => {
      const machine = machineWith('reti', { registers: { iff1: 0, iff2: 1, sp: 0x7000 } });
      expect(traced(machine, 1)).toContain('8 return 0000 00');
      expect(machine.cpu.registers).toMatchObject({ iff1: 1, iff2: 1, sp: 0x7002 });
      expect(machine.cycles).toBe(14);
    });
  });
});
