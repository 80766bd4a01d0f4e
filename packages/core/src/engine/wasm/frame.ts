/** What the function of an interpreter, the bodies printed into it, and the host agree on. */

/** Fixed locals of the function that bodies are printed into. The first two live from instruction to instruction. */
export const LEFT = 0;
/** Arena offset of the instruction's first byte. */
export const CODE = 1;
/** In a watched module: not 0 once the instruction has changed a register other than the program counter. */
export const CHANGED = 2;
/** In a watched module: where the instruction before began. */
export const PREVIOUS = 3;
/** First of the locals that are used within one instruction. */
export const PROGRAM_COUNTER = 4;
/** An address that is in no other local, … */
export const ADDRESS = 5;
/** … and what the page table says of it. */
export const PLAIN = 6;
/** Where an opcode is handed on to the rows of its page. */
export const VALUE = 7;
/** First local that bodies share out among their registers and values. */
export const FIRST_POOL = 8;

/** The point that stands for a whole instruction, … */
export const NO_POINT = -1;
/** … and the one for a jump to what is hot. */
export const HOT_POINT = -2;

/** Bytes from an instruction's first one on that can be fetched directly. */
export const FETCHED_AHEAD = 8;

/** The function the host gives. */
export const ACCESS = 0;

/**
 * Bytes of a note that traced code makes of a cycle: its point + 1, its address, its value. It lies where the cycles left
 * at its beginning say, so nobody has to count notes.
 */
export const NOTE_BYTES = 16;

/** Labels around the loop of instructions, counted from the outermost one that goes on with the next instruction: */
/** … the host runs the instruction at the program counter's local, */
export const OUTSIDE = 1;
/** … the host does what the point word says. */
export const HOST = 2;
