import { BackplaneError, type Machine } from '@backplane/core';
import type { Directory } from './directory.js';

/** A program as it was found on the host. */
export interface Program {
  /** Its path, as it was given. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** What follows it on the command line. */
  readonly arguments: readonly string[];
}

/** All that a process has of the host. */
export interface ProcessHost {
  /** Standard input. */
  readonly input: ProcessInput;
  /** Put out bytes. */
  print(bytes: Uint8Array, to?: 'output' | 'error'): void;
  /** The directories it was given, by the name it knows them by. */
  readonly directories: ReadonlyMap<string, Directory>;
  /** The time: fixed at the start and going on with guest time, unless the user gave the host's clock. */
  now(): Date;
  /** End the process; its status is the low eight bits. The call that is being answered is the last. */
  exit(status: number): void;
}

/** Standard input of a process. */
export interface ProcessInput {
  /** Whether it is a terminal: then whoever types wants an echo. */
  readonly isTerminal: boolean;
  /** Bytes that have come in and were not taken. */
  readonly available: number;
  /** Whether no more will come in. */
  readonly ended: boolean;
  /** Take bytes that have come in, at most so many. */
  take(most: number): Uint8Array;
  /**
   * Wait until something has come in or nothing more will.
   *
   * @param patience milliseconds after which to go on in any case
   */
  wait(patience?: number): Promise<void>;
}

/** A program at work. */
export interface Process {
  /** It runs from where it stands. Its device `host-calls` is wired to `host.calls`. */
  readonly machine: Machine;
  /**
   * Answer a call, by changing registers and memory. The program goes on when this has returned, or when its promise
   * has come true: a call may wait for input.
   *
   * @param number which of the entries was called, from 0
   */
  call(number: number): void | Promise<void>;
  /**
   * Where the return instruction of an entry leads to, by the stack, once it has run. With it, a program that reads
   * the bytes of an entry is not taken for one that calls it.
   */
  returnAddress?(): number;
  /** Cycles of the return instruction of an entry. They count for nothing: a host's answer takes no guest time. */
  readonly returnCycles?: number;
  /** It has ended, however it did. */
  close?(): void;
}

/** A kind of program that the host can run as a process. */
export interface Platform {
  readonly kind: 'platform';
  readonly name: string;
  /** One line for messages. */
  readonly description: string;
  /** The name by which programs know a directory is its drive's letter, or any name. */
  readonly directoryNames: RegExp;
  /** Whether it wants each key of a terminal at once, not echoed. */
  readonly rawTerminal: boolean;
  /** Whether this is a program for it. */
  recognises(program: Program): boolean;
  /**
   * Load the program.
   *
   * @throws BackplaneError for what is no program, or one that does not fit
   */
  start(program: Program, host: ProcessHost): Process;
}

/** What {@link definePlatform} takes. */
export type PlatformDefinition = Pick<Platform, 'name' | 'description' | 'recognises' | 'start'> &
  Partial<Pick<Platform, 'directoryNames' | 'rawTerminal'>>;

/**
 * Define a platform, for `backplane exec --platform ./module.mjs`.
 *
 * @throws BackplaneError `platform/definition` for what is no definition
 */
export function definePlatform(definition: PlatformDefinition): Platform {
  const { name, description } = definition;
  const refuse = (fault: string) => new BackplaneError('platform/definition', fault, { path: 'definePlatform' });
  if (typeof name !== 'string' || !/^[a-z0-9-]+$/.test(name)) {
    throw refuse("'name' is no name of lower-case letters, digits and hyphens");
  }
  if (typeof description !== 'string') throw refuse("'description' is no text");
  for (const key of ['recognises', 'start'] as const) {
    if (typeof definition[key] !== 'function') throw refuse(`'${key}' is no function`);
  }
  return { directoryNames: /^(\.|[A-Za-z0-9_-]+)$/, rawTerminal: false, ...definition, kind: 'platform' };
}
