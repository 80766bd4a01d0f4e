/**
 * `@backplane/core/history`: recordings, and machines that go back in time.
 *
 * @packageDocumentation
 */
export { type Difference, type DifferentField, firstDifference } from './difference.js';
export { History, type HistoryOptions, type PastCondition, type PastWrite } from './history.js';
export type { ByteAddress } from './past-write.js';
export { type Json, parseRecording, type RecordedAction, type Recording } from './recording.js';
export { type Moment, type Player, Replay } from './replay.js';
