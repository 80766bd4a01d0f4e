import { describe, expect, test } from 'vitest';
import { toy } from '../testing/toy.js';
import type { MachineConfig } from './config.js';
import { createMachine } from './machine.js';

const memoryOf = (ramFill: string | undefined, more: Partial<MachineConfig> = {}, images = {}) => {
  const config = {
    clock: 1,
    cpu: { type: 'toy' },
    memory: [
      { at: 0, ram: 8 },
      { at: 0x1000, ram: 8 },
    ],
    ...(ramFill === undefined ? {} : { ramFill }),
    ...more,
  };
  return createMachine(config, { plugins: [toy], images }).memory;
};

const bytes = (ramFill: string | undefined, at = 0, length = 8): string =>
  [...memoryOf(ramFill).read(at, length)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

describe('RAM at power-on', () => {
  test.each([
    [undefined, '0000000000000000'],
    ['zero', '0000000000000000'],
    ['pattern:0x55aa', '55aa55aa55aa55aa'],
    ['pattern:$00ff00', '00ff0000ff0000ff'],
    ['pattern:255', 'ffffffffffffffff'],
    ['pattern:0x5', '0505050505050505'],
  ])('of %s', (fill, wanted) => {
    expect(bytes(fill)).toBe(wanted);
  });

  test('that is random is the same for one seed, and another for another one', () => {
    expect(bytes('random:1')).toBe(bytes('random:1'));
    expect(bytes('random:1')).not.toBe(bytes('random:2'));
    expect(bytes('random:0')).not.toBe(bytes('zero'));
  });

  test('that is random is another for each memory, and has no pattern', () => {
    const memory = memoryOf('random:7', { memory: [{ at: 0, ram: '8K' }] }).read(0, 8192);
    const counts = new Uint32Array(256);
    for (const byte of memory) counts[byte] = (counts[byte] as number) + 1;
    expect(Math.min(...counts)).toBeGreaterThan(10);
    expect(Math.max(...counts)).toBeLessThan(70);
    expect(bytes('random:7', 0)).not.toBe(bytes('random:7', 0x1000));
  });

  test('stays the same for ever', () => {
    // A run on random memory is to be repeated years later.
    expect([bytes('random:1'), bytes('random:1', 0x1000), bytes('random:0xffff')]).toMatchInlineSnapshot(`
      [
        "ca21dca5cdc9c378",
        "72d09901a5bf7ab8",
        "0775f8d469c788ab",
      ]
    `);
  });

  test('holds an image, and the fill where that ends', () => {
    const memory = memoryOf(
      'pattern:0xee',
      { memory: [{ at: 0, ram: 4, image: 'start' }] },
      { start: Uint8Array.of(1, 2) },
    );
    expect([...memory.read(0, 4)]).toEqual([1, 2, 0xee, 0xee]);
  });
});

test('a reset leaves RAM as it is', () => {
  const machine = createMachine({ clock: 1, cpu: { type: 'toy' }, memory: [{ at: 0, ram: 8 }] }, { plugins: [toy] });
  machine.memory.poke(3, 9);
  machine.reset();
  expect(machine.memory.peek(3)).toBe(9);
});

test.each([
  '',
  'zeros',
  'zero:1',
  'pattern',
  'pattern:',
  'pattern:0xzz',
  'random',
  'random:x',
  'random:-1',
  'random:1.5',
])('%j is no way to fill RAM', (ramFill) => {
  expect(() => memoryOf(ramFill)).toThrow(
    `ramFill: '${ramFill}' is no way to fill RAM; write 'zero', 'pattern:0x55aa' or 'random:SEED'`,
  );
});
