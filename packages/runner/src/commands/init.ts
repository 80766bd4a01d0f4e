import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { BackplaneError } from '@backplane/core';
import { makeFolder } from '../make-folder.js';
import { fileError } from '../read-file.js';
import { schemaText } from './schema.js';

const schemaName = 'backplane.schema.json';
const programName = 'hello.s';

const firstMachine = {
  $schema: `./${schemaName}`,
  description: 'A first machine: a 6502 with RAM, a console, and a program in ROM that says hello',
  clock: '1 MHz',
  cpu: { type: '6502' },
  devices: { terminal: { type: 'console' }, exit: { type: 'debug-exit' } },
  memory: [
    { at: '0x0000', ram: '32K' },
    { at: '0x8000', device: 'terminal' },
    { at: '0x8010', device: 'exit' },
    { at: '0xf000', rom: 'program', size: '4K' },
  ],
  wires: [['terminal.serial', 'host.console']],
  images: { program: programName },
};

const program = `; Says hello, and ends the run. Try another text, or the registers of another device.

console = $8000             ; write: print a character
exit = $8010                ; write: end the run with this status

        .org $f000

start:  ldx #0
next:   lda message,x
        beq done
        sta console
        inx
        bne next
done:   sta exit            ; 0: all is well

message:
        .byte "Hello from the 6502!", 10, 0

        .org $fffa
        .word start, start, start   ; NMI, RESET, IRQ
`;

/** `backplane init`: a first config, its schema beside it, and a program for it to run. */
export async function init(file: string, { force = false }: { force?: boolean }): Promise<number> {
  const folder = dirname(file);
  const isYaml = /^\.ya?ml$/i.test(extname(file));
  if (!isYaml && extname(file).toLowerCase() !== '.json') {
    throw new BackplaneError('runner/init', 'is neither .json nor .yaml', {
      path: file,
      mend: 'name it machine.json or machine.yaml',
    });
  }
  const files = new Map([
    [file, isYaml ? await yamlText() : jsonText()],
    [join(folder, programName), program],
    [join(folder, schemaName), await schemaText()],
  ]);
  if (!force) {
    for (const path of files.keys()) {
      if (existsSync(path))
        throw new BackplaneError('runner/init', 'exists already', { path, mend: 'use --force to overwrite it' });
    }
  }
  await writeAll(files);
  process.stdout.write(`Wrote ${[...files.keys()].join(', ')}.\nRun it: backplane run ${file}\n`);
  return 0;
}

/** JSON with what is short on one line, as a person would write it. */
function jsonText(): string {
  const short = (value: unknown) =>
    JSON.stringify(value, null, 1).replace(/\n */g, ' ').replace(/\[ /g, '[').replace(/ \]/g, ']');
  const entries = Object.entries(firstMachine).map(([key, value]) => {
    const text = Array.isArray(value)
      ? `[\n${value.map((entry) => `    ${short(entry)}`).join(',\n')}\n  ]`
      : short(value);
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${entries.join(',\n')}\n}\n`;
}

async function yamlText(): Promise<string> {
  const { Document, visit } = await import('yaml');
  const { $schema, ...machine } = firstMachine;
  const document = new Document(machine);
  visit(document, {
    Collection(_, node, path) {
      // The document, its map, a pair, the pair's value: what lies deeper goes on one line.
      node.flow = path.length > 3;
    },
  });
  // Editors take the schema of a YAML file from this comment.
  return `# yaml-language-server: $schema=${$schema}\n${document.toString({ lineWidth: 0 })}`;
}

/** All of them or none: each is written beside its place first. */
async function writeAll(files: ReadonlyMap<string, string>): Promise<void> {
  const written: string[] = [];
  try {
    for (const [path, text] of files) {
      try {
        await makeFolder(dirname(path));
        const beside = join(dirname(path), `.${basename(path)}.partial`);
        written.push(beside);
        await writeFile(beside, text);
      } catch (error) {
        throw fileError(path, error);
      }
    }
    for (const path of files.keys()) await rename(join(dirname(path), `.${basename(path)}.partial`), path);
  } finally {
    for (const path of written) await rm(path, { force: true });
  }
}
