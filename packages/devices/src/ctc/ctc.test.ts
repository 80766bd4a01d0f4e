import { deviceLaws } from '@backplane/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bench, bench } from '../test-bench.js';
import { ctc } from './ctc.js';

test.each(deviceLaws(ctc))('%s', (_name, law) => law());

const INTERRUPT = 0x80;
const COUNTER = 0x40;
const BY_256 = 0x20;
const RISING = 0x10;
const TRIGGER = 0x08;
const CONSTANT = 0x04;
const RESET = 0x02;
/** From the write to the first tick of Φ that counts. */
const START = 5;
/** From the edge of CLK/TRG. */
const TRIGGER_START = 2;
const CONTROL = 0x01;

/** Program a channel; cycles are told from the one that wrote the time constant. */
function started(control: number, constant: number, index = 0): { chip: Bench; at: number } {
  const chip = bench(ctc);
  chip.write(index, control | CONSTANT | RESET | CONTROL);
  const at = chip.cycle;
  chip.write(index, constant);
  return { chip, at };
}

const goTo = (chip: Bench, cycle: number): void => chip.idle(cycle - chip.cycle);

/** Cycles at which a line rose, counted from `at`. */
const risesOf = (chip: Bench, line: string, at: number): number[] =>
  chip.edges.filter((edge) => edge.line === line && !edge.low && edge.cycle >= at).map(({ cycle }) => cycle - at);

/** Move a line in the cycle of a read: the bench's time stands at the last access. */
function moveAt(chip: Bench, move: () => void): number {
  chip.read(0);
  move();
  return chip.cycle - 1;
}

describe('a timer', () => {
  test('counts down once every 16 cycles, from the second T-state after the write on', () => {
    const { chip, at } = started(0, 3);
    const shown: number[] = [];
    for (const cycle of [-4, 0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 49]) {
      goTo(chip, at + START + cycle);
      shown.push(chip.read(0));
    }
    expect(shown).toEqual([3, 3, 3, 3, 2, 2, 2, 1, 1, 1, 3, 3]);
  });

  test.each([
    [0, 1, 16],
    [0, 0, 4096],
    [BY_256, 2, 512],
    [BY_256, 0, 65536],
  ])('with control %i and constant %i pulses ZC/TO every %i cycles', (control, constant, period) => {
    const { chip, at } = started(control, constant);
    goTo(chip, at + START + 3 * period + 2);
    expect(risesOf(chip, 'zc0', at)).toEqual([1, 2, 3].map((time) => START + time * period));
    const falls = chip.edges.filter(({ line, low, cycle }) => line === 'zc0' && low && cycle > at);
    expect(falls.map(({ cycle }) => cycle - at)).toEqual([1, 2, 3].map((time) => START + time * period + 1));
  });

  test('waits for the edge of CLK/TRG that was chosen', () => {
    for (const [edge, wrong] of [
      [RISING, 'fall'],
      [0, 'rise'],
    ] as const) {
      const { chip } = started(TRIGGER | edge, 5);
      const trigger = { rise: () => chip.lines.trg0?.release(), fall: () => chip.lines.trg0?.assert() };
      const right = wrong === 'fall' ? 'rise' : 'fall';
      chip.idle(100);
      if (wrong === 'rise') expect(chip.read(0)).toBe(5);
      trigger[wrong]();
      chip.idle(100);
      expect(chip.read(0)).toBe(5);
      if (edge === 0) {
        trigger.rise();
        chip.idle(100);
        expect(chip.read(0)).toBe(5);
      }
      const cycle = moveAt(chip, trigger[right]);
      goTo(chip, cycle + 17);
      expect(chip.read(0)).toBe(5);
      expect(chip.read(0)).toBe(4);
    }
  });

  test('ends its count before it takes another time constant', () => {
    const { chip, at } = started(0, 4);
    goTo(chip, at + 20);
    chip.write(0, CONSTANT | CONTROL);
    chip.write(0, 2);
    goTo(chip, at + START + 128 + 1);
    expect(risesOf(chip, 'zc0', at)).toEqual([START + 64, START + 96, START + 128]);
  });

  test('stands still after a software reset, until it gets a time constant', () => {
    const { chip } = started(0, 10);
    chip.idle(40);
    const shown = chip.peek(0);
    chip.write(0, RESET | CONTROL);
    chip.idle(1000);
    expect(chip.read(0)).toBe(shown);
    chip.write(0, CONTROL);
    chip.idle(1000);
    expect(chip.read(0)).toBe(shown);
    chip.write(0, CONSTANT | CONTROL);
    chip.write(0, 20);
    expect(chip.read(0)).toBe(20);
    chip.idle(START + 15);
    expect(chip.read(0)).toBe(19);
  });

  test('goes on when its control word changes', () => {
    const { chip, at } = started(0, 100);
    goTo(chip, at + 100);
    chip.write(0, INTERRUPT | CONTROL);
    goTo(chip, at + START + 1600);
    expect(chip.acknowledge()).toBe(0);
  });

  test('becomes a counter that keeps its count, and a timer again', () => {
    const { chip, at } = started(0, 10);
    goTo(chip, at + START + 3 * 16);
    chip.write(0, COUNTER | CONTROL);
    chip.idle(100);
    expect(chip.read(0)).toBe(7);
    chip.lines.trg0?.assert();
    expect(chip.read(0)).toBe(6);
    const { cycle } = chip;
    chip.write(0, CONTROL);
    goTo(chip, cycle + START + 15);
    expect(chip.read(0)).toBe(6);
    goTo(chip, cycle + START + 16);
    expect(chip.read(0)).toBe(5);
  });
});

