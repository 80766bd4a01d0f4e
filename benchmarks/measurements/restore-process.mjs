import { assemble } from '@backplane/core/assembler';
import { cpu6502 } from '@backplane/cpu-6502';
import { Bench } from 'tinybench';
import { makeMachine, setStart } from '../contenders/backplane.mjs';

const milliseconds = Number(process.argv[2]);
const INSTRUCTIONS = 2000;

// A routine as a fuzzer would call it: sums bytes of a page into another one.
const source = `
        .org $0400
start:  ldx #0
        clc
next:   lda $3000,x
        adc $10
        sta $10
        sta $3100,x
        inx
        bne next
        jmp start`;
const image = new Uint8Array(0x10000);
image.set(assemble(cpu6502.instructionSet(), source).bytes, 0x400);

const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 2 });
const rounds = 100;
let sum = 0;
const engines = ['interpreter', 'translator'];
for (const engine of engines) {
  const machine = makeMachine({ image }, engine);
  setStart(machine, 0x400);
  machine.run(100_000);
  const checkpoint = machine.checkpoint();
  const { cycles: before } = machine;
  for (let count = 0; count < INSTRUCTIONS; count += 1) machine.step();
  const cycles = machine.cycles - before;
  const after = machine.memory.peek(0x10);
  bench.add(engine, () => {
    for (let round = 0; round < rounds; round += 1) {
      machine.restore(checkpoint);
      machine.run(cycles);
    }
    if (machine.memory.peek(0x10) !== after) throw new Error(`the ${engine} has come to something else`);
  });
  if (engine === 'interpreter') {
    const state = new Uint8Array(checkpoint.bytes.length);
    bench.add('copy', () => {
      for (let round = 0; round < rounds; round += 1) {
        state.set(checkpoint.bytes);
        sum += state[0x400];
      }
    });
  }
}
await bench.run();
if (Number.isNaN(sum)) throw new Error('nothing was copied');

const median = (name) => bench.getTask(name).result.latency.p50 / rounds;
console.log(
  JSON.stringify({
    copy: median('copy') * 1000,
    runs: Object.fromEntries(engines.map((engine) => [engine, 1000 / median(engine)])),
  }),
);
