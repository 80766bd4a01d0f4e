import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defineInstructionSet } from '../isa/instruction-set.js';
import { rtl } from '../isa/rtl-syntax.js';
import type { EngineChoice } from '../machine/build.js';
import type { MachineConfig } from '../machine/config.js';
import type { BusCycle } from '../machine/cpu.js';
import { createMachine, type Machine } from '../machine/machine.js';
import { defineCpu } from '../plugin/define-cpu.js';
import { defineDevice } from '../plugin/define-device.js';
import { deviceLaws } from '../testing/device-laws.js';
import { machineLaws } from '../testing/machine-laws.js';
import { toy, toyMachine, toyProgram } from '../testing/toy.js';
import * as z from '../zod.js';

/** Three links. A write of 0 to 2 requests, of 4 to 6 cancels, of 8 to 10 finishes; a read shows their states. */
const source = defineDevice({
  type: 'source',
  version: 1,
  size: 1,
  config: z.object({ vector: z.int().default(0x40) }),
  chain: ['high', 'middle', 'low'],
  create({ config, chain }) {
    const links = [chain.high, chain.middle, chain.low];
    const look = () =>
      links.reduce((bits, { pending, inService }) => (bits << 2) | (Number(inService) << 1) | Number(pending), 0);
    return {
      reset() {
        for (const link of links) {
          link.cancel();
          link.finish();
        }
      },
      read: look,
      peek: look,
      write(_offset, value) {
        const link = links[value & 3];
        if (value < 4) link?.request();
        else if (value < 8) link?.cancel();
        else link?.finish();
      },
      acknowledge: (link) => config.vector + ['high', 'middle', 'low'].indexOf(link),
    };
  },
});

const alarm = defineDevice({
  type: 'alarm',
  version: 1,
  size: 1,
  lines: ['out'],
  create: ({ lines }) => ({
    write: (_offset, value) => (value === 0 ? lines.out.release() : lines.out.assert()),
  }),
});

/** Asks for an interrupt at one moment, and holds up the CPU at others. */
const timed = defineDevice({
  type: 'timed',
  version: 1,
  config: z.object({ at: z.int(), steals: z.array(z.int()).default([]) }),
  chain: ['only'],
  create: ({ config, chain, event, stall }) => {
    const due = event('due', () => chain.only.request());
    const thefts = config.steals.map((at, index) => ({
      at,
      theft: event(`theft ${index}`, () => stall(['read', 'write', 'idle'], 2)),
    }));
    return {
      reset() {
        due.after(config.at);
        for (const { at, theft } of thefts) theft.after(at);
      },
      acknowledge: () => 0x77,
    };
  },
});

const chainless = defineCpu({
  type: 'chainless',
  version: 1,
  variants: {
    chainless: () =>
      defineInstructionSet({
        name: 'chainless',
        addressWidth: 16,
        byteOrder: 'big',
        registers: { pc: 16 },
        shown: ['pc'],
        programCounter: 'pc',
        cycles: { idle: { kind: 'idle' } },
        step: rtl`idle(pc)`,
        reset: rtl`idle(pc)`,
        rows: [],
      }),
  },
  defaultVariant: 'chainless',
});

const plugins = [source, alarm, timed];
const config = {
  cpu: { type: 'toy', daisyChain: ['b', 'a'] },
  devices: { a: { type: 'source', vector: 0x10 }, b: { type: 'source', vector: 0x20 }, alarm: { type: 'alarm' } },
  memory: [
    { at: 0x8000, device: 'a' },
    { at: 0x9000, device: 'b' },
    { at: 0xa000, device: 'alarm' },
  ],
  wires: [['alarm.out', 'cpu.int']],
} satisfies Partial<MachineConfig>;

const machineOf = (program: string, engine: EngineChoice, changes: Partial<MachineConfig> = {}): Machine =>
  toyMachine(program, { ...config, ...changes }, plugins, engine);

/** A program that asks whether the input is asserted, acknowledges and so on, and what it stores. */
const wrote = (steps: readonly string[], engine: EngineChoice, changes: Partial<MachineConfig> = {}): number[] => {
  let stored = 0;
  const lines = steps.map((step) => {
    const [op = '', device = '', link = ''] = step.split(' ');
    const value = ['request', 'cancel', 'finish'].indexOf(op) * 4 + Number(link);
    if (value >= 0) return `LD #${value}\n ST $${{ a: '8000', b: '9000' }[device]}`;
    if (op === 'alarm') return `LD #${device}\n ST $a000`;
    if (op === 'reti') return 'RETI';
    stored += 1;
    return `${op === 'int' ? 'LD INT' : 'ACK'}\n ST $${(0x6fff + stored).toString(16)}`;
  });
  const machine = machineOf(`${lines.join('\n')}\n STOP`, engine, changes);
  machine.runUntil({ halted: true });
  return [...machine.memory.read(0x7000, stored)];
};

