import {
  type BusCycle,
  type Disassembled,
  disassembleAt,
  type InstructionSet,
  type Machine,
  type RunCondition,
  type RunResult,
} from '@backplane/core';
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
  readonly #isa: InstructionSet;
  readonly #digits: number;
  readonly #addresses: number;
  readonly #cycles: BusCycle[] = [];
  /** The instruction that was met last at an address. */
  readonly #instructions = new Map<number, Disassembled>();
  readonly #severalCpus: boolean;

  constructor(machine: Machine, file: TraceFile) {
    this.#machine = machine;
    this.#file = file;
    this.#main = machine.cpu.name;
    this.#isa = machine.cpu.isa;
    const { addressWidth } = this.#isa.declaration;
    this.#digits = Math.ceil(addressWidth / 4);
    this.#addresses = 2 ** addressWidth;
    this.#severalCpus = Object.keys(machine.cpus).length > 1;
  }

  /** As `runUntil`, cycle by cycle written down. */
  run(condition: RunCondition, cycles: number): RunResult {
    const machine = this.#machine;
    machine.onCycle = (cycle) => {
      if (cycle.first && cycle.cpu === this.#main) this.#write();
      this.#cycles.push(cycle);
    };
    try {
      return machine.runUntil(condition, { cycles });
    } finally {
      machine.onCycle = null;
      this.#write();
    }
  }

  drained(): Promise<void> {
    return this.#file.drained();
  }

  /** Write the cycles of an instruction. */
  #write(): void {
    const own = this.#cycles.filter(({ cpu, stalled }) => cpu === this.#main && !stalled);
    const text = this.#instruction(own);
    for (const cycle of this.#cycles) {
      this.#file.line(this.#line(cycle) + (cycle === own[0] && text !== undefined ? ` ${text}` : ''));
    }
    this.#cycles.length = 0;
  }

  /** The text of the instruction that these cycles fetch; undefined if they fetch none. */
  #instruction(own: readonly BusCycle[]): string | undefined {
    const [first, second] = own;
    // An interrupt or reset sequence begins with a fetch, too, but it throws the byte away and fetches no operand.
    if (first?.kind !== 'read' || second?.address === first.address) return undefined;
    const start = first.address;
    const fetched = (address: number): number | undefined =>
      own.find(({ kind, space, address: at }) => at === address && kind === 'read' && space === first.space)?.value;
    const isFetched = ({ bytes }: Disassembled): boolean =>
      bytes.every((byte, offset) => fetched((start + offset) % this.#addresses) === byte);
    const known = this.#instructions.get(start);
    if (known && isFetched(known)) return known.text;
    const instruction = disassembleAt(this.#isa, (address) => fetched(address) ?? 0, start);
    if (!isFetched(instruction)) return undefined;
    this.#instructions.set(start, instruction);
    return instruction.text;
  }

  #line({ cpu, cycle, kind, space, address, value, stalled }: BusCycle): string {
    const letter = kind === 'idle' ? '-' : kind === 'read' ? (space === 'io' ? 'I' : 'R') : space === 'io' ? 'O' : 'W';
    const data = stalled || kind === 'idle' ? '--' : value.toString(16).padStart(2, '0');
    const place = address.toString(16).padStart(this.#digits, '0');
    const whose = this.#severalCpus ? `${cpu} ` : '';
    return `${String(cycle).padStart(10)} ${whose}${stalled ? letter.toLowerCase() : letter} ${place} ${data}`;
  }
}
