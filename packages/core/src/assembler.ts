/**
 * `@backplane/core/assembler`: text to bytes, for tests, examples and the command line. Apart from the rest because a
 * machine does without it.
 *
 * @packageDocumentation
 */
export { type Assembly, type AssemblyOptions, assemble } from './isa/assembler.js';
