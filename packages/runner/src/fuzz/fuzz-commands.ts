/** `backplane fuzz` and `backplane vectors` on the command line. What they do is loaded when they are called. */
import { type Command, Option } from 'commander';
import type { FuzzOptions } from '../commands/fuzz.js';
import type { VectorsOptions } from '../commands/vectors.js';

const collect = (value: string, previous: string[] = []) => [...previous, value];
const plugin = () => new Option('--plugin <specifier>', 'load CPUs from this module (repeatable)').argParser(collect);
const variant = () => new Option('--variant <name>', 'variant of the CPU, such as wdc');

export function addFuzzCommands(backplane: Command, finish: (exitCode: number) => void): void {
  backplane
    .command('fuzz')
    .description('run random programs on a CPU core and tell where it differs')
    .argument('<cpu>', 'type of the CPU: 6502, z80, 8080')
    .addOption(variant())
    .option('--engine <name>', 'the core: one of our engines, such as interpreter')
    .option('--core <module>', "the core: a module that exports it as 'core'")
    .option('--command <command>', 'the core: a process that talks JSON lines')
    .option('--against <engine>', 'the engine that it is compared with', 'evaluator')
    .option('--time <seconds>', 'end after so much time of the host')
    .option('--executions <n>', 'end after so many programs')
    .option('--seed <n>', 'of all that is random', '1')
    .option('--only <instruction>', 'make programs of this one: mnemonic, text or bytes (repeatable)', collect)
    .option('--masks <file>', 'differences that are known, as JSON')
    .option('--corpus <folder>', 'keep the campaign here, and go on with it')
    .option('--workers <n>', 'threads; as many as the host has cores unless given')
    .option('--most-finds <n>', 'end after so many different finds', '50')
    .option('--answer-within <seconds>', 'what a process may take to answer', '10')
    .addOption(new Option('--report <format>', 'print a report on the last line of stdout').choices(['json']))
    .addOption(plugin())
    .action(async (type: string, options: FuzzOptions) => {
      const { fuzz } = await import('../commands/fuzz.js');
      finish(await fuzz(type, options));
    });

  backplane
    .command('vectors')
    .description('write tests of single instructions, in the form of SingleStepTests')
    .argument('<cpu>', 'type of the CPU: 6502, z80, 8080')
    .addOption(variant())
    .option('--engine <name>', 'the engine that says what is right', 'evaluator')
    .option('--instruction <name>', 'mnemonic, text or bytes (repeatable); all unless given', collect)
    .option('--count <n>', 'tests of each instruction', '100')
    .option('--seed <n>', 'of all that is random', '1')
    .option('--out <folder>', 'where the files go', 'vectors')
    .addOption(plugin())
    .action(async (type: string, options: VectorsOptions) => {
      const { vectors } = await import('../commands/vectors.js');
      finish(await vectors(type, options));
    });
}
