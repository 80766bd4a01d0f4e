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
}

/** A token of a syntax that stands for bytes of the instruction. */
export interface OperandDeclaration {
  readonly bytes: number;
  /** The bytes are a displacement from the end of the instruction; text shows the target. */
  readonly relative?: boolean;
}

/** One or more encodings and what they do. */
export interface RowDeclaration {
  /** Opcode page, `main` by default. */
  readonly page?: string;
  /** Bits, most significant first; letters are fields, whose values are constants in `where` and `code`. */
  readonly encoding: string;
  /** Condition on the fields; encodings that do not meet it are not of this row. */
  readonly where?: Rtl;
  /** Assembly text, such as `ORA (n),Y`: the mnemonic, a space, and operands with tokens of `operands`. */
  readonly syntax: string;
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
  /** Functions by signature, `push(value)`; inlined; a bare expression at the end is the value. */
  readonly functions?: Readonly<Record<string, Rtl>>;
  /** What `poll()` does. */
  readonly poll?: Rtl;
  /**
   * Where polls stand in rows that do not call `poll()` themselves: before every cycle that may be the last of its
   * path, or at the end of the row.
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
  readonly operands?: Readonly<Record<string, OperandDeclaration>>;
  readonly rows: readonly RowDeclaration[];
}
