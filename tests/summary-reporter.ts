import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with what must not be overlooked: suites skipped for lack of reference data, then one plain line of totals. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const suites = tests
      .filter((test) => test.meta().missingReferences)
      .map((test) => (test.parent.type === 'suite' ? test.parent.fullName : test.module.relativeModuleId));
    if (suites.length > 0) {
      const count = suites.length === 1 ? '1 suite' : `${suites.length} suites`;
      console.log(`conformance skipped: no reference data (${count}: ${suites.join(', ')})`);
      console.log('  `pnpm references` fetches it; BACKPLANE_REFERENCES names a local copy.\n');
    }
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const brokenFiles = modules.filter((module) => module.errors().length > 0).length;
    const failed = count('failed') + brokenFiles + unhandledErrors.length;
    console.log(`${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped`);
  }
}
