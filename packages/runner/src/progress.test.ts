import { describe, expect, it } from 'vitest';
import { Progress } from './progress.js';

function screen(sharesScreen: boolean) {
  let now = 0;
  let text = '';
  const progress = new Progress(
    {
      write(added) {
        text += added;
      },
      columns: 80,
    },
    { limit: 100e6, sharesScreen, now: () => now },
  );
  const take = () => {
    const taken = text;
    text = '';
    return taken;
  };
  return {
    progress,
    at: (time: number) => {
      now = time;
    },
    take,
  };
}

describe('Progress', () => {
  it('says nothing about a short run', () => {
    const { progress, at, take } = screen(true);
    at(1999);
    progress.update(1e6);
    progress.clear();
    expect(take()).toBe('');
  });

  it('tells cycles, speed and share of the limit, and wipes the line', () => {
    const { progress, at, take } = screen(true);
    at(2500);
    progress.update(25e6);
    expect(take()).toBe('\r25.0 M cycles, 10.0 MHz, 25.0 % of the limit\x1b[K');
    at(2600);
    progress.update(26e6);
    expect(take()).toBe('');
    progress.clear();
    expect(take()).toBe('\r\x1b[K');
  });

  it('keeps off a line that the guest has begun', () => {
    const { progress, at, take } = screen(true);
    at(2500);
    progress.beforeOutput(Buffer.from('> '));
    at(9000);
    progress.update(1e6);
    expect(take()).toBe('');
    progress.beforeOutput(Buffer.from('done\n'));
    at(9100);
    progress.update(1e6);
    expect(take()).toBe('');
    at(9600);
    progress.update(1e6);
    expect(take()).not.toBe('');
  });

  it('does not mind the output of a guest that is written elsewhere', () => {
    const { progress, at, take } = screen(false);
    at(2500);
    progress.beforeOutput(Buffer.from('> '));
    progress.update(1e6);
    expect(take()).not.toBe('');
  });
});
