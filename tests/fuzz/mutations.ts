/** Bugs to be planted in the descriptions of our CPUs: a piece of RTL, and what is put in its place. */
import {
  type CpuPlugin,
  defineCpu,
  defineInstructionSet,
  type InstructionSetDeclaration,
  type Rtl,
  rtl,
} from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import { z80 } from '@backplane/cpu-z80';

type Change = (declaration: InstructionSetDeclaration) => InstructionSetDeclaration;

export interface Mutation {
  readonly name: string;
  readonly cpu: CpuPlugin;
  readonly change: Change;
}

function replaced(code: Rtl, from: string, to: string): Rtl {
  if (!code.rtl.includes(from)) throw new Error(`there is no '${from}' in ${code.rtl}`);
  return rtl`${code.rtl.replaceAll(from, to)}`;
}

/** In a function. */
const inFunction =
  (signature: string, from: string, to: string): Change =>
  (declaration) => {
    const code = declaration.functions?.[signature];
    if (!code) throw new Error(`there is no function ${signature}`);
    return { ...declaration, functions: { ...declaration.functions, [signature]: replaced(code, from, to) } };
  };

/** In the first row of a syntax (or page and encoding). */
const inRow =
  (syntax: string, from: string, to: string): Change =>
  (declaration) => {
    const row = declaration.rows.find((each) => each.syntax === syntax && each.page !== 'im0');
    if (!row) throw new Error(`there is no row ${syntax}`);
    const pieces = [row.code].flat();
    const index = pieces.findIndex((piece) => piece.rtl.includes(from));
    if (index < 0) throw new Error(`there is no '${from}' in the row ${syntax}`);
    const code = pieces.map((piece, at) => (at === index ? replaced(piece, from, to) : piece));
    return { ...declaration, rows: declaration.rows.map((each) => (each === row ? { ...row, code } : each)) };
  };

/** In what follows a prefix and is a prefix itself. */
const inPrefix =
  (page: string, from: string, to: string): Change =>
  (declaration) => ({
    ...declaration,
    rows: declaration.rows.map((row) => {
      const [code] = [row.code].flat();
      const isIt = row.page === page && row.syntax === undefined && code?.rtl.includes(from);
      return isIt && code ? { ...row, code: replaced(code, from, to) } : row;
    }),
  });

const inPart =
  (part: 'poll' | 'step' | 'reset', from: string, to: string): Change =>
  (declaration) => ({
    ...declaration,
    [part]: replaced(declaration[part] as Rtl, from, to),
  });

const on = (cpu: CpuPlugin, changes: Readonly<Record<string, Change>>): Mutation[] =>
  Object.entries(changes).map(([name, change]) => ({ name: `${cpu.type}, ${name}`, cpu, change }));

/** A CPU with the bug in its default variant. */
export function mutated({ cpu, change }: Mutation): CpuPlugin {
  const { type, defaultVariant, engines = [] } = cpu.definition;
  const { declaration } = cpu.instructionSet();
  const variants = { [defaultVariant]: () => defineInstructionSet(change(declaration)) };
  return defineCpu({ type, version: 1, variants, defaultVariant, engines });
}

