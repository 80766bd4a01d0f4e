/** A CPU and its memory as a user of the machine sees them. */
import type { Bus } from '../bus/bus.js';
import { type Disassembled, disassembleAt } from '../isa/disassembler.js';
import type { Scheduler } from '../time/scheduler.js';
import type { Cpu, CpuStatus } from './cpu.js';

/** A CPU as its user sees it. */
export interface MachineCpu {
  readonly name: string;
  readonly type: string;
  readonly variant: string;
  /** Registers as plain properties. Setting the program counter takes back a reset that has not run yet. */
  readonly registers: Record<string, number>;
  /** Cycles of this CPU since power-on. */
  readonly cycles: number;
  readonly programCounter: number;
  readonly status: CpuStatus;
  readonly isa: Cpu['isa'];
  readonly memory: AddressSpace;
  readonly io: AddressSpace;
  /** Text of the instruction at an address, read without side effects. */
  disassemble(address: number): Disassembled;
}

/** An address space as a debugger sees it: no side effects. */
export interface AddressSpace {
  /** What a read would give. */
  peek(address: number): number;
  /** Change memory, ROM included; device registers stay as they are. Whether there was memory. */
  poke(address: number, value: number): boolean;
  /** `length` bytes from `address`. */
  read(address: number, length: number): Uint8Array;
  /** Poke bytes from `address` on. */
  load(address: number, bytes: Uint8Array): void;
}

export function cpuView(cpu: Cpu, scheduler: Scheduler): MachineCpu {
  const memory = addressSpace(cpu, cpu.memory, scheduler);
  return {
    name: cpu.name,
    type: cpu.type,
    variant: cpu.variant,
    registers: cpu.registers,
    isa: cpu.isa,
    memory,
    io: cpu.io === cpu.memory ? memory : addressSpace(cpu, cpu.io, scheduler),
    get cycles() {
      return cpu.cycles;
    },
    get programCounter() {
      return cpu.programCounter;
    },
    get status() {
      return cpu.status;
    },
    disassemble: (address) => disassembleAt(cpu.isa, memory.peek, address),
  };
}

function addressSpace(cpu: Cpu, bus: Bus, scheduler: Scheduler): AddressSpace {
  const mask = 2 ** bus.addressWidth - 1;
  const peek = (address: number): number => scheduler.during(cpu.clock[0] as number, () => bus.peek(address & mask));
  const tell = (address: number, bytes: Iterable<number>): void =>
    cpu.control.onHostAction?.(['poke', cpu.name, bus.name, address, bytes]);
  return {
    peek,
    poke(address, value) {
      tell(address, [value & 0xff]);
      return bus.poke(address & mask, value & 0xff);
    },
    read: (address, length) => Uint8Array.from({ length }, (_, index) => peek(address + index)),
    load(address, bytes) {
      tell(address, bytes);
      bytes.forEach((byte, index) => {
        bus.poke((address + index) & mask, byte);
      });
    },
  };
}
