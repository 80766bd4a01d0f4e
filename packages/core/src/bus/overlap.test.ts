import { describe, expect, test } from 'vitest';
import { ConfigError } from '../errors.js';
import { busOf, counting } from './test-bus.js';

describe('regions that overlap', () => {
  test('are refused without a priority', () => {
    expect(() =>
      busOf([
        { at: 0, ram: 0x1000 },
        { at: 0x800, device: 'dev' },
      ]),
    ).toThrow(
      new ConfigError('config/overlap', 'overlaps memory[0] at $0800–$0803', {
        path: 'memory[1]',
        mend: "give the one that is to be seen a 'priority' above 0",
      }),
    );
  });

  test('are refused at equal priorities, wherever they stand in the list', () => {
    expect(() =>
      busOf([
        { at: 0x8000, ram: 0x100, priority: 5 },
        { at: 0x4000, ram: 0x4001, priority: 5 },
      ]),
    ).toThrow("memory[0]: overlaps memory[1] at $8000–$8000; give the one that is to be seen a 'priority' above 5");
  });

  test('are found though others lie between', () => {
    expect(() =>
      busOf([
        { at: 0, ram: 0x8000 },
        { at: 0x100, ram: 0x100, priority: 1 },
        { at: 0x7fff, ram: 2 },
      ]),
    ).toThrow('memory[2]: overlaps memory[0] at $7fff–$7fff');
  });

  test('may touch', () => {
    expect(() =>
      busOf([
        { at: 0, ram: 0x80 },
        { at: 0x80, ram: 0x80 },
      ]),
    ).not.toThrow();
  });
});

describe('of regions with priorities', () => {
  test('the highest is seen, none counts as 0, and less than none is below', () => {
    const bus = busOf(
      [
        { at: 0, rom: 'one', priority: -1 },
        { at: 0x40, rom: 'two' },
        { at: 0x80, rom: 'three', priority: 7 },
      ],
      {},
      { images: { one: counting(0x100).fill(1), two: counting(0x80).fill(2), three: counting(0x10).fill(3) } },
    );
    expect([0x3f, 0x40, 0x7f, 0x80, 0x8f, 0x90, 0xbf, 0xc0].map((at) => bus.readAny(at))).toEqual([
      1, 2, 2, 3, 3, 2, 2, 1,
    ]);
  });
});

describe('access', () => {
  test('lets reads and writes be answered by different regions, without a priority', () => {
    const bus = busOf(
      [
        { at: 0x8000, rom: 'rom', access: 'read' },
        { at: 0x8000, device: 'dev', access: 'write' },
        { at: 0x9000, device: 'dev' },
      ],
      {},
      { images: { rom: counting(4, 0x40) } },
    );
    bus.writeAny(0x8001, 0x99);
    expect([bus.readAny(0x8001), bus.peek(0x9001)]).toEqual([0x41, 0x99]);
  });

  test('lets what lies below answer the rest', () => {
    const bus = busOf(
      [
        { at: 0x8000, ram: 0x100 },
        { at: 0x8000, rom: 'rom', access: 'read', priority: 1 },
      ],
      {},
      { images: { rom: counting(0x80) } },
    );
    bus.writeAny(0x8010, 0x77);
    bus.writeAny(0x8090, 0x78);
    expect([bus.readAny(0x8010), bus.readAny(0x8090)]).toEqual([0x10, 0x78]);
  });

  test('leaves open bus where nobody answers', () => {
    const bus = busOf([
      { at: 0x8000, ram: 0x100, access: 'write' },
      { at: 0x9000, ram: 0x100, access: 'read' },
    ]);
    bus.writeAny(0x8000, 1);
    bus.writeAny(0x9000, 1);
    expect([bus.readAny(0x8000), bus.readAny(0x9000)]).toEqual([0xff, 0]);
  });

  test('does not part regions that both answer reads', () => {
    expect(() =>
      busOf([
        { at: 0x8000, ram: 0x100, access: 'read' },
        { at: 0x8000, ram: 0x100 },
      ]),
    ).toThrow('memory[1]: overlaps memory[0]');
  });
});
