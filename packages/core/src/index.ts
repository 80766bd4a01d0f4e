/**
 * Backplane's core: machines, the plugin API, and instruction sets.
 *
 * @packageDocumentation
 */

export type { Engine, RegionCounts } from './engine/engine.js';
export { AssemblerError, BackplaneError, ConfigError, IsaError, SnapshotError, suggest } from './errors.js';
export type {
  CycleDeclaration,
  InputDeclaration,
  InstructionSetDeclaration,
  OperandDeclaration,
  PageDeclaration,
  RowDeclaration,
  ViewDeclaration,
} from './isa/declaration.js';
export { type Disassembled, disassemble, disassembleAt } from './isa/disassembler.js';
export type { Encoding } from './isa/encodings.js';
export { defineInstructionSet, type Input, InstructionSet } from './isa/instruction-set.js';
export type { Instruction, Instructions } from './isa/instructions.js';
export { type Rtl, rtl } from './isa/rtl-syntax.js';
export type { Operand, SyntaxPart } from './isa/syntax.js';
export type { EngineChoice, MachineOptions, Plugin } from './machine/build.js';
export { integer, type MachineConfig, parseInteger } from './machine/config.js';
export type { BusCycle, CpuStatus } from './machine/cpu.js';
export {
  type Checkpoint,
  createMachine,
  type Machine,
  type MachineStats,
  type MappedRegion,
  type RunCondition,
  type RunReason,
  type RunResult,
} from './machine/machine.js';
export type { AddressSpace, MachineCpu } from './machine/machine-cpu.js';
export type { MachineMedium, MediumChange, MediumMode } from './media/medium.js';
export { type CpuDefinition, type CpuPlugin, defineCpu } from './plugin/define-cpu.js';
export {
  type CycleKind,
  type DeviceBank,
  type DeviceBehaviour,
  type DeviceChannel,
  type DeviceClock,
  type DeviceContext,
  type DeviceDefinition,
  type DeviceEvent,
  type DeviceLine,
  type DeviceLink,
  type DeviceMedium,
  type DevicePlugin,
  type DevicePort,
  defineDevice,
  type MediumDeclaration,
  type Migrate,
} from './plugin/define-device.js';
export {
  bit,
  bytes,
  type Field,
  type FieldKind,
  type Fields,
  f64,
  i32,
  type StateOf,
  u8,
  u16,
  u32,
} from './plugin/fields.js';
export type { HostChannel } from './signal/channel.js';
export type { Snapshot, SnapshotComponent, SnapshotFields } from './state/snapshot.js';
export * as z from './zod.js';
