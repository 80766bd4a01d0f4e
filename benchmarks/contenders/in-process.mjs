/** Child process: one contender and one workload, so that none shares V8's type feedback or heap with another. */
import { loadWorkload } from '../workloads.mjs';
import { backplane } from './backplane.mjs';

const makers = {
  evaluator: (workload) => backplane('evaluator', workload),
  interpreter: (workload) => backplane('interpreter', workload),
  translator: (workload) => backplane('translator', workload),
  tracked: (workload) => backplane('translator', workload, { restores: 30 }),
  auto: (workload) => backplane('auto', workload),
  jsbeeb: async (workload) => (await import('./jsbeeb.mjs')).jsbeeb(workload),
  jsnes: async (workload) => (await import('./jsnes.mjs')).jsnes(workload),
  'z80-emulator': async (workload) => (await import('./z80-emulator.mjs')).z80Emulator(workload),
};

const [name, workload, quick] = process.argv.slice(2);
const contender = await makers[name](loadWorkload(workload, { quick: quick === 'true' }));

process.on('message', (cycles) => {
  contender.load();
  const before = process.cpuUsage();
  contender.run(cycles);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  process.send({ seconds, state: contender.state(), ran: contender.ran?.() });
});
process.send('ready');
