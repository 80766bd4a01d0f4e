import { createMachine } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import { memoryMappedConsole } from '@backplane/devices';
import { intervalTimer } from '../interval-timer.mjs';
import { DEVICE, TIMER_PERIOD } from '../workloads.mjs';

const DEVICES = {
  console: {
    devices: { console: { type: 'console' } },
    memory: [{ at: DEVICE, device: 'console', priority: 1 }],
    wires: [['console.serial', 'host.console']],
  },
  timer: {
    devices: { timer: { type: 'interval-timer', period: TIMER_PERIOD } },
    memory: [{ at: DEVICE, device: 'timer', priority: 1 }],
    wires: [['timer.irq', 'cpu.irq']],
  },
};

export function makeMachine({ image, device }, engine, variant = 'nmos') {
  const { memory = [], ...surroundings } = DEVICES[device] ?? {};
  return createMachine(
    {
      clock: '1 MHz',
      cpu: { type: '6502', variant },
      memory: [{ at: 0, ram: '64K', image: 'ram' }, ...memory],
      ...surroundings,
    },
    { plugins: [cpu6502, memoryMappedConsole, intervalTimer], images: { ram: image }, engine },
  );
}

export function setStart({ cpu }, pc) {
  Object.assign(cpu.registers, { a: 0, x: 0, y: 0, s: 0xff, p: 0x24 });
  cpu.registers.pc = pc;
}

/** One of our engines. */
export function backplane(engine, workload) {
  const machine = makeMachine(workload, engine);
  setStart(machine, workload.entry);
  const start = machine.checkpoint();
  return {
    load: () => machine.restore(start),
    run: (cycles) => machine.run(cycles),
    state() {
      const { pc, a, x, y, s, p } = machine.cpu.registers;
      return { pc, a, x, y, s, p, cycles: machine.cycles, memory: machine.memory.read(0, 0x10000) };
    },
    ran: () => machine.stats().cycles,
  };
}
