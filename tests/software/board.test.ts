import { expect, test } from 'vitest';
import { buildMachine, loadMachine } from '../../packages/runner/src/load-machine.js';

test.each(['nmos', 'wdc'])(
  'the board with a CPU of variant %s draws its picture and ends with status 0',
  async (variant) => {
    const machine = buildMachine(await loadMachine('board', { variant }));
    let text = '';
    machine.on('output', ({ bytes }) => {
      text += String.fromCharCode(...bytes);
    });
    const { reason, cycles } = machine.run(20_000_000);
    expect(reason).toBe('exit');
    expect(machine.exitStatus).toBe(0);

    const [banner, , ...rest] = text.split('\n');
    expect(banner).toMatch(/^Backplane: /);
    const rows = rest.slice(0, 31);
    expect(rows.every((row) => row.length === 76)).toBe(true);
    expect(rows[5]).toBe('          .............................,,::::;;;=+X@@@@@@$==;:::,,,,........');
    expect(rows[15]).toBe(`   ${'@'.repeat(61)}$x+;::,,....`);

    // Its interrupts have counted the time it took.
    const [, seconds] = /^Drawn in (\d+\.\d\d) s /m.exec(text) ?? [];
    expect(Math.abs(Number(seconds) - cycles / 2_000_000)).toBeLessThan(0.02);
  },
);
