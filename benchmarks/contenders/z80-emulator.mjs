/** z80-emulator, with flat memory. */
import { readFileSync } from 'node:fs';
import { Z80 } from 'z80-emulator';
import { isas } from '../isas.mjs';
import { Z80pack } from './z80pack.mjs';

/** Our registers' names but for the second set's. */
const SECOND_SET = { af_: 'afPrime', bc_: 'bcPrime', de_: 'dePrime', hl_: 'hlPrime' };
const { registers, start } = isas.z80;

class FlatMemory {
  tStateCount = 0;
  memory = new Uint8Array(0x10000);
  /** Ports, where there are any. */
  ports;

  readMemory(address) {
    return this.memory[address];
  }

  writeMemory(address, value) {
    this.memory[address] = value;
  }

  contendMemory() {}

  readPort(port) {
    return this.ports.read(port & 0xff);
  }

  writePort(port, value) {
    this.ports.write(port & 0xff, value);
  }

  contendPort() {}
}

export function z80Emulator({ image, entry, conversation }) {
  const hal = new FlatMemory();
  const cpu = new Z80(hal);
  const drives = conversation && { a: readFileSync(conversation.drives.a), i: readFileSync(conversation.drives.i) };
  return {
    load() {
      hal.memory.set(image);
      hal.tStateCount = 0;
      hal.ports = conversation && new Z80pack(hal, drives, conversation.lines);
      cpu.reset();
      for (const [name, value] of Object.entries(start)) cpu.regs[SECOND_SET[name] ?? name] = value;
      cpu.regs.pc = entry;
    },
    run(cycles) {
      while (hal.tStateCount < cycles) cpu.step();
    },
    state() {
      const values = registers.map((name) => [name, cpu.regs[SECOND_SET[name] ?? name]]);
      return {
        ...Object.fromEntries(values),
        cycles: hal.tStateCount,
        memory: hal.memory.slice(),
        text: hal.ports?.text,
      };
    },
  };
}
