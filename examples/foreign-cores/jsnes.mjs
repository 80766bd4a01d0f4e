/**
 * The CPU of jsnes (npm) as a core: a 2A03 with flat memory in place of the console's. It does one bus access a cycle.
 *
 *     backplane fuzz 6502 --variant 2a03 --core ./jsnes.mjs --executions 20000
 */
import { FlatMemory } from '@backplane/core/fuzz';
import { NES } from 'jsnes';

const NesCpu = new NES({}).cpu.constructor;
const memory = new FlatMemory();
let accesses = [];

class FlatCpu extends NesCpu {
  read(address) {
    const value = memory.bytes[address];
    accesses.push([this.cycles, 'read', address, value]);
    this.cycles += 1;
    this._endCycle();
    return value;
  }

  write(address, value) {
    accesses.push([this.cycles, 'write', address, value]);
    this.cycles += 1;
    memory.bytes[address] = value;
    this._endCycle();
  }
}

const ppu = { dotTarget: 0, nextEventDot: Number.POSITIVE_INFINITY, nmiOutput: false, nmiAtPoll: false };
const cpu = new FlatCpu({ ppu, papu: { nextEventCycle: Number.POSITIVE_INFINITY }, mmap: null });

export const core = {
  name: 'jsnes',
  registers: ['pc', 'a', 'x', 'y', 's', 'p'],
  logs: ['read', 'write'],
  setState({ registers, ram }) {
    memory.load(ram);
    accesses = [];
    cpu.cycles = 0;
    cpu.irqFlags = 0;
    cpu.REG_ACC = registers.a;
    cpu.REG_X = registers.x;
    cpu.REG_Y = registers.y;
    cpu.REG_SP = registers.s;
    cpu.setStatus(registers.p);
    cpu.REG_PC = registers.pc;
  },
  step: () => cpu.emulate(),
  getState() {
    const { REG_PC: pc, REG_ACC: a, REG_X: x, REG_Y: y, REG_SP: s } = cpu;
    return { registers: { pc, a, x, y, s, p: cpu.getStatus() }, cycles: cpu.cycles };
  },
  changes: (among) => memory.changes(among),
  accesses: () => accesses,
};
