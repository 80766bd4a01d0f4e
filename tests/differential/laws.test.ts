/** The laws of CPUs and devices, in each engine. */
import type { DevicePlugin } from '@backplane/core';
import { cpuLaws, deviceLaws } from '@backplane/core/testing';
import * as devices from '@backplane/devices';
import { describe, test } from 'vitest';
import { CPUS, instructionSetOf } from './subjects.js';

const ENGINES = ['evaluator', 'interpreter'] as const;

describe.each(ENGINES)('in the %s', (engine) => {
  describe.each(CPUS.map(instructionSetOf))('laws of the $name', (isa) => {
    test.each(cpuLaws(isa, { runs: 6, engine }))('%s', (_name, law) => law());
  });

  const plugins = Object.values(devices).filter(
    (value): value is DevicePlugin => typeof value === 'object' && 'kind' in value && value.kind === 'device',
  );
  describe.each(plugins)('laws of the device $type', (plugin) => {
    test.each(deviceLaws(plugin, { runs: 6, engine }))('%s', (_name, law) => law());
  });
});
