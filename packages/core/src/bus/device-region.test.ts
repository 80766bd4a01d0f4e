import { expect, test } from 'vitest';
import { defineDevice } from '../plugin/define-device.js';
import { busOf } from './test-bus.js';

test('a read has its side effects, a peek has none', () => {
  const bus = busOf([{ at: 0x8000, device: 'dev' }]);
  bus.peek(0x8001);
  expect(bus.peek(0x8000)).toBe(0);
  bus.readAny(0x8001);
  bus.readAny(0x8001);
  expect(bus.peek(0x8000)).toBe(2);
});

test('bytes beyond the registers are open bus', () => {
  const bus = busOf([{ at: 0x8000, device: 'dev', size: 0x100 }]);
  bus.writeAny(0x8003, 3);
  bus.writeAny(0x8004, 4);
  expect([bus.readAny(0x8003), bus.readAny(0x8004), bus.peek(0x80ff)]).toEqual([3, 0xff, 0xff]);
});

test('with repeat the registers are seen again and again', () => {
  const bus = busOf([{ at: 0x8000, device: 'dev', size: 0x100, repeat: true }]);
  bus.writeAny(0x80fe, 9);
  expect([bus.peek(0x8002), bus.peek(0x8006), bus.peek(0x80fe)]).toEqual([9, 9, 9]);
});

test('an offset shows the registers from there on', () => {
  const bus = busOf([{ at: 0x8000, device: 'dev', offset: 2 }]);
  bus.writeAny(0x8001, 9);
  bus.writeAny(0x8002, 8);
  expect([bus.peek(0x8000), bus.peek(0x8001), bus.peek(0x8002)]).toEqual([0, 9, 0xff]);
});

test('one device may be shown at several places', () => {
  const bus = busOf([
    { at: 0x8000, device: 'dev' },
    { at: 0x9000, device: 'dev' },
  ]);
  bus.writeAny(0x8001, 5);
  expect(bus.peek(0x9001)).toBe(5);
});

test('a device that cannot be read or peeked is open bus, and its values are bytes', () => {
  const mute = defineDevice({ type: 'mute', version: 1, size: 1, create: () => ({}) });
  const wide = defineDevice({
    type: 'wide',
    version: 1,
    size: 1,
    create: () => ({ read: () => 0x1ff, peek: () => -1 }),
  });
  const bus = busOf(
    [
      { at: 0, device: 'm' },
      { at: 1, device: 'w' },
    ],
    { devices: { m: { type: 'mute' }, w: { type: 'wide' } }, openBus: 0x12 },
    { plugins: [mute, wide] },
  );
  bus.writeAny(0, 1);
  expect([bus.readAny(0), bus.peek(0), bus.readAny(1), bus.peek(1)]).toEqual([0x12, 0x12, 0xff, 0xff]);
});
