/**
 * The programs that contenders run. A program does the same work over and over, and after each pass is back at `again`:
 * so runs of any length end in a state that is known.
 */
import { readFileSync } from 'node:fs';
import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';
import { z80 } from '@backplane/cpu-z80';
import { findReference, inBenchmarks } from './paths.mjs';

/** Page with the registers of a device, where a workload has one. */
export const DEVICE = 0xf000;
export const TIMER_PERIOD = 1000;

const KLAUS = 'reference/roms/6502/klaus/6502_functional_test.bin';
/** To the self-jump at $3469 that says success, which is run once. */
const KLAUS_CYCLES = 96_241_367;
/** jsbeeb counts some BRKs two cycles longer: it gets some more, and its first BRK comes after so many. */
const KLAUS_JSBEEB_MORE = 100;
const KLAUS_BEFORE_BRK = 80_000;
/** jsnes' CPU has no decimal mode: it runs the test as far as that shows. */
const KLAUS_BINARY_CYCLES = 80_000_000;
const KLAUS_QUICK_CYCLES = 10_000_000;

const ZEXDOC = {
  program: 'reference/roms/z80/zex/zexdoc.com',
  /** Pointers to the 67 tests, then 0. */
  table: 0x013a,
  /** `bit n,(<ix,iy>+1)`, `<inc,dec> bc`, and the loads from `ld <bc,de>,(nnnn)` on that come without IXH to IYL. */
  lines: [9, 16, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48],
  cycles: 98_645_122,
};
const HITECH = {
  drives: { a: 'software/z80-cpm/cpm22-z80pack.dsk', i: 'software/z80-cpm/hd-apps-z80pack.dsk' },
  expected: 'software/expected/hitech-c.txt',
  lines: ['I:', 'C309 -V SIEVE.C', 'SIEVE', 'DIR SIEVE.*'],
  /** To the prompt behind the last line, and a bit. */
  cycles: 259_457_000,
  end: 0xf990,
};
/** What the evaluator runs of these two: whole runs take it too long. */
const Z80_EVALUATOR_CYCLES = 40_000_000;
const Z80_QUICK_CYCLES = 10_000_000;

/** CRC-16 of the products, as multiply-crc.s counts it. */
function productsCrc() {
  let crc = 0xffff;
  const fold = (byte) => {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  };
  for (let number = 0; number < 256; number += 1) {
    const product = number * (crc & 0xff);
    fold(product >> 8);
    fold(product & 0xff);
  }
  return crc;
}

/** Odd primes up to 16385. */
function oddPrimes() {
  let count = 0;
  for (let number = 3; number <= 16385; number += 2) {
    let divisor = 3;
    while (divisor * divisor <= number && number % divisor !== 0) divisor += 2;
    if (divisor * divisor > number) count += 1;
  }
  return count;
}

/** Bytes 1 and 0x3fff of the pattern that memory-copy.s and ldir-copy.s copy: an offset's low byte ^ the page's number. */
const copied = () => ((1 ^ 0x40) << 8) | (0xff ^ 0x7f);

const DEFINITIONS = {
  klaus: { title: "Klaus Dormann's functional test", load: loadKlaus },
  sieve: { title: 'sieve', sources: ['sieve'], expected: oddPrimes, sim65: true },
  'multiply-crc': { title: 'multiply and CRC', sources: ['multiply-crc'], expected: productsCrc, sim65: true },
  'memory-copy': { title: 'memory copy', sources: ['memory-copy'], entry: 'start', expected: copied, sim65: true },
  'uart-poll': { title: 'UART polled', program: 'uart-poll', device: 'console' },
  'timer-interrupt': {
    title: 'interrupt every 1,000 cycles',
    sources: ['multiply-crc', 'timer-interrupt'],
    entry: 'start',
    expected: productsCrc,
    device: 'timer',
    withoutDevice: 'multiply-crc',
  },
  'z80-zexdoc': { title: 'lines of ZEXDOC', isa: 'z80', load: loadZexdoc },
  'z80-sieve': { title: 'sieve', isa: 'z80', sources: ['sieve'], expected: oddPrimes },
  'z80-multiply-crc': { title: 'multiply and CRC', isa: 'z80', sources: ['multiply-crc'], expected: productsCrc },
  'z80-ldir-copy': { title: 'LDIR copy', isa: 'z80', sources: ['ldir-copy'], entry: 'start', expected: copied },
  'z80-hitech-c': { title: 'HI-TECH C on CP/M 2.2', isa: 'z80', load: loadHitech },
};

export const workloadNames = Object.keys(DEFINITIONS);

const readProgram = (isa, name) => readFileSync(inBenchmarks(`programs/${isa}/${name}.s`), 'utf8');

const plugins = { 6502: cpu6502, z80 };

