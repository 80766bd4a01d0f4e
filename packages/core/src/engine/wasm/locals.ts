import { FIRST_POOL } from './frame.js';

/** How a register stands in its local: it has the value, … */
export const VALID = 1;
/** … which its word has not. */
export const DIRTY = 2;

/**
 * Where registers and IR locals live within a body: each gets a local of the function when it is first used.
 *
 * Arrays and bits, and no loops by for…of: a process prints a module before V8 has optimized anything of this.
 */
export class Locals {
  /** Registers that have a local, in the order of their first use; */
  readonly registers: number[];
  /** by register, how it stands there. */
  states: number[];
  /** IR locals that have one, in the order of their first use. */
  readonly values: number[] = [];
  /** Locals used, for the declaration of the function. */
  count: number;
  readonly #ofRegister: number[];
  readonly #ofValue: number[] = [];

  /**
   * @param words of the registers
   * @param before the body that this one goes on with: registers stay where they are
   */
  constructor(words: number, before?: Locals) {
    this.registers = before ? before.registers.slice() : [];
    this.states = before ? before.states.slice() : Array(words).fill(0);
    this.count = before ? before.count : FIRST_POOL;
    this.#ofRegister = before ? before.#ofRegister.slice() : Array(words).fill(0);
  }

  ofRegister(register: number): number {
    let local = this.#ofRegister[register] as number;
    if (local === 0) {
      local = this.count++;
      this.#ofRegister[register] = local;
      this.registers.push(register);
    }
    return local;
  }

  /** The local of an IR local. */
  ofValue(index: number): number {
    let local = this.#ofValue[index];
    if (local === undefined) {
      local = this.count++;
      this.#ofValue[index] = local;
      this.values.push(index);
    }
    return local;
  }

  isValid(register: number): boolean {
    return ((this.states[register] as number) & VALID) !== 0;
  }

  isDirty(register: number): boolean {
    return ((this.states[register] as number) & DIRTY) !== 0;
  }

  /** Where two ways meet, a local is valid that is so by both, and dirty by either. */
  meet(other: readonly number[]): void {
    for (let index = 0; index < this.registers.length; index += 1) {
      const register = this.registers[index] as number;
      const one = this.states[register] as number;
      const two = other[register] as number;
      this.states[register] = (one & two & VALID) === 0 ? 0 : one | two;
    }
  }
}
