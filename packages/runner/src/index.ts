/**
 * What the command `backplane` is made of, for programs and tests.
 *
 * @packageDocumentation
 */
export { closeDisks, type HostDisk } from './drives/drives.js';
export type { Directory, OpenFile, OpenOptions } from './exec/directory.js';
export { hostCalls } from './exec/host-calls.js';
export {
  definePlatform,
  type Platform,
  type PlatformDefinition,
  type Process,
  type ProcessHost,
  type ProcessInput,
  type Program,
} from './exec/platform.js';
export { type ProcessOptions, type ProcessReport, runProcess } from './exec/run-process.js';
export { ProcessCore, type ProcessCoreOptions } from './fuzz/process-core.js';
export { serveCore } from './fuzz/serve-core.js';
export { buildMachine, type LoadedMachine, loadMachine, type MachineOptions } from './load-machine.js';
export { type LoadedReplay, loadReplay } from './recording/load-replay.js';
export { exitStatus, type RunReason, type RunReport } from './report.js';
export { Interruption, runSession, type SessionOptions } from './session.js';
export { TraceFile } from './trace-file.js';
export { Tracer } from './tracer.js';
