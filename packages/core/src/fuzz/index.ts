/**
 * `@backplane/core/fuzz`: random programs that show where a CPU core is wrong.
 *
 * @packageDocumentation
 */
export type { Difference } from './compare.js';
export {
  type Access,
  type AccessKind,
  type Cell,
  type Core,
  type CoreState,
  coreSubject,
  type Failure,
  FlatMemory,
  type Level,
  type Outcome,
  type PinChange,
  type PortAccess,
  type Program,
  type Registers,
  runProgram,
  type Step,
  type Subject,
  type Task,
} from './core.js';
export { Coverage, type CoverageReport } from './coverage.js';
export { EngineCore, type EngineCoreOptions, type EngineCycles, enginesOf } from './engine-core.js';
export { engineSubject, type Find, type FuzzOptions, type FuzzReport, fuzz } from './fuzz.js';
export { type Mask, Masks } from './masks.js';
export { type Reference, referenceOf } from './reference.js';
export {
  differenceOn,
  programOf,
  type Vector,
  type VectorCycle,
  type VectorFormat,
  type VectorState,
  vectorOf,
  vectorsFor,
} from './vectors.js';
