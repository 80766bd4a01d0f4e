import { readFileSync } from 'node:fs';
import { makeMachine, setStart } from '../contenders/backplane.mjs';

const [file, count] = [process.argv[2], Number(process.argv[3])];
/** Cycles until Klaus Dormann's test is at its end. */
const WHOLE = 96_241_367;
const END = 0x3469;
const image = new Uint8Array(readFileSync(file));

const run = (cycles) => {
  const machine = makeMachine({ image }, 'translator');
  setStart(machine, 0x400);
  machine.run(cycles);
  return machine;
};
const first = run(1000);
gc();
const before = process.memoryUsage().rss;
const machines = Array.from({ length: count }, () => run(WHOLE));
gc();
const kilobytes = (process.memoryUsage().rss - before) / count / 1024;
for (const { cpu } of [...machines]) if (cpu.registers.pc !== END) throw new Error(`ended at ${cpu.registers.pc}`);
if (!(first.cycles > 0)) throw new Error('nothing ran');
console.log(JSON.stringify({ count, kilobytes }));
