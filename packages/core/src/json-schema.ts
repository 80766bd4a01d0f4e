/**
 * The JSON Schema of machine configs.
 *
 * @packageDocumentation
 */
export { jsonSchema } from './machine/json-schema.js';
