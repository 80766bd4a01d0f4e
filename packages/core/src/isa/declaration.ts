/** What a description of an instruction set consists of: the vocabulary of {@link defineInstructionSet}. */
import type { BusCycleKind } from './ir.js';
import type { Rtl } from './rtl-syntax.js';

/** A register that is computed from others: F over its flags, HL over H and L. */
export interface ViewDeclaration {
  /** Width in bits. */
  readonly width: number;
  /** Expression. */
  readonly get: Rtl;
  /** Statements that use `value`. Without it the view is read-only. */
  readonly set?: Rtl;
}

/** A pin by which a line acts on the CPU. */
export interface InputDeclaration {
  /**
   * `level`: the name is 1 while the line is asserted. `edge`: the name is 1 from the moment the line becomes asserted
   * until RTL assigns 0 to it.
   */
  readonly sense: 'level' | 'edge';
  /** Of an edge input: the name by which RTL reads its level. */
  readonly level?: string;
  /** What happens at the very moment of the edge, between two cycles. */
  readonly on?: Rtl;
  /** While asserted, cycles of these kinds are held up: repeated, with nothing done. */
  readonly stalls?: readonly ('read' | 'write' | 'idle')[];
  /** While asserted at an instruction boundary, the CPU is in reset. */
  readonly resets?: boolean;
  /** The daisy chain of devices that the config gives this CPU drives it. */
  readonly daisyChain?: boolean;
}

/**
 * A kind of cycle: a function of RTL, with the address (and for writes the value) as parameters. `acknowledge` gives
 * the byte of the device in the daisy chain whose interrupt is taken; `return`, of no length and without parameters, is
 * what devices see of the end of its service.
 */
export interface CycleDeclaration {
  readonly kind: BusCycleKind;
  /** Address space, `memory` by default. */
  readonly space?: 'memory' | 'io';
  /** Length in clock cycles, 1 by default; 0 for `return`. */
  readonly length?: number;
  /** `false` for an idle cycle that is the rest of the cycle before it, so that nothing can hold it up. */
  readonly waits?: boolean;
}

/** A token of a syntax that stands for bytes of the instruction. */
export interface OperandDeclaration {
  readonly bytes: number;
  /** The bytes are a displacement from the end of the instruction; text shows the target. */
  readonly relative?: boolean;
  /** The bytes are a number with a sign; text shows `ix-$02` for `IX+d`. */
  readonly signed?: boolean;
}

/** Where the opcodes of a page lie in memory, and what else is on it. */
export interface PageDeclaration {
  /**
   * What lies in memory before an opcode of the page: bytes in hexadecimal, and tokens of operands that come before the
   * opcode, such as `dd cb d`. Without it, no instruction in memory is on the page, and its rows have no syntax.
   */
  readonly prefix?: string;
  /** The page whose rows stand where this one has none. */
  readonly otherwise?: string;
}

/** One or more encodings and what they do. */
export interface RowDeclaration {
  /** Opcode page, `main` by default. */
  readonly page?: string;
  /** Bits, most significant first; letters are fields, whose values are constants in `where` and `code`. */
  readonly encoding: string;
  /** Condition on the fields; encodings that do not meet it are not of this row. */
  readonly where?: Rtl;
  /**
   * Assembly text, such as `ORA (n),Y` or `LD r[y],n`: the mnemonic, a space, and operands. Words that are keys of
   * `operands`, in the very same letters, stand for bytes, fields for their values, `table[field]` for what is there in
   * the table. A row without a syntax is no instruction of its own: a prefix.
   */
  readonly syntax?: string;
  /** What it does, after the opcode was fetched. Pieces are run one after the other in one scope. */
  readonly code: Rtl | readonly Rtl[];
  /** Not in the data sheet: the assembler prefers any other encoding of the same text. */
  readonly undocumented?: boolean;
}

/** The one description of an ISA. */
export interface InstructionSetDeclaration {
  readonly name: string;
  /** Bits of an address of `memory`. */
  readonly addressWidth: number;
  /** Bits of an address of `io`, where the ISA has one. */
  readonly ioAddressWidth?: number;
  /** Order of the bytes of an operand. */
  readonly byteOrder: 'little' | 'big';
  /** Words of state and their width in bits (1–31). Assignment wraps. */
  readonly registers: Readonly<Record<string, number>>;
  /** Scratch values within one instruction and their width; undefined at its start. */
  readonly locals?: Readonly<Record<string, number>>;
  readonly views?: Readonly<Record<string, ViewDeclaration>>;
  /** The registers and views users see, in the order they are shown. */
  readonly shown: readonly string[];
  /** The register that holds the address of the next instruction at an instruction boundary. */
  readonly programCounter: string;
  readonly inputs?: Readonly<Record<string, InputDeclaration>>;
  readonly cycles: Readonly<Record<string, CycleDeclaration>>;
  readonly constants?: Readonly<Record<string, number>>;
  /** Lists of names: `r[y]` is the name that is in list `r` at `y`, a constant or field. A syntax may have other text. */
  readonly tables?: Readonly<Record<string, readonly string[]>>;
  /**
   * Registers that tell of the last instruction whether it assigned any of the registers listed: at the end of each row
   * they become 1 or 0, unless the row assigns them itself.
   */
  readonly pulses?: Readonly<Record<string, readonly string[]>>;
  /** Functions by signature, `push(value)`; inlined; a bare expression at the end is the value. */
  readonly functions?: Readonly<Record<string, Rtl>>;
  /** What `poll()` does. */
  readonly poll?: Rtl;
  /**
   * Where polls stand in rows that do not call `poll()` themselves: before every cycle that may be the last of its
   * path, or at the end of the row, where what is seen is what there was one clock cycle before.
   */
  readonly pollPolicy?: 'before-last-cycle' | 'end';
  /** One instruction: interrupts taken, or the opcode fetched and decoded. */
  readonly step: Rtl;
  /** One instruction's place in which the reset sequence runs. */
  readonly reset: Rtl;
  /** Registers after power-on where they are not 0, by name (views too). */
  readonly powerOn?: Readonly<Record<string, number>>;
  /** Conditions that tell a user why nothing happens any more. */
  readonly status?: {
    /** Only reset helps; the program has crashed. */
    readonly jammed?: Rtl;
    /** Only reset helps; the program wanted it. */
    readonly stopped?: Rtl;
    /** An interrupt goes on. */
    readonly waiting?: Rtl;
  };
  /** Registers that count by themselves, whatever the program does: they do not tell whether an instruction changed anything. */
  readonly counters?: readonly string[];
  readonly operands?: Readonly<Record<string, OperandDeclaration>>;
  /** Pages beside `main`, which has the opcodes without a prefix. */
  readonly pages?: Readonly<Record<string, PageDeclaration>>;
  readonly rows: readonly RowDeclaration[];
}