describe.each(['evaluator', 'interpreter'] as const)('in the %s, a daisy chain', (engine) => {
  test.each([
    ['asserts the input while a link asks', ['int', 'request a 0', 'int', 'cancel a 0', 'int'], [0, 1, 0]],
    ['serves the device named first', ['request a 0', 'request b 2', 'ack', 'reti', 'ack'], [0x22, 0x10]],
    ['serves the link declared first', ['request a 2', 'request a 1', 'ack'], [0x11]],
    ['lets a higher link interrupt a lower', ['request a 0', 'ack', 'request b 2', 'int', 'ack'], [0x10, 1, 0x22]],
    ['lets no lower link interrupt', ['request b 2', 'ack', 'request a 0', 'int', 'reti', 'int'], [0x22, 0, 1]],
    ['lets no link interrupt itself', ['request a 1', 'ack', 'request a 1', 'int', 'reti', 'int'], [0x11, 0, 1]],
    [
      'ends the highest service first',
      ['request a 0', 'ack', 'request b 0', 'ack', 'reti', 'request a 1', 'int'],
      [0x10, 0x20, 0],
    ],
    ['lets a device end a service', ['request a 0', 'ack', 'request a 1', 'finish a 0', 'int'], [0x10, 1]],
    ['gives the open bus where nobody asks', ['ack', 'request a 0', 'ack', 'request a 1', 'ack'], [0xff, 0x10, 0xff]],
    ['knows a RETI that nothing waits for', ['reti', 'request a 0', 'reti', 'ack'], [0x10]],
    ['shares the input with wires', ['alarm 1', 'int', 'request a 0', 'alarm 0', 'int', 'ack', 'int'], [1, 1, 0x10, 0]],
    ['gives the open bus to wired devices', ['alarm 1', 'ack', 'int'], [0xff, 1]],
  ])('%s', (_name, steps, wanted) => {
    expect(wrote(steps, engine)).toEqual(wanted);
  });

  test('gives the open bus of the machine, and to a CPU without one', () => {
    expect(wrote(['ack'], engine, { openBus: 0x3c })).toEqual([0x3c]);
    expect(wrote(['request a 0', 'int', 'ack', 'reti'], engine, { cpu: { type: 'toy' } })).toEqual([0, 0xff]);
  });

  test('serves in the order that IEI and IEO give', () => {
    const step = fc.constantFrom(
      ...['a', 'b'].flatMap((device) =>
        ['request', 'request', 'cancel', 'finish'].flatMap((op) => [0, 1, 2].map((link) => `${op} ${device} ${link}`)),
      ),
      ...Array<string>(8).fill('ack'),
      ...Array<string>(6).fill('reti'),
      ...Array<string>(6).fill('int'),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        expect(wrote(steps, engine)).toEqual(modelled(steps));
      }),
      { numRuns: 60 },
    );
  });

  test('shows what happens on the bus, each at its time', () => {
    const program = 'NOP\n ACK\n RETI\n STOP';
    const machine = machineOf(program, engine, {
      cpu: { type: 'toy', daisyChain: ['soon', 'a', 'b'] },
      devices: { ...config.devices, soon: { type: 'timed', at: 3 } },
    });
    const trace: string[] = [];
    machine.onCycle = ({ cycle, kind, space, address, value }: BusCycle) =>
      void trace.push(`${cycle} ${kind} ${space} ${address} ${value}`);
    machine.runUntil({ halted: true });
    expect(trace).toEqual([
      '0 idle memory 0 0',
      '1 read memory 0 0',
      '2 read memory 1 14',
      // What is due at the moment of the cycle comes before it.
      '3 acknowledge memory 2 119',
      '6 read memory 2 15',
      '7 return memory 0 0',
      '7 idle memory 3 0',
      '8 read memory 3 9',
    ]);
    const late = machineOf(program, engine, {
      cpu: { type: 'toy', daisyChain: ['soon'] },
      devices: { ...config.devices, soon: { type: 'timed', at: 4 } },
    });
    late.runUntil({ halted: true });
    expect(late.cpu.registers.a).toBe(0xff);
  });

  test('lets acknowledge cycles wait as reads do, and returns never', () => {
    const trace: string[] = [];
    const machine = machineOf('ACK\n RETI\n NOP', engine, {
      devices: { ...config.devices, soon: { type: 'timed', at: 0, steals: [2, 8] } },
    });
    machine.onCycle = ({ cycle, kind, stalled }: BusCycle) =>
      void trace.push(`${cycle} ${kind}${stalled ? ' stalled' : ''}`);
    machine.run(12);
    expect(trace).toEqual([
      '0 idle',
      '1 read',
      '2 acknowledge stalled',
      '3 acknowledge stalled',
      '4 acknowledge',
      '7 read',
      '8 return',
      '8 idle stalled',
      '9 idle stalled',
      '10 idle',
      '11 read',
    ]);
  });

  test.each(
    machineLaws(
      {
        clock: 1_000_000,
        ...config,
        memory: [{ at: 0, ram: '32K', image: 'program' }, ...config.memory],
      },
      {
        plugins: [toy, ...plugins],
        images: {
          program: toyProgram(
            'LD #1\n ST $9000\n ACK\n ST $8000\n LD #2\n ST $8000\n LD INT\n ST $9000\n ACK\n RETI\n JMP 0',
          ),
        },
      },
      { engine, runs: 20 },
    ),
  )('keeps the laws of machines: %s', (_name, check) => check());
});

