/** Interrupts of CTC, SIO and PIO at a Z80: who is served, and when. */
import { createMachine, defineDevice, u16, z } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { z80 } from '@backplane/cpu-z80';
import { ctc, pio, sio } from '@backplane/devices';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Sources in the order of the chain, with their vectors. */
const SOURCES = [
  ['ctc0', 0x10],
  ['ctc1', 0x12],
  ['ctc2', 0x14],
  ['ctc3', 0x16],
  ['sioA', 0x2c],
  ['sioB', 0x24],
  ['pioA', 0x30],
  ['pioB', 0x32],
] as const;
const SIO = [4, 5];
/** A frame at the SIO's rate here, in cycles. */
const FRAME = 16;

/** At certain cycles it pulses a line, or sends a byte to the SIO: each a request of a source. */
const outside = defineDevice({
  type: 'outside',
  version: 1,
  lines: ['trg0', 'trg1', 'trg2', 'trg3', 'astb', 'bstb'],
  channels: ['a', 'b'],
  config: z.object({ schedule: z.array(z.object({ at: z.int(), source: z.int() })) }),
  state: () => ({ next: u16() }),
  create({ config: { schedule }, state, lines, channels, clock, event }) {
    const wires = [lines.trg0, lines.trg1, lines.trg2, lines.trg3, undefined, undefined, lines.astb, lines.bstb];
    const request = event('request', () => {
      const { source = 0 } = schedule[state.next] ?? {};
      wires[source]?.assert();
      wires[source]?.release();
      if (source === SIO[0]) channels.a.send(source);
      if (source === SIO[1]) channels.b.send(source);
      state.next += 1;
      arm();
    });
    const arm = (): void => {
      const due = schedule[state.next];
      if (due) request.after(due.at - clock.now());
    };
    return { reset: arm };
  },
});

interface Routine {
  /** Whether it lets others interrupt it from its beginning. */
  readonly nests: boolean;
  /** How long it takes. */
  readonly rounds: number;
}

/** Each source has a routine: it satisfies its device, takes a while, and returns. */
const program = (routines: readonly Routine[], end: string): string => `
        jp start
        .org $0100
        .fill $10, 0
        .word routine0, routine1, routine2, routine3
        .fill 8, 0
        .word 0, 0, routine5, routine5, 0, 0, routine4, routine4
        .word routine6, routine7
start:  ld sp,$8000
        ld a,1
        ld i,a
        im 2
        ld hl,setup
next:   ld a,(hl)
        inc a
        jr z,ready
        dec a
        ld c,a
        inc hl
        ld b,(hl)
        inc hl
        otir
        jr next
ready:  ei
wait:   halt
        jr wait
${routines
  .map(
    ({ nests, rounds }, index) => `
routine${index}:
        ${nests ? 'ei' : 'nop'}
        push af
        ${SIO.includes(index) ? `in a,(${index === SIO[0] ? 8 : 9})` : ''}
        ld a,${rounds}
@round: dec a
        jr nz,@round
        pop af
        ei
        ${end}`,
  )
  .join('')}
; Port, number of bytes, bytes.
setup:  .byte $10, 1, $10
        .byte $10, 2, $d7, 1, $11, 2, $d7, 1, $12, 2, $d7, 1, $13, 2, $d7, 1
        .byte $0b, 4, 2, $20, 1, $04
        .byte $0a, 8, 4, $44, 3, $c1, 5, $68, 1, $18
        .byte $0b, 8, 4, $44, 3, $c1, 5, $68, 1, $1c
        .byte $02, 3, $4f, $30, $83
        .byte $03, 3, $4f, $32, $83
        .byte $ff`;

function machineOf(
  routines: readonly Routine[],
  schedule: readonly { readonly at: number; readonly source: number }[],
  engine: 'evaluator' | 'interpreter',
  end = 'reti',
) {
  const { bytes } = assemble(z80.instructionSet(), program(routines, end));
  return createMachine(
    {
      clock: 4_000_000,
      cpu: { type: 'z80', daisyChain: ['ctc', 'sio', 'pio'] },
      devices: {
        ctc: { type: 'ctc' },
        sio: { type: 'sio', clockA: 40_000_000, clockB: 40_000_000 },
        pio: { type: 'pio' },
        outside: { type: 'outside', schedule },
      },
      memory: [{ at: 0, ram: '32K', image: 'program' }],
      io: [
        { at: 0x00, device: 'pio' },
        { at: 0x08, device: 'sio' },
        { at: 0x10, device: 'ctc' },
        { at: 0x100, mirror: 0, of: 0x100, size: 0xff00 },
      ],
      wires: [
        ...[0, 1, 2, 3].map((index): [string, string] => [`outside.trg${index}`, `ctc.trg${index}`]),
        ['outside.astb', 'pio.astb'],
        ['outside.bstb', 'pio.bstb'],
        ['outside.a', 'sio.seriala'],
        ['outside.b', 'sio.serialb'],
      ],
    },
    { plugins: [z80, ctc, sio, pio, outside], images: { program: bytes }, engine },
  );
}

/** The program is ready by then. */
const READY = 4000;
const plain: readonly Routine[] = SOURCES.map(() => ({ nests: true, rounds: 10 }));

/** Vectors in the order they were taken, `-` for each RETI. */
function served(...parameters: Parameters<typeof machineOf>): string[] {
  const machine = machineOf(...parameters);
  const log: string[] = [];
  machine.onCycle = ({ kind, value }) => {
    if (kind === 'acknowledge') log.push(SOURCES.find(([, vector]) => vector === value)?.[0] ?? `${value}`);
    if (kind === 'return') log.push('-');
  };
  machine.run(100_000);
  return log;
}

