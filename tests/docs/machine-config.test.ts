import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createMachine,
  type DevicePlugin,
  type Machine,
  type MachineConfig,
  type Plugin,
  parseInteger,
} from '@backplane/core';
import { jsonSchema } from '@backplane/core/json-schema';
import { deviceLaws } from '@backplane/core/testing';
import { cpu6502 } from '@backplane/cpu-6502';
import { z80 } from '@backplane/cpu-z80';
import * as devices from '@backplane/devices';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../packages/runner/src/read-config.js';
import { temporaryFolder } from '../temporary-folder.js';
import { type Block, blocksOf, documentFolder, promised, readDocument } from './document.js';

// The small devices of writing-a-device.md, which the fragments here use.
const folder = temporaryFolder();
const small: DevicePlugin[] = [];
for (const { marks, text } of blocksOf(readDocument('writing-a-device.md'))) {
  const file = marks.get('file') ?? '';
  if (!/^(counter|panel|teletype|latch|doorbells|cartridge|video)\.mjs$/.test(file)) continue;
  writeFileSync(join(folder, file), text);
  small.push(...(Object.values(await import(join(folder, file))) as DevicePlugin[]));
}
const plugins: readonly Plugin[] = [cpu6502, z80, ...Object.values(devices), ...small];

describe.each(small)('$type of writing-a-device.md', (device) => {
  test.each(deviceLaws(device, { runs: 5 }))('%s', (_law, check) => check());
});

/** Images as the mark `images=rom:8K,ram:1K` has them: each byte is the low byte of its number plus its page's. */
function imagesOf({ marks }: Block): Record<string, Uint8Array> {
  const pairs = (marks.get('images') ?? '').split(',').filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name, size] = pair.split(':') as [string, string];
      return [name, Uint8Array.from({ length: parseInteger(size) as number }, (_, at) => at + (at >> 8))];
    }),
  );
}

async function load(block: Block): Promise<Machine> {
  const file = join(folder, `line-${block.line}.yaml`);
  writeFileSync(file, block.text);
  const { config: written } = await readConfig(file);
  const surroundings = block.marks.has('part')
    ? { clock: '1 MHz', ...('cpus' in written ? {} : { cpu: { type: '6502' } }) }
    : {};
  return createMachine({ ...surroundings, ...written } as MachineConfig, { plugins, images: imagesOf(block) });
}

/** Run a program of raw bytes at `at`, for so many cycles; what was on the bus. */
function traced(machine: Machine, at: number, program: readonly number[], cycles: number) {
  const trace: { cycle: number; kind: string; address: number; value: number }[] = [];
  machine.memory.load(at, Uint8Array.from(program));
  machine.cpu.registers.pc = at;
  machine.onCycle = (cycle) => trace.push(cycle);
  machine.run(cycles);
  machine.onCycle = null;
  return trace;
}

