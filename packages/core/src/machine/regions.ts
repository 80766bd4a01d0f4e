/** Regions of an address space, from what the config lists. */
import type { DelayTable } from '../bus/bus.js';
import type { Region } from '../bus/region.js';
import { ConfigError, suggest } from '../errors.js';
import type { ArenaLayout } from '../state/arena.js';
import type { ParsedRegion } from './config.js';
import type { PlannedDevice } from './devices.js';

const MOST_REGIONS = 254;
/** Most of the arena that is left empty below guest memory. */
const LARGEST_GAP = 2 ** 20;
export const MOST_MEMORY = 256 * 1024 * 1024;

/** A block of memory that regions show. */
export interface MemoryBlock {
  readonly name: string;
  readonly kind: 'ram' | 'rom';
  readonly offset: number;
  readonly size: number;
  readonly image: Uint8Array | undefined;
}

export interface RegionContext {
  readonly layout: ArenaLayout;
  readonly planned: readonly PlannedDevice[];
  readonly banks: ReadonlyMap<string, number>;
  readonly memories: MemoryBlock[];
  readonly images: Readonly<Record<string, Uint8Array>>;
  readonly usedImages: Set<string>;
  readonly delays: readonly DelayTable[];
}

export function makeRegions(
  regions: readonly ParsedRegion[],
  listPath: string,
  space: string,
  addressWidth: number,
  context: RegionContext,
): Region[] {
  if (regions.length > MOST_REGIONS) {
    throw new ConfigError('config/regions', `${regions.length} regions`, {
      path: listPath,
      mend: `use at most ${MOST_REGIONS}`,
    });
  }
  const end = 2 ** addressWidth;
  const lowest = Math.min(LARGEST_GAP, Math.max(0, ...regions.map(({ at }) => at)));
  return regions.map((region, index) => {
    const path = `${listPath}[${index}]`;
    const place = (size: number, name: string) => {
      if (size === 0)
        throw new ConfigError('config/region-size', 'the region is empty', { path, mend: 'give it a size above 0' });
      const to = region.at + size - 1;
      if (to >= end) {
        throw new ConfigError(
          'config/region-end',
          `$${region.at.toString(16)} + ${size} bytes goes beyond $${(end - 1).toString(16)}`,
          { path, mend: `make it at most ${Math.max(0, end - region.at)} bytes` },
        );
      }
      return { path, name: region.name ?? name, from: region.at, to, priority: region.priority, access: region.access };
    };
    if ('device' in region) {
      const plan = context.planned.find(({ name }) => name === region.device);
      if (!plan) {
        throw new ConfigError('config/unknown-device', `no device '${region.device}'`, {
          path: `${path}.device`,
          mend: suggest(
            region.device,
            context.planned.map(({ name }) => name),
          ),
        });
      }
      const { size } = plan.onBus;
      if (size === 0)
        throw new ConfigError('config/not-mapped', `'${plan.definition.type}' has no registers`, {
          path: `${path}.device`,
          mend: "only wire it, or give its definition a 'size'",
        });
      const offset = region.offset ?? 0;
      if (offset >= size && region.repeat !== true) {
        throw new ConfigError('config/region-offset', `a ${plan.definition.type} has registers 0 to ${size - 1}`, {
          path: `${path}.offset`,
          mend: 'choose one of them',
        });
      }
      return {
        kind: 'device',
        ...place(region.size ?? size - offset, region.device),
        device: plan.onBus,
        offset,
        repeat: region.repeat ?? false,
      };
    }
    if ('mirror' in region) {
      const { mirror: source, of: period } = region;
      const placed = place(region.size, `mirror of $${source.toString(16)}`);
      if (period === 0 || source + period > end) {
        throw new ConfigError('config/mirror', 'what it mirrors is not within the address space', {
          path,
          mend: "make 'of' the size of what is mirrored",
        });
      }
      return { kind: 'mirror', ...placed, source, period };
    }
    const imageName = 'rom' in region ? region.rom : region.image;
    const image =
      imageName === undefined ? undefined : imageOf(imageName, context, `${path}.${'rom' in region ? 'rom' : 'image'}`);
    const windowed = region.bank !== undefined;
    const size =
      'rom' in region
        ? windowed
          ? (image as Uint8Array).length
          : (region.size ?? (image as Uint8Array).length)
        : region.ram;
    const window = region.size ?? size;
    if (size > MOST_MEMORY)
      throw new ConfigError('config/memory', `${size} bytes of memory`, { path, mend: `stay below ${MOST_MEMORY}` });
    if (image && (image.length > size || ('rom' in region && image.length !== size))) {
      throw new ConfigError(
        'config/image-size',
        `image '${imageName}' has ${image.length} bytes, the region takes ${size}`,
        { path, mend: 'give the right file, or set the size' },
      );
    }
    const placed = place(window, imageName ?? 'ram');
    const bank = windowed ? bankOf(region.bank as string, context.banks, `${path}.bank`) : 0;
    if (windowed && (size < window || size % window !== 0)) {
      throw new ConfigError('config/bank-size', `${size} bytes of memory are no whole number of windows of ${window}`, {
        path,
        mend: "set 'size' to the size of the window",
      });
    }
    if (!windowed && window > size) {
      throw new ConfigError(
        'config/region-size',
        `the window of ${window} bytes is larger than the memory of ${size}`,
        { path, mend: "use 'mirror' to repeat it" },
      );
    }
    // Above the addresses it is seen at, so that what a page table adds to an address is not negative; see bus.ts.
    const offset = context.layout.reserve(size, 256, lowest);
    const address = `${space}[${placed.from.toString(16)}]`;
    const namesakes = context.memories.filter((memory) => memory.name.split('#')[0] === address).length;
    context.memories.push({
      name: namesakes === 0 ? address : `${address}#${namesakes + 1}`,
      kind: 'rom' in region ? 'rom' : 'ram',
      offset,
      size,
      image,
    });
    const delay = region.delay === undefined ? 0 : delayOf(region.delay, context.delays, `${path}.delay`);
    return { kind: 'rom' in region ? 'rom' : 'ram', ...placed, memory: offset, size, bank, delay };
  });
}

function imageOf(name: string, { images, usedImages }: RegionContext, path: string): Uint8Array {
  const image = Object.hasOwn(images, name) ? images[name] : undefined;
  if (!image) {
    throw new ConfigError('config/image-missing', `the machine needs the image '${name}'`, {
      path,
      mend: `give it as images.${name} (on the command line: --image ${name}=FILE)`,
    });
  }
  usedImages.add(name);
  return image;
}

export function refuseStrayImages(images: Readonly<Record<string, Uint8Array>>, used: ReadonlySet<string>): void {
  const stray = Object.keys(images).find((name) => !used.has(name));
  if (stray !== undefined) {
    throw new ConfigError('config/unknown-image', `the machine takes no image '${stray}'`, {
      path: `images.${stray}`,
      mend: suggest(stray, [...used]),
    });
  }
}

function bankOf(name: string, banks: ReadonlyMap<string, number>, path: string): number {
  const bank = banks.get(name);
  if (bank === undefined)
    throw new ConfigError('config/unknown-bank', `no bank selector '${name}'`, {
      path,
      mend: suggest(name, [...banks.keys()]),
    });
  return bank;
}

function delayOf(name: string, delays: readonly DelayTable[], path: string): number {
  const index = delays.findIndex((delay) => delay.name === name);
  if (index < 0)
    throw new ConfigError('config/unknown-delay', `no delay table '${name}'`, {
      path,
      mend: suggest(
        name,
        delays.map((delay) => delay.name),
      ),
    });
  return index + 1;
}
