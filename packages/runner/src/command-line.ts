import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import type { ExecOptions } from './commands/exec.js';
import type { ReplayOptions } from './commands/replay.js';
import type { RunOptions } from './commands/run.js';
import type { VerifyOptions } from './commands/verify.js';
import { engines } from './engines.js';
import { faultMessage, tellStack } from './fault-message.js';
import { addFuzzCommands } from './fuzz/fuzz-commands.js';

// Commands are loaded when they are called: `backplane --help` shall not wait for core.

const ownError = 125;
const collect = (value: string, previous: string[] = []) => [...previous, value];
const plugin = () =>
  new Option('--plugin <specifier>', 'load CPUs and devices from this module (repeatable)').argParser(collect);
const image = () =>
  new Option('--image <name=file>', 'put a file into the image of this name (repeatable)').argParser(collect);
const engine = () => new Option('--engine <name>', 'engine that runs the CPUs').choices(engines).default('auto');
const report = () => new Option('--report <format>', 'print a report on the last line of stdout').choices(['json']);
const variant = () => new Option('--variant <name>', 'variant of the main CPU, such as 65c02');

/** Letters of the drives that machines have. */
const driveLetters = 'abcdijklp';

/** An option a drive; one line of the help stands for all of them. */
const driveOptions = () =>
  [...driveLetters].map((letter) =>
    new Option(
      `--drive-${letter} <path>`,
      `a disk: an image, or a folder that becomes one; so up to --drive-p`,
    ).hideHelp(letter !== 'a'),
  );

