/**
 * z80-emulator (npm) as a core. When in an instruction an access is made it does not say.
 *
 *     backplane fuzz z80 --core ./z80-emulator.mjs --executions 20000
 */
import { FlatMemory } from '@backplane/core/fuzz';
import { Z80 } from 'z80-emulator';

const memory = new FlatMemory();
let input = [];
let ports = [];
let accesses = [];
let taken = 0;

const hal = {
  tStateCount: 0,
  readMemory(address) {
    accesses.push([null, 'read', address, memory.bytes[address]]);
    return memory.bytes[address];
  },
  writeMemory(address, value) {
    accesses.push([null, 'write', address, value]);
    memory.bytes[address] = value;
  },
  contendMemory() {},
  readPort(port) {
    const value = input.length === 0 ? 0xff : input[taken++ % input.length];
    ports.push([port, value, 'r']);
    accesses.push([null, 'in', port, value]);
    return value;
  },
  writePort(port, value) {
    ports.push([port, value, 'w']);
    accesses.push([null, 'out', port, value]);
  },
  contendPort() {},
};
const cpu = new Z80(hal);

/** Our names, and its own where they are others. */
const NAMES = { af_: 'afPrime', bc_: 'bcPrime', de_: 'dePrime', hl_: 'hlPrime', wz: 'memptr' };
const SAME = ['pc', 'sp', 'af', 'bc', 'de', 'hl', 'ix', 'iy', 'i', 'im', 'iff1', 'iff2'];

export const core = {
  name: 'z80-emulator',
  registers: [...SAME, ...Object.keys(NAMES), 'r'],
  logs: ['read', 'write', 'in', 'out'],
  setState(program) {
    memory.load(program.ram);
    ({ input = [] } = program);
    ports = [];
    accesses = [];
    taken = hal.tStateCount = 0;
    cpu.reset();
    for (const name of SAME) cpu.regs[name] = program.registers[name];
    for (const [name, own] of Object.entries(NAMES)) cpu.regs[own] = program.registers[name];
    cpu.regs.r = program.registers.r;
  },
  step: () => cpu.step(),
  getState() {
    const { regs } = cpu;
    const registers = {
      ...Object.fromEntries(SAME.map((name) => [name, regs[name]])),
      ...Object.fromEntries(Object.entries(NAMES).map(([name, own]) => [name, regs[own]])),
      r: regs.r,
    };
    return { registers, cycles: hal.tStateCount };
  },
  changes: (among) => memory.changes(among),
  accesses: () => accesses,
  ports: () => ports,
};
