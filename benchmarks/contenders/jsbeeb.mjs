/**
 * The CPU of jsbeeb: the NMOS model it is tested with, all of whose memory is RAM. It runs without the rest of jsbeeb,
 * on Node 20 too, though the package asks for Node 22.
 */
import { fake6502 } from 'jsbeeb/src/fake6502.js';
import { DEVICE, TIMER_PERIOD } from '../workloads.mjs';

const DEVICE_PAGE = DEVICE >> 8;

export function jsbeeb({ image, entry, device }) {
  const cpu = fake6502();
  const timer = cpu.scheduler.newTask(() => {
    cpu.interrupt |= 1;
    timer.schedule(TIMER_PERIOD);
  });
  cpu.reset(true);
  if (device) {
    cpu.memStat[DEVICE_PAGE] = cpu.memStat[256 + DEVICE_PAGE] = 0;
    cpu.readDevice = () => {
      cpu.interrupt &= ~1;
      return 0;
    };
  }
  return {
    load() {
      cpu.reset(true);
      if (device) cpu.memStat[DEVICE_PAGE] = cpu.memStat[256 + DEVICE_PAGE] = 0;
      cpu.ramRomOs.set(image);
      timer.cancel();
      cpu.interrupt = 0;
      cpu.takeInt = false;
      if (device === 'timer') timer.schedule(TIMER_PERIOD);
      cpu.a = cpu.x = cpu.y = 0;
      cpu.s = 0xff;
      cpu.p.setFromByte(0x24);
      cpu.pc = entry;
    },
    run(cycles) {
      for (let left = cycles; left > 0; left -= 1_000_000) cpu.execute(Math.min(left, 1_000_000));
    },
    state() {
      const { pc, a, x, y, s, p } = cpu;
      // It counts seconds of its 2 MHz clock apart.
      const cycles = cpu.cycleSeconds * 2_000_000 + cpu.currentCycles;
      return { pc, a, x, y, s, p: p.asByte(), cycles, memory: cpu.ramRomOs.slice(0, 0x10000) };
    },
  };
}
