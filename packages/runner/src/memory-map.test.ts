import type { MappedRegion } from '@backplane/core';
import { describe, expect, it } from 'vitest';
import { mapFindings } from './lint-findings.js';
import { drawMap, sizeText, visibleMap } from './memory-map.js';

const region = (
  kind: MappedRegion['kind'],
  name: string,
  from: number,
  to: number,
  more: Partial<MappedRegion> = {},
): MappedRegion => ({
  cpu: 'main',
  space: 'memory',
  path: `memory.${name}`,
  name,
  kind,
  from,
  to,
  access: undefined,
  priority: undefined,
  ...more,
});

describe('visibleMap', () => {
  it('shows the highest priority, by reads and writes', () => {
    const ram = region('ram', 'ram', 0x0000, 0x7fff);
    const port = region('device', 'port', 0x1000, 0x1000, { priority: 1, access: 'write' });
    expect(visibleMap([ram, port], 16)).toEqual([
      { from: 0, to: 0xfff, read: ram, write: ram },
      { from: 0x1000, to: 0x1000, read: ram, write: port },
      { from: 0x1001, to: 0x7fff, read: ram, write: ram },
      { from: 0x8000, to: 0xffff, read: undefined, write: undefined },
    ]);
  });

  it('covers an empty space', () => {
    expect(visibleMap([], 16)).toEqual([{ from: 0, to: 0xffff, read: undefined, write: undefined }]);
  });
});

describe('drawMap', () => {
  it('draws a box a stretch', () => {
    const regions = [region('ram', 'ram', 0, 0xff), region('device', 'via', 0x100, 0x100)];
    expect(drawMap(visibleMap(regions, 10), 10)).toEqual([
      '      ┌──────────────────────────────┐',
      ' $000 │ ram                          │ 256 bytes',
      ' $0ff │                              │',
      '      ├──────────────────────────────┤',
      ' $100 │ device: via                  │ 1 byte',
      '      ├──────────────────────────────┤',
      ' $101 │ ···························· │ 767 bytes, open bus',
      ' $3ff │ ···························· │',
      '      └──────────────────────────────┘',
    ]);
  });
});

describe('mapFindings', () => {
  it('tells of holes, overlaps and hidden regions', () => {
    const low = region('ram', 'low', 0, 0xff);
    const high = region('rom', 'high', 0, 0xff, { priority: 2 });
    const regions = [low, high];
    expect(mapFindings(regions, visibleMap(regions, 16), 'memory')).toEqual([
      { severity: 'warning', path: 'memory.low', message: "'low' is hidden by what lies above it" },
      { severity: 'note', path: 'memory.high', message: "'high' (priority 2) lies over 'low' at $0000–$00ff" },
      { severity: 'note', path: 'memory', message: '65280 bytes answer nothing: $0100–$ffff' },
    ]);
  });
});

describe('sizeText', () => {
  it.each([
    [1, '1 byte'],
    [255, '255 bytes'],
    [1024, '1 KiB'],
    [65536, '64 KiB'],
  ])('%d', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});
