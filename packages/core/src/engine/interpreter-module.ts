/**
 * The interpreter of an instruction set: one WebAssembly function, a loop over instructions. It fetches, decodes by a
 * `br_table`, and runs the printed body of the row, as long as there is time for the longest instruction.
 *
 * Where the CPU's words lie in the arena is a constant in it: machines put their first CPU at the same place.
 */
import type { Encoding } from '../isa/encodings.js';
import type { InstructionSet } from '../isa/instruction-set.js';
import { type Block, type Statement, someStatement, zeroWhenFalse } from '../isa/ir.js';
import type { Rtl } from '../isa/rtl-syntax.js';
import {
  BREAK_WORD,
  CODE_WORD,
  LEFT_WORD,
  POINT_WORD,
  TRAP_WORD,
  UNCHANGED_WORD,
  WINDOW_ADD_WORD,
  WINDOW_HIGH_WORD,
  WINDOW_SIZE_WORD,
  WINDOW_START_WORD,
} from '../isa/words.js';
import { cpuLayout } from '../machine/cpu.js';
import { BodyPrinter, type Decode, type PrintTarget } from './wasm/body-printer.js';
import { Code, encodeModule, op } from './wasm/code.js';
import {
  ACCESS,
  CHANGED,
  CODE,
  FIRST_POOL,
  LEFT,
  NO_POINT,
  OUTSIDE,
  PREVIOUS,
  PROGRAM_COUNTER,
  VALUE,
} from './wasm/frame.js';
import type { Point } from './wasm/point.js';

