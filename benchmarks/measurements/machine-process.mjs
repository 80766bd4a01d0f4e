import { Bench } from 'tinybench';
import { makeMachine, setStart } from '../contenders/backplane.mjs';

const milliseconds = Number(process.argv[2]);
const image = new Uint8Array(0x10000).fill(0xea);
const make = () => makeMachine({ image }, 'interpreter');

make().run(1000);
const KEPT = 200;
gc();
const before = process.memoryUsage().rss;
const kept = Array.from({ length: KEPT }, () => {
  const made = make();
  setStart(made, 0x400);
  made.run(1);
  return made;
});
gc();
const kilobytes = (process.memoryUsage().rss - before) / KEPT / 1024;

const machine = make();
setStart(machine, 0x400);
machine.run(1000);
const checkpoint = machine.checkpoint();
let sum = 0;
let opcode = 0;

/** As a conformance test does it; the accumulator's immediate instructions in turn. */
function vector() {
  const { cpu, memory } = machine;
  opcode = (opcode + 0x20) % 0x100;
  memory.poke(0x1000, opcode | 0x09);
  memory.poke(0x1001, 0x34);
  memory.poke(0x1002, 0x12);
  Object.assign(cpu.registers, { a: 0x12, x: 0x34, y: 0x56, s: 0xfd, p: 0x24 });
  cpu.registers.pc = 0x1000;
  machine.step();
  const { pc, a, x, y, s, p } = cpu.registers;
  sum += pc + a + x + y + s + p;
}

const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 2 })
  .add('make', () => {
    sum += make().cycles;
  })
  .add('first cycle', () => {
    const made = make();
    setStart(made, 0x400);
    sum += made.run(1).cycles;
  })
  .add('checkpoint', () => {
    sum += machine.checkpoint().cycles;
  })
  .add('restore', () => {
    machine.restore(checkpoint);
    sum += machine.cycles;
  })
  .add('vector', vector);
await bench.run();

for (const { cycles } of kept) sum += cycles;
if (!(sum > 0)) throw new Error('nothing ran');

const median = (name) => bench.getTask(name).result.latency.p50;
console.log(
  JSON.stringify({
    milliseconds: median('make'),
    firstCycle: median('first cycle'),
    checkpoint: median('checkpoint') * 1000,
    restore: median('restore') * 1000,
    vectors: 1000 / median('vector'),
    kilobytes,
  }),
);
