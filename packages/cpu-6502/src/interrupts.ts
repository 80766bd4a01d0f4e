/**
 * Interrupts, and the other things that may come in place of an instruction: RESET, a jam, WAI and STP.
 *
 * Sources: visual6502 wiki, "6502 Interrupt Recognition Stages and Tolerances" and "6502 Interrupt Hijacking"; traces
 * of the transistor-level simulator (tests/conformance/interrupt-traces.test.ts); W65C02S data sheet (WDC, 2018),
 * pin descriptions and "Microprocessor Operational Enhancements".
 */
import { rtl } from '@backplane/core';

/** The poll, before the last cycle of an instruction. What it sees is taken after that cycle. */
export const poll = rtl`interrupt = nmi | irq & (i ^ 1)`;

export const sequences = {
  // From its third cycle on a sequence is the same whatever began it. `brk` is the B bit to be pushed.
  'interruptSequence(brk)': rtl`
    push(pc >> 8)
    push(pc)
    // NMI may take over until now, the vector not being chosen before. On CMOS, BRK is safe from it: "BRK is executed,
    // then interrupt is executed" (W65C02S data sheet).
    let vector = nmi && !(cmos && brk) ? 0xfffa : 0xfffe
    if (vector == 0xfffa) { nmi = 0 }
    push(p | brk)
    i = 1
    if (cmos) { d = 0 }
    let low = read(vector)
    pc = low | read(vector + 1) << 8
    // The sequence does not poll: the handler's first instruction always runs.
    interrupt = 0
    // NMOS does not see an NMI while it fetches the vector, unless it lasts beyond.
    if (!cmos && !nmiLow) { nmi = 0 }`,
  'hardwareInterrupt()': rtl`read(pc); read(pc); interruptSequence(0)`,
  // A cycle of WAI's wait. IRQ ends it even where I keeps it from being taken (W65C02S data sheet, IRQB).
  'doze()': rtl`poll(); waiting = !(nmi | irq); interrupt |= waiting; read(pc)`,
} as const;

/** RESET is an interrupt whose three writes are made reads. */
const resetSequence = rtl`
  read(pc)
  read(pc)
  read(0x100 | s); s -= 1
  read(0x100 | s); s -= 1
  read(0x100 | s); s -= 1
  i = 1
  if (cmos) { d = 0 }
  let low = read(0xfffc)
  pc = low | read(0xfffd) << 8
  interrupt = 0
  nmi = 0`;

/** NMOS: nothing but RESET ends a jam. */
export const nmos = {
  registers: { jammed: 1 },
  step: rtl`
    if (interrupt) {
      if (jammed) { read(0xffff) } else { hardwareInterrupt() }
    } else { decode(main, fetch()) }`,
  reset: rtl`${resetSequence}; jammed = 0`,
  status: { jammed: rtl`jammed` },
} as const;

/** CMOS: no opcode jams. */
export const cmos = {
  registers: {},
  step: rtl`if (interrupt) { hardwareInterrupt() } else { decode(main, fetch()) }`,
  reset: resetSequence,
  status: {},
} as const;

/** CMOS with WAI and STP. */
export const wdc = {
  registers: { waiting: 1, stopped: 1 },
  step: rtl`
    if (interrupt) {
      if (stopped) { read(pc) }
      else if (waiting) { doze() }
      else { hardwareInterrupt() }
    } else { decode(main, fetch()) }`,
  reset: rtl`${resetSequence}; waiting = 0; stopped = 0`,
  status: { waiting: rtl`waiting`, stopped: rtl`stopped` },
} as const;
