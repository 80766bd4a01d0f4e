/** Machines for tests of signals: devices whose lines, ports and channels are in the hands of the test. */
import type { MachineConfig } from '../machine/config.js';
import type { Machine } from '../machine/machine.js';
import {
  type DeviceChannel,
  type DeviceLine,
  type DevicePlugin,
  type DevicePort,
  defineDevice,
} from '../plugin/define-device.js';
import { toyMachine } from '../testing/toy.js';

/** What a test holds of one device. */
export interface Hand {
  readonly lines: Readonly<Record<'out' | 'in', DeviceLine>>;
  readonly ports: Readonly<Record<'pa' | 'pb', DevicePort>>;
  readonly channels: Readonly<Record<'serial' | 'aux', DeviceChannel>>;
}

/** A machine whose devices `names` have lines `out` and `in`, ports `pa` and `pb` of 8 pins, and two channels. */
export function wired<Name extends string>(
  names: readonly Name[],
  wires: NonNullable<MachineConfig['wires']>,
  config: Partial<MachineConfig> = {},
): { machine: Machine; log: string[] } & Record<Name, Hand> {
  const log: string[] = [];
  const hands: Partial<Record<Name, Hand>> = {};
  const pluginOf = (name: Name): DevicePlugin =>
    defineDevice({
      type: `device-${name}`,
      version: 1,
      lines: ['out', 'in'],
      ports: { pa: 8, pb: 8 },
      channels: ['serial', 'aux'],
      create({ lines, ports, channels }) {
        hands[name] = { lines, ports, channels };
        return {
          lines: {
            out: (asserted) => void log.push(`${name}.out ${asserted}`),
            in: (asserted) => void log.push(`${name}.in ${asserted}`),
          },
          ports: {
            pa: (pins) => void log.push(`${name}.pa ${pins.toString(16)}`),
            pb: (pins) => void log.push(`${name}.pb ${pins.toString(16)}`),
          },
          channels: {
            serial: (byte) => void log.push(`${name}.serial ${byte}`),
            aux: (byte) => void log.push(`${name}.aux ${byte}`),
          },
        };
      },
    });
  const machine = toyMachine(
    'loop: JMP loop',
    { devices: Object.fromEntries(names.map((name) => [name, { type: `device-${name}` }])), wires, ...config },
    names.map(pluginOf),
  );
  return { machine, log, ...(hands as Record<Name, Hand>) };
}
