import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Reporter, TestModule } from 'vitest/node';
import { type ConformanceRecord, type FileRecord, summedUp } from './conformance-record.js';

const inCheckout = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Where a run leaves what its tests told, for `pnpm docs:conformance`. */
const LAST_RUN = 'node_modules/.cache/backplane/conformance.json';

/** Collects what conformance tests tell of themselves, and says where that is not what docs/conformance.json has. */
export default class ConformanceReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const record: Record<string, FileRecord> = {};
    for (const module of modules) {
      if (module.project.name !== 'conformance') continue;
      const tests = [...module.children.allTests()];
      // Of a file that failed, or of which only a part ran, nothing is told.
      if (module.state() !== 'passed' || tests.some((test) => test.result().state !== 'passed')) continue;
      const agreements = tests.flatMap((test) => test.meta().agreements ?? []);
      const exceptions = tests.flatMap((test) => test.meta().exceptions ?? []);
      if (agreements.length + exceptions.length > 0) record[module.relativeModuleId] = summedUp(agreements, exceptions);
    }
    const names = Object.keys(record).sort();
    if (names.length === 0) return;
    mkdirSync(inCheckout('node_modules/.cache/backplane'), { recursive: true });
    writeFileSync(inCheckout(LAST_RUN), JSON.stringify(record));
    // These ask for more than the page tells of, or write it.
    const { BACKPLANE_LORENZ, BACKPLANE_ZEX, BACKPLANE_CONFORMANCE } = process.env;
    if (BACKPLANE_LORENZ || BACKPLANE_ZEX || BACKPLANE_CONFORMANCE) return;
    const file = inCheckout('docs/conformance.json');
    const told: ConformanceRecord = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    const stale = names.filter((name) => JSON.stringify(told[name]) !== JSON.stringify(record[name]));
    if (stale.length === 0) return;
    console.error(`docs/conformance.md tells of another run of ${stale.join(', ')}`);
    console.error('  `pnpm docs:conformance --last` writes into it what this run has found.\n');
    process.exitCode = 1;
  }
}
