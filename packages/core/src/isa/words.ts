/** The words of CPU state that every ISA has; its registers follow them. All engines share this layout. */

/** Levels of the inputs (low half) and latched edges (high half). */
export const LINE_WORD = 0;
/** 1 while the reset sequence is still to be run. */
export const RESET_WORD = 1;
/** Kinds of cycle a device holds up: bit 0 read, bit 1 write, bit 2 idle. */
export const STALL_KINDS_WORD = 2;
/** Cycles the next cycle of such a kind waits. */
export const STALL_CYCLES_WORD = 3;
/** 1 once the CPU is held up with nothing left that could release it. */
export const HUNG_WORD = 4;
export const FIRST_REGISTER = 8;
