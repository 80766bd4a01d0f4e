/** The laws of CPUs and devices, in each engine. */
import type { DevicePlugin } from '@backplane/core';
import { cpuLaws, deviceLaws } from '@backplane/core/testing';
import { cpu6502, variants } from '@backplane/cpu-6502';
import * as devices from '@backplane/devices';
import { describe, test } from 'vitest';

const ENGINES = ['evaluator', 'interpreter'] as const;

describe.each(ENGINES)('in the %s', (engine) => {
  describe.each(Object.keys(variants))('laws of the %s', (variant) => {
    test.each(cpuLaws(cpu6502.instructionSet(variant), { runs: 6, engine }))('%s', (_name, law) => law());
  });

  const plugins = Object.values(devices).filter(
    (value): value is DevicePlugin => typeof value === 'object' && 'kind' in value && value.kind === 'device',
  );
  describe.each(plugins)('laws of the device $type', (plugin) => {
    test.each(deviceLaws(plugin, { runs: 6, engine }))('%s', (_name, law) => law());
  });
});
