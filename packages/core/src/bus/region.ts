/** Regions: what a config maps into an address space. */

interface Placement {
  /** Place in the config, for messages: `memory[1]`. */
  readonly path: string;
  readonly name: string;
  /** First and last address. */
  readonly from: number;
  readonly to: number;
  /** Undefined where the config gives none: then nothing may overlap. */
  readonly priority: number | undefined;
  readonly access: 'read' | 'write' | undefined;
}

/** A window onto memory in the arena. */
export interface MemoryRegion extends Placement {
  readonly kind: 'ram' | 'rom';
  /** Arena offset of the memory's first byte. */
  readonly memory: number;
  /** Size of the whole memory. */
  readonly size: number;
  /** Arena offset of the word that holds the selected bank, 0 if there are no banks. */
  readonly bank: number;
  /** Index of the delay table, 0 for none. */
  readonly delay: number;
}

/** Registers of a device. */
export interface DeviceRegion extends Placement {
  readonly kind: 'device';
  readonly device: BusDevice;
  /** Register at the first address. */
  readonly offset: number;
  /** Whether the registers repeat beyond their number, instead of open bus. */
  readonly repeat: boolean;
}

/** Another address range, seen again. */
export interface MirrorRegion extends Placement {
  readonly kind: 'mirror';
  readonly source: number;
  readonly period: number;
}

export type Region = MemoryRegion | DeviceRegion | MirrorRegion;

/** What the bus needs of a device. */
export interface BusDevice {
  readonly name: string;
  /** Number of registers. */
  readonly size: number;
  read?(offset: number): number | undefined;
  peek?(offset: number): number | undefined;
  write?(offset: number, value: number): void;
}
