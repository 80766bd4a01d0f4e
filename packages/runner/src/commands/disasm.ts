import { BackplaneError, type Disassembled, disassemble, disassembleAt, type InstructionSet } from '@backplane/core';
import { explainRegion } from '@backplane/core/interpreter';
import { findMachine } from '../find-machine.js';
import { imageLimit, joinSegments, type Segment } from '../image-formats.js';
import {
  allPlugins,
  assembled,
  buildMachine,
  cpuPath,
  instructionSet,
  loadMachine,
  type MachineOptions,
  mainCpu,
} from '../load-machine.js';
import { hexadecimal, parseWhole } from '../numbers.js';
import { readImage } from '../read-image.js';

/** The options of `backplane disasm`, as the command line gives them. */
export interface DisasmOptions extends MachineOptions {
  cpu?: string;
  at?: string;
  from?: string;
  length?: string;
  translated?: boolean;
}

/** Bytes listed of a machine's memory unless the user says how many. */
const memoryLength = 64;

/** `backplane disasm`: the instructions in a file, or in the memory of a machine. */
export async function disasm(
  first: string | undefined,
  second: string | undefined,
  options: DisasmOptions,
): Promise<number> {
  const file = options.cpu === undefined ? second : first;
  if (options.translated && first !== undefined && options.cpu === undefined && file === undefined) {
    process.stdout.write(await translatedListing(first, options));
    return 0;
  }
  if (options.translated) {
    throw new BackplaneError('runner/usage', 'only the memory of a machine is translated', {
      path: '--translated',
      mend: 'give MACHINE --from ADDRESS --translated',
    });
  }
  if (first === undefined || (options.cpu !== undefined && second !== undefined)) {
    throw new BackplaneError('runner/usage', 'what is to be disassembled?', {
      mend: 'give MACHINE FILE, MACHINE --from ADDRESS, or --cpu TYPE FILE',
    });
  }
  const instructions =
    file === undefined ? await inMemory(first, options) : await inFile(file, await setFor(first, options), options);
  process.stdout.write(listing(instructions));
  return 0;
}

async function setFor(machine: string, { cpu, plugin = [], variant }: DisasmOptions): Promise<InstructionSet> {
  if (cpu !== undefined) {
    const plugins = (await allPlugins([], process.cwd(), plugin)).map((loaded) => loaded.plugin);
    const [type = '', named] = cpu.split(':');
    return instructionSet({ type, variant: named ?? variant }, plugins, { type: '--cpu', variant: '--cpu' });
  }
  const { config, folder, path } = await findMachine(machine);
  const named = Array.isArray(config.plugins) ? config.plugins.map(String) : [];
  const plugins = (await allPlugins(named, folder, plugin, path)).map((loaded) => loaded.plugin);
  const main = mainCpu(config);
  return instructionSet(variant === undefined ? main : { ...main, variant }, plugins, cpuPath(path));
}

async function inFile(file: string, isa: InstructionSet, options: DisasmOptions): Promise<Disassembled[]> {
  const image = await readImage(file, (source) => assembled(isa, source, file));
  const end = 2 ** isa.declaration.addressWidth;
  const number = (text: string, path: string, max = end - 1) => parseWhole(text, path, { max });
  if ('segments' in image && options.at !== undefined) {
    throw new BackplaneError('runner/usage', `${file} says itself where its bytes belong`, {
      path: '--at',
      mend: 'leave it out',
    });
  }
  const segments: readonly Segment[] =
    'segments' in image
      ? joinSegments(image.segments)
      : [{ address: options.at === undefined ? 0 : number(options.at, '--at'), bytes: image.raw }];
  const start =
    options.from === undefined ? Math.min(...segments.map(({ address }) => address)) : number(options.from, '--from');
  const until = start + (options.length === undefined ? end : number(options.length, '--length', imageLimit));
  return segments.flatMap(({ address, bytes }) => {
    if (address + bytes.length > end) {
      throw new BackplaneError('runner/image', `does not fit: ${bytes.length} bytes from $${hexadecimal(address)} on`, {
        path: file,
        mend: `the ${isa.name} addresses ${end} bytes`,
      });
    }
    const skipped = Math.min(bytes.length, Math.max(0, start - address));
    return disassemble(isa, bytes.subarray(skipped), address + skipped).filter((line) => line.address < until);
  });
}

async function inMemory(machineName: string, options: DisasmOptions): Promise<Disassembled[]> {
  if (options.from === undefined) {
    throw new BackplaneError('runner/usage', 'no address is given', {
      path: '--from',
      mend: 'give --from ADDRESS, or a FILE',
    });
  }
  const { cpu } = buildMachine(await loadMachine(machineName, options));
  const end = 2 ** cpu.isa.declaration.addressWidth;
  const from = parseWhole(options.from, '--from', { max: end - 1 });
  const length = options.length === undefined ? memoryLength : parseWhole(options.length, '--length', { max: end });
  const instructions: Disassembled[] = [];
  for (let address = from; address < Math.min(from + length, end); ) {
    const instruction = disassembleAt(cpu.isa, (at) => cpu.memory.peek(at), address);
    instructions.push(instruction);
    address += instruction.length;
  }
  return instructions;
}

/** The region that the translator makes of an address: guest code, and beside it what it becomes. */
async function translatedListing(machineName: string, options: DisasmOptions): Promise<string> {
  if (options.from === undefined) {
    throw new BackplaneError('runner/usage', 'no address is given', { path: '--from', mend: 'give --from ADDRESS' });
  }
  const { cpu } = buildMachine(await loadMachine(machineName, options));
  const from = parseWhole(options.from, '--from', { max: 2 ** cpu.isa.declaration.addressWidth - 1 });
  const region = explainRegion(cpu.isa, from, (at) => cpu.memory.peek(at));
  if (region.length === 0) {
    throw new BackplaneError('runner/not-translated', `what is at $${hexadecimal(from)} is left to the interpreter`, {
      path: '--from',
      mend: 'give the address of another instruction',
    });
  }
  const width = Math.max(...region.map(({ label, text }) => label.length + text.length)) + 4;
  return region
    .flatMap(({ label, text, becomes }) =>
      becomes.map((line, index) => `${(index === 0 ? `${label}  ${text}` : '').padEnd(width)}${line}\n`),
    )
    .join('');
}

function listing(instructions: readonly Disassembled[]): string {
  const longest = instructions.reduce((most, { length }) => Math.max(most, length), 1);
  return instructions
    .map(({ address, bytes, text }) => {
      const code = bytes.map((byte) => hexadecimal(byte, 2)).join(' ');
      return `${hexadecimal(address)}  ${code.padEnd(longest * 3)} ${text}\n`;
    })
    .join('');
}
