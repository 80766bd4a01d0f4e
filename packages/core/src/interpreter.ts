/**
 * `@backplane/core/interpreter`: the engine that CPU plugins hand to `defineCpu`. Apart from the rest because the
 * evaluator does without it.
 *
 * @packageDocumentation
 */
export { interpreter, translator, translatorAfter } from './engine/interpreter.js';
export { type ExplainedInstruction, explainRegion } from './engine/translator/explain.js';