/** What a module does beside running instructions. */
export interface Flavour {
  /** It notes every bus cycle for the host. */
  readonly isTraced: boolean;
  /** It returns at an address, or when an instruction has changed nothing. */
  readonly isWatched: boolean;
  /**
   * It runs while no line is asserted and nothing else stands in the way of the next instruction, and looks at neither.
   * Nothing can come between its instructions that the host would not know of.
   */
  readonly isQuiet: boolean;
  /** Jumps to an instruction after which it leaves it to the host; 0 if it does not count them. */
  readonly jumps: number;
  /** It looks before each cycle whether the page makes it wait. Only where there are delay tables. */
  readonly isDelayed: boolean;
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

const printable = new WeakMap<InstructionSet, boolean>();

/** Whether an interpreter can be printed for an instruction set: no page of opcodes leads back to itself. */
export function isPrintable(isa: InstructionSet): boolean {
  // Asked for every machine that is made.
  let answer = printable.get(isa);
  if (answer === undefined) {
    answer = !hasLoops(isa);
    printable.set(isa, answer);
  }
  return answer;
}

/** Whether a page of opcodes leads back to itself. */
function hasLoops({ declaration }: InstructionSet): boolean {
  const functions = Object.entries(declaration.functions ?? {}).map(
    ([signature, { rtl }]) => [new RegExp(`\\b${signature.replace(/\(.*/s, '')}\\s*\\(`), rtl] as const,
  );
  const decoding = functions.filter(([, rtl]) => DECODE.test(rtl));
  /** The pages that a piece of RTL decodes, by itself or by a function. */
  const decoded = ({ rtl }: Rtl): string[] =>
    [rtl, ...decoding.filter(([name]) => name.test(rtl)).map(([, body]) => body)].flatMap((text) =>
      [...text.matchAll(new RegExp(DECODE, 'g'))].map(([, page = '']) => page),
    );
  const next = new Map<string, Set<string>>();
  for (const { page = 'main', code } of declaration.rows) {
    const found = next.get(page) ?? new Set();
    next.set(page, found);
    for (const name of [code].flat().flatMap(decoded)) found.add(name);
  }
  const leadsBack = (page: string, above: readonly string[]): boolean =>
    above.includes(page) || [...(next.get(page) ?? [])].some((other) => leadsBack(other, [...above, page]));
  return leadsBack('main', []);
}

const DECODE = /\bdecode\s*\(\s*(\w+)/;

/** Cycles of the longest path through a block and the rows it decodes. */
export function longestPath(isa: InstructionSet, block: Block, pages = new Map<string, number>()): number {
  let sum = 0;
  for (let index = 0; index < block.length; index += 1) {
    const statement = block[index] as Statement;
    if (statement.op === 'cycle') sum += statement.cycle.length;
    else if (statement.op === 'decode') sum += longestRow(isa, statement.page, pages);
    else if (statement.op === 'if') {
      const { consequent, alternate } = statement;
      sum += Math.max(longestPath(isa, consequent, pages), longestPath(isa, alternate, pages));
    }
  }
  return sum;
}

/** Cycles of the longest path to where a block decodes. */
function cyclesBeforeRow(isa: InstructionSet, block: Block): number {
  return longestPath(isa, block, new Map([...isa.pages.keys()].map((page) => [page, 0])));
}

function longestRow(isa: InstructionSet, page: string, pages: Map<string, number>): number {
  let longest = pages.get(page);
  if (longest === undefined) {
    longest = 0;
    for (const block of blocksOf(isa, page)) longest = Math.max(longest, longestPath(isa, block, pages));
    pages.set(page, longest);
  }
  return longest;
}

/** What the rows of a page do; those that do the same once. */
const blocksOf = (isa: InstructionSet, page: string): ReadonlySet<Block> =>
  new Set((isa.pages.get(page) ?? []).flatMap((encoding) => (encoding ? [isa.body(encoding).block] : [])));

/** Registers on which something else than the next instruction may come in its place: those that `step` asks first. */
export function rareRegisters(isa: InstructionSet): readonly number[] {
  const [first] = isa.step.block;
  return first?.op === 'if' ? zeroWhenFalse(first.condition) : [];
}

/** `step` in two: what comes where no rare register is other than 0, and what else. */
function withoutRareArm({ step }: InstructionSet, isRare: boolean): { readonly usual: Block; readonly rare: Block } {
  const [first, ...others] = step.block;
  if (!isRare || first?.op !== 'if') return { usual: step.block, rare: [] };
  return { usual: [...first.alternate, ...others], rare: [...first.consequent, ...others] };
}

/** The pages on which a block goes on, by its paths: to decode is the last that a path does. */
function decodedPages(block: Block): readonly string[] {
  const last = block.at(-1);
  if (last?.op === 'decode') return [last.page];
  return last?.op === 'if' ? [...decodedPages(last.consequent), ...decodedPages(last.alternate)] : [];
}

function alwaysDecodes(block: Block): boolean {
  const last = block.at(-1);
  return (
    last?.op === 'decode' || (last?.op === 'if' && alwaysDecodes(last.consequent) && alwaysDecodes(last.alternate))
  );
}

/** How often rows that `step` decodes go on with a page behind a prefix. */
function countDecodes(isa: InstructionSet, step: Block): number {
  let count = 0;
  for (const page of new Set(decodedPages(step))) {
    for (const block of blocksOf(isa, page)) count += decodedPages(block).length;
  }
  return count;
}

/** Print the module of an instruction set for a CPU whose words begin at `base`. */
export function printInterpreter(
  isa: InstructionSet,
  base: number,
  { isTraced, isWatched, isQuiet, jumps, isDelayed }: Flavour,
): { bytes: Uint8Array<ArrayBuffer>; points: readonly Point[] } {
  const code = new Code();
  const points: Point[] = [];
  const { memoryTable, ioTable } = cpuLayout(isa);
  const rare = new Set(rareRegisters(isa));
  const register = isa.registers.get(isa.declaration.programCounter) as number;
  const target: PrintTarget = {
    isa,
    code,
    base,
    points,
    memoryTable,
    ioTable,
    isTraced,
    isWatched,
    isQuiet,
    jumps,
    isDelayed,
    rare,
    widths: isa.registerWidths,
    statusRegisters: isa.statusRegisters,
    programCounter: register,
  };
  const programCounter = base + register * 4;
  const pages = new Map<string, number>();
  let locals = FIRST_POOL;

  const word = (index: number): Code => code.constant(0).load(base + index * 4);
  const address = (): Code => {
    code.getLocal(CODE);
    return word(WINDOW_ADD_WORD).byte(op.sub);
  };
  const setWord = (index: number, value: () => void): void => {
    code.constant(0);
    value();
    code.store(base + index * 4);
  };
  const leave = (): void => {
    code.constant(0);
    address().store(programCounter);
    setWord(LEFT_WORD, () => code.getLocal(LEFT));
    code.byte(op.return);
  };

  /** Leave the instruction, of which nothing has been stored yet, to the host. */
  const outside = (depth: number): void => {
    address()
      .setLocal(PROGRAM_COUNTER)
      .branch(depth + OUTSIDE);
  };

  /**
   * The bodies of a page, one after the end of each block, so that the table's n-th target is the n-th body. The last
   * one stands for all opcodes that no row describes.
   *
   * @param cyclesBefore those of the instruction before its row; given where each body is to look whether it has time
   */
  const rowsOf = (
    page: string,
    depth: number,
    beyond: number,
    before: BodyPrinter,
    decode: Decode,
    cyclesBefore?: number,
  ): void => {
    const rows = isa.pages.get(page) ?? [];
    const bodies: Block[] = [];
    // Rows of another page that stand in here are seldom met: the host runs the instruction.
    const isStandIn = (encoding: Encoding): boolean => !isTraced && (encoding.row.page ?? 'main') !== page;
    const targets = rows.map((encoding) => {
      if (!encoding) return -1;
      if (isStandIn(encoding)) return -2;
      const { block } = isa.body(encoding);
      const known = bodies.indexOf(block);
      return known >= 0 ? known : bodies.push(block) - 1;
    });
    const last = bodies.push([]) - 1;
    const atHost = bodies.length;
    code.block();
    for (const _ of bodies) code.block();
    code.getLocal(VALUE).branchTable(
      Array.from(targets, (target = -1) => (target >= 0 ? target : target === -1 ? last : atHost)),
      last,
    );
    bodies.forEach((body, index) => {
      code.end();
      if (cyclesBefore !== undefined) {
        code.getLocal(LEFT).constant(cyclesBefore + longestPath(isa, body, pages));
        code.byte(op.le).branchIf(atHost - 1 - index);
      }
      const printer = new BodyPrinter(target, depth + atHost - index, beyond, before);
      printer.print(body, decode);
      locals = Math.max(locals, printer.localCount);
    });
    code.end();
    outside(depth + beyond);
  };

  /**
   * Opcodes behind a prefix stand outside the loop of instructions, one page after the other, each going on at the loop
   * around it: the fewer bodies are in the inner one, the better V8 keeps its locals in registers.
   */
  const { usual, rare: rareArm } = withoutRareArm(isa, rare.size > 0);
  const sections = countDecodes(isa, usual);
  // Traced code has to look before it notes anything.
  const looksInRows = !isQuiet && !isTraced && alwaysDecodes(usual);
  const cyclesBefore = looksInRows ? cyclesBeforeRow(isa, usual) : undefined;
  const beyond = sections === 0 ? 0 : sections + 1;
  const behind: { readonly page: string; readonly before: BodyPrinter }[] = [];
  const inPlace: Decode = (page, before) =>
    rowsOf(page, before.depth, before.toOuterLabels - before.depth, before, inPlace);
  const inSection: Decode = (page, before) => {
    code.branch(before.depth + 1 + behind.length);
    behind.push({ page, before });
  };

  // Two loops: the inner one over instructions, the outer one over those that need the host.
  code.loop();
  code.constant(0).load(programCounter).teeLocal(PROGRAM_COUNTER);
  word(WINDOW_ADD_WORD).byte(op.add).setLocal(CODE);
  word(LEFT_WORD).setLocal(LEFT);
  if (isWatched) code.constant(-1).setLocal(PREVIOUS);
  code.block().block();
  code.getLocal(PROGRAM_COUNTER);
  word(WINDOW_START_WORD).byte(op.sub);
  word(WINDOW_SIZE_WORD).byte(op.geUnsigned).branchIf(0);
  if (sections > 0) code.loop();
  const again = code.length;
  for (let section = 0; section < sections; section += 1) code.block();
  code.loop();
  const loopStart = code.length;
  if (isWatched) {
    address();
    word(BREAK_WORD).byte(op.eq).if();
    leave();
    code.end();
    code.getLocal(CODE).getLocal(PREVIOUS).byte(op.eq);
    code.getLocal(CHANGED).byte(op.eqz).byte(op.and);
    word(TRAP_WORD).byte(op.and).if();
    setWord(TRAP_WORD, () => code.constant(2));
    leave();
    code.end();
    code.constant(0).setLocal(CHANGED);
    code.getLocal(CODE).setLocal(PREVIOUS);
  }
  if (isQuiet) {
    code.getLocal(LEFT).constant(1).byte(op.lt).if();
    leave();
    code.end();
  } else if (cyclesBefore === undefined) {
    code
      .getLocal(LEFT)
      .constant(longestPath(isa, isa.step.block, pages))
      .byte(op.le)
      .if();
    outside(1 + beyond);
    code.end();
  }
  code.getLocal(CODE);
  word(WINDOW_HIGH_WORD).byte(op.geUnsigned).if();
  outside(1 + beyond);
  code.end();
  if (!isQuiet && rareArm.length > 0) {
    for (const [index, register] of [...rare].entries()) {
      word(register);
      if (index > 0) code.byte(op.or);
    }
    code.if();
    if (someStatement(rareArm, ({ op }) => op === 'decode')) outside(1 + beyond);
    else {
      code
        .getLocal(LEFT)
        .constant(longestPath(isa, rareArm, pages))
        .byte(op.le)
        .if();
      outside(2 + beyond);
      code.end();
      const sequence = new BodyPrinter(target, 1, beyond);
      sequence.print(rareArm, inPlace);
      locals = Math.max(locals, sequence.localCount);
    }
    code.end();
  }
  const step = new BodyPrinter(target, 0, beyond, undefined, rare);
  step.print(usual, (page, before) => rowsOf(page, before.depth, beyond, before, inSection, cyclesBefore));
  locals = Math.max(locals, step.localCount);
  code.end();
  code.byte(op.unreachable);
  behind.forEach(({ page, before }, index) => {
    code.end();
    rowsOf(page, sections - 1 - index, 0, before, inPlace);
  });
  if (sections > 0) code.end().byte(op.unreachable);
  // No value but the fixed locals' lives from one instruction to the next. Said outright, this spares V8 the phis of
  // some 20 locals at the loop's head, which it would keep up to date at the end of every body: 5 × faster.
  const isLasting = (local: number): boolean => isWatched && (local === CHANGED || local === PREVIOUS);
  const forget = (mark: number): void => {
    const rest = code.cut(mark);
    for (let local = CHANGED; local < locals; local += 1) if (!isLasting(local)) code.constant(0).setLocal(local);
    code.append(rest);
  };
  forget(loopStart);
  if (sections > 0) forget(again);
  code.end();
  code.constant(0).getLocal(PROGRAM_COUNTER).store(programCounter);
  setWord(POINT_WORD, () => code.constant(NO_POINT));
  code.getLocal(LEFT).constant(1).byte(op.lt);
  if (isWatched) {
    code.getLocal(PROGRAM_COUNTER);
    word(BREAK_WORD).byte(op.eq).byte(op.or);
  }
  code.if();
  setWord(LEFT_WORD, () => code.getLocal(LEFT));
  code.byte(op.return).end().end();
  setWord(LEFT_WORD, () => code.getLocal(LEFT));
  setWord(CODE_WORD, () => code.getLocal(CODE));
  if (isWatched) {
    setWord(UNCHANGED_WORD, () => {
      code.getLocal(PREVIOUS);
      word(WINDOW_ADD_WORD).byte(op.sub);
      code.constant(-1).getLocal(CHANGED).byte(op.eqz).byte(op.select);
    });
  }
  code.call(ACCESS).branch(0).end();

  const bytes = encodeModule(
    [{ name: 'access', parameters: 0, hasResult: false }],
    [{ name: 'run', parameters: 0, hasResult: false, locals, code: code.bytes }],
  );
  return { bytes, points };
}

const modules = new WeakMap<InstructionSet, Map<string, InterpreterModule>>();

/** The interpreter of an instruction set, printed and compiled when first asked for. */
export function interpreterModule(isa: InstructionSet, base: number, flavour: Flavour): InterpreterModule {
  const flavours = modules.get(isa) ?? new Map<string, InterpreterModule>();
  modules.set(isa, flavours);
  const key = `${base},${flavour.isTraced},${flavour.isWatched},${flavour.isQuiet},${flavour.jumps},${flavour.isDelayed}`;
  let compiled = flavours.get(key);
  if (!compiled) {
    const { bytes, points } = printInterpreter(isa, base, flavour);
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
  return (modules.get(isa)?.size ?? 0) > 0;
}