/** What was given for drives, by their names. */
function drivesOf(options: Readonly<Record<string, unknown>>): Record<string, string> {
  const given = [...driveLetters].map((letter) => [letter, options[`drive${letter.toUpperCase()}`]] as const);
  return Object.fromEntries(given.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

function program(finish: (exitCode: number) => void): Command {
  const backplane = new Command('backplane')
    .description('Runs, checks and lists headless machines: a CPU, devices and memory, assembled from a config.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help on a command')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      `
A MACHINE is a config file (.json, .yaml) or the name of a ready-made machine.
Exit status: 0 for what was expected, the guest's own where it has one,
1 a failed expectation, 124 out of budget, 125 an error of ours.

Examples:
  backplane list
  backplane init && backplane run machine.json
  echo '2 3 + .' | backplane run py65mon --image rom=taliforth2.bin
  backplane run cpm22 --drive-a cpm22.dsk --drive-b work/ --write-through b
  backplane run bare-6502 --image ram=test.bin --pc 0x400 --stop-at-trap --report json`,
    );

  const run = backplane
    .command('run')
    .description('run a machine; stdin and stdout are its console')
    .argument('<machine>', 'config file or ready-made name')
    .addOption(image())
    .option('--write-through <drives>', 'write what the guest writes to their images and folders: a,b')
    .option('--pc <address>', 'begin here instead of at the reset vector')
    .option('--type <text>', 'type this before stdin is read; knows \\r \\n \\t \\e \\xNN')
    .option('--expect-text <regexp>', 'end well as soon as the console matches')
    .option('--fail-text <regexp>', 'end badly as soon as the console matches')
    .option('--stop-at-trap', 'end at an instruction that jumps to itself')
    .option('--limit-cycles <n>', 'end after so many cycles of the main CPU')
    .option('--timeout <seconds>', 'end after so much time of the host')
    .addOption(engine())
    .addOption(variant())
    .option('--ram-fill <fill>', 'RAM at power-on: zero, pattern:0x55aa or random:SEED')
    .option('--trace <file>', 'write every bus cycle to this file')
    .option('--record <file>', 'write a recording of the run to this file, for replay and verify')
    .option('--stats', 'tell on stderr which engines ran what, when the run ends')
    .addOption(report())
    .addOption(plugin())
    .action(async (machine: string, options: RunOptions) => {
      const command = await import('./commands/run.js');
      finish(await command.run(machine, { ...options, drives: drivesOf({ ...options }) }));
    });

  backplane
    .command('exec')
    .description('run one program of another CPU as a process: CP/M 2.2 (.com), sim65')
    .usage('[options] PROGRAM [ARGUMENTS...]')
    .argument('<program>', 'its file')
    .argument('[arguments...]', 'its arguments')
    .passThroughOptions()
    .option('--dir <name=path>', 'give it a directory: a=PATH, a=PATH:ro or a=PATH:overlay (repeatable)', collect)
    .option('--platform <name>', 'cpm, sim65, or a module that exports one, such as ./mine.mjs')
    .option('--clock <time>', "its time when it starts (UTC), or 'host'")
    .option('--limit-cycles <n>', 'end it after so many cycles')
    .option('--timeout <seconds>', 'end it after so much time of the host')
    .option('--limit-output <bytes>', 'end it when it prints more')
    .option('--limit-files <bytes>', 'end it when it writes more to files')
    .addOption(report())
    .action(async (file: string, words: string[], options: ExecOptions) => {
      const command = await import('./commands/exec.js');
      finish(await command.exec(file, words, options));
    });

  backplane
    .command('replay')
    .description('run a recorded run once more, to the same bits')
    .argument('<recording>', 'what run --record has written')
    .addOption(engine())
    .addOption(report())
    .action(async (file: string, options: ReplayOptions) => {
      const command = await import('./commands/replay.js');
      finish(await command.replay(file, options));
    });

  backplane
    .command('verify')
    .description('find where two recordings, or two engines, begin to differ')
    .argument('<recording>', 'what run --record has written')
    .argument('[other]', 'the recording to compare it with; without it, the same one')
    .addOption(engine())
    .addOption(new Option('--against <name>', 'engine that runs the other one, if not the same').choices(engines))
    .addOption(new Option('--report <format>', 'print the result in this format').choices(['json']))
    .addHelpText(
      'after',
      '\nOutput and input are compared throughout, states at 64 moments and, where these differ, in between. What differs\nfor a while, is the same again at the next moment, and was never put out, is not seen.',
    )
    .action(async (first: string, second: string | undefined, options: VerifyOptions) => {
      const command = await import('./commands/verify.js');
      finish(await command.verify(first, second, options));
    });

  const lint = backplane
    .command('lint')
    .description('check a machine and draw its memory map')
    .argument('<machine>', 'config file or ready-made name')
    .addOption(image())
    .addOption(variant())
    .addOption(plugin())
    .action(async (machine: string, options) => {
      const command = await import('./commands/lint.js');
      finish(await command.lint(machine, { ...options, drives: drivesOf(options) }));
    });

  const disasm = backplane
    .command('disasm')
    .description('list the instructions in a file, or in the memory of a machine')
    .usage('[options] MACHINE [FILE]\n       backplane disasm [options] --cpu TYPE[:VARIANT] FILE')
    .argument('[machine]', 'config file or ready-made name; left out with --cpu')
    .argument('[file]', 'raw bytes, .hex, .s19, .prg or .s; without it, the memory of the machine')
    .option('--cpu <type[:variant]>', 'a bare CPU instead of a machine')
    .option('--at <address>', 'where the file is loaded (raw bytes: 0 unless given)')
    .option('--from <address>', 'first address to list')
    .option('--length <bytes>', 'how many bytes to list')
    .option('--translated', 'what the translator makes of the code that is reached from --from')
    .addOption(image())
    .addOption(variant())
    .addOption(plugin())
    .action(async (machine: string | undefined, file: string | undefined, options) => {
      const command = await import('./commands/disasm.js');
      finish(await command.disasm(machine, file, { ...options, drives: drivesOf(options) }));
    });

  addFuzzCommands(backplane, finish);

  for (const command of [run, lint, disasm]) {
    for (const option of driveOptions()) command.addOption(option);
  }

  backplane
    .command('list')
    .description('list CPUs, their variants, devices and ready-made machines')
    .addOption(plugin())
    .action(async (options) => {
      const { list } = await import('./commands/list.js');
      finish(await list(options));
    });

  backplane
    .command('init')
    .description('write a first machine config, its schema and a program for it')
    .argument('[file]', 'the config to write (.json, .yaml)', 'machine.json')
    .option('--force', 'overwrite what is there')
    .action(async (file: string, options) => {
      const { init } = await import('./commands/init.js');
      finish(await init(file, options));
    });

  backplane
    .command('schema')
    .description('print the JSON Schema of machine configs')
    .addOption(plugin())
    .action(async (options) => {
      const { schema } = await import('./commands/schema.js');
      finish(await schema(options));
    });

  return backplane;
}

/**
 * Run a command of `backplane`. Errors are printed, never thrown.
 *
 * @param words the command line, without node and the script
 * @returns the exit status
 */
export async function commandLine(words: readonly string[]): Promise<number> {
  let outputFault: NodeJS.ErrnoException | undefined;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads may go away at any time: `backplane list | head -1`.
    if (error.code !== 'EPIPE') outputFault ??= error;
  });
  const exitCode = await statusOf(words);
  await new Promise<void>((resolve) => process.stdout.write('', () => setImmediate(resolve)));
  if (exitCode !== 0 || outputFault === undefined) return exitCode;
  process.stderr.write(`backplane: standard output: ${outputFault.message}\n`);
  return ownError;
}

async function statusOf(words: readonly string[]): Promise<number> {
  let exitCode = 0;
  const backplane = program((code) => {
    exitCode = code;
  });
  try {
    if (words.length === 0) {
      process.stderr.write(backplane.helpInformation());
      return ownError;
    }
    await backplane.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const message = error instanceof CommanderError ? usageFault(error) : faultMessage(error);
    process.stderr.write(`backplane: ${message}\n`);
    tellStack(error);
    return ownError;
  }
}

/** Commander's `error: unknown option '--imge'\n(Did you mean --image?)` in our own form. */
function usageFault(error: CommanderError): string {
  return error.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (?:one of )?(.*?)\?\)/s, (_, candidates: string) => `; did you mean ${candidates}?`)
    .replaceAll('\n', ' ');
}
