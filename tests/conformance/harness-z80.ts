/** What the conformance tests of the Z80 and the 8080 share: plain machines, ports, T-states. */
import { type BusCycle, type CpuPlugin, createMachine, defineDevice, type Machine } from '@backplane/core';
import { interpreter } from '@backplane/core/interpreter';
import { z80 } from '@backplane/cpu-z80';
import type { ProgramEngine, TestedEngine } from './harness.js';

/** Engines that can run a CPU's instructions on this host. */
export const enginesOf = (cpu: CpuPlugin, variant?: string): readonly TestedEngine[] =>
  interpreter.supports(cpu.instructionSet(variant)) ? ['evaluator', 'interpreter'] : ['evaluator'];

/** Those that can run its programs. */
export const programEnginesOf = (cpu: CpuPlugin, variant?: string): readonly ProgramEngine[] =>
  enginesOf(cpu, variant).flatMap((engine): ProgramEngine[] =>
    engine === 'interpreter' ? [engine, 'translator'] : [engine],
  );

/** What ports give and take. */
export interface Ports {
  read(port: number): number;
  write(port: number, value: number): void;
}

/** A machine of 64 KiB of RAM whose 65,536 ports are the test's. */
export function z80Machine(variant: string, ports: Ports): Machine {
  const device = defineDevice({
    type: 'ports',
    version: 1,
    size: 0x10000,
    create: () => ({
      read: (port) => ports.read(port),
      peek: () => 0xff,
      write: (port, value) => ports.write(port, value),
    }),
  });
  return createMachine(
    {
      clock: '1 MHz',
      cpu: { type: 'z80', variant },
      devices: { ports: { type: 'ports' } },
      memory: [{ at: 0, ram: '64K' }],
      io: [{ at: 0, device: 'ports' }],
    },
    { plugins: [z80, device] },
  );
}

/** A T-state of a reference trace: what is on the buses, and MREQ, RD, WR, IORQ as a string such as `r-m-`. */
export type TState = readonly [address: number, data: number | null, pins: string];

/**
 * Records T-states as the vectors show them.
 *
 * - An opcode is read in two T-states, and is on the bus in the first one of the refresh that follows.
 * - A pulse lasts one T-state: the second one in memory, the third one at ports.
 */
export class TStateRecorder {
  readonly states: TState[] = [];
  #start = 0;
  /** The address on the bus, and what was read there and is still to be shown. */
  #address = 0;
  #fetched: number | null = null;

  constructor(machine: Machine) {
    machine.onCycle = (cycle) => this.#record(cycle);
  }

  /** Begin anew at a cycle. */
  begin(cycle: number): void {
    this.states.length = 0;
    this.#start = cycle;
    this.#fetched = null;
  }

  /** What is left of the last cycle, up to where the next one begins. */
  end(cycle: number): void {
    while (this.states.length < cycle - this.#start) this.#state('----', this.#takeFetched());
  }

  #record({ cycle, kind, space, address, value }: BusCycle): void {
    if (kind === 'return') return;
    this.end(cycle);
    this.#address = address;
    if (kind === 'idle') {
      this.#state('----', this.#takeFetched());
      return;
    }
    this.#state('----');
    if (space === 'io') this.#state('----');
    const [mreq, iorq] = space === 'io' ? '-i' : 'm-';
    this.#state(kind === 'write' ? `-w${mreq}${iorq}` : `r-${mreq}${iorq}`, kind === 'write' ? value : null);
    if (kind !== 'write') this.#fetched = value;
  }

  #takeFetched(): number | null {
    const fetched = this.#fetched;
    this.#fetched = null;
    return fetched;
  }

  #state(pins: string, data: number | null = null): void {
    this.states.push([this.#address, data, pins]);
  }
}
