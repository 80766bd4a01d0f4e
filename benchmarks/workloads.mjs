/**
 * The programs that contenders run. A program does the same work over and over, and after each pass is back at `again`:
 * so runs of any length end in a state that is known.
 */
import { readFileSync } from 'node:fs';
import { assemble } from '@backplane/core/assembler';
import { variants } from '@backplane/cpu-6502';
import { findReference, inBenchmarks } from './paths.mjs';

/** Page with the registers of a device, where a workload has one. */
export const DEVICE = 0xf000;
export const TIMER_PERIOD = 1000;

const KLAUS = 'roms/6502/klaus/6502_functional_test.bin';
/** To the self-jump at $3469 that says success, which is run once. */
const KLAUS_CYCLES = 96_241_367;
/** jsbeeb counts some BRKs two cycles longer: it gets some more, and its first BRK comes after so many. */
const KLAUS_JSBEEB_MORE = 100;
const KLAUS_BEFORE_BRK = 80_000;
/** jsnes' CPU has no decimal mode: it runs the test as far as that shows. */
const KLAUS_BINARY_CYCLES = 80_000_000;
const KLAUS_QUICK_CYCLES = 10_000_000;

/** CRC-16 of the products, as programs/multiply-crc.s counts it. */
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

/** Bytes 1 and 0x3fff of the pattern that programs/memory-copy.s copies: an offset's low byte ^ the page's number. */
const copied = () => ((1 ^ 0x40) << 8) | (0xff ^ 0x7f);

const DEFINITIONS = {
  klaus: { title: "Klaus Dormann's functional test", klaus: true },
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
  },
};

export const workloadNames = Object.keys(DEFINITIONS);

const readProgram = (name) => readFileSync(inBenchmarks(`programs/${name}.s`), 'utf8');

let nmos;

function assembled(source, symbols) {
  nmos ??= variants.nmos();
  const assembly = assemble(nmos, source, { symbols });
  const image = new Uint8Array(0x10000);
  image.set(assembly.bytes, assembly.origin);
  return { image, symbols: assembly.symbols, origin: assembly.origin, bytes: assembly.bytes };
}

/** A workload by name; undefined if it needs reference data that is not there. */
export function loadWorkload(name, { quick }) {
  const { title, klaus, program, sources, entry = 'main', expected, device, sim65 } = DEFINITIONS[name];
  const common = { name, title, device, sim65: sim65 === true };
  if (klaus) {
    const file = findReference(KLAUS);
    if (!file) return undefined;
    const cycles = quick ? KLAUS_QUICK_CYCLES : KLAUS_CYCLES;
    return {
      ...common,
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
  const result = expected?.();
  const source = program ? readProgram(program) : [readProgram('frame'), ...sources.map(readProgram)].join('\n');
  const { image, symbols } = assembled(source, result === undefined ? {} : { EXPECTED: result });
  return { ...common, image, entry: symbols[entry], again: symbols.main, expected: result };
}

/** The same work for sim65, as a file of its format: `count` passes. */
export function sim65Program(name, count) {
  const { sources, entry = 'main', expected } = DEFINITIONS[name];
  const source = [readProgram('frame-sim65'), ...sources.map(readProgram)].join('\n');
  const { image, symbols, origin, bytes } = assembled(source, { EXPECTED: expected(), COUNT: count });
  const start = symbols[entry];
  const word = (value) => [value & 0xff, value >> 8];
  // Version 2, a 6502, address of cc65's stack pointer in page 0, load address, start.
  const header = [...Buffer.from('sim65'), 2, 0, 0, ...word(origin), ...word(start)];
  return { image, entry: start, file: Uint8Array.from([...header, ...bytes]) };
}
