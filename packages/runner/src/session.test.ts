import { PassThrough, Writable } from 'node:stream';
import { createMachine, defineDevice, type MachineConfig } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import * as cpus from '@backplane/cpu-6502';
import * as devices from '@backplane/devices';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pluginsIn } from './plugins.js';
import { Interruption, runSession } from './session.js';

const plugins = [...pluginsIn(cpus), ...pluginsIn(devices)];
const cpu = plugins.find((plugin) => plugin.kind === 'cpu');
if (cpu?.kind !== 'cpu') throw new Error('no CPU');
const isa = cpu.instructionSet();

const faulty = defineDevice({
  type: 'faulty',
  version: 1,
  size: 1,
  create: () => ({
    write() {
      throw new Error('the chip is on fire');
    },
  }),
});

const config: MachineConfig = {
  clock: '1 MHz',
  cpu: { type: '6502' },
  devices: { terminal: { type: 'console' }, exit: { type: 'debug-exit' }, faulty: { type: 'faulty' } },
  memory: [
    { at: 0, ram: '32K' },
    { at: 0x8000, device: 'terminal' },
    { at: 0x8010, device: 'exit' },
    { at: 0x8020, device: 'faulty' },
    { at: 0xf000, rom: 'rom' },
  ],
  wires: [['terminal.serial', 'host.console']],
};

/** A machine that runs `source` from `start` on; in one engine, for what `auto` comes to depends on what has run before. */
function machine(source: string) {
  const { bytes } = assemble(isa, `.org $f000\nstart:\n${source}\n.org $fffa\n.word start, start, start`);
  return createMachine(config, { plugins: [...plugins, faulty], images: { rom: bytes }, engine: 'interpreter' });
}

const echo = `
wait:   lda $8001
        bpl wait
        lda $8000
        sta $8000
        jmp wait`;

function collected() {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('latin1') };
}

describe('runSession', () => {
  it('does the same however its input is cut and whenever it comes', async () => {
    const text = fc.string({ unit: fc.constantFrom(...'abc \n'), maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(60)), fc.boolean(), async (typed, places, isSlow) => {
        const whole = collected();
        const report = await runSession(machine(echo), { type: typed, output: whole.stream });

        const input = new PassThrough();
        const cuts = [0, ...places.sort((a, b) => a - b), typed.length];
        const feeding = (async () => {
          for (const [index, cut] of cuts.slice(1).entries()) {
            input.write(typed.slice(cuts[index], cut));
            if (isSlow) await new Promise((resolve) => setTimeout(resolve, 1));
          }
          input.end();
        })();
        const pieces = collected();
        const cutReport = await runSession(machine(echo), { input, output: pieces.stream });
        await feeding;

        expect(pieces.text()).toBe(whole.text());
        expect({ ...cutReport, wallSeconds: 0 }).toEqual({ ...report, wallSeconds: 0 });
        expect(pieces.text()).toBe(typed);
      }),
      { numRuns: 40 },
    );
  });

  it('finds a text that takes many slices to come', async () => {
    // A letter every 2.6 M cycles, longer than any slice.
    const slow = `
            ldx #'a'
    letter: stx $8000
            inx
            lda #8
            sta $00
    wait:   iny
            bne wait
            inc $01
            bne wait
            dec $00
            bne wait
            jmp letter`;
    const report = await runSession(machine(slow), { expectText: /abcd/, limitCycles: 20e6 });
    expect(report).toMatchObject({ reason: 'text', exitCode: 0 });
    expect(report.cycles).toBeGreaterThan(7.5e6);
  });

  it('lets the output settle between slices', async () => {
    let most = 0;
    let length = 0;
    const slow: Writable = new Writable({
      highWaterMark: 1024,
      write(chunk: Buffer, _, done) {
        most = Math.max(most, slow.writableLength);
        length += chunk.length;
        setTimeout(done, 1);
      },
    });
    const chatter = machine("lda #'x'\nloop: sta $8000\njmp loop");
    await runSession(chatter, { output: slow, limitCycles: 2e6 });
    expect(length).toBe(Math.ceil((2e6 - 7 - 2 - 3) / 7));
    // A slice prints no more than 150,000 characters.
    expect(most).toBeLessThan(200_000);
  });

  it('tells what a device throws, and where the machine was', async () => {
    const output = collected();
    const report = await runSession(machine("lda #'!'\nsta $8000\nsta $8020"), { output: output.stream });
    expect(report).toMatchObject({
      reason: 'error',
      message: 'the chip is on fire',
      exitCode: 125,
      registers: { a: 33 },
    });
    expect(report.pc).toBeGreaterThanOrEqual(0xf005);
  });

  it('is ended from outside', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Interruption('enough', 130)), 20);
    const report = await runSession(machine('loop: jmp loop'), { signal: controller.signal });
    expect(report).toMatchObject({ reason: 'error', message: 'enough', exitCode: 130 });
  });

  it('goes on where it stopped', async () => {
    const once = machine('loop: inc $00\njmp loop');
    await runSession(once, { limitCycles: 1000 });
    const { cycles } = await runSession(once, { limitCycles: 1000 });
    expect(cycles).toBeGreaterThanOrEqual(2000);
    expect(cycles).toBeLessThan(2016);
  });

  it('leaves nothing on its streams', async () => {
    const { stream } = collected();
    for (let round = 0; round < 3; round += 1) await runSession(machine('sta $8010'), { output: stream });
    expect(['error', 'close', 'drain'].map((event) => stream.listenerCount(event))).toEqual([0, 0, 0]);
  });

  it('needs a console for what is said on it', async () => {
    const mute = createMachine({ clock: 1, cpu: { type: '6502' }, memory: [{ at: 0, ram: '64K' }] }, { plugins });
    await expect(runSession(mute, { type: 'x' })).rejects.toThrow(
      'typed text needs a console, and the machine has none',
    );
    await expect(runSession(mute, { limitCycles: 100 })).resolves.toMatchObject({ reason: 'cycles', exitCode: 124 });
  });
});
