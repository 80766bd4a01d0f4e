import { measureAutoStart } from './measurements/auto-start.mjs';
import { measureFuzz } from './measurements/fuzz.mjs';
import { measureHelp } from './measurements/help.mjs';
import { measureMachine } from './measurements/machine.mjs';
import { measureMemory } from './measurements/memory.mjs';
import { measureModule } from './measurements/module.mjs';
import { measureState } from './measurements/state.mjs';

/** What is measured beside the races, by name. Each gives numbers and the lines of the table. */
export const measurements = {
  module: measureModule,
  machine: measureMachine,
  memory: measureMemory,
  state: measureState,
  'auto-start': measureAutoStart,
  help: measureHelp,
  fuzz: measureFuzz,
};
