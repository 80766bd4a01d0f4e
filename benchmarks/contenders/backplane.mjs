import { createMachine } from '@backplane/core';
import { cpu6502 } from '@backplane/cpu-6502';
import { z80 } from '@backplane/cpu-z80';
import { memoryMappedConsole } from '@backplane/devices';
import { intervalTimer } from '../interval-timer.mjs';
import { isas } from '../isas.mjs';
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

/** 64 KiB of RAM, and the workload's device in it. */
export function makeMachine({ image, device, isa = '6502' }, engine, variant) {
  const { memory = [], ...surroundings } = DEVICES[device] ?? {};
  return createMachine(
    {
      clock: '1 MHz',
      cpu: { type: isa, ...(variant && { variant }) },
      memory: [{ at: 0, ram: '64K', image: 'ram' }, ...memory],
      ...surroundings,
    },
    { plugins: [cpu6502, z80, memoryMappedConsole, intervalTimer], images: { ram: image }, engine },
  );
}

export function setStart({ cpu }, pc, isa = '6502') {
  Object.assign(cpu.registers, isas[isa].start);
  cpu.registers.pc = pc;
}

/**
 * One of our engines.
 *
 * @param restores of the start beforehand: after 30 of one state, writes to what has not been written to are told
 */
export async function backplane(engine, workload, { restores = 0 } = {}) {
  const { isa, entry, conversation } = workload;
  const machine = conversation ? await makeComputer(conversation, engine) : makeMachine(workload, engine);
  setStart(machine, entry, isa);
  const start = machine.checkpoint();
  for (let count = 0; count < restores; count += 1) machine.restore(start);
  const terminal = conversation && talk(machine, conversation);
  return {
    load() {
      machine.restore(start);
      terminal?.begin();
    },
    run: (cycles) => (terminal ?? machine).run(cycles),
    state() {
      const registers = isas[isa].registers.map((name) => [name, machine.cpu.registers[name]]);
      return {
        ...Object.fromEntries(registers),
        cycles: machine.cycles,
        memory: machine.memory.read(0, 0x10000),
        text: terminal?.text(),
      };
    },
    ran: () => machine.stats().cycles,
  };
}

async function makeComputer({ machine, drives }, engine) {
  const { buildMachine, loadMachine } = await import('../../packages/runner/dist/index.js');
  return buildMachine(await loadMachine(machine, { drives, engine }));
}

/** Types each line when the guest has printed its prompt. */
function talk(machine, { lines, prompt }) {
  const channel = machine.channel('console');
  let typed = 0;
  let text = '';
  machine.on('output', ({ bytes }) => {
    text += Buffer.from(bytes).toString('latin1');
  });
  return {
    begin() {
      channel.discard();
      channel.expect(prompt);
      typed = 0;
      text = '';
    },
    run(cycles) {
      // A run that a prompt has stopped goes on to where it was to end.
      for (let left = cycles; machine.run(left).reason === 'condition'; left = 0) {
        if (typed < lines.length) channel.write(`${lines[typed]}\n`);
        typed += 1;
        channel.expect(prompt);
      }
    },
    text: () => text,
  };
}
