import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const equates = `
console = $8000
status = $8001
exit = $8010
        .org $f000
`;
const vectors = `
        .org $fffa
        .word start, start, start
`;

/** Guests for the tests, by what they do. */
export const programs = {
  /** Prints a prompt, then every key; `q` ends the run with status 3, `0` with 0. */
  echo: `
start:  ldx #$ff
        txs
        lda #'>'
        sta console
wait:   lda status
        bpl wait
        lda console
        cmp #'q'
        beq quit
        cmp #'0'
        beq well
        sta console
        jmp wait
quit:   lda #3
        sta exit
well:   lda #0
        sta exit
`,
  /** Says hello and stays where it is. */
  hello: `
start:  ldx #0
next:   lda text,x
        beq trap
        sta console
        inx
        bne next
trap:   jmp trap
text:   .byte "hello, world", 10, "and goodbye", 0
`,
  /** Counts, and prints a dot now and then, for ever. */
  busy: `
start:  ldx #0
        ldy #0
loop:   inx
        bne loop
        iny
        bne loop
        lda #'.'
        sta console
        jmp loop
`,
  /** Prints without end, as fast as it can. */
  chatter: `
start:  lda #'x'
        sta console
        jmp start
`,
  /** Runs into an opcode that hangs the CPU. */
  jam: `
start:  lda #'!'
        sta console
        .byte $02
`,
} as const;

export type ProgramName = keyof typeof programs;

/** A machine with a console and an exit register, as a config. */
export const config = (program: string) => ({
  clock: '1 MHz',
  cpu: { type: '6502' },
  devices: { terminal: { type: 'console' }, exit: { type: 'debug-exit' } },
  memory: [
    { at: '0x0000', ram: '32K' },
    { at: '0x8000', device: 'terminal' },
    { at: '0x8010', device: 'exit' },
    { at: '0xf000', rom: 'rom', size: '4K' },
  ],
  wires: [['terminal.serial', 'host.console']],
  images: { rom: program },
});

/** Write the sources and a config for each program into a folder: `echo.s`, `echo.json`, … */
export async function writePrograms(folder: string): Promise<void> {
  for (const [name, source] of Object.entries(programs)) {
    await writeFile(join(folder, `${name}.s`), equates + source + vectors);
    await writeFile(join(folder, `${name}.json`), JSON.stringify(config(`${name}.s`)));
  }
}
