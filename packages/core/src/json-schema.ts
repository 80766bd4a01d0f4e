/**
 * The JSON Schema of machine configs, and all that is wrong with one.
 *
 * @packageDocumentation
 */
export { configFaults } from './machine/config-faults.js';
export { jsonSchema } from './machine/json-schema.js';
