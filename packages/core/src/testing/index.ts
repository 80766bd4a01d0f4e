/**
 * `@backplane/core/testing`: laws for plugin authors, one line each. They need fast-check, and any test runner.
 *
 * @packageDocumentation
 */
export { instructionBytes, programBytes, registerValues } from './arbitraries.js';
export { cpuLaws } from './cpu-laws.js';
export { type DeviceLawOptions, deviceLaws } from './device-laws.js';
export type { Law, LawOptions } from './law.js';
export { machineLaws } from './machine-laws.js';
export { type Access, probe, probeProgram } from './probe.js';
