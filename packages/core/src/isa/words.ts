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
/** Compiled code: cycles left until it must return. 0 while none runs. */
export const LEFT_WORD = 5;
/** Compiled code: 1 once it has set a register that may jam or stop the CPU. */
export const STATUS_WORD = 6;
/** Watched compiled code: the address at which it returns, −1 for none. 0 while none runs. */
export const BREAK_WORD = 7;
/** Watched compiled code: 1 if it returns once an instruction has changed nothing, 2 once it has done so. */
export const TRAP_WORD = 8;
/** Watched compiled code: address of the instruction that the host is to finish, −1 if that has changed something. */
export const UNCHANGED_WORD = 9;
/** Compiled code: the addresses at which instructions may begin that are fetched without looking at the page table … */
export const WINDOW_START_WORD = 10;
export const WINDOW_SIZE_WORD = 11;
/** … what to add to them, */
export const WINDOW_ADD_WORD = 12;
/** … and the arena offsets of the first of them and of the first one beyond. */
export const WINDOW_LOW_WORD = 13;
export const WINDOW_HIGH_WORD = 14;
/** Compiled code: the cycle that the host is to do: its point, its address, what it writes. */
export const POINT_WORD = 15;
export const ADDRESS_WORD = 16;
export const VALUE_WORD = 17;
/** … and the arena offset of the first byte of its instruction. */
export const CODE_WORD = 18;
/** Counting compiled code: from a byte of memory to its mark. */
export const MARKS_WORD = 19;
/** … and with how few cycles left no region has time. */
export const TOO_FEW_WORD = 20;
/** Translated code: what gives the CPU cycle, modulo all delay tables' periods, once the cycles left are taken away. */
export const DELAYS_WORD = 21;
/** Traced compiled code, which does not count: where the cycle is noted that begins with none left. */
export const NOTES_WORD = 19;
export const FIRST_REGISTER = 22;
/** Locals of the running instruction lie behind the registers; an instruction may use this many. */
export const MOST_LOCALS = 64;
