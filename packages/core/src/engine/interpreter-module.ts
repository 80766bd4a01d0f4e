/**
 * The interpreter of an instruction set: one WebAssembly function, a loop over instructions. It fetches, decodes by a
 * `br_table`, and runs the printed body of the row, as long as there is time for the longest instruction.
 */
import type { InstructionSet } from '../isa/instruction-set.js';
import type { Block } from '../isa/ir.js';
import type { Rtl } from '../isa/rtl-syntax.js';
import {
  BREAK_WORD,
  LEFT_WORD,
  TRAP_WORD,
  UNCHANGED_WORD,
  WINDOW_ADD_WORD,
  WINDOW_SIZE_WORD,
  WINDOW_START_WORD,
} from '../isa/words.js';
import { cpuLayout } from '../machine/cpu.js';
import {
  ACCESS,
  ADDRESS,
  BASE,
  BodyPrinter,
  CHANGED,
  CODE,
  type Decode,
  FIRST_POOL,
  LEFT,
  POINT,
  type Point,
  PREVIOUS,
  PROGRAM_COUNTER,
  type PrintTarget,
  VALUE,
  WINDOW_ADD,
  WINDOW_SIZE,
  WINDOW_START,
} from './wasm/body-printer.js';
import { Code, encodeModule, op } from './wasm/code.js';

/** What a module does beside running instructions. */
export interface Flavour {
  /** Every bus cycle is told to the host. */
  readonly isTraced: boolean;
  /** It returns at an address, or when an instruction has changed nothing. */
  readonly isWatched: boolean;
}

/** A printed and compiled interpreter, shared by all machines of a process. */
export interface InterpreterModule {
  readonly module: WebAssembly.Module;
  /** Size of the module in bytes. */
  readonly size: number;
  readonly points: readonly Point[];
  /** Cycles of the longest instruction. */
  readonly longest: number;
}

/** The point that stands for a whole instruction. */
export const NO_POINT = -1;

