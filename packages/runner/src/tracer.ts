import type { BusCycle, Machine, RunCondition, RunResult } from '@backplane/core';
import type { TraceFile } from './trace-file.js';

/**
 * Writes a line for every bus cycle of a machine:
 *
 *            7 R 8000 a2 ldx #$ff
 *            8 R 8001 ff
 *
 * the CPU cycle since power-on; R and W (I and O in an I/O space), - for a cycle that uses no bus, in small letters
 * where the CPU was held up; address and data; and, where an instruction begins, its text.
 */
export class Tracer {
  readonly #machine: Machine;
  readonly #file: TraceFile;
  readonly #main: string;
  readonly #digits: number;
  readonly #addresses: number;
  readonly #cycles: BusCycle[] = [];
  readonly #severalCpus: boolean;

  constructor(machine: Machine, file: TraceFile) {
    this.#machine = machine;
    this.#file = file;
    this.#main = machine.cpu.name;
    const { addressWidth } = machine.cpu.isa.declaration;
    this.#digits = Math.ceil(addressWidth / 4);
    this.#addresses = 2 ** addressWidth;
    this.#severalCpus = Object.keys(machine.cpus).length > 1;
  }

  /** As `runUntil`, cycle by cycle written down. */
  run(condition: RunCondition, cycles: number): RunResult {
    const machine = this.#machine;
    const last = machine.cycles + cycles;
    machine.onCycle = (cycle) => this.#cycles.push(cycle);
    try {
      for (;;) {
        const { programCounter } = machine.cpu;
        const instruction = machine.cpu.disassemble(programCounter);
        // A run that may last one cycle is one instruction long.
        const result = machine.runUntil(condition, { cycles: 1 });
        this.#write(programCounter, instruction);
        if (result.reason !== 'cycles' || machine.cycles >= last) return result;
      }
    } finally {
      machine.onCycle = null;
    }
  }

  drained(): Promise<void> {
    return this.#file.drained();
  }

  #write(programCounter: number, { text, length }: { text: string; length: number }): void {
    const own = this.#cycles.filter(({ cpu, stalled }) => cpu === this.#main && !stalled);
    // An interrupt or reset sequence begins with a fetch, too, but it throws the byte away and fetches no operand.
    const isFetch = (offset: number) =>
      own.some(({ kind, address }) => kind === 'read' && address === (programCounter + offset) % this.#addresses);
    const isRepeated = own[1]?.address === programCounter && own[0]?.address === programCounter;
    let begins = !isRepeated && Array.from({ length }, (_, offset) => offset).every(isFetch);
    for (const cycle of this.#cycles) {
      const isStart = begins && cycle.cpu === this.#main && cycle.address === programCounter && !cycle.stalled;
      this.#file.line(this.#line(cycle) + (isStart ? ` ${text}` : ''));
      if (isStart) begins = false;
    }
    this.#cycles.length = 0;
  }

  #line({ cpu, cycle, kind, space, address, value, stalled }: BusCycle): string {
    const letter = kind === 'idle' ? '-' : kind === 'read' ? (space === 'io' ? 'I' : 'R') : space === 'io' ? 'O' : 'W';
    const data = stalled || kind === 'idle' ? '--' : value.toString(16).padStart(2, '0');
    const place = address.toString(16).padStart(this.#digits, '0');
    const whose = this.#severalCpus ? `${cpu} ` : '';
    return `${String(cycle).padStart(10)} ${whose}${stalled ? letter.toLowerCase() : letter} ${place} ${data}`;
  }
}