export const MUTATIONS: readonly Mutation[] = [
  ...on(cpu6502, {
    'BCD low digit': inFunction('adc()', 'low > 9', 'low > 10'),
    'BCD carry': inFunction('adc()', 'c = sum > 0x9f', 'c = sum > 0xaf'),
    'Z of a decimal sum': inFunction('adc()', '(a + m + c & 0xff) != 0', '(a + m & 0xff) != 0'),
    'BCD high digit of SBC': inFunction('sbc()', 'high - 0x60', 'high'),
    'BCD low digit of SBC': inFunction('sbc()', 'low - 6', 'low - 5'),
    'V of an addition': inFunction('add(value)', '>> 7', '>> 6'),
    'C of an addition': inFunction('add(value)', 'c = sum >> 8', 'c = (sum + 1) >> 8'),
    'C of a comparison of equals': inFunction('compare(register)', 'difference >= 0', 'difference > 0'),
    'C of ASL': inFunction('asl()', 'c = m >> 7', 'c = m >> 6'),
    'N of LSR': inFunction('lsr()', 'nz = m', 'nz = m | 0x80'),
    'C into ROL': inFunction('rol()', 'm << 1 | c', 'm << 1'),
    'C into ROR': inFunction('ror()', 'm | c << 8', 'm'),
    'page-cross cycle': inFunction('indexed(base, index, access)', 'low > 0xff', 'low > 0x100'),
    'dummy read before an indexed write': inFunction('indexed(base, index, access)', 'access == Write ||', ''),
    'address of a dummy read': inFunction(
      'indexed(base, index, access)',
      'base & 0xff00 | low & 0xff',
      'base + index & 0xffff',
    ),
    'pointer across page zero': inFunction('pointer(at)', '(at + 1) & 0xff', 'at + 1'),
    'wrap of the stack': inFunction('pull()', 's += 1; read(0x100 | s)', 'let at = s + 1; s += 1; read(0x100 + at)'),
    'page-cross cycle of a branch': inFunction('branch(taken)', '& 0xff00) {', '& 0xfe00) {'),
    'first poll of a branch': inFunction('branch(taken)', 'if (!cmos) { poll() }', ''),
    'second poll of a branch': inFunction('branch(taken)', 'let seen = interrupt; poll(); interrupt |= seen', ''),
    'dummy read of a branch taken': inFunction('branch(taken)', 'read(pc)\n', '\n'),
    'NMI during the vector': inFunction('interruptSequence(brk)', '!cmos && !nmiLow', '0'),
    'NMI that takes over a BRK': inFunction('interruptSequence(brk)', '!(cmos && brk)', '!brk'),
    'B of an interrupt': inFunction('interruptSequence(brk)', 'push(p | brk)', 'push(p | 0x10)'),
    'I of an interrupt': inFunction('interruptSequence(brk)', 'i = 1', ''),
    'dummy read of an interrupt': inFunction('hardwareInterrupt()', 'read(pc); read(pc);', 'read(pc);'),
    'IRQ in spite of I': inPart('poll', 'irq & (i ^ 1)', 'irq'),
    'no NMI': inPart('poll', 'nmi |', ''),
    'I at RESET': inPart('reset', 'i = 1', ''),
    'stack at RESET': inPart('reset', 'read(0x100 | s); s -= 1\n  i', 'read(0x100 | s)\n  i'),
    'delay of CLI': inRow('CLI', 'i = 0', 'i = 0; poll()'),
    'V of PLP': inRow('PLP', 'p = pull()', 'p = pull() & 0xbf'),
    'V of BIT': inRow('BIT nn', 'v = m >> 6', 'v = m >> 5'),
    'dummy read of JSR': inRow('JSR nn', 'read(0x100 | s)\n', '\n'),
    'JMP through the end of a page': inRow('JMP (nn)', 'at & 0xff00 | (at + 1) & 0xff', 'at + 1'),
    'return address of RTS': inRow('RTS', 'pc += 1', ''),
    'return address of BRK': inRow('BRK', 'pc += 1', ''),
    'dummy write of INC': inRow('INC nn', 'else { write(ea, m) }', 'else { read(ea) }'),
    'N of INX': inRow('INX', 'nz = x', 'nz = x & 0x7f'),
    'flags of TXS': inRow('TXS', 's = x', 's = nz = x'),
    'index of LDX n,Y': inRow('LDX n,Y', 'base + y', 'base + x'),
    'high byte of SHX': inFunction('store(value, index)', '(base >> 8) + 1', 'base >> 8'),
    'decimal ARR': inRow('ARR #n', '> 0x50', '> 0x60'),
    'C of SBX': inRow('SBX #n', 'difference >= 0', 'difference > 0'),
    'C of ANC': inRow('ANC #n', 'c = a >> 7', 'c = a >> 6'),
    'cycles of JAM': inRow('JAM', 'read(0xfffe); read(0xfffe)', 'read(0xfffe)'),
    'RDY during writes': (declaration) => ({
      ...declaration,
      inputs: { ...declaration.inputs, rdy: { sense: 'level', stalls: ['read', 'write'] } },
    }),
    'what SO does': (declaration) => ({
      ...declaration,
      inputs: { ...declaration.inputs, so: { sense: 'edge', on: rtl`c = 1` } },
    }),
  }),
  ...on(z80, {
    'H of an addition': inFunction('addCarry(m, carry)', 'half = a ^ m ^ sum', 'half = a ^ sum'),
    'V of an addition': inFunction('addCarry(m, carry)', '& 0x80 ^ 0x80', '& 0x40 ^ 0x40'),
    'C of a difference': inFunction('difference(m, borrow)', 'cf = wide < 0', 'cf = wide <= 0'),
    'bits 5 and 3 of CP': inFunction('cp(m)', '; xy = m', ''),
    'H of AND': inFunction('and(m)', 'half = 0x10', 'half = 0'),
    'V of INC': inFunction('inc(m)', 'result != 0x80', 'result != 0x7f'),
    'WZ of ADD HL': inFunction('add16(left, right)', 'wz = left + 1', 'wz = left'),
    'Z of SBC HL': inFunction('result16(right, result)', '(result & 0xff) != 0', '0'),
    'DAA above 0x99': inFunction('daa()', 'a > 0x99 ? low', 'a > 0x9a ? low'),
    'H of DAA': inFunction('daa()', 'half = a ^ result', 'half = 0'),
    'Q of SCF': inFunction('carryFlags()', 'flagged ? a : xy | a', 'a'),
    'Q of POP AF': inRow('POP AF', '; flagged = 0', ''),
    'bit 5 of LDI': inFunction('loadBlock(step, repeats)', '(sum & 2)', '(sum & 1)'),
    'P of LDI': inFunction('loadBlock(step, repeats)', 'parity = bc == 0', 'parity = bc'),
    'WZ of CPI': inFunction('compareBlock(step, repeats)', 'wz += step', ''),
    'bits 5 and 3 of CPI': inFunction('compareBlock(step, repeats)', 'half >> 4 & 1', '0'),
    'bits 5 and 3 of a repeat': inFunction('again(at)', 'xy = pc >> 8', ''),
    'WZ of a repeat': inFunction('again(at)', 'wz = pc + 1', ''),
    'cycles of a repeat': inFunction('again(at)', 'idle5(at)', 'idle4(at)'),
    'WZ of INI': inFunction('takeBlock(m, step, repeats)', 'wz = bc + step', 'wz = bc'),
    'flags of INI': inFunction('takeBlock(m, step, repeats)', 'c + step & 0xff', 'c'),
    'P of INI': inFunction('countFlags(m, addend)', 'sum & 7 ^ b', 'sum ^ b'),
    'flags of a repeating OTIR': inFunction('outputBlock(step, repeats)', '; countingFlags(m)', ''),
    'L of OUTI': inFunction('outputBlock(step, repeats)', 'countFlags(m, l)', 'countFlags(m, c)'),
    'bits 5 and 3 of BIT (HL)': inRow('BIT y,(HL)', 'xy = wz >> 8', 'xy = hl >> 8'),
    'sign of SRA': inFunction('sra(m)', 'm & 0x80', '0'),
    'bit 0 of SLL': inFunction('sll(m)', '| 1', ''),
    'shadow of EI': inRow('EI', 'iff1 = 0; poll(); iff1 = iff2 = 1', 'iff1 = iff2 = 1'),
    'P of LD A,I under INT': inFunction('enabledFlags()', 'nmos && interrupt == 1', '0'),
    'IFF2 at NMI': inFunction('takeNmi()', 'iff1 = 0', 'iff1 = iff2 = 0'),
    'IFF2 at INT': inFunction('takeInt()', 'iff1 = iff2 = 0', 'iff1 = 0'),
    'vector of mode 2': inFunction('takeInt()', 'i << 8 | byte', 'i << 8 | byte & 0xfe'),
    'R while halted': inPart('step', 'opcode(pc)\n      refreshRow()', 'opcode(pc)\n      refresh(ir)'),
    'idle address of DD CB': inPrefix('dd', 'idle2(pc - 1)', 'idle2(pc)'),
    'Q of DD DD': inPrefix('dd', '; flagged = flagged', ''),
    'WZ of EX (SP)': inRow('EX (SP),hl', 'hl = wz = word', 'hl = word'),
    'WZ of LD (nn),A': inFunction('store(at)', 'wz = a << 8 | at + 1 & 0xff', 'wz = at + 1'),
    'idle address of JR': inFunction('jumpRelative(distance, taken)', 'idle5(pc - 1)', 'idle5(pc)'),
    'idle cycle of CALL': inFunction('call(target)', 'idle(pc - 1); ', ''),
    'IFF1 of RETN': inRow('RETN', '; iff1 = iff2', ''),
    'A of RLD': inRow('RLD', 'a & 0xf0', 'a & 0xe0'),
    'WZ of IN r,(C)': inFunction('received(m)', 'wz = bc + 1', 'wz = bc'),
    'idle cycle of DJNZ': inRow('DJNZ e', 'idle(ir); ', ''),
    'cycles of INC HL': inRow('inc ss[p]', 'idle2(ir)', 'idle(ir)'),
    'WZ of OUT (n),A': inRow('OUT (n),A', 'n + 1 & 0xff', 'n + 1'),
    'R of a prefix': inFunction('fetchOpcode()', 'refreshRow(); ', 'refresh(ir); '),
    'HALT that goes on': inRow('HALT', 'halted = 1', ''),
    'order of PUSH': inFunction('push(word)', 'write(sp, word >> 8)', 'write(sp, word)'),
    'word at the end of memory': inFunction('readWord(at)', 'read(at + 1)', 'read(at & 0xff00 | at + 1 & 0xff)'),
  }),
];