/** Whether an interpreter can be printed for an instruction set: its opcodes have no prefixes. */
export function isPrintable({ pages, declaration }: InstructionSet): boolean {
  const hasDecode = ({ rtl }: Rtl): boolean => /\bdecode\s*\(/.test(rtl);
  return (
    [...pages.keys()].every((page) => page === 'main') &&
    !declaration.rows.some(({ code }) => [code].flat().some(hasDecode)) &&
    !Object.values(declaration.functions ?? {}).some(hasDecode)
  );
}

/** Cycles of the longest path through a block and the rows it decodes. */
export function longestPath(isa: InstructionSet, block: Block): number {
  return block.reduce((sum, statement) => {
    switch (statement.op) {
      case 'cycle':
        return sum + statement.cycle.length;
      case 'if':
        return sum + Math.max(longestPath(isa, statement.consequent), longestPath(isa, statement.alternate));
      case 'decode': {
        const encodings = (isa.pages.get(statement.page) ?? []).filter((encoding) => encoding !== undefined);
        return sum + Math.max(0, ...encodings.map((encoding) => longestPath(isa, isa.body(encoding).block)));
      }
      default:
        return sum;
    }
  }, 0);
}

/** Print the module of an instruction set. */
export function printInterpreter(
  isa: InstructionSet,
  { isTraced, isWatched }: Flavour,
): { bytes: Uint8Array<ArrayBuffer>; points: readonly Point[] } {
  const code = new Code();
  const points: Point[] = [];
  const { memoryTable, ioTable } = cpuLayout(isa);
  const target: PrintTarget = { isa, code, points, memoryTable, ioTable, isTraced, isWatched };
  const programCounter = (isa.registers.get(isa.declaration.programCounter) as number) * 4;
  let locals = FIRST_POOL;

  const leave = (): void => {
    code.getLocal(BASE).getLocal(PROGRAM_COUNTER).store(programCounter);
    code
      .getLocal(BASE)
      .getLocal(LEFT)
      .store(LEFT_WORD * 4);
    code.byte(op.return);
  };

  /**
   * The bodies of a page, one after the end of each block, so that the table's n-th target is the n-th body. The last
   * one stands for all opcodes that no row describes.
   */
  const decode: Decode = (page, depth, zero, fetched) => {
    const rows = isa.pages.get(page) ?? [];
    const bodies: Block[] = [];
    const targets = rows.map((encoding) => (encoding ? bodies.push(isa.body(encoding).block) - 1 : -1));
    const last = bodies.push([]) - 1;
    for (const _ of bodies) code.block();
    code.getLocal(VALUE).branchTable(
      Array.from(targets, (target) => (target >= 0 ? target : last)),
      last,
    );
    bodies.forEach((body, index) => {
      code.end();
      const printer = new BodyPrinter(target, depth + last - index, zero, fetched);
      printer.print(body, decode);
      locals = Math.max(locals, printer.mostLocals);
    });
  };

  // Two loops: the inner one over instructions, the outer one over those that need the host.
  code.loop();
  code.getLocal(BASE).load(programCounter).setLocal(PROGRAM_COUNTER);
  code
    .getLocal(BASE)
    .load(LEFT_WORD * 4)
    .setLocal(LEFT);
  for (const [local, word] of [
    [WINDOW_START, WINDOW_START_WORD],
    [WINDOW_SIZE, WINDOW_SIZE_WORD],
    [WINDOW_ADD, WINDOW_ADD_WORD],
  ] as const) {
    code
      .getLocal(BASE)
      .load(word * 4)
      .setLocal(local);
  }
  if (isWatched) code.constant(-1).setLocal(PREVIOUS);
  code.block().loop();
  const loopStart = code.length;
  if (isWatched) {
    code
      .getLocal(PROGRAM_COUNTER)
      .getLocal(BASE)
      .load(BREAK_WORD * 4)
      .byte(op.eq)
      .if();
    leave();
    code.end();
    code.getLocal(PROGRAM_COUNTER).getLocal(PREVIOUS).byte(op.eq);
    code.getLocal(CHANGED).byte(op.eqz).byte(op.and);
    code
      .getLocal(BASE)
      .load(TRAP_WORD * 4)
      .byte(op.and)
      .if();
    code
      .getLocal(BASE)
      .constant(2)
      .store(TRAP_WORD * 4);
    leave();
    code.end();
    code.constant(0).setLocal(CHANGED);
    code.getLocal(PROGRAM_COUNTER).setLocal(PREVIOUS);
  }
  code.getLocal(LEFT).constant(1).byte(op.lt).if();
  leave();
  code.end();
  // Outside the window the host runs the instruction, and finds the window anew.
  code.getLocal(PROGRAM_COUNTER).getLocal(WINDOW_START).byte(op.sub).getLocal(WINDOW_SIZE).byte(op.geUnsigned).if();
  code.getLocal(BASE).getLocal(PROGRAM_COUNTER).store(programCounter);
  code.constant(NO_POINT).setLocal(POINT).branch(2).end();
  code.getLocal(PROGRAM_COUNTER).getLocal(WINDOW_ADD).byte(op.add).setLocal(CODE);
  const step = new BodyPrinter(target, 0);
  step.print(isa.step.block, decode);
  locals = Math.max(locals, step.mostLocals);
  code.end();
  // No value but the fixed locals' lives from one instruction to the next. Said outright, this spares V8 the phis of
  // some 20 locals at the loop's head, which it would keep up to date at the end of every body: 5 × faster.
  const kept: readonly number[] = [CHANGED, PREVIOUS, WINDOW_START, WINDOW_SIZE, WINDOW_ADD];
  const loop = code.cut(loopStart);
  for (let local = ADDRESS; local < locals; local += 1) {
    if (!kept.includes(local)) code.constant(0).setLocal(local);
  }
  code.append(loop).end();
  if (isWatched) {
    code.getLocal(BASE).getLocal(PREVIOUS).constant(-1).getLocal(CHANGED).byte(op.eqz).byte(op.select);
    code.store(UNCHANGED_WORD * 4);
  }
  code.getLocal(ADDRESS).getLocal(VALUE).getLocal(LEFT).getLocal(POINT).call(ACCESS);
  code.branch(0).end();

  const bytes = encodeModule(
    [
      { name: 'access', parameters: 4, hasResult: false },
      { name: 'trace', parameters: 4, hasResult: false },
    ],
    [{ name: 'run', parameters: 1, hasResult: false, locals: locals - 1, code: code.bytes }],
  );
  return { bytes, points };
}

const modules = new WeakMap<InstructionSet, Map<string, InterpreterModule>>();

/** The interpreter of an instruction set, printed and compiled when first asked for. */
export function interpreterModule(isa: InstructionSet, flavour: Flavour): InterpreterModule {
  const flavours = modules.get(isa) ?? new Map<string, InterpreterModule>();
  modules.set(isa, flavours);
  const key = `${flavour.isTraced},${flavour.isWatched}`;
  let compiled = flavours.get(key);
  if (!compiled) {
    const { bytes, points } = printInterpreter(isa, flavour);
    compiled = {
      module: new WebAssembly.Module(bytes),
      size: bytes.length,
      points,
      longest: longestPath(isa, isa.step.block),
    };
    flavours.set(key, compiled);
  }
  return compiled;
}

/** Whether the interpreter of an instruction set is at hand already. */
export function hasInterpreterModule(isa: InstructionSet): boolean {
  return modules.get(isa)?.has('false,false') === true;
}
