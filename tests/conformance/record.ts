/** What conformance tests tell of themselves. tests/conformance-reporter.ts collects it; docs/conformance.md shows it. */
import { TestRunner } from 'vitest';

/** A part of a data set that a variant agreed with in an engine. */
export interface Agreement {
  readonly cpu: '6502' | 'z80' | '8080';
  readonly variant: string;
  /** Folder or file of the reference data. */
  readonly data: string;
  /** What is counted: `vectors`, `programs`. */
  readonly unit: string;
  readonly engine: string;
  readonly count: number;
}

/** What is not compared, or is expected to differ, and why. */
export interface Exception {
  readonly data: string;
  readonly what: string;
  readonly why: string;
}

declare module 'vitest' {
  interface TaskMeta {
    agreements?: Agreement[];
    exceptions?: Exception[];
  }
}

const meta = () => {
  const test = TestRunner.getCurrentTest();
  if (!test) throw new Error('only a test that runs can tell what it has found');
  return test.meta;
};

/** The running test, if it passes, shows this. */
export function agrees({ count, ...of }: Omit<Agreement, 'count'> & { readonly count?: number }): void {
  const found = meta();
  found.agreements ??= [];
  found.agreements.push({ ...of, count: count ?? 1 });
}

/** The running test leaves this out, or expects it to differ. */
export function excepts(exception: Exception): void {
  const found = meta();
  found.exceptions ??= [];
  found.exceptions.push(exception);
}
