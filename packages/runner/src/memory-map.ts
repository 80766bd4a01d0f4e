import type { MappedRegion } from '@backplane/core';

/** A range of addresses that the same regions answer throughout. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Who answers reads; undefined for open bus. */
  readonly read: MappedRegion | undefined;
  /** Who takes writes. */
  readonly write: MappedRegion | undefined;
}

/** What is seen where: the regions of one address space, the highest priority on top. */
export function visibleMap(regions: readonly MappedRegion[], addressWidth: number): Stretch[] {
  const end = 2 ** addressWidth;
  const edges = new Set([0, ...regions.flatMap(({ from, to }) => [from, to + 1])]);
  const starts = [...edges].filter((address) => address < end).sort((a, b) => a - b);
  const stretches: Stretch[] = [];
  starts.forEach((from, index) => {
    const to = (starts[index + 1] ?? end) - 1;
    const read = topmost(regions, from, 'read');
    const write = topmost(regions, from, 'write');
    const previous = stretches.at(-1);
    if (previous && previous.read === read && previous.write === write)
      stretches[stretches.length - 1] = { ...previous, to };
    else stretches.push({ from, to, read, write });
  });
  return stretches;
}

function topmost(
  regions: readonly MappedRegion[],
  address: number,
  access: 'read' | 'write',
): MappedRegion | undefined {
  let top: MappedRegion | undefined;
  for (const region of regions) {
    if (address < region.from || address > region.to || (region.access ?? access) !== access) continue;
    if (top === undefined || (region.priority ?? 0) > (top.priority ?? 0)) top = region;
  }
  return top;
}

/** `32 KiB`, `1 byte`. */
export function sizeText(bytes: number): string {
  if (bytes % 1024 === 0 && bytes > 0) return `${bytes / 1024} KiB`;
  return bytes === 1 ? '1 byte' : `${bytes} bytes`;
}

const label = (region: MappedRegion): string =>
  region.name === region.kind ? region.name : `${region.kind}: ${region.name}`;

function stretchText({ read, write }: Stretch): string {
  if (read === undefined && write === undefined) return '';
  if (read === write && read) return label(read);
  // A ROM's writes go nowhere; that is what it is.
  return [read && `read ${label(read)}`, write && `write ${label(write)}`].filter(Boolean).join(', ');
}

/** The map as a drawing, one box a stretch. */
export function drawMap(stretches: readonly Stretch[], addressWidth: number): string[] {
  const digits = Math.ceil(addressWidth / 4);
  const address = (value: number) => `$${value.toString(16).padStart(digits, '0')}`;
  const texts = stretches.map(stretchText);
  const width = Math.max(28, ...texts.map((text) => text.length));
  const margin = ' '.repeat(digits + 2);
  const rule = (left: string, right: string) => `${margin}${left}${'─'.repeat(width + 2)}${right}`;
  const lines = [rule('┌', '┐')];
  stretches.forEach((stretch, index) => {
    const { from, to } = stretch;
    const text = texts[index] ?? '';
    if (index > 0) lines.push(rule('├', '┤'));
    const shade = text === '' ? '·'.repeat(width) : text.padEnd(width);
    lines.push(`${address(from)} │ ${shade} │ ${sizeText(to - from + 1)}${text === '' ? ', open bus' : ''}`);
    if (to > from) lines.push(`${address(to)} │ ${(text === '' ? '·' : ' ').repeat(width)} │`);
  });
  lines.push(rule('└', '┘'));
  return lines.map((line) => ` ${line}`);
}