test('a timer that nobody can see has no events', () => {
  const chip = bench(ctc, {}, 1_000_000, {}, ['zc0']);
  const pending = () => chip.machine.snapshot().components.find(({ id }) => id === 'scheduler')?.fields.pending;
  chip.write(0, CONSTANT | RESET | CONTROL);
  const at = chip.cycle;
  chip.write(0, 100);
  expect(pending()).toBe('[]');
  goTo(chip, at + START + 1600 * 1000 + 16 * 7);
  expect([chip.read(0), pending()]).toEqual([93, '[]']);
});

describe('a counter', () => {
  test.each([
    [RISING, false],
    [0, true],
  ])('with edge bit %i counts edges of that kind', (edge, low) => {
    const { chip } = started(COUNTER | edge, 3);
    const shown: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      chip.lines.trg0?.assert();
      const afterFall = chip.read(0);
      chip.lines.trg0?.release();
      const afterRise = chip.read(0);
      shown.push(low ? afterFall : afterRise);
    }
    expect(shown).toEqual([2, 1, 3, 2, 1]);
  });

  test('counts 256 for a time constant of 0', () => {
    const { chip } = started(COUNTER, 0);
    chip.lines.trg0?.assert();
    expect(chip.read(0)).toBe(255);
  });

  test('pulses ZC/TO with the edge of Φ after the last one', () => {
    const { chip, at } = started(COUNTER, 2);
    const edges = [0, 1, 2, 3].map(() => {
      const edge = moveAt(chip, () => chip.lines.trg0?.assert());
      chip.idle(5);
      moveAt(chip, () => chip.lines.trg0?.release());
      chip.idle(5);
      return edge - at;
    });
    expect(risesOf(chip, 'zc0', at)).toEqual([(edges[1] as number) + 1, (edges[3] as number) + 1]);
  });

  test('counts nothing before it has a time constant, and after a reset', () => {
    const chip = bench(ctc);
    chip.write(0, COUNTER | INTERRUPT | CONTROL);
    chip.lines.trg0?.assert();
    expect(chip.irqSeen).toBe(false);
    chip.lines.trg0?.release();
    chip.write(0, COUNTER | INTERRUPT | RESET | CONSTANT | CONTROL);
    chip.write(0, 2);
    chip.machine.reset();
    chip.lines.trg0?.assert();
    expect(chip.read(0)).toBe(2);
  });
});

describe('interrupts', () => {
  test('have a vector of the channel, whichever asks first', () => {
    const chip = bench(ctc);
    chip.write(0, 0xa7 & ~CONTROL);
    for (const index of [3, 1, 2, 0]) {
      chip.write(index, INTERRUPT | CONSTANT | RESET | CONTROL);
      chip.write(index, 2);
    }
    chip.idle(100);
    const vectors = [0, 1, 2, 3].map(() => {
      const vector = chip.acknowledge();
      chip.endInterrupt();
      return vector;
    });
    expect(vectors).toEqual([0xa0, 0xa2, 0xa4, 0xa6]);
  });

  test('come at zero, not before, and once for each', () => {
    const { chip, at } = started(INTERRUPT, 3);
    goTo(chip, at + START + 48);
    expect(chip.irqSeen).toBe(false);
    chip.idle(1);
    expect(chip.irqSeen).toBe(true);
    chip.acknowledge();
    expect(chip.irqSeen).toBe(false);
    chip.endInterrupt();
    goTo(chip, at + START + 96);
    expect(chip.irqSeen).toBe(false);
    chip.idle(1);
    expect(chip.irqSeen).toBe(true);
  });

  test('that are turned off ask no more', () => {
    const { chip } = started(INTERRUPT, 1);
    chip.idle(START + 20);
    expect(chip.irqSeen).toBe(true);
    chip.write(0, CONTROL);
    expect(chip.irqSeen).toBe(false);
    chip.idle(100);
    expect(chip.irqSeen).toBe(false);
  });

  test('of a channel that is reset with interrupts on still ask', () => {
    const { chip } = started(INTERRUPT, 1);
    chip.idle(START + 20);
    chip.write(0, INTERRUPT | RESET | CONTROL);
    expect(chip.irqSeen).toBe(true);
  });

  test('are off after a reset, and the vector is kept', () => {
    const { chip } = started(INTERRUPT, 1);
    chip.write(0, 0x48);
    chip.idle(START + 20);
    chip.machine.reset();
    chip.idle(100);
    expect(chip.irqSeen).toBe(false);
    chip.write(2, INTERRUPT | CONSTANT | CONTROL);
    chip.write(2, 1);
    chip.idle(START + 20);
    expect(chip.acknowledge()).toBe(0x4c);
  });

  test('have no vector word at channels 1 to 3', () => {
    const { chip } = started(INTERRUPT, 1, 1);
    chip.write(1, 0x48);
    chip.idle(START + 20);
    expect(chip.acknowledge()).toBe(0x02);
  });
});

