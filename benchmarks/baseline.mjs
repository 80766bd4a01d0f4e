import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inBenchmarks } from './paths.mjs';

const FILE = inBenchmarks('baseline.json');
/** Ratios that fall by more are told. */
const TOLERANCE = 0.2;

export const readBaseline = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {});

/** Keep this run's ratios; what it did not measure stays. */
export function saveBaseline(ratios) {
  const rounded = Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio.toPrecision(3))]);
  const kept = Object.entries({ ...readBaseline(), ...Object.fromEntries(rounded) }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`);
}

/** A line for each ratio that has fallen. More is better for all of them. */
export const regressions = (ratios, baseline) =>
  Object.entries(ratios)
    .filter(([name, ratio]) => ratio < (baseline[name] ?? 0) * (1 - TOLERANCE))
    .map(([name, ratio]) => `${name} is ${ratio.toFixed(2)}, was ${baseline[name]}`);
