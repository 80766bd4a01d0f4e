import fc from 'fast-check';
import { interpreter } from '../engine/interpreter.js';
import { assemble } from '../isa/assembler.js';
import { disassemble } from '../isa/disassembler.js';
import type { InstructionSet } from '../isa/instruction-set.js';
import type { MachineConfig } from '../machine/config.js';
import { createMachine } from '../machine/machine.js';
import { defineCpu } from '../plugin/define-cpu.js';
import { instructionBytes, programBytes, registerValues } from './arbitraries.js';
import type { Law, LawOptions } from './law.js';
import { machineLaws } from './machine-laws.js';

/**
 * Laws of an instruction set: the description is sound, its text can be assembled back, and random programs run
 * exactly and end when they are to.
 *
 * @example
 * test.each(cpuLaws(cpu6502.instructionSet('nmos')))('%s', (_name, check) => check());
 */
export function cpuLaws(isa: InstructionSet, { runs = 30, seed, engine = 'auto' }: LawOptions = {}): Law[] {
  const settings = { numRuns: runs, ...(seed === undefined ? {} : { seed }) };
  const cpu = defineCpu({
    type: 'subject',
    version: 1,
    variants: { subject: () => isa },
    defaultVariant: 'subject',
    engines: [interpreter],
  });
  const size = 2 ** Math.min(isa.declaration.addressWidth, 16);
  const config: MachineConfig = {
    clock: 1_000_000,
    cpu: { type: 'subject', memory: [{ at: 0, ram: size, image: 'ram' }] },
  };
  const options = (program: Uint8Array) => ({ plugins: [cpu], images: { ram: repeat(program, size) }, engine });
  const program = programBytes(isa);

  const general = (['checkpoint', 'snapshot', 'run(n)', 'stepping', 'looking', 'wired to nothing'] as const).map(
    (start): Law => {
      const pick = (bytes: Uint8Array, runSeed: number): Law =>
        machineLaws(config, options(bytes), { runs: 2, seed: runSeed }).find(([name]) => name.includes(start)) as Law;
      const [name] = pick(Uint8Array.of(0), 0);
      return [
        name,
        () =>
          fc.assert(
            fc.property(program, fc.nat(), (bytes, runSeed) => pick(bytes, runSeed)[1]()),
            settings,
          ),
      ];
    },
  );

  return [
    ['every row is sound', () => isa.check()],
    [
      'assembling a disassembly gives the same bytes',
      () =>
        fc.assert(
          fc.property(instructionBytes(isa), fc.nat(size - 16), (bytes, address) => {
            const [instruction] = disassemble(isa, Uint8Array.from(bytes), address);
            const { bytes: again } = assemble(isa, instruction?.text ?? '', { origin: address });
            if (again.join() !== bytes.join()) {
              throw new Error(`${bytes.join(' ')} is '${instruction?.text}', which is ${again.join(' ')}`);
            }
          }),
          { ...settings, numRuns: runs * 20 },
        ),
    ],
    [
      'registers read as they were set',
      () =>
        fc.assert(
          fc.property(registerValues(isa), (values) => {
            const { registers } = createMachine(config, options(Uint8Array.of(0))).cpu;
            for (const [name, value] of Object.entries(values)) registers[name] = value;
            for (const name of Object.keys(values)) {
              const before = registers[name] as number;
              registers[name] = before;
              if (registers[name] !== before) throw new Error(`${name} was ${before}, is ${registers[name]}`);
            }
          }),
          settings,
        ),
    ],
    [
      'a random program ends within its budget and throws nothing',
      () =>
        fc.assert(
          fc.property(program, fc.nat(5000), (bytes, budget) => {
            const machine = createMachine(config, options(bytes));
            const { cycles } = machine.run(budget);
            if (cycles < budget || cycles > budget + 1000) throw new Error(`${cycles} cycles instead of ${budget}`);
          }),
          settings,
        ),
    ],
    ...general,
  ];
}

/** A program over and over, so that wherever the CPU starts it runs it. */
function repeat(program: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += program.length)
    bytes.set(program.subarray(0, Math.min(program.length, size - at)), at);
  return bytes;
}
