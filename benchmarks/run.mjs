/** `pnpm bench`: everything measured in one run, a table and a JSON file. See docs/performance.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readBaseline, regressions, saveBaseline } from './baseline.mjs';
import { buildDigest } from './build-digest.mjs';
import { compileNatives } from './contenders/native.mjs';
import { hasSim65 } from './contenders/sim65.mjs';
import { describeHost } from './host.mjs';
import { measurements } from './measurements.mjs';
import { readOptions, USAGE } from './options.mjs';
import { race } from './race.mjs';
import { printMeasurements, printRaces, printTargets } from './report.mjs';
import { ratiosOf, targetsOf } from './targets.mjs';
import { loadWorkload, workloadNames } from './workloads.mjs';

const options = understand(process.argv.slice(2));

const progress = (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};
const { natives, skipped } = compileNatives();
const simulator = hasSim65();
if (!simulator) skipped.push('sim65: it is not installed (Debian: cc65)');

const host = describeHost();
const build = buildDigest();
const races = {};
for (const name of workloadNames.filter(options.isWanted)) {
  const workload = loadWorkload(name, options);
  if (!workload) {
    skipped.push(`${name}: needs the reference data (pnpm references)`);
    continue;
  }
  const results = await race(workload, { options, natives, hasSim65: simulator, progress });
  races[name] = { title: workload.title, isa: workload.isa, megahertz: results };
}
const measured = {};
for (const [name, measure] of Object.entries(measurements)) {
  if (!options.isWanted(name)) continue;
  progress(name);
  measured[name] = await measure(options);
}
progress('');

const ratios = ratiosOf(races);
const targets = targetsOf(races, measured);
const result = {
  host: { ...host, loadAfter: describeHost().load },
  build,
  quick: options.quick,
  races,
  measured,
  ratios,
  targets,
  skipped,
};

console.log(`\n${host.cpu}, ${host.cores} cores, load ${host.load}; Node ${host.node}, ${host.platform}`);
printRaces(races);
printMeasurements(measured);
printTargets(targets);
for (const line of skipped) console.log(`skipped: ${line}`);
if (buildDigest() !== build) console.log('WARNING: the packages were built anew while this ran: measure again');
if (options.quick) console.log('not compared with the baseline: --quick runs less of the work');
else for (const line of regressions(ratios, readBaseline())) console.log(`WARNING: ${line}`);

mkdirSync(dirname(options.json), { recursive: true });
writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
console.log(`\nwritten: ${options.json}`);
if (options.saveBaseline) saveBaseline(ratios);

function understand(args) {
  try {
    const read = readOptions(args);
    if (read.help) {
      console.log(USAGE);
      process.exit();
    }
    const names = [...workloadNames, ...Object.keys(measurements)];
    if (!names.some(read.isWanted)) throw new Error(`--only: nothing of that name; there are ${names.join(', ')}`);
    return read;
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}
