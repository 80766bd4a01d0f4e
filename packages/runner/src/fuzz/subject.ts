/** What a campaign is about, as it can be told to a worker: a CPU, a core, what is not compared. */
import { fileURLToPath } from 'node:url';
import { BackplaneError, type CpuPlugin, suggest } from '@backplane/core';
import {
  type Core,
  coreSubject,
  EngineCore,
  type EngineCycles,
  engineSubject,
  type Mask,
  type Subject,
} from '@backplane/core/fuzz';
import { allPlugins } from '../load-machine.js';
import { loadModule } from '../plugins.js';
import { ProcessCore, wordsOf } from './process-core.js';

/** Everything by value, so that it can be handed to a worker. */
export interface Campaign {
  readonly type: string;
  readonly variant: string | undefined;
  /** One of the three. */
  readonly core:
    | { readonly engine: string }
    | { readonly module: string; readonly isApart?: boolean }
    | { readonly command: string };
  readonly against: string;
  readonly plugins: readonly string[];
  readonly masks: readonly Mask[];
  /** The instructions that programs are made of. */
  readonly only: readonly string[] | undefined;
  readonly seed: number;
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
}

/** A CPU by its type, and the module that it is from. */
export async function findCpu(type: string, specifiers: readonly string[]): Promise<{ cpu: CpuPlugin; from: string }> {
  const loaded = await allPlugins([], process.cwd(), specifiers);
  const cpus = loaded.flatMap(({ plugin, from }) => (plugin.kind === 'cpu' ? [{ cpu: plugin, from }] : []));
  const found = cpus.find(({ cpu }) => cpu.type === type);
  if (found) return found;
  throw new BackplaneError('runner/unknown-cpu', `no CPU '${type}'`, {
    path: 'cpu',
    mend: suggest(
      type,
      cpus.map(({ cpu }) => cpu.type),
    ),
  });
}

/** Beside the built command. */
const server = fileURLToPath(new URL('./fuzz-serve.js', import.meta.url));

const isCore = (value: unknown): value is Core =>
  typeof value === 'object' && value !== null && 'setState' in value && 'step' in value && 'getState' in value;

/** The core that a module exports as `core`, or whatever it exports that is one. */
export async function coreIn(specifier: string): Promise<Core> {
  const module = await loadModule(specifier, process.cwd(), '--core');
  const core = ['core' in module ? module.core : undefined, ...Object.values(module)].find(isCore);
  if (core) return core;
  throw new BackplaneError('fuzz/no-core', `module '${specifier}' exports no core`, {
    path: '--core',
    mend: 'export const core = { name, registers, setState, step, getState, changes }',
  });
}

/** The core of a campaign, and how to let go of it. */
export async function subjectOf(
  { core, variant, timeout }: Campaign,
  cpu: CpuPlugin,
): Promise<{ subject: Subject; stop(): void; cycles?(): EngineCycles }> {
  if ('engine' in core) {
    const own = new EngineCore(cpu, { variant, engine: core.engine });
    return { subject: engineSubject(own), stop: () => undefined, cycles: () => own.cyclesByEngine() };
  }
  if ('module' in core && core.isApart) {
    const apart = await ProcessCore.start([process.execPath, server, core.module], { timeout, grace: 0 });
    return { subject: apart, stop: () => apart.stop() };
  }
  if ('module' in core) return { subject: coreSubject(await coreIn(core.module)), stop: () => undefined };
  const subject = await ProcessCore.start(wordsOf(core.command), { timeout });
  return { subject, stop: () => subject.stop() };
}
