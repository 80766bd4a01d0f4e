/**
 * The CPU of jsnes, with flat memory in place of the console's: cheaper for it than its own memory map. It has no
 * decimal mode, and polls interrupts exactly.
 */
import { NES } from 'jsnes';
import { DEVICE, TIMER_PERIOD } from '../workloads.mjs';

const NesCpu = new NES({}).cpu.constructor;
const IRQ_SOURCE = 2;
const DEVICE_PAGE = DEVICE >> 8;

class FlatCpu extends NesCpu {
  read(address) {
    this.cycles += 1;
    const value = this.mem[address];
    this._endCycle();
    return value;
  }

  write(address, value) {
    this.cycles += 1;
    this.mem[address] = value;
    this._endCycle();
  }
}

class PollingCpu extends FlatCpu {
  polls = 0;

  read(address) {
    this.cycles += 1;
    let value = this.mem[address];
    if (address >> 8 === DEVICE_PAGE) {
      this.polls += 1;
      value = 0;
    }
    this._endCycle();
    return value;
  }
}

class InterruptedCpu extends FlatCpu {
  nextInterrupt = TIMER_PERIOD;

  read(address) {
    this.cycles += 1;
    if (this.cycles >= this.nextInterrupt) this.#interrupt();
    if (address >> 8 === DEVICE_PAGE) this.setIrqSource(IRQ_SOURCE, false);
    const value = this.mem[address];
    this._endCycle();
    return value;
  }

  #interrupt() {
    this.nextInterrupt += TIMER_PERIOD;
    this.setIrqSource(IRQ_SOURCE, true);
  }
}

const CPUS = { console: PollingCpu, timer: InterruptedCpu };

export function jsnes({ image, entry, device }) {
  const ppu = { dotTarget: 0, nextEventDot: Number.POSITIVE_INFINITY, nmiOutput: false, nmiAtPoll: false };
  const cpu = new (CPUS[device] ?? FlatCpu)({ ppu, papu: { nextEventCycle: Number.POSITIVE_INFINITY }, mmap: null });
  return {
    load() {
      cpu.mem.set(image);
      cpu.cycles = 0;
      ppu.dotTarget = 0;
      cpu.nextInterrupt = TIMER_PERIOD;
      cpu.irqFlags = 0;
      cpu.REG_ACC = cpu.REG_X = cpu.REG_Y = 0;
      cpu.REG_SP = 0xff;
      cpu.setStatus(0x24);
      cpu.REG_PC = entry;
    },
    run(cycles) {
      while (cpu.cycles < cycles) cpu.emulate();
    },
    state() {
      const { REG_PC: pc, REG_ACC: a, REG_X: x, REG_Y: y, REG_SP: s } = cpu;
      return { pc, a, x, y, s, p: cpu.getStatus(), cycles: cpu.cycles, memory: cpu.mem.slice() };
    },
  };
}