/** A channel the plain way, one cycle of Φ after the other. */
class TickedChannel {
  #control = 0;
  #constant = 0;
  #down = 0;
  #prescaler = 0;
  #awaitsConstant = false;
  #state: 'idle' | 'waiting' | 'starting' | 'running' | 'counting' = 'idle';
  #wait = 0;
  #isLow = false;
  #pulse = false;
  zeros = 0;
  interrupts = false;

  tick(): void {
    if (this.#pulse) this.#zero();
    this.#pulse = false;
    if (this.#state === 'starting') {
      this.#wait -= 1;
      if (this.#wait > 0) return;
      this.#state = 'running';
      this.#prescaler = 0;
      return;
    }
    if (this.#state !== 'running') return;
    this.#prescaler += 1;
    if (this.#prescaler < (this.#control & BY_256 ? 256 : 16)) return;
    this.#prescaler = 0;
    if (this.#countDown()) this.#zero();
  }

  #countDown(): boolean {
    this.#down = (this.#down - 1) & 0xff;
    if (this.#down !== 0) return false;
    this.#down = this.#constant;
    return true;
  }

  #zero(): void {
    this.zeros += 1;
    if (this.#control & INTERRUPT) this.interrupts = true;
  }

  /** Of a channel that runs, mode and edge stay: what changing them does, no source tells. */
  allowed(value: number): number {
    const mode = COUNTER | BY_256 | RISING | TRIGGER;
    if (this.#awaitsConstant || !(value & CONTROL) || value & RESET || this.#state === 'idle') return value;
    return (value & ~mode) | (this.#control & mode);
  }

  write(value: number): void {
    if (this.#awaitsConstant) {
      this.#awaitsConstant = false;
      this.#constant = value;
      if (this.#state !== 'idle' && this.#state !== 'waiting') return;
      this.#down = value;
      this.#wait = START;
      if (this.#control & COUNTER) this.#state = 'counting';
      else this.#state = this.#control & TRIGGER ? 'waiting' : 'starting';
    } else if (value & CONTROL) {
      this.#control = value;
      this.#awaitsConstant = (value & CONSTANT) !== 0;
      if (value & RESET) this.#state = 'idle';
      if (!(value & INTERRUPT)) this.interrupts = false;
    }
  }

  moveTrigger(isLow: boolean): void {
    if (isLow === this.#isLow) return;
    this.#isLow = isLow;
    if (isLow === ((this.#control & RISING) !== 0)) return;
    if (this.#state === 'counting') this.#pulse = this.#countDown();
    if (this.#state !== 'waiting') return;
    this.#state = 'starting';
    this.#wait = TRIGGER_START;
  }

  get count(): number {
    return this.#down;
  }
}

test('law: a channel shows what a model shows that counts each cycle', () => {
  const action = fc.record({
    value: fc.oneof(
      fc.nat(255),
      fc.nat(15).map((bits) => (bits << 4) | (RESET | CONSTANT | CONTROL)),
      fc.constantFrom(0x05, 0x07, 0x0f, 0x47, 0x03, 0x01, 0x85, 0x87, 1, 2, 3),
    ),
    pause: fc.oneof(fc.nat(20), fc.nat(600)),
    edges: fc.oneof(fc.constant([]), fc.array(fc.boolean(), { maxLength: 6 })),
  });
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 30 }), (actions) => {
      const chip = bench(ctc);
      const model = new TickedChannel();
      const look = () => {
        const count = chip.read(0);
        model.tick();
        expect({ count, irq: chip.irqSeen }).toEqual({ count: model.count, irq: model.interrupts });
      };
      for (const { value, pause, edges } of actions) {
        const written = model.allowed(value);
        chip.write(0, written);
        model.tick();
        model.write(written);
        chip.idle(pause);
        for (let left = pause; left > 0; left -= 1) model.tick();
        look();
        for (const isLow of edges) {
          if (isLow) chip.lines.trg0?.assert();
          else chip.lines.trg0?.release();
          model.moveTrigger(isLow);
          look();
        }
      }
      expect(risesOf(chip, 'zc0', 0).length).toBe(model.zeros);
    }),
    { numRuns: 300 },
  );
});
