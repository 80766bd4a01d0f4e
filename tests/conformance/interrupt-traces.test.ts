/** Interrupts on the bus, against a transistor-level simulator. */
import { createMachine, defineDevice, type Machine } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import { describe, expect, it } from 'vitest';
import { describeWithReferences } from '../references.js';
import {
  cyclesSince,
  ENGINES,
  opcodesIn,
  readReferenceJson,
  recordTrace,
  type State,
  sameTrace,
  setRegisters,
  showTrace,
  type TestedEngine,
  type TraceCycle,
} from './harness.js';
import { agrees, excepts } from './record.js';

type PinChange = [cycle: number, line: 'irq' | 'nmi', level: 0 | 1];

interface Trace {
  readonly name: string;
  readonly initial: State;
  readonly pins: readonly PinChange[];
  readonly cycles: readonly TraceCycle[];
}

/** What the signal generator is to do from its next reset on. Cycle 0 is the cycle after that. */
let schedule: readonly PinChange[] = [];

/** A device as any other: at given cycles it drives its lines. */
const signalGenerator = defineDevice({
  type: 'signal-generator',
  version: 1,
  lines: ['irq', 'nmi'],
  create({ lines, event }) {
    const change = (line: 'irq' | 'nmi') => [
      event(`${line}-falls`, () => lines[line].assert()),
      event(`${line}-rises`, () => lines[line].release()),
    ];
    const changes = { irq: change('irq'), nmi: change('nmi') };
    return {
      reset() {
        for (const [cycle, line, level] of schedule) changes[line][level]?.after(cycle);
      },
    };
  },
});

const machineWithSignals = (): Machine =>
  createMachine(
    {
      clock: '1 MHz',
      cpu: { type: '6502', variant: 'nmos' },
      devices: { generator: { type: 'signal-generator' } },
      memory: [{ at: 0, ram: '64K' }],
      wires: [
        ['generator.irq', 'cpu.irq'],
        ['generator.nmi', 'cpu.nmi'],
      ],
    },
    { plugins: [cpu6502, signalGenerator] },
  );

/** ANE, LXA, SHA, SHX, SHY, TAS: what they read and write depends on the chip; order and addresses do not. */
const UNSTABLE = new Set([0x8b, 0xab, 0x93, 0x9f, 0x9e, 0x9c, 0x9b]);

/** Where another emulator takes the IRQ vector and the simulator the NMI vector. We side with the simulator. */
const DOUBTFUL = ['10', '30', '50', '70', '90', 'b0', 'd0', 'f0'].map((opcode) => `${opcode} taken-cross irq+nmi@0`);

describeWithReferences('interrupts/6502', () => {
  const machine = machineWithSignals();
  const fresh = machine.checkpoint();
  const trace = recordTrace(machine);
  const doubtful: string[] = [];
  let count = 0;
  /** Cycles by the engine that was asked for, and the one that ran them. */
  const total = {
    evaluator: { evaluator: 0, interpreter: 0 },
    interpreter: { evaluator: 0, interpreter: 0 },
  };

  function run({ initial, pins, cycles }: Trace, engine: TestedEngine): TraceCycle[] {
    machine.restore(fresh);
    schedule = pins;
    machine.reset();
    for (const [address, value] of initial.ram) machine.memory.poke(address, value);
    setRegisters(machine, initial);
    machine.setEngine(engine);
    trace.length = 0;
    const before = machine.stats();
    machine.run(cycles.length);
    const ran = cyclesSince(before, machine);
    for (const each of ENGINES) total[engine][each] += ran[each];
    return trace.slice(0, cycles.length);
  }

  const opcodes = opcodesIn('interrupts/6502');
  it.each(opcodes)('opcode %s', (file) => {
    const isUnstable = UNSTABLE.has(Number.parseInt(file, 16));
    const mask = (cycles: readonly TraceCycle[]): TraceCycle[] =>
      cycles.map(([address, value, direction]) => [address, isUnstable ? 0 : value, direction]);
    const traces = readReferenceJson<Trace[]>(`interrupts/6502/${file}.json.gz`);
    for (const reference of traces) {
      count += 1;
      if (DOUBTFUL.includes(reference.name)) doubtful.push(reference.name);
      for (const engine of ENGINES) {
        const [seen, wanted] = [mask(run(reference, engine)), mask(reference.cycles)];
        if (sameTrace(seen, wanted)) continue;
        expect({ name: reference.name, engine, pins: reference.pins, trace: showTrace(seen) }).toEqual({
          name: reference.name,
          engine,
          pins: reference.pins,
          trace: showTrace(wanted),
        });
      }
    }
    const data = 'interrupts/6502';
    for (const engine of ENGINES)
      agrees({ cpu: '6502', variant: 'nmos', data, unit: 'traces', engine, count: traces.length });
    if (isUnstable) {
      const why = 'what they read and write depends on the chip; order and addresses do not';
      excepts({ data, what: 'values on the bus of ANE, LXA, SHA, SHX, SHY and TAS', why });
    }
    if (traces.some(({ name }) => DOUBTFUL.includes(name))) {
      const why =
        'another emulator takes the IRQ vector there and the simulator the NMI vector; we side with the simulator';
      excepts({ data, what: `${DOUBTFUL.length} traces in doubt: taken-cross irq+nmi@0 of the branches`, why });
    }
  });

  describe('as a whole', () => {
    it('ran in the engine asked for: compiled code wherever no pin is about to change', () => {
      expect(total.evaluator.interpreter).toBe(0);
      expect(total.interpreter.interpreter).toBeGreaterThan(0.25 * total.evaluator.evaluator);
    });

    it('is 12,570 traces, the 8 doubtful ones among them', () => {
      expect(count).toBe(12_570);
      expect(doubtful).toEqual(DOUBTFUL);
    });
  });
});
