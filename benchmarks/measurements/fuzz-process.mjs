/** Programs compared a second, one thread: prints {"perSecond": …}. Arguments: what, programs. */
import { coreSubject, EngineCore, engineSubject, fuzz } from '@backplane/core/fuzz';
import { cpu6502 } from '@backplane/cpu-6502';
import { z80 } from '@backplane/cpu-z80';
import { core } from '../../examples/foreign-cores/jsnes.mjs';
import { ProcessCore } from '../../packages/runner/dist/index.js';

const [what, count] = process.argv.slice(2);
const jsnes = { cpu: cpu6502, variant: '2a03', masks: JSON.parse(process.env.MASKS ?? '[]') };
const engine = (cpu) => ({ cpu, subject: engineSubject(new EngineCore(cpu, { engine: 'interpreter' })) });
const KINDS = {
  6502: () => engine(cpu6502),
  z80: () => engine(z80),
  jsnes: () => ({ ...jsnes, subject: coreSubject(core) }),
  'jsnes-line': async () => ({
    ...jsnes,
    subject: await ProcessCore.start([process.execPath, new URL('jsnes-line.mjs', import.meta.url).pathname]),
  }),
};

const options = await KINDS[what]();
const run = (programs, batch) => fuzz({ ...options, seed: 1, batch, programs });
// A batch of a campaign is as long as this, and until its end V8 still compiles.
await run(Number(count), 0);
const started = performance.now();
const { executions, finds } = await run(Number(count), 1);
const perSecond = executions / ((performance.now() - started) / 1000);
options.subject.stop?.();
if (finds.length > 0 || executions !== Number(count))
  throw new Error(`${what}: ${finds.length} finds, ${executions} programs`);
console.log(JSON.stringify({ perSecond }));
