import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toyMachine } from '../testing/toy.js';

const spin = 'loop: JMP loop';

describe.each(['evaluator', 'interpreter'] as const)('in the %s, run(n)', (engine) => {
  test('ends at the first instruction boundary at or after n cycles', () => {
    const machine = toyMachine(spin, {}, [], engine);
    // The reset takes a cycle, each jump three.
    expect(machine.run(1)).toEqual({ reason: 'cycles', cycles: 1 });
    expect(machine.run(1)).toEqual({ reason: 'cycles', cycles: 3 });
    expect(machine.cycles).toBe(4);
  });

  test('counts what it overshoots against the next run', () => {
    const machine = toyMachine(spin, {}, [], engine);
    machine.run(2);
    expect(machine.cycles).toBe(4);
    expect(machine.run(1)).toEqual({ reason: 'cycles', cycles: 0 });
    expect(machine.run(1)).toEqual({ reason: 'cycles', cycles: 0 });
    expect(machine.run(1).cycles).toBe(3);
  });

  test('of any slices is the run of their sum', () => {
    const program = 'loop: ADD #3\n ST $0400\n IDLE\n JMP loop';
    fc.assert(
      fc.property(fc.array(fc.nat(200), { minLength: 1, maxLength: 10 }), (slices) => {
        const sliced = toyMachine(program, {}, [], engine);
        for (const slice of slices) sliced.run(slice);
        const whole = toyMachine(program, {}, [], engine);
        whole.run(slices.reduce((sum, slice) => sum + slice, 0));
        expect(sliced.snapshot()).toEqual(whole.snapshot());
      }),
      { numRuns: 50 },
    );
  });

  test('of nothing, of less than nothing and of a part of a cycle does nothing', () => {
    const machine = toyMachine(spin, {}, [], engine);
    expect([machine.run(0).cycles, machine.run(-5).cycles, machine.run(0.9).cycles]).toEqual([0, 0, 0]);
    expect(machine.cycles).toBe(0);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('of %d is refused', (cycles) => {
    const machine = toyMachine(spin, {}, [], engine);
    expect(() => machine.run(cycles)).toThrow(
      `${cycles} cycles cannot be run; give a number, or use runUntil, which needs no limit`,
    );
    expect(machine.run(1).cycles).toBe(1);
  });
});

describe('step', () => {
  test('runs one instruction; the first one is the reset', () => {
    const machine = toyMachine('LD #7\n ADD #1');
    expect(machine.step()).toEqual({ reason: 'cycles', cycles: 1 });
    expect(machine.step()).toEqual({ reason: 'cycles', cycles: 2 });
    expect(machine.cpu.registers.a).toBe(7);
    machine.step();
    expect(machine.cpu.registers.a).toBe(8);
  });

  test('moves the present on: what it took is not run again', () => {
    const machine = toyMachine(spin);
    for (let step = 0; step < 4; step += 1) machine.step();
    expect(machine.cycles).toBe(10);
    expect(machine.run(3).cycles).toBe(3);
  });
});

describe('registers', () => {
  test('start as the description says', () => {
    expect(toyMachine('NOP').cpu.registers).toEqual({ pc: 0, a: 0x5a, v: 0, irqs: 0, nmis: 0 });
  });

  test('can be set, and wrap', () => {
    const { registers } = toyMachine('NOP').cpu;
    registers.a = 0x1ff;
    registers.pc = -1;
    expect([registers.a, registers.pc]).toEqual([0xff, 0xffff]);
  });

  test('set to another program counter take back a reset that is still to run', () => {
    const machine = toyMachine('NOP\n LD #9');
    machine.cpu.registers.pc = 1;
    machine.step();
    expect([machine.cpu.registers.a, machine.cycles]).toEqual([9, 2]);
  });
});

describe('reset', () => {
  test('runs the reset sequence next, and leaves memory alone', () => {
    const machine = toyMachine('LD #7\n ST $0400\n loop: JMP loop');
    machine.run(20);
    machine.reset();
    expect(machine.cpu.programCounter).toBe(5);
    machine.step();
    expect([machine.cpu.programCounter, machine.memory.peek(0x400)]).toEqual([0, 7]);
  });

  test('lets time go on', () => {
    const machine = toyMachine(spin);
    machine.run(20);
    const { cycles } = machine;
    machine.reset();
    expect(machine.cycles).toBe(cycles);
  });
});

describe('a CPU that has jammed or stopped', () => {
  test.each([
    ['JAM', 'jam', 'jammed'],
    ['STOP', 'stopped', 'stopped'],
  ] as const)('by %s says so at the end of its run, and its time goes on', (instruction, reason, status) => {
    const machine = toyMachine(`NOP\n ${instruction}\n NOP`);
    expect(machine.cpu.status).toBe('running');
    expect(machine.run(100)).toEqual({ reason, cycles: 100 });
    expect(machine.cpu.status).toBe(status);
    expect(machine.run(100)).toEqual({ reason, cycles: 100 });
  });

  test('runs again after a reset', () => {
    const machine = toyMachine('ADD #1\n JAM');
    machine.run(100);
    machine.reset();
    expect(machine.cpu.status).toBe('running');
    expect(machine.runUntil(2).reason).toBe('condition');
    expect(machine.cpu.registers.a).toBe(0x5c);
  });

  test('says that it waits, and stops waiting at an interrupt', () => {
    const machine = toyMachine('WAIT\n LD #1\n loop: JMP loop');
    machine.run(10);
    expect(machine.cpu.status).toBe('waiting');
    const [cpu] = machine.parts.cpus.values();
    const irq = cpu?.isa.inputs.find(({ name }) => name === 'irq');
    if (!cpu || !irq) throw new Error('no IRQ');
    cpu.setInput(irq, true);
    machine.run(10);
    expect([machine.cpu.status, machine.cpu.registers.a]).toEqual(['running', 1]);
  });
});

test('dispose lets go of listeners, and the machine runs no more', () => {
  const machine = toyMachine(spin);
  let heard = 0;
  machine.on('stop', () => {
    heard += 1;
  });
  machine.run(10);
  machine.dispose();
  for (const action of [() => machine.run(1), () => machine.step(), () => machine.runUntil(0), () => machine.reset()]) {
    expect(action).toThrow('the machine was disposed of');
  }
  expect(heard).toBe(1);
  expect(machine.memory.peek(0)).toBe(4);
});

describe('memory', () => {
  test('can be loaded and read in one go, around the end of the address space', () => {
    const machine = toyMachine('NOP', { memory: [{ at: 0xff00, ram: 0x100 }] });
    machine.memory.load(0xfffe, Uint8Array.of(1, 2, 3, 4));
    expect([...machine.memory.read(0xfffe, 4)]).toEqual([1, 2, 3, 4]);
    expect(machine.memory.peek(1)).toBe(4);
  });

  test('takes addresses of any size, and bytes of any size', () => {
    const machine = toyMachine('NOP');
    expect(machine.memory.poke(0x10005, 0x1ff)).toBe(true);
    expect([machine.memory.peek(5), machine.memory.peek(-0xfffb)]).toEqual([0xff, 0xff]);
  });

  test('of an I/O space is another one', () => {
    const machine = toyMachine('LD #5\n OUT ($10)\n IN ($11)\n loop: JMP loop', {
      cpu: {
        type: 'toy',
        memory: [{ at: 0, ram: 0x100, image: 'program' }],
        io: [
          { at: 0x10, ram: 1 },
          { at: 0x11, ram: 1 },
        ],
      },
      memory: undefined,
    });
    machine.cpu.io.poke(0x11, 0x77);
    machine.runUntil({ trap: true });
    expect([machine.cpu.io.peek(0x10), machine.cpu.registers.a, machine.memory.peek(0x10)]).toEqual([5, 0x77, 0]);
  });
});

test('the same config gives the same machine; names and statistics can be asked for', () => {
  const machine = toyMachine(spin, { name: 'spinner', clock: '1 MHz' });
  machine.run(1000);
  expect([machine.name, machine.time, machine.seconds]).toEqual(['spinner', 1000, 0.001]);
  expect(machine.stats().cycles.evaluator + machine.stats().cycles.interpreter).toBe(1000);
  expect(machine.cpu.disassemble(0)).toMatchObject({ text: 'jmp $0000', length: 3 });
});
