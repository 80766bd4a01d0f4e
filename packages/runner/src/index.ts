/**
 * What the command `backplane` is made of, for programs and tests.
 *
 * @packageDocumentation
 */
export { closeDisks, type HostDisk } from './drives/drives.js';
export { buildMachine, type LoadedMachine, loadMachine, type MachineOptions } from './load-machine.js';
export { exitStatus, type RunReason, type RunReport } from './report.js';
export { Interruption, runSession, type SessionOptions } from './session.js';
export { TraceFile } from './trace-file.js';
export { Tracer } from './tracer.js';
