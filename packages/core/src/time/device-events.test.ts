import { describe, expect, test } from 'vitest';
import type { MachineConfig } from '../machine/config.js';
import { type DeviceEvent, defineDevice } from '../plugin/define-device.js';
import { toyMachine } from '../testing/toy.js';

/** A machine whose device hands its event and clock to the test. */
function bench(source: string, config: Partial<MachineConfig> = {}) {
  const log: number[] = [];
  let made: { event: DeviceEvent; hertz: number } | undefined;
  const timer = defineDevice({
    type: 'timer',
    version: 1,
    size: 1,
    lines: ['irq'],
    create({ event, clock, lines }) {
      const tick = event('tick', () => {
        log.push(clock.now());
        lines.irq.assert();
      });
      made = { event: tick, hertz: clock.hertz };
      return { read: () => tick.remaining(), write: (_offset, value) => tick.after(value) };
    },
  });
  const machine = toyMachine(
    source,
    {
      devices: { timer: { type: 'timer' } },
      memory: [{ at: 0x8000, device: 'timer' }],
      wires: [['timer.irq', 'cpu.irq']],
      ...config,
    },
    [timer],
  );
  if (!made) throw new Error('the device was not created');
  return { machine, log, ...made };
}

describe('an event', () => {
  test('comes so many cycles of the device after the present one', () => {
    const { machine, event, log } = bench('loop: JMP loop');
    event.after(25);
    expect([event.pending, event.remaining()]).toEqual([true, 25]);
    machine.run(100);
    expect(log).toEqual([25]);
    expect([event.pending, event.remaining()]).toEqual([false, 0]);
  });

  test('is dispatched before the very cycle it is due in', () => {
    // The reset takes cycle 0. ST's write, in cycle 6, makes the event due 5 later: before cycle 11.
    const { machine, log } = bench('LD #5\n ST $8000\n NOP\n NOP\n NOP\n NOP\n NOP\n NOP\n loop: JMP loop');
    const seen: string[] = [];
    machine.onCycle = ({ cycle, kind, address }) =>
      void seen.push(`${cycle} ${kind} ${address.toString(16)} ${log.length}`);
    machine.run(14);
    expect(seen[6]).toBe('6 write 8000 0');
    expect(seen.slice(9, 13)).toEqual(['9 read 7 0', '10 read 8 0', '11 read 9 1', '12 read a 1']);
    expect(log).toEqual([11]);
  });

  test('shows its line to the instruction that begins in that cycle', () => {
    const { machine } = bench('LD #5\n ST $8000\n NOP\n NOP\n NOP\n NOP\n NOP\n NOP\n loop: JMP loop');
    // Interrupts are looked for before the fetch: the fetch of cycle 11 meets the event after that look.
    machine.runUntil(0x0a);
    expect([machine.cycles, machine.cpu.registers.irqs]).toEqual([12, 0]);
    machine.step();
    expect(machine.cpu.registers.irqs).toBe(1);
  });

  test('can be cancelled and moved', () => {
    const { machine, event, log } = bench('loop: JMP loop');
    event.after(10);
    event.cancel();
    expect(event.pending).toBe(false);
    event.after(10);
    event.after(20);
    machine.run(50);
    expect(log).toEqual([20]);
  });

  test('of Infinity never comes, of a negative number at once', () => {
    const { machine, event, log } = bench('loop: JMP loop');
    event.after(Number.POSITIVE_INFINITY);
    expect(event.pending).toBe(false);
    event.after(-7);
    machine.run(1);
    expect(log).toEqual([0]);
  });

  test('of a fraction of a cycle comes at its beginning', () => {
    const { machine, event, log } = bench('loop: JMP loop');
    event.after(10.9);
    machine.run(50);
    expect(log).toEqual([10]);
  });

  test('of NaN is an error of the device', () => {
    const { event } = bench('NOP');
    expect(() => event.after(Number.NaN)).toThrow("event 'tick' of timer is to come after NaN cycles; give a number");
  });
});

test('a device counts cycles of its own clock', () => {
  // The write in cycle 6 falls into cycle 1 of the device; 5 cycles later it is cycle 24 of the CPU.
  const { machine, log, hertz } = bench('LD #5\n ST $8000\n loop: JMP loop', {
    devices: { timer: { type: 'timer', clock: '250 kHz' } },
  });
  expect(hertz).toBe(250_000);
  machine.run(22);
  expect(log).toEqual([]);
  machine.run(3);
  expect(log).toEqual([6]);
});

describe('a device may not', () => {
  const declare = (names: readonly string[], late = false) => {
    const plugin = defineDevice({
      type: 'many',
      version: 1,
      size: 1,
      create({ event }) {
        for (const name of names) event(name, () => {});
        return late ? { reset: () => void event('late', () => {}) } : {};
      },
    });
    return () => toyMachine('NOP', { devices: { many: { type: 'many' } } }, [plugin]);
  };

  test('declare two events of one name', () => {
    expect(declare(['a', 'a'])).toThrow("many declares event 'a' twice; give each a name of its own");
  });

  test('declare a ninth event', () => {
    expect(declare([...'abcdefgh'])).not.toThrow();
    expect(declare([...'abcdefghi'])).toThrow("event 'i' of many comes after 8 others; share slots between events");
  });

  test('declare an event once it is made', () => {
    expect(declare([], true)).toThrow("event 'late' of many comes too late; declare events while create runs");
  });
});
