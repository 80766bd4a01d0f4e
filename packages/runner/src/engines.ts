import type { EngineChoice } from '@backplane/core';

/** The engines, as the command line knows them. */
export const engines = ['auto', 'evaluator', 'interpreter', 'translator'] as const satisfies readonly EngineChoice[];
