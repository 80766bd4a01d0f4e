/** The CPUs that random machines have, and what a random program has to know of each. */
import type { CpuPlugin, InstructionSet } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import { i8080, z80 } from '@backplane/cpu-z80';
import { eager } from '../eager.js';
import type { GremlinLine } from './gremlin.js';

export interface Subject {
  readonly plugin: CpuPlugin;
  readonly variants: readonly string[];
  /** Mnemonics of instructions that few programs have: after them not much happens any more. */
  readonly rare: RegExp;
  /** Mnemonics of instructions after which a program is somewhere else. */
  readonly leaves: RegExp;
  jump(to: number): number[];
  /** The ways a handler ends, and the ways a program lets interrupts in. */
  readonly returns: readonly (readonly number[])[];
  readonly enables: readonly (readonly number[])[];
  /** The CPU's names of the gremlin's lines. */
  readonly lines: Readonly<Partial<Record<GremlinLine, string>>>;
  /** Whether it has a daisy chain, and ports. */
  readonly isChained: boolean;
  /**
   * Memory that leads to the handlers of IRQ and NMI and to where RESET goes: address and bytes.
   */
  vectors(irq: number, nmi: number, reset: number): readonly (readonly [at: number, bytes: readonly number[]])[];
  /** Registers that the host may set, and their bits. */
  readonly registers: Readonly<Record<string, number>>;
}

const word = (value: number): number[] => [value & 0xff, value >> 8];

const jumpOf8080 = (to: number): number[] => [0xc3, ...word(to)];
const z80Lines = { irq: 'int', rdy: 'wait', reset: 'reset' } as const;

export const SUBJECTS: readonly Subject[] = [
  {
    plugin: eager(cpu6502, 2),
    variants: ['nmos', '2a03', 'wdc', 'rockwell', 'synertek'],
    rare: /^(jam|stp|wai|brk)/,
    leaves: /^(jmp|jsr|rts|rti)/,
    jump: (to) => [0x4c, ...word(to)],
    returns: [[0x40]],
    enables: [[0x58]],
    lines: { irq: 'irq', nmi: 'nmi', so: 'so', rdy: 'rdy', reset: 'reset' },
    isChained: false,
    vectors: (irq, nmi, reset) => [[0xfffa, [...word(nmi), ...word(reset), ...word(irq)]]],
    registers: { a: 8, x: 8, y: 8, s: 8, p: 8 },
  },
  {
    plugin: eager(z80, 2),
    variants: ['nmos', 'cmos'],
    rare: /^(halt|nop\.|rst)/,
    leaves: /^(jp|call|ret)/,
    jump: jumpOf8080,
    returns: [
      [0xed, 0x4d],
      [0xed, 0x45],
      [0xfb, 0xc9],
    ],
    // EI in each mode of interrupts.
    enables: [[0xfb], [0xed, 0x46, 0xfb], [0xed, 0x56, 0xfb], [0xed, 0x5e, 0xfb]],
    lines: { ...z80Lines, nmi: 'nmi' },
    isChained: true,
    vectors: (irq, nmi, reset) => [
      [0x0000, jumpOf8080(reset)],
      [0x0038, jumpOf8080(irq)],
      [0x0066, jumpOf8080(nmi)],
    ],
    registers: { af: 16, bc: 16, de: 16, hl: 16, ix: 16, iy: 16, sp: 16, i: 8, r: 8 },
  },
  {
    plugin: eager(i8080, 2),
    variants: ['8080'],
    rare: /^(hlt|rst)/,
    leaves: /^(j|c(all|n?z|n?c|p[eo]?|m)\b|r(et|n?z|n?c|p[eo]?|m)\b|pchl)/,
    jump: jumpOf8080,
    returns: [[0xfb, 0xc9], [0xc9]],
    enables: [[0xfb]],
    lines: z80Lines,
    isChained: true,
    vectors: (irq, nmi, reset) => [
      [0x0000, jumpOf8080(reset)],
      [0x0038, jumpOf8080(irq)],
      [0x0030, jumpOf8080(nmi)],
    ],
    registers: { af: 16, bc: 16, de: 16, hl: 16, sp: 16 },
  },
];

/** A CPU of a random machine. */
export interface ChosenCpu {
  readonly subject: Subject;
  readonly variant: string;
}

export const CPUS: readonly ChosenCpu[] = SUBJECTS.flatMap((subject) =>
  subject.variants.map((variant) => ({ subject, variant })),
);

export const instructionSetOf = ({ subject, variant }: ChosenCpu): InstructionSet =>
  subject.plugin.instructionSet(variant);
