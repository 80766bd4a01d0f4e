import { BackplaneError, type Machine } from '@backplane/core';
import { configFaults } from '@backplane/core/json-schema';
import { drivesOf } from '../drives/drives.js';
import { imageWindows } from '../image-windows.js';
import { type Finding, mapFindings, wiringFindings } from '../lint-findings.js';
import { buildMachine, type LoadedMachine, loadMachine, type MachineOptions } from '../load-machine.js';
import { drawMap, sizeText, visibleMap } from '../memory-map.js';
import { exitStatus } from '../report.js';

/** `backplane lint`: what is wrong or odd about a machine, and its memory map. */
export async function lint(machineName: string, options: MachineOptions): Promise<number> {
  const findings: Finding[] = [];
  const lines: string[] = [];
  const loaded = await loadedOrFault(machineName, options, findings);
  const machine = loaded && builtOrFault(withStandIns(loaded, findings), findings);
  if (loaded && machine) {
    for (const cpu of Object.values(machine.cpus)) {
      const { addressWidth, ioAddressWidth } = cpu.isa.declaration;
      for (const [space, width] of [
        ['memory', addressWidth],
        ['io', ioAddressWidth],
      ] as const) {
        if (width === undefined) continue;
        const regions = machine.map().filter((region) => region.cpu === cpu.name && region.space === space);
        const stretches = visibleMap(regions, width);
        lines.push(`${cpu.name}: ${cpu.type} (${cpu.variant}), ${space}`, ...drawMap(stretches, width), '');
        findings.push(...mapFindings(regions, stretches, space));
      }
    }
    for (const [name, file] of loaded.imageFiles) {
      const bytes = loaded.images[name];
      if (bytes) findings.push({ severity: 'note', path: file, message: `image '${name}', ${sizeText(bytes.length)}` });
    }
    findings.push(...wiringFindings(machine, loaded.config, loaded.plugins));
  }

  const order = ['error', 'warning', 'note'] as const;
  for (const severity of order) {
    for (const finding of findings) {
      if (finding.severity === severity)
        lines.push(`${severity}: ${finding.path === '' ? '' : `${finding.path}: `}${finding.message}`);
    }
  }
  const [errors, warnings] = order.map(
    (severity) => findings.filter((finding) => finding.severity === severity).length,
  );
  lines.push(`${count(errors, 'error')}, ${count(warnings, 'warning')}`);
  process.stdout.write(`${lines.join('\n')}\n`);
  return errors === 0 ? exitStatus.expected : exitStatus.failed;
}

const count = (number = 0, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;

/** A config or an image that does not fit is a finding; a file that cannot be read or parsed leaves nothing to check. */
async function loadedOrFault(
  machineName: string,
  options: MachineOptions,
  findings: Finding[],
): Promise<LoadedMachine | undefined> {
  try {
    return await loadMachine(machineName, options);
  } catch (error) {
    if (!(error instanceof BackplaneError) || error.code !== 'runner/image-size') throw error;
    findings.push({ severity: 'error', path: '', message: error.message });
    return undefined;
  }
}

function builtOrFault(loaded: LoadedMachine, findings: Finding[]): Machine | undefined {
  try {
    return buildMachine(loaded);
  } catch (error) {
    if (!(error instanceof BackplaneError)) throw error;
    const faults = configFaults(loaded.config, loaded.plugins).map(({ message }) => `${loaded.path}: ${message}`);
    for (const message of faults.includes(error.message) ? faults : [error.message])
      findings.push({ severity: 'error', path: '', message });
    return undefined;
  }
}

/** A machine can be checked without its images: what lies where is known but for a ROM whose size its image decides. */
function withStandIns(loaded: LoadedMachine, findings: Finding[]): LoadedMachine {
  const images = { ...loaded.images };
  const devices = new Set<string>();
  for (const { device, name, image, size } of drivesOf(loaded.config, loaded.plugins)) {
    // A machine may want a disk to start from; that is in the first drive.
    if (!devices.has(device) && size !== undefined && !(image in images)) {
      images[image] = new Uint8Array(size).fill(0xe5);
      findings.push({ severity: 'note', path: `drive ${name}`, message: 'empty; a blank disk stands in' });
    }
    devices.add(device);
  }
  const windows = imageWindows(loaded.config);
  const starts = [...windows.values()].map(({ at }) => at);
  for (const [name, { at, size }] of windows) {
    if (name in images) continue;
    const next = Math.min(...starts.filter((start) => start > at), 65536);
    images[name] = new Uint8Array(size ?? Math.max(1, next - at));
    const message = `not given; ${size === undefined ? 'its size is guessed' : `${sizeText(size)} of zeros stand in`}`;
    findings.push({ severity: 'note', path: `image '${name}'`, message });
  }
  return { ...loaded, images };
}
