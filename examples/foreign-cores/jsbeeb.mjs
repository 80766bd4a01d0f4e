/**
 * The CPU of jsbeeb (npm) as a core: its NMOS test model, all of whose memory is RAM. Reads that nobody has any use for
 * it leaves out where memory is RAM, so bus cycles are not compared.
 *
 *     backplane fuzz 6502 --core ./jsbeeb.mjs --executions 20000
 */
import { FlatMemory } from '@backplane/core/fuzz';
import { fake6502 } from 'jsbeeb/src/fake6502.js';

const memory = new FlatMemory();
const cpu = fake6502();
cpu.reset(true);
// As in a machine that has no devices, and no slower bus for them.
cpu.is1MHzAccess = () => false;
cpu.memStat.fill(1);
cpu.memLook.fill(0);

export const core = {
  name: 'jsbeeb',
  registers: ['pc', 'a', 'x', 'y', 's', 'p'],
  setState({ registers: { pc, a, x, y, s, p }, ram }) {
    memory.load(ram);
    cpu.ramRomOs.set(memory.bytes);
    cpu.currentCycles = cpu.targetCycles = 0;
    cpu.interrupt = 0;
    cpu.takeInt = false;
    Object.assign(cpu, { pc, a, x, y, s });
    cpu.p.setFromByte(p);
  },
  step() {
    cpu.targetCycles = cpu.currentCycles;
    cpu.execute(1);
  },
  getState() {
    const { pc, a, x, y, s, p } = cpu;
    return { registers: { pc, a, x, y, s, p: p.asByte() }, cycles: cpu.currentCycles };
  },
  changes(among) {
    memory.bytes.set(cpu.ramRomOs.subarray(0, 0x10000));
    return memory.changes(among);
  },
};
