import { describe, expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { echoing } from '../signal/test-terminal.js';
import { toyMachine } from '../testing/toy.js';

const engines = ['evaluator', 'interpreter'] as const;

describe.each(engines)('in the %s, runUntil an address', (engine) => {
  const machine = () => toyMachine('LD #1\n loop: NOP\n ADD #1\n JMP loop', {}, [], engine);

  test('stops before the instruction there runs', () => {
    const m = machine();
    expect(m.runUntil(3)).toEqual({ reason: 'condition', cycles: 4 });
    expect([m.cpu.programCounter, m.cpu.registers.a]).toEqual([3, 1]);
  });

  test('that it stands at already goes round once more', () => {
    const m = machine();
    m.runUntil(3);
    expect(m.runUntil(3).cycles).toBe(6);
    expect(m.cpu.registers.a).toBe(2);
  });

  test('gives up after so many cycles', () => {
    expect(machine().runUntil(0x4000, { cycles: 100 })).toMatchObject({ reason: 'cycles' });
    expect(machine().runUntil(0x4000, { cycles: 0 })).toEqual({ reason: 'cycles', cycles: 0 });
  });

  test('refuses a limit of NaN', () => {
    expect(() => machine().runUntil(3, { cycles: Number.NaN })).toThrow('NaN cycles cannot be run');
  });

  test('is where the next run begins', () => {
    const m = machine();
    m.runUntil(3);
    const { cycles } = m;
    m.run(1);
    expect(m.cycles).toBeGreaterThan(cycles);
    expect(m.cycles).toBeLessThan(cycles + 4);
  });
});

describe('runUntil a function', () => {
  test('asks at every instruction boundary after the first instruction', () => {
    const asked: number[] = [];
    const m = toyMachine('LD #1\n ADD #1\n ADD #1\n ADD #1');
    m.runUntil((machine) => {
      asked.push(machine.cpu.programCounter);
      return machine.cpu.registers.a === 3;
    });
    expect(asked).toEqual([0, 2, 4, 6]);
  });

  test('passes on what it throws, and the machine goes on from there', () => {
    const m = toyMachine('loop: ADD #1\n JMP loop');
    const refuse = () => {
      throw new Error('enough');
    };
    expect(() => m.runUntil(refuse)).toThrow('enough');
    expect(m.run(10).reason).toBe('cycles');
  });
});

describe.each(engines)('in the %s, runUntil a trap', (engine) => {
  test('stops after an instruction that has left everything as it was', () => {
    const m = toyMachine('LD #3\n loop: ADD #255\n JNZ loop\n trap: JMP trap', {}, [], engine);
    expect(m.runUntil({ trap: true }).reason).toBe('condition');
    expect([m.cpu.programCounter, m.cpu.registers.a]).toEqual([7, 0]);
  });

  test('does not take waiting for an interrupt for one', () => {
    const waker = defineDevice({
      type: 'waker',
      version: 1,
      lines: ['irq'],
      create({ lines, event }) {
        const wake = event('wake', () => lines.irq.assert());
        return { reset: () => wake.after(500) };
      },
    });
    const m = toyMachine(
      'WAIT\n LD #9\n trap: JMP trap',
      { devices: { waker: { type: 'waker' } }, wires: [['waker.irq', 'cpu.nmi']] },
      [waker],
      engine,
    );
    expect(m.runUntil({ trap: true }, { cycles: 5000 }).reason).toBe('condition');
    expect([m.cpu.programCounter, m.cpu.registers.a]).toEqual([3, 9]);
    expect(m.cycles).toBeGreaterThan(500);
  });

  test('ends at the limit if a CPU waits for ever', () => {
    const m = toyMachine('WAIT', {}, [], engine);
    expect(m.runUntil({ trap: true }, { cycles: 1000 })).toEqual({ reason: 'cycles', cycles: 1000 });
  });
});

describe.each(engines)('in the %s, every condition', (engine) => {
  test.each([
    ['an address', 0x1234],
    ['a trap', { trap: true }],
    ['a function', () => false],
    ['a halt', { halted: true }],
  ] as const)('ends at a jam: %s', (_name, condition) => {
    const m = toyMachine('NOP\n NOP\n JAM', {}, [], engine);
    expect(m.runUntil(condition)).toEqual({ reason: 'jam', cycles: 4 });
    // And where it has jammed already.
    expect(m.runUntil(condition)).toEqual({ reason: 'jam', cycles: 0 });
    m.reset();
    expect(m.runUntil(condition).reason).toBe('jam');
    expect(m.cycles).toBe(8);
  });

  test('ends where the program stops the CPU', () => {
    expect(toyMachine('STOP', {}, [], engine).runUntil(0x1234).reason).toBe('stopped');
  });
});

describe('runUntil text', () => {
  const limit = { cycles: 1_000_000 };
  const typed = (text: string) => {
    const bench = echoing({ host: { console: { idle: 0 } } });
    bench.console.write(text);
    return bench;
  };

  test('stops at the instruction that sends its last byte', () => {
    const { machine, console, text } = typed('abcdefgh');
    expect(machine.runUntil({ text: 'def' }, limit).reason).toBe('condition');
    expect(text()).toBe('bcdef');
    expect(console.queued).toBe(3);
  });

  test('matches a pattern, across slices and runs', () => {
    const { machine } = typed('abcdefgh');
    expect(machine.runUntil({ text: /d.f/ }, { cycles: 60 }).reason).toBe('cycles');
    expect(machine.runUntil({ text: /d.f/ }, limit).reason).toBe('condition');
  });

  test('sees only output from now on', () => {
    const { machine } = typed('aabaab');
    machine.runUntil({ text: 'bbc' }, limit);
    const { cycles } = machine;
    machine.runUntil({ text: 'bbc' }, limit);
    expect(machine.cycles).toBeGreaterThan(cycles);
    expect(machine.runUntil({ text: 'bbc' }, { cycles: 1000 }).reason).toBe('cycles');
  });

  test.each(['g', 'y'])('takes a pattern with the flag %s afresh each time', (flag) => {
    const { machine } = typed('abab');
    const pattern = new RegExp('bc|b', flag);
    pattern.lastIndex = 7;
    expect(machine.runUntil({ text: pattern }, limit).reason).toBe('condition');
    const { cycles } = machine;
    pattern.lastIndex = 7;
    expect(machine.runUntil({ text: new RegExp('[bc]+', flag) }, limit).reason).toBe('condition');
    expect(machine.cycles).toBeGreaterThan(cycles);
  });

  test('finds a match in the last 4,096 bytes, and text however long', () => {
    const long = 'x'.repeat(9000);
    const { machine } = typed(`${long}z`);
    expect(machine.runUntil({ text: `${'y'.repeat(9000)}{` }, limit).reason).toBe('condition');
    const other = typed(`${long}z`).machine;
    expect(other.runUntil({ text: /y\{$/ }, limit).reason).toBe('condition');
  });

  test('is cheap to wait for', () => {
    const { machine, console } = typed('x'.repeat(30_000));
    const start = performance.now();
    machine.runUntil({ text: /never, ever$/ }, { cycles: 30_000 * 40 });
    expect(console.queued).toBe(0);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('listens to the channel that is named, and there must be one', () => {
    const { machine } = typed('a');
    expect(machine.runUntil({ text: 'b', channel: 'console' }, limit).reason).toBe('condition');
    expect(() => machine.runUntil({ text: 'b', channel: 'tape' }, limit)).toThrow("no channel 'host.tape'");
    expect(() => toyMachine('NOP').runUntil({ text: 'b' }, limit)).toThrow("no channel 'host.console'");
    expect(machine.run(1).reason).toBe('cycles');
  });

  test('that was sent with an exit is not found again after the reset', () => {
    const dying = defineDevice({
      type: 'dying',
      version: 1,
      size: 1,
      channels: ['out'],
      create: ({ channels, exit }) => ({
        write(_offset, value) {
          channels.out.send(value);
          exit(3);
        },
      }),
    });
    const m = toyMachine(
      'LD #65\n ST $8000\n loop: JMP loop',
      {
        devices: { dying: { type: 'dying' } },
        memory: [{ at: 0x8000, device: 'dying' }],
        wires: [['dying.out', 'host.console']],
      },
      [dying],
    );
    expect(m.runUntil({ text: 'A' }, limit).reason).toBe('exit');
    expect(m.exitStatus).toBe(3);
    expect(m.run(5).reason).toBe('exit');
    m.reset();
    expect([m.exitStatus, m.run(2).reason]).toEqual([undefined, 'cycles']);
  });
});

describe('an exit', () => {
  const dying = defineDevice({
    type: 'dying',
    version: 1,
    size: 1,
    create: ({ exit }) => ({ write: (_offset, value) => exit(value) }),
  });
  const machine = () =>
    toyMachine(
      'LD #7\n ST $8000\n LD #0\n loop: JMP loop',
      { devices: { dying: { type: 'dying' } }, memory: [{ at: 0x8000, device: 'dying' }] },
      [dying],
    );

  test('ends the run at the end of the instruction, with the status', () => {
    const m = machine();
    expect(m.run(1000)).toEqual({ reason: 'exit', cycles: 7 });
    expect([m.exitStatus, m.cpu.registers.a]).toEqual([7, 7]);
    expect(m.run(1000)).toEqual({ reason: 'exit', cycles: 0 });
    expect(m.step()).toEqual({ reason: 'exit', cycles: 0 });
    expect(m.runUntil(0)).toEqual({ reason: 'exit', cycles: 0 });
  });

  test('is over after a reset, and so is what was left to run', () => {
    const m = machine();
    m.run(1_000_000);
    m.reset();
    expect(m.exitStatus).toBeUndefined();
    expect(m.run(2).cycles).toBe(3);
  });
});
