import { parseInteger } from '@backplane/core';
import type { Window } from './image-formats.js';

/** Where an image goes, and which CPU sees it there. */
export interface ImageWindow extends Window {
  /** Whether an image may be shorter than the window: RAM may, ROM may not. */
  readonly mayBeShorter: boolean;
  readonly cpu: { readonly type: string; readonly variant: string | undefined };
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const objects = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isObject) : []);
const whole = (value: unknown) =>
  typeof value === 'number' || typeof value === 'string' ? parseInteger(value) : undefined;

/** The CPUs of a config by name, each with the regions it sees. */
function cpus(config: Fields): { cpu: Fields; regions: Fields[] }[] {
  if (isObject(config.cpus)) {
    return Object.values(config.cpus)
      .filter(isObject)
      .map((cpu) => ({ cpu, regions: [...objects(cpu.memory), ...objects(cpu.io)] }));
  }
  if (!isObject(config.cpu)) return [];
  const { cpu } = config;
  return [{ cpu, regions: [...objects(cpu.memory ?? config.memory), ...objects(cpu.io ?? config.io)] }];
}

/**
 * The images a config asks for. The config is as it was read: what is wrong with it is passed over here, for core tells
 * it better. An image that several regions use (a ROM that two CPUs see) is placed for the first of them; a banked one
 * is seen piece by piece, so its window is as large as the image.
 */
export function imageWindows(config: Fields): Map<string, ImageWindow> {
  const windows = new Map<string, ImageWindow>();
  for (const { cpu, regions } of cpus(config)) {
    for (const region of regions) {
      const name = region.rom ?? region.image;
      const at = whole(region.at);
      if (typeof name !== 'string' || at === undefined || windows.has(name)) continue;
      const isRom = region.rom !== undefined;
      windows.set(name, {
        at,
        size: isRom ? (region.bank === undefined ? whole(region.size) : undefined) : whole(region.ram),
        fill: isRom ? 0xff : 0,
        mayBeShorter: !isRom,
        cpu: { type: String(cpu.type), variant: typeof cpu.variant === 'string' ? cpu.variant : undefined },
      });
    }
  }
  return windows;
}
