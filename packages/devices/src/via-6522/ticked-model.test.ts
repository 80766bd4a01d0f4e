import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bench } from '../test-bench.js';
import { Flag, Register } from './registers.js';
import { via6522 } from './via-6522.js';

/** Timers and shift register of a 6522 the plain way, one cycle after the other, with nothing on CB1 and CB2. */
class TickedVia {
  readonly #mode: number;
  #counter1 = 0xffff;
  #latch1 = 0xffff;
  #load1 = false;
  #reload1 = false;
  #armed1 = false;
  #freeRun = false;
  #low = 0xff;
  #high = 0xff;
  #latch2 = 0xff;
  #load2: number | undefined;
  #armed2 = false;
  #underflows: number[] = [];
  #phase2Edge: number | undefined;
  #edges = 16;
  #shift = 0;
  #cycle = 0;
  flags = 0;
  enabled = 0;

  /** @param mode of the shift register, ACR 4-2 */
  constructor(mode: number) {
    this.#mode = mode;
  }

  get #byTimer2(): boolean {
    return [1, 4, 5].includes(this.#mode);
  }

  /** What happens at the beginning of the next cycle. */
  beginCycle(): void {
    this.#cycle += 1;
    if (this.#load1 || this.#reload1) this.#counter1 = this.#latch1;
    else this.#counter1 = (this.#counter1 - 1) & 0xffff;
    const timeout1 = !this.#load1 && !this.#reload1 && this.#counter1 === 0xffff;
    this.#load1 = false;
    this.#reload1 = timeout1;
    if (timeout1 && this.#armed1) {
      this.flags |= Flag.Timer1;
      this.#armed1 = this.#freeRun;
    }

    if (this.#load2 !== undefined) {
      [this.#low, this.#high] = [this.#load2 & 0xff, this.#load2 >> 8];
      this.#load2 = undefined;
    } else if (this.#byTimer2 && this.#underflows.includes(this.#cycle - 1)) {
      this.#low = this.#latch2;
    } else {
      this.#low = (this.#low - 1) & 0xff;
      if (this.#low === 0xff) {
        this.#underflows.push(this.#cycle);
        this.#high = (this.#high - 1) & 0xff;
        if (this.#high === 0xff && this.#armed2) {
          this.flags |= Flag.Timer2;
          this.#armed2 = false;
        }
      }
    }

    const isEdge = this.#byTimer2 ? this.#underflows.includes(this.#cycle - 2) : this.#phase2Edge === this.#cycle;
    if (isEdge && (this.#edges < 16 || this.#mode === 4)) this.#shiftEdge();
    this.#underflows = this.#underflows.filter((cycle) => cycle >= this.#cycle - 2);
  }

  #shiftEdge(): void {
    const isOut = this.#mode >= 4;
    const isFalling = this.#edges % 2 === 0;
    if (isOut && isFalling) this.#shift = ((this.#shift << 1) | (this.#shift >> 7)) & 0xff;
    if (!isOut && !isFalling) this.#shift = ((this.#shift << 1) | 1) & 0xff;
    this.#edges = (this.#edges % 16) + 1;
    this.#phase2Edge = this.#cycle + 1;
    if (this.#edges === 16 && this.#mode !== 4) this.flags |= Flag.Shift;
  }

  access(register: number, value?: number): void {
    const isWrite = value !== undefined;
    switch (register) {
      case Register.Timer1CounterLow:
        if (isWrite) this.#latch1 = (this.#latch1 & 0xff00) | value;
        else this.flags &= ~Flag.Timer1;
        break;
      case Register.Timer1LatchLow:
        if (isWrite) this.#latch1 = (this.#latch1 & 0xff00) | value;
        break;
      case Register.Timer1CounterHigh:
      case Register.Timer1LatchHigh:
        if (!isWrite) break;
        this.#latch1 = (this.#latch1 & 0xff) | (value << 8);
        this.flags &= ~Flag.Timer1;
        if (register === Register.Timer1CounterHigh) {
          this.#load1 = true;
          this.#armed1 = true;
        }
        break;
      case Register.Timer2CounterLow:
        if (isWrite) this.#latch2 = value;
        else this.flags &= ~Flag.Timer2;
        break;
      case Register.Timer2CounterHigh:
        if (!isWrite) break;
        this.#load2 = (value << 8) | this.#latch2;
        this.#armed2 = true;
        this.flags &= ~Flag.Timer2;
        break;
      case Register.Shift:
        if (isWrite) this.#shift = value;
        this.flags &= ~Flag.Shift;
        if (this.#mode !== 0 && this.#mode !== 4 && this.#edges === 16) {
          this.#edges = 0;
          this.#phase2Edge = this.#cycle + 2;
        }
        break;
      case Register.AuxiliaryControl:
        if (isWrite) this.#freeRun = (value & 0x40) !== 0;
        break;
      case Register.InterruptFlags:
        if (isWrite) this.flags &= ~value;
        break;
      case Register.InterruptEnable:
        if (isWrite) this.enabled = value & 0x80 ? this.enabled | (value & 0x7f) : this.enabled & ~value;
        break;
    }
  }

  show(register: number): number {
    switch (register) {
      case Register.Timer1CounterLow:
        return this.#counter1 & 0xff;
      case Register.Timer1CounterHigh:
        return this.#counter1 >> 8;
      case Register.Timer2CounterLow:
        return this.#low;
      case Register.Timer2CounterHigh:
        return this.#high;
      case Register.Shift:
        return this.#shift;
      default:
        return this.flags;
    }
  }
}

const shownRegisters = [
  Register.Timer1CounterLow,
  Register.Timer1CounterHigh,
  Register.Timer2CounterLow,
  Register.Timer2CounterHigh,
  Register.Shift,
];

/** Registers that matter, and small values often, so that much happens. */
const access = fc.record({
  register: fc.constantFrom(4, 5, 6, 7, 8, 9, 10, 11, 13, 14),
  value: fc.option(fc.oneof(fc.nat(5), fc.nat(0xff), fc.constant(0xff)), { nil: undefined }),
  pause: fc.oneof(fc.nat(3), fc.nat(40), fc.nat(700)),
});

test('law: timers and shift register show what a model shows that counts each cycle', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1, 2, 4, 5, 6),
      fc.boolean(),
      fc.array(access, { minLength: 1, maxLength: 40 }),
      (mode, showsPB7, accesses) => {
        const via = bench(via6522);
        const model = new TickedVia(mode);
        const modes = (mode << 2) | (showsPB7 ? 0x80 : 0);
        const cycle = (register?: number, value?: number) => {
          model.beginCycle();
          if (register === undefined) via.idle(1);
          else if (value === undefined) via.read(register);
          else via.write(register, value);
          if (register !== undefined) model.access(register, value);
        };
        // The model begins with its first cycle where the chip has counted one already.
        via.idle(1);
        cycle(Register.AuxiliaryControl, modes);
        for (const { register, value, pause } of accesses) {
          const written =
            register === Register.AuxiliaryControl && value !== undefined ? modes | (value & 0x40) : value;
          cycle(register, written);
          for (let left = pause; left > 0; left -= 1) cycle();
          expect(via.irqSeen, 'IRQ').toBe((model.flags & model.enabled) !== 0);
        }
        for (const register of [...shownRegisters, Register.InterruptFlags]) {
          model.beginCycle();
          const shown = model.show(register);
          expect(via.read(register) & (register === Register.InterruptFlags ? 0x7f : 0xff)).toBe(shown);
          model.access(register);
        }
      },
    ),
    { numRuns: 150 },
  );
});