describe.each(['evaluator', 'interpreter'] as const)('in the %s, a Z80 in mode 2', (engine) => {
  const numbered = (...requests: readonly (readonly [at: number, source: string])[]) =>
    requests.map(([at, name]) => ({ at: READY + at, source: SOURCES.findIndex(([source]) => source === name) }));

  test('serves each source by its vector', () => {
    const schedule = SOURCES.map((_, source) => ({ at: READY + source * 1000, source }));
    expect(served(plain, schedule, engine)).toEqual(SOURCES.flatMap(([name]) => [name, '-']));
  });

  test('serves those that ask at once in the order of the chain', () => {
    const schedule = SOURCES.map((_, source) => ({ at: READY, source })).reverse();
    const late = plain.map((routine) => ({ ...routine, nests: false }));
    expect(served(late, schedule, engine).filter((entry) => entry !== '-')).toEqual(SOURCES.map(([name]) => name));
  });

  test('is interrupted in a routine by higher priority alone', () => {
    const schedule = numbered([0, 'sioB'], [150, 'pioA'], [160, 'ctc2'], [300, 'ctc3'], [310, 'ctc1']);
    expect(served(plain, schedule, engine)).toEqual(['sioB', 'ctc2', 'ctc1', '-', '-', 'ctc3', '-', '-', 'pioA', '-']);
  });

  test('serves a source again that asked while it was served', () => {
    expect(served(plain, numbered([0, 'pioA'], [100, 'pioA']), engine)).toEqual(['pioA', '-', 'pioA', '-']);
  });

  test.each(['ret', 'retn'])('ends no service by %s', (end) => {
    expect(served(plain, numbered([0, 'ctc3'], [1000, 'pioA'], [1001, 'ctc3'], [2000, 'ctc0']), engine, end)).toEqual([
      'ctc3',
      'ctc0',
    ]);
  });

  test('serves in the order of the data sheet, whatever asks whenever', () => {
    const request = fc.record({
      at: fc.integer({ min: READY, max: READY + 6000 }),
      source: fc.nat(SOURCES.length - 1),
    });
    const routine = fc.record({ nests: fc.boolean(), rounds: fc.integer({ min: 1, max: 60 }) });
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 40 }),
        fc.array(routine, { minLength: SOURCES.length, maxLength: SOURCES.length }),
        (requests, routines) => {
          const schedule = [...requests].sort((a, b) => a.at - b.at);
          const machine = machineOf(routines, schedule, engine);
          const model = new Model(schedule);
          machine.onCycle = ({ cycle, kind, space, address, value }) => {
            if (kind === 'acknowledge') expect(value & ~0x02).toBe(model.acknowledge(cycle) & ~0x02);
            if (kind === 'return') model.endOfInterrupt();
            if (kind === 'read' && space === 'io') model.read(SIO[address & 1] as number, cycle);
          };
          machine.run(READY + 6000 + 40 * 1500);
          model.expectRest();
          const { fields = {} } = machine.snapshot().components.find(({ id }) => id === 'device/ctc') ?? {};
          expect(Object.entries(fields).filter(([name, set]) => /\.(pending|inService)$/.test(name) && set)).toEqual(
            [],
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Whom IEI and IEO let be served, from what is asked for when. */
class Model {
  /** Moments at which each source asks, yet to come. */
  readonly #coming: number[][] = SOURCES.map(() => []);
  /** For the SIO the number of characters, for the others 0 or 1. */
  readonly #asking: number[] = SOURCES.map(() => 0);
  readonly #inService: boolean[] = SOURCES.map(() => false);

  constructor(schedule: readonly { readonly at: number; readonly source: number }[]) {
    schedule.forEach(({ at, source }, index) => {
      // A counter of the CTC steps with the next edge of its clock; a frame takes its time, unless the next one comes.
      const following =
        schedule.slice(index + 1).find((other) => other.source === source)?.at ?? Number.POSITIVE_INFINITY;
      const delay = source < 4 ? 1 : SIO.includes(source) ? Math.min(FRAME, following - at) : 0;
      this.#coming[source]?.push(at + delay);
    });
  }

  #until(cycle: number): void {
    this.#coming.forEach((moments, source) => {
      while ((moments[0] ?? Number.POSITIVE_INFINITY) <= cycle) {
        moments.shift();
        this.#asking[source] = SIO.includes(source) ? Math.min(3, (this.#asking[source] as number) + 1) : 1;
      }
    });
  }

  acknowledge(cycle: number): number {
    this.#until(cycle);
    for (const [source, [, vector]] of SOURCES.entries()) {
      // In service it keeps IEO low: nobody further down the chain may answer, nor it itself.
      if (this.#inService[source]) return -1;
      if (this.#asking[source] === 0) continue;
      if (!SIO.includes(source)) this.#asking[source] = 0;
      this.#inService[source] = true;
      return vector;
    }
    return -1;
  }

  read(source: number, cycle: number): void {
    this.#until(cycle);
    this.#asking[source] = Math.max(0, (this.#asking[source] as number) - 1);
  }

  endOfInterrupt(): void {
    const source = this.#inService.indexOf(true);
    expect(source).not.toBe(-1);
    this.#inService[source] = false;
  }

  expectRest(): void {
    expect([this.#asking, this.#inService, this.#coming].flat(2).filter(Boolean)).toEqual([]);
  }
}
