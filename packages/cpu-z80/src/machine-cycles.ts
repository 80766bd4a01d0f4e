/** What instructions are made of: fetches, the stack, T-states in which nothing happens. */
import { rtl } from '@backplane/core';

const idle = (times: number) => rtl`${Array(times).fill('idle(at)').join(';')}`;

/** Bytes and words, in memory and on the stack. */
export const bytes = {
  'fetch()': rtl`let byte = read(pc); pc += 1; byte`,
  'fetchWord()': rtl`let low = fetch(); low | fetch() << 8`,
  // What an opcode that came from an interrupt acknowledge does in their place.
  'fetchHeld()': rtl`read(pc)`,
  'fetchWordHeld()': rtl`let low = read(pc); low | read(pc) << 8`,
  'readWord(at)': rtl`let low = read(at); low | read(at + 1) << 8`,
  'writeWord(at, word)': rtl`write(at, word); write(at + 1, word >> 8)`,
  'push(word)': rtl`
    sp -= 1
    write(sp, word >> 8)
    sp -= 1
    write(sp, word)`,
  'pop()': rtl`
    let low = read(sp)
    sp += 1
    let word = low | read(sp) << 8
    sp += 1
    word`,
} as const;

/** What a Z80 has beside them. */
export const machineCycles = {
  ...bytes,
  'fetchOpcode()': rtl`let byte = opcode(pc); pc += 1; refreshRow(); byte`,
  'fetchOpcodeHeld()': rtl`let byte = opcode(pc); refreshRow(); byte`,
  'refreshRow()': rtl`refreshed += 1; refresh(ir)`,
  'signed(byte)': rtl`(byte ^ 0x80) - 0x80`,
  'idle2(at)': idle(2),
  'idle4(at)': idle(4),
  'idle5(at)': idle(5),
  'idle7(at)': idle(7),
} as const;
