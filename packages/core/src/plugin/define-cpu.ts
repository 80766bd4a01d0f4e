import type { Engine } from '../engine/engine.js';
import { BackplaneError, suggest } from '../errors.js';
import type { InstructionSet } from '../isa/instruction-set.js';
import type { Migrate } from './define-device.js';

/** What {@link defineCpu} takes. */
export interface CpuDefinition {
  /** Name in a config: `{ type: '6502' }`. */
  readonly type: string;
  /** Version of the registers; raise it when one changes. */
  readonly version: number;
  /** One line for `backplane list`. */
  readonly description?: string;
  /** Instruction sets by name; described when first used. */
  readonly variants: Readonly<Record<string, () => InstructionSet>>;
  readonly defaultVariant: string;
  /** Make what a snapshot has of an older version into what this one has. */
  readonly migrate?: Migrate;
  /** Engines beside the evaluator, such as `interpreter` of `@backplane/core/interpreter`. */
  readonly engines?: readonly Engine[];
}

/** A CPU type, to be handed to `createMachine` as a plugin. */
export interface CpuPlugin {
  readonly kind: 'cpu';
  readonly type: string;
  readonly definition: CpuDefinition;
  /**
   * The instruction set of a variant (of the default one if none is named).
   *
   * @throws BackplaneError `cpu/unknown-variant`
   */
  instructionSet(variant?: string): InstructionSet;
}

/** Define a CPU type. Importing a definition has no side effect. */
export function defineCpu(definition: CpuDefinition): CpuPlugin {
  const made = new Map<string, InstructionSet>();
  return {
    kind: 'cpu',
    type: definition.type,
    definition,
    instructionSet(variant = definition.defaultVariant) {
      const make = Object.hasOwn(definition.variants, variant) ? definition.variants[variant] : undefined;
      if (!make) {
        throw new BackplaneError('cpu/unknown-variant', `the ${definition.type} has no variant '${variant}'`, {
          mend: suggest(variant, Object.keys(definition.variants)),
        });
      }
      let isa = made.get(variant);
      if (!isa) {
        isa = make();
        made.set(variant, isa);
      }
      return isa;
    },
  };
}
