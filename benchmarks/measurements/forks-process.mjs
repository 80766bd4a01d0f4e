import { performance } from 'node:perf_hooks';
import { buildMachine, loadMachine } from '../../packages/runner/dist/index.js';

const [disk, count] = [process.argv[2], Number(process.argv[3])];
const machine = buildMachine(await loadMachine('cpm22', { drives: { a: disk }, engine: 'interpreter' }));

const waitingFor = (one) => {
  one.channel('console').waits = true;
  return one;
};
waitingFor(machine).run(1e9);

const { user, system } = process.cpuUsage();
const started = performance.now();
const forks = Array.from({ length: count }, () => machine.fork());
const made = performance.now();
for (const fork of forks) {
  let text = '';
  fork.on('output', ({ bytes }) => {
    text += String.fromCharCode(...bytes);
  });
  waitingFor(fork).channel('console').write('DIR\n');
  fork.run(1e9);
  if (!text.includes('DUMP')) throw new Error(`a fork answered ${JSON.stringify(text)}`);
}
const ended = performance.now();
const spent = process.cpuUsage({ user, system });
console.log(
  JSON.stringify({
    seconds: (ended - started) / 1000,
    making: (made - started) / 1000,
    cpuSeconds: (spent.user + spent.system) / 1e6,
    megabytes: process.memoryUsage().rss / 2 ** 20,
  }),
);