/** What the page says of an example, beyond that it loads. */
const checks: Record<string, (machine: Machine) => void> = {
  clocks(machine) {
    machine.run(1000);
    expect(machine.seconds).toBeCloseTo((machine.cycles * 264) / 315e6, 15);
    expect(Number.isInteger(machine.time)).toBe(true);
  },
  ram(machine) {
    expect([...machine.memory.read(0x83fe, 4)]).toEqual([0x01, 0x02, 0, 0]);
  },
  device(machine) {
    expect(machine.map().map(({ from, to, access }) => [from, to, access])).toEqual([
      [0xd000, 0xd0ff, undefined],
      [0xf001, 0xf001, 'write'],
      [0xf004, 0xf004, 'read'],
    ]);
    expect(machine.memory.peek(0xd003)).toBe(machine.memory.peek(0xd0f3));
  },
  mirror(machine) {
    machine.memory.poke(0x1801, 0x42);
    expect(machine.memory.peek(0x0001)).toBe(0x42);
    expect(machine.memory.peek(0x0801)).toBe(0x42);
    // STA $3ff3: the data direction register of port A.
    traced(machine, 0x100, [0xa9, 0x55, 0x8d, 0xf3, 0x3f], 6);
    expect(machine.memory.peek(0x2003)).toBe(0x55);
  },
  access(machine) {
    // LDA #5, STA $f123
    traced(machine, 0, [0xa9, 5, 0x8d, 0x23, 0xf1], 6);
    const latch = machine.snapshot().components.find(({ id }) => id === 'device/latch');
    expect(latch?.fields).toEqual({ 'bank.latch.page': 5 });
    expect(machine.memory.peek(0xe002)).toBe(2);
  },
  banks(machine) {
    expect(machine.memory.peek(0x8000)).toBe(0);
    // LDA #7, STA $7fff: bank 7 of 16, and 7 modulo 4 of the ROM.
    traced(machine, 0, [0xa9, 7, 0x8d, 0xff, 0x7f], 6);
    expect(machine.memory.peek(0x8000)).toBe(((3 * 16384) >> 8) & 0xff);
    machine.memory.poke(0xc000, 0x12);
    traced(machine, 0, [0xa9, 6, 0x8d, 0xff, 0x7f], 6);
    expect(machine.memory.peek(0xc000)).toBe(0);
    expect(machine.memory.peek(0x8000)).toBe(((2 * 16384) >> 8) & 0xff);
    traced(machine, 0, [0xa9, 7, 0x8d, 0xff, 0x7f], 6);
    expect(machine.memory.peek(0xc000)).toBe(0x12);
  },
  delays(machine) {
    const trace = traced(machine, 0, [0xea, 0xea, 0xea], 12);
    expect(trace.map(({ cycle }) => cycle)).toEqual([5, 6, 13, 14]);
  },
  media(machine) {
    const media = Object.values(machine.media).map(({ name, image, mode, size }) => `${name} ${image} ${mode} ${size}`);
    expect(media).toEqual([
      'slot.card card overlay 8192',
      'disks.a system read-only 256256',
      'disks.i i overlay 4177920',
    ]);
  },
  openBus(machine) {
    expect(machine.memory.peek(0x9000)).toBe(0);
  },
  ramFill(machine) {
    expect([...machine.memory.read(0, 4)]).toEqual([0x00, 0xff, 0x00, 0xff]);
  },
  chain(machine) {
    const nets = machine.nets().map(({ members }) => members.join(' '));
    expect(nets).toContain('main.int main.daisyChain');
    expect(machine.cpu.io.peek(0x1210)).toBe(machine.cpu.io.peek(0x10));
  },
  wires(machine) {
    const nets = machine.nets().map(({ members }) => [...members].sort().join(' '));
    expect(nets).toContain('acia.irq main.irq other.irq via.irq');
    expect(nets).toContain('lamps.pins[3] other.pa[0] via.pa[3]');
    expect(nets).toContain('other.pb[4] via.pb[0]');
    expect(nets).toContain('pulses.gate via.pb[7]');
    expect(machine.channels).toEqual(['modem']);
  },
  host(machine) {
    // LDA $d001, BPL: looks for a key for ever. Then takes it and looks on.
    const program = [0xad, 0x01, 0xd0, 0x10, 0xfb, 0xad, 0x00, 0xd0, 0x4c, 0x00, 0x00];
    machine.memory.load(0, Uint8Array.from(program));
    machine.cpu.registers.pc = 0;
    const channel = machine.channel('console');
    channel.waits = true;
    const got: number[][] = [];
    machine.on('input', ({ byte, cycles }) => got.push([byte, cycles]));
    const first = machine.run(100_000);
    expect(first.reason).toBe('input');
    const { cycles } = machine;
    expect(cycles).toBeGreaterThanOrEqual(500);
    channel.write('a\n');
    expect(machine.run(0).reason).toBe('input');
    expect(got.map(([byte]) => byte)).toEqual([97, 13]);
    expect(got[0]?.[1]).toBe(cycles);
    expect((got[1]?.[1] ?? 0) - cycles).toBeGreaterThanOrEqual(500);
    expect((got[1]?.[1] ?? 0) - cycles).toBeLessThan(520);
    const waiting = machine.cycles;
    channel.end();
    expect(machine.run(0).reason).toBe('input');
    expect(machine.cycles - waiting).toBeGreaterThanOrEqual(100 * 500 - 500);
    channel.waits = false;
    expect(machine.run(1000).reason).toBe('cycles');
  },
  cpus(machine) {
    machine.run(1000);
    expect(machine.cpus.helper?.cycles ?? 0).toBeGreaterThan(1990);
    expect(machine.cpu.name).toBe('main');
  },
};

const blocks = blocksOf(readDocument('machine-config.md'));

describe('machine-config.md', () => {
  const seen = new Set<string>();

  blocks.forEach((block, index) => {
    if (block.language !== 'yaml') return;
    const title = `line ${block.line}: ${block.text.trim().split('\n')[0]}`;
    if (block.marks.has('error')) {
      test(`${title} … is refused as the page says`, async () => {
        const message = await load(block).then(
          () => 'no error',
          (error: Error) => error.message,
        );
        expect(`${message}\n`).toMatch(promised(blocks[index + 1]?.text ?? ''));
      });
      return;
    }
    test(`${title} … is accepted`, async () => {
      (await load(block)).run(100);
      const name = block.marks.get('check');
      if (name === undefined) return;
      seen.add(name);
      const check = checks[name];
      if (!check) throw new Error(`no check '${name}'`);
      check(await load(block));
    });
  });

  test('every check was made, and every yaml block is loaded', () => {
    expect([...seen].sort()).toEqual(Object.keys(checks).sort());
    for (const { language, marks } of blocks)
      if (language === 'yaml') expect(marks.has('config') || marks.has('part')).toBe(true);
  });

  test('it has every key there is', () => {
    const text = readFileSync(join(documentFolder, 'machine-config.md'), 'utf8');
    const rows = new Set([...text.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) => cell?.match(/[$\w]+/g) ?? []));
    expect(keysOf(jsonSchema([])).filter((key) => !rows.has(key))).toEqual([]);
  });
});

/** Every key of a schema. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'properties') return [...Object.keys(value), ...Object.values(value as object).flatMap(keysOf)];
    return keysOf(value);
  });
}
