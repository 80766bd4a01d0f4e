/** What is to be reached, and the ratios that a later run is compared with. */
import { median } from './statistics.mjs';

const COMPUTE = ['klaus', 'sieve', 'multiply-crc', 'memory-copy'];
const PEERS = ['evaluator', 'c', 'sim65', 'jsbeeb', 'jsnes'];

/** Median over the rounds of how much faster one is than the other: a round's contenders share its noise. */
export function ratio({ megahertz }, name, peer) {
  const own = megahertz[name]?.rounds;
  const others = megahertz[peer]?.rounds;
  return own && others ? median(own.map((value, round) => value / others[round])) : undefined;
}

/** Every ratio, by `workload/contender:peer`; more is better. */
export function ratiosOf(races) {
  const ratios = {};
  for (const [workload, race] of Object.entries(races)) {
    for (const peer of PEERS) ratios[`${workload}/interpreter:${peer}`] = ratio(race, 'interpreter', peer);
    ratios[`${workload}/auto:interpreter`] = ratio(race, 'auto', 'interpreter');
    ratios[`${workload}/evaluator:jsnes`] = ratio(race, 'evaluator', 'jsnes');
  }
  return Object.fromEntries(Object.entries(ratios).filter(([, value]) => value !== undefined));
}

/** Each with what was measured and whether that is enough; what was not measured is left out. */
export function targetsOf(races, measured) {
  const targets = [];
  const atLeast = (name, value, wanted, unit = '×') => {
    if (value !== undefined) targets.push({ name, value, wanted: `≥ ${wanted} ${unit}`, reached: value >= wanted });
  };
  const below = (name, value, wanted, unit = 'ms') => {
    if (value !== undefined) targets.push({ name, value, wanted: `< ${wanted} ${unit}`, reached: value < wanted });
  };
  atLeast("evaluator on Klaus' test", races.klaus?.megahertz.evaluator?.median, 10, 'MHz');
  for (const [peer, wanted] of [
    ['jsbeeb', 12],
    ['jsnes', 12],
    ['sim65', 3],
    ['c', 1],
  ]) {
    for (const workload of COMPUTE) {
      if (!races[workload]) continue;
      atLeast(`interpreter : ${peer}, ${workload}`, ratio(races[workload], 'interpreter', peer), wanted);
    }
  }
  if (races['uart-poll']) {
    atLeast('interpreter : jsbeeb, uart-poll', ratio(races['uart-poll'], 'interpreter', 'jsbeeb'), 5);
  }
  for (const [variant, { total }] of Object.entries(measured.module?.variants ?? {})) {
    below(`module printed and compiled, ${variant}`, total, 50);
  }
  below('64 KiB machine made', measured.machine?.milliseconds, 1);
  for (const [after, value] of Object.entries(measured['auto-start']?.ratios ?? {})) {
    atLeast(`auto : evaluator, ${after} ms after the start`, value, 0.9);
  }
  below('backplane --help beside bare node', measured.help?.more, 100);
  return targets;
}