describe.each(['evaluator', 'interpreter'] as const)('in the %s, laws of a device in a chain', (engine) => {
  test.each(deviceLaws(source, { engine }))('%s', (_name, check) => check());
});

/** What the steps would store: each link with IEI in and IEO out, as Zilog's user manual draws them. */
function modelled(steps: readonly string[]): number[] {
  const links = ['b', 'a'].flatMap((device) =>
    [0, 1, 2].map((link) => ({ device, link, pending: false, inService: false })),
  );
  const enabled = () => {
    let iei = true;
    return links.filter((link) => {
      const isEnabled = iei;
      iei &&= !link.pending && !link.inService;
      return isEnabled;
    });
  };
  const asking = () => enabled().find(({ pending, inService }) => pending && !inService);
  const stored: number[] = [];
  for (const step of steps) {
    const [op, device, number] = step.split(' ');
    const link = links.find((one) => one.device === device && one.link === Number(number));
    if (op === 'int') stored.push(asking() ? 1 : 0);
    else if (op === 'ack') {
      const next = asking();
      if (next) Object.assign(next, { pending: false, inService: true });
      stored.push(next ? { a: 0x10, b: 0x20 }[next.device as 'a' | 'b'] + next.link : 0xff);
    } else if (op === 'reti') {
      // While a RETI is fetched, links that only ask let IEI through.
      const ending = links.find(({ inService }) => inService);
      if (ending) ending.inService = false;
    } else if (link) {
      if (op === 'finish') link.inService = false;
      else link.pending = op === 'request';
    }
  }
  return stored;
}

describe('a config', () => {
  const make = (daisyChain: unknown, changes: Record<string, unknown> = {}) =>
    createMachine(
      {
        clock: 1_000_000,
        cpu: { type: 'toy', daisyChain },
        devices: { one: { type: 'source' }, two: { type: 'source' }, alarm: { type: 'alarm' } },
        ...changes,
      } as MachineConfig,
      { plugins: [...plugins, toy, chainless] },
    );

  test.each([
    [
      'that names no device',
      ['one', 'twoo'],
      "cpu.daisyChain[1]: no device 'twoo' that has a place in a daisy chain; did you mean 'two'?",
    ],
    [
      'that names a device without links',
      ['alarm'],
      "cpu.daisyChain[0]: no device 'alarm' that has a place in a daisy chain; there is 'one', 'two'",
    ],
    ['that names one twice', ['one', 'two', 'one'], "cpu.daisyChain[2]: 'one' has its place already; name it once"],
  ])('%s is refused', (_what, daisyChain, message) => {
    expect(() => make(daisyChain)).toThrow(expect.objectContaining({ code: 'config/daisy-chain', message }));
  });

  test('that puts a device into the chains of two CPUs is refused', () => {
    const cpus = { first: { type: 'toy', daisyChain: ['one'] }, second: { type: 'toy', daisyChain: ['two', 'one'] } };
    expect(() => make(undefined, { cpu: undefined, cpus })).toThrow(
      "cpus.second.daisyChain[1]: 'one' has its place already; name it once",
    );
  });

  test('that gives a chain to a CPU that knows none is refused', () => {
    expect(() => make([], { cpu: { type: 'chainless', daisyChain: [] } })).toThrow(
      'cpu.daisyChain: the chainless has none; wire the interrupt lines',
    );
  });

  test('shows the chain among what drives the input', () => {
    const nets = make(['one'])
      .nets()
      .map(({ members }) => members.join(' '));
    expect(nets).toContain('main.int main.daisyChain');
  });

  test('may give each CPU a chain of its own', () => {
    const cpus = { first: { type: 'toy', daisyChain: ['one'] }, second: { type: 'toy', daisyChain: ['two'] } };
    expect(() => make(undefined, { cpu: undefined, cpus })).not.toThrow();
  });
});
