/** Watching for writes to one byte. */
import type { Bus } from '../bus/bus.js';
import type { Cpu } from '../machine/cpu.js';
import type { Machine } from '../machine/machine.js';

/** A byte as a CPU of a machine sees it. */
export interface ByteAddress {
  readonly cpu: string;
  readonly space: 'memory' | 'io';
  readonly address: number;
}

/** A write while it is watched for. */
export interface SeenWrite {
  /** Position of the cycle. */
  readonly position: number;
  /** Name of the CPU that was at work. */
  readonly cpu: string;
  readonly value: number;
}

const busOf = (cpu: Cpu, space: string): Bus => (space === 'io' ? cpu.io : cpu.memory);

/** Arena offset of the byte that an address shows; undefined if it is no memory. */
export function memoryByte(machine: Machine, { cpu: name, space, address }: ByteAddress): number | undefined {
  const cpu = machine.parts.cpus.get(name);
  return cpu && byteOn(busOf(cpu, space), address);
}

function byteOn(bus: Bus, address: number): number | undefined {
  const { size, add } = bus.window(address);
  return size > 0 ? add + address : undefined;
}

/**
 * Have each write told, by whatever address: those of CPUs, and those of devices (DMA). The machine is to be used for
 * nothing else.
 *
 * @param byte arena offset; undefined for what is no memory, which is known by its address alone
 */
export function watchWrites(
  machine: Machine,
  { cpu: name, space, address }: ByteAddress,
  byte: number | undefined,
  tell: (write: SeenWrite) => void,
): void {
  const cpus = [...machine.parts.cpus.values()];
  const isMeant = (cpu: Cpu, bus: Bus, at: number): boolean =>
    byte === undefined ? cpu.name === name && bus === busOf(cpu, space) && at === address : byteOn(bus, at) === byte;
  let working = machine.cpu.name;
  machine.onCycle = ({ cpu: cpuName, cycle, kind, space: cycleSpace, address: at, value, stalled }) => {
    working = cpuName;
    if (kind !== 'write' || stalled) return;
    const cpu = machine.parts.cpus.get(cpuName) as Cpu;
    if (!isMeant(cpu, busOf(cpu, cycleSpace), at)) return;
    // The CPU's own clock may lag behind its cycles while compiled code runs.
    const position = machine.position - (cpu.clock[0] as number) + cycle * cpu.ticks;
    tell({ position, cpu: cpuName, value });
  };
  for (const cpu of cpus) {
    for (const bus of new Set([cpu.memory, cpu.io])) {
      const write = bus.writeAny.bind(bus);
      bus.writeAny = (at, value) => {
        write(at, value);
        if (isMeant(cpu, bus, at)) tell({ position: machine.position, cpu: working, value });
      };
    }
  }
}