function assembled(isa, source, symbols = {}) {
  const assembly = assemble(plugins[isa].instructionSet(), source, { symbols });
  const image = new Uint8Array(0x10000);
  image.set(assembly.bytes, assembly.origin);
  return { image, symbols: assembly.symbols, origin: assembly.origin, bytes: assembly.bytes };
}

/** A workload by name; undefined if it needs reference data that is not there. */
export function loadWorkload(name, { quick }) {
  const { title, isa = '6502', device, withoutDevice, sim65 = false, load = loadLoop } = DEFINITIONS[name];
  const loaded = load({ ...DEFINITIONS[name], isa, quick });
  return loaded && { name, title, isa, device, withoutDevice, sim65, ...loaded };
}

function loadLoop({ isa, program, sources, entry = 'main', expected }) {
  const result = expected?.();
  const read = (source) => readProgram(isa, source);
  const source = program ? read(program) : ['frame', ...sources].map(read).join('\n');
  const { image, symbols } = assembled(isa, source, result === undefined ? {} : { EXPECTED: result });
  return { image, entry: symbols[entry], again: symbols.main, expected: result };
}

function loadKlaus({ quick }) {
  const file = findReference(KLAUS);
  if (!file) return undefined;
  const cycles = quick ? KLAUS_QUICK_CYCLES : KLAUS_CYCLES;
  return {
    image: new Uint8Array(readFileSync(file)),
    entry: 0x0400,
    fixedCycles: {
      default: cycles,
      jsbeeb: cycles + KLAUS_JSBEEB_MORE,
      jsnes: Math.min(cycles, KLAUS_BINARY_CYCLES),
    },
    exactCycles: { jsbeeb: KLAUS_BEFORE_BRK },
    end: quick ? undefined : 0x3469,
  };
}

const z80Cycles = (whole, quick) =>
  quick ? { default: Z80_QUICK_CYCLES } : { default: whole, evaluator: Z80_EVALUATOR_CYCLES };

/** ZEXDOC whose table has a part of its tests alone, and in place of CP/M a stub that keeps what is printed. */
function loadZexdoc({ isa, quick }) {
  const file = findReference(ZEXDOC.program);
  if (!file) return undefined;
  const { table, lines, cycles } = ZEXDOC;
  const { image, symbols } = assembled(isa, readProgram(isa, 'cpm-stub'));
  image.set(readFileSync(file), 0x0100);
  const pointers = lines.map((line) => image.slice(table + 2 * (line - 1), table + 2 * line));
  for (const [index, pointer] of [...pointers, [0, 0]].entries()) image.set(pointer, table + 2 * index);
  return {
    image,
    entry: 0x0100,
    fixedCycles: z80Cycles(cycles, quick),
    end: quick ? undefined : symbols.end,
    textOf({ memory }) {
      const next = memory[symbols.next] | (memory[symbols.next + 1] << 8);
      return Buffer.from(memory.subarray(symbols.text, next)).toString('latin1');
    },
    isText: (text, isPart) => !text.includes('ERROR') && (isPart || text.split('  OK').length === lines.length + 1),
  };
}

/** CP/M 2.2 of z80pack, on which HI-TECH C compiles a sieve. */
function loadHitech({ quick }) {
  const [a, i, expected] = [HITECH.drives.a, HITECH.drives.i, HITECH.expected].map(findReference);
  if (!a || !i || !expected) return undefined;
  const image = new Uint8Array(0x10000);
  // A reset of the machine does this.
  image.set(readFileSync(a).subarray(0, 128));
  const wanted = bare(readFileSync(expected, 'latin1'));
  return {
    image,
    entry: 0x0000,
    conversation: { machine: 'cpm22', drives: { a, i }, lines: HITECH.lines, prompt: /\n[A-P]>$/ },
    fixedCycles: z80Cycles(HITECH.cycles, quick),
    end: quick ? undefined : HITECH.end,
    textOf: ({ text }) => text,
    isText: (text, isPart) => (isPart ? wanted.startsWith(bare(text)) : wanted === bare(text)),
  };
}

/** What was put out, without the spaces and ends of lines around. */
const bare = (text) => text.replaceAll('\r', '').trim();

/** The same work for sim65, as a file of its format: `count` passes. */
export function sim65Program(name, count) {
  const { sources, entry = 'main', expected } = DEFINITIONS[name];
  const source = ['frame-sim65', ...sources].map((part) => readProgram('6502', part)).join('\n');
  const { image, symbols, origin, bytes } = assembled('6502', source, { EXPECTED: expected(), COUNT: count });
  const start = symbols[entry];
  const word = (value) => [value & 0xff, value >> 8];
  // Version 2, a 6502, address of cc65's stack pointer in page 0, load address, start.
  const header = [...Buffer.from('sim65'), 2, 0, 0, ...word(origin), ...word(start)];
  return { image, entry: start, file: Uint8Array.from([...header, ...bytes]) };
}
