/** What is to be reached, and the ratios that a later run is compared with. */
import { isas } from './isas.mjs';
import { median } from './statistics.mjs';

const COMPUTE = ['klaus', 'sieve', 'multiply-crc', 'memory-copy'];
const COMPUTE_Z80 = ['z80-zexdoc', 'z80-sieve', 'z80-multiply-crc', 'z80-ldir-copy'];

/** How many times as fast as a peer the interpreter is to be. */
const INTERPRETER = [
  { peer: 'jsbeeb', wanted: 12, workloads: COMPUTE },
  { peer: 'jsnes', wanted: 12, workloads: COMPUTE },
  { peer: 'sim65', wanted: 3, workloads: COMPUTE },
  { peer: 'c', wanted: 1, workloads: COMPUTE },
  { peer: 'jsbeeb', wanted: 5, workloads: ['uart-poll'] },
  { peer: 'z80-emulator', wanted: 3, workloads: [...COMPUTE_Z80, 'z80-hitech-c'] },
  { peer: 'libz80ex', wanted: 1.5, workloads: [...COMPUTE_Z80, 'z80-hitech-c'] },
  { peer: 'c', wanted: 1, workloads: COMPUTE_Z80 },
];

/** The same for the translator. */
const TRANSLATOR = [
  { peer: 'sim65', wanted: 20, workloads: ['sieve', 'multiply-crc'] },
  { peer: 'c', wanted: 3, workloads: ['klaus'] },
  // It has no devices, and runs the same loop without the interrupts.
  { peer: 'c', wanted: 1.5, workloads: ['timer-interrupt'] },
  { peer: 'jsbeeb', wanted: 5, workloads: ['uart-poll'] },
  { peer: 'libz80ex', wanted: 8, workloads: ['z80-sieve', 'z80-multiply-crc'] },
  { peer: 'libz80ex', wanted: 4, workloads: ['z80-zexdoc'] },
  {
    peer: 'interpreter',
    wanted: 0.9,
    workloads: [...COMPUTE, ...COMPUTE_Z80, 'uart-poll', 'timer-interrupt', 'z80-hitech-c'],
  },
];

/** Share of the cycles that is to be translated. */
const TRANSLATED = { 'timer-interrupt': 0.7, 'uart-poll': 0.9 };

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
    const { peers, evaluatorPeer } = isas[race.isa];
    const tell = (name, peer) => {
      ratios[`${workload}/${name}:${peer}`] = ratio(race, name, peer);
    };
    for (const peer of ['evaluator', ...peers]) tell('interpreter', peer);
    for (const peer of ['interpreter', ...peers]) tell('translator', peer);
    tell('tracked', 'translator');
    tell('auto', 'translator');
    tell('evaluator', evaluatorPeer);
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
  for (const { peer, wanted, workloads } of INTERPRETER) {
    for (const workload of workloads) {
      if (!races[workload]) continue;
      atLeast(`interpreter : ${peer}, ${workload}`, ratio(races[workload], 'interpreter', peer), wanted);
    }
  }
  for (const { peer, wanted, workloads } of TRANSLATOR) {
    for (const workload of workloads) {
      if (!races[workload]) continue;
      atLeast(`translator : ${peer}, ${workload}`, ratio(races[workload], 'translator', peer), wanted);
    }
  }
  for (const [workload, wanted] of Object.entries(TRANSLATED)) {
    atLeast(`share translated, ${workload}`, races[workload]?.megahertz.translator?.share, wanted, 'of 1');
  }
  for (const [variant, { total }] of Object.entries(measured.module?.variants ?? {})) {
    below(`module printed and compiled, ${variant}`, total, 50);
  }
  below('64 KiB machine made', measured.machine?.milliseconds, 1);
  if (measured.memory?.count === 200)
    below("memory of a machine after Klaus' test", measured.memory.kilobytes, 512, 'KiB');
  const { restore, forks } = measured.state ?? {};
  atLeast('restored and 2,000 instructions run, translator', restore?.runs.translator, 200_000, '/s');
  if (forks?.count === 1000) {
    below('CP/M forked 1,000 times', forks.seconds, 5, 's');
    below('memory of these', forks.megabytes, 1024, 'MiB');
  }
  for (const [after, { value, low, high }] of Object.entries(measured['auto-start']?.ratios ?? {})) {
    const isCertain = low >= 1 || high < 1;
    atLeast(`auto at 0.9 of what the evaluator runs in ${after} ms`, isCertain ? value : Number.NaN, 1);
  }
  below('backplane --help beside bare node', measured.help?.more, 100);
  atLeast('fuzzing on two threads : one', measured.fuzz?.twoThreads, 1.7);
  return targets;
}
