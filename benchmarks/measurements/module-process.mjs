/** A fresh process: the first cycle of the interpreter prints, compiles and instantiates; a second machine's does not. */
import { makeMachine, setStart } from '../contenders/backplane.mjs';

const variant = process.argv[2];
const image = new Uint8Array(0x10000).fill(0xea);
let compiled = 0;
let bytes = 0;

const { Module } = WebAssembly;
WebAssembly.Module = new Proxy(Module, {
  construct(target, args) {
    bytes += args[0].byteLength;
    const started = performance.now();
    const module = new target(...args);
    compiled += performance.now() - started;
    return module;
  },
});

let called = 0;
const { Instance } = WebAssembly;
WebAssembly.Instance = new Proxy(Instance, {
  construct(target, args) {
    const { exports } = new target(...args);
    const run = (base) => {
      const started = performance.now();
      exports.run(base);
      called += performance.now() - started;
    };
    return { exports: { run } };
  },
});

function firstCycle() {
  const machine = makeMachine({ image }, 'interpreter', variant);
  setStart(machine, 0x400);
  const started = performance.now();
  machine.run(1);
  return performance.now() - started;
}

const first = firstCycle();
const firstCall = called;
const second = firstCycle();
console.log(JSON.stringify({ total: first - second, compiled, firstCall, bytes }));
