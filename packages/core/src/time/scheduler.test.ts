import { describe, expect, test } from 'vitest';
import { Arena, ArenaLayout } from '../state/arena.js';
import { Scheduler } from './scheduler.js';

/** A scheduler and the slots of events that log their names, and then do what the test says. */
function scheduler<Name extends string>(names: readonly Name[]) {
  const layout = new ArenaLayout();
  const made = new Scheduler(layout, names.length);
  made.attach(new Arena(layout));
  const log: string[] = [];
  const actions: Partial<Record<Name, () => void>> = {};
  const slots = Object.fromEntries(
    names.map((name) => [
      name,
      made.declare(name, () => {
        log.push(`${name} at ${made.now}`);
        actions[name]?.();
      }),
    ]),
  ) as Record<Name, number>;
  return { scheduler: made, slots, log, actions };
}

test('events come in the order of their times', () => {
  const { scheduler: s, slots, log } = scheduler(['a', 'b', 'c']);
  s.schedule(slots.a, 30);
  s.schedule(slots.b, 10);
  s.schedule(slots.c, 20);
  expect(s.nextDue).toBe(10);
  s.dispatch(25);
  expect(log).toEqual(['b at 10', 'c at 20']);
  expect([s.now, s.nextDue]).toEqual([25, 30]);
  s.dispatch(30);
  expect(log.at(-1)).toBe('a at 30');
  expect(s.nextDue).toBe(Number.POSITIVE_INFINITY);
});

test('events of one time come in the order in which they were scheduled, whatever their slots', () => {
  const { scheduler: s, slots, log } = scheduler(['a', 'b', 'c']);
  s.schedule(slots.a, 5);
  s.schedule(slots.c, 5);
  s.schedule(slots.b, 5);
  s.schedule(slots.a, 5);
  s.dispatch(5);
  expect(log).toEqual(['c at 5', 'b at 5', 'a at 5']);
});

test('scheduling again forgets the time before, and Infinity the event', () => {
  const { scheduler: s, slots, log } = scheduler(['a', 'b']);
  s.schedule(slots.a, 5);
  s.schedule(slots.b, 6);
  s.schedule(slots.a, 8);
  s.schedule(slots.b, Number.POSITIVE_INFINITY);
  s.dispatch(20);
  expect(log).toEqual(['a at 8']);
});

describe('a handler', () => {
  test('may schedule its own event again, within the same dispatch', () => {
    const { scheduler: s, slots, log, actions } = scheduler(['tick']);
    actions.tick = () => s.schedule(slots.tick, s.now + 7);
    s.schedule(slots.tick, 7);
    s.dispatch(22);
    expect(log).toEqual(['tick at 7', 'tick at 14', 'tick at 21']);
    expect(s.nextDue).toBe(28);
  });

  test('may cancel another one that is due at the same time', () => {
    const { scheduler: s, slots, log, actions } = scheduler(['a', 'b']);
    actions.a = () => s.schedule(slots.b, Number.POSITIVE_INFINITY);
    s.schedule(slots.a, 5);
    s.schedule(slots.b, 5);
    s.dispatch(9);
    expect(log).toEqual(['a at 5']);
  });

  test('may make an event due now: it comes after those that were due already', () => {
    const { scheduler: s, slots, log, actions } = scheduler(['a', 'b', 'c']);
    actions.a = () => s.schedule(slots.c, s.now);
    s.schedule(slots.a, 5);
    s.schedule(slots.b, 5);
    s.dispatch(5);
    expect(log).toEqual(['a at 5', 'b at 5', 'c at 5']);
  });

  test('sees an event that is overdue at the present, for time does not go back', () => {
    const { scheduler: s, slots, log } = scheduler(['late']);
    s.advance(100);
    s.schedule(slots.late, 40);
    s.dispatch(100);
    expect(log).toEqual(['late at 100']);
  });

  test('that makes its event due at the same moment for ever is told so', () => {
    const { scheduler: s, slots, actions } = scheduler(['spin']);
    actions.spin = () => s.schedule(slots.spin, s.now);
    s.schedule(slots.spin, 3);
    expect(() => s.dispatch(10)).toThrow(
      "event 'spin' is due again and again at one moment; schedule the next one a cycle later at least",
    );
  });
});

describe('looking at a moment', () => {
  test('changes no state', () => {
    const { scheduler: s } = scheduler([]);
    s.advance(10);
    expect(s.during(50, () => s.now)).toBe(50);
    expect(s.now).toBe(10);
  });

  test('changes none even if the look throws', () => {
    const { scheduler: s } = scheduler([]);
    expect(() =>
      s.during(50, () => {
        throw new Error('blind');
      }),
    ).toThrow('blind');
    expect(s.now).toBe(0);
  });
});

test('whoever listens hears of every change of the next time', () => {
  const { scheduler: s, slots } = scheduler(['a', 'b']);
  const heard: number[] = [];
  s.onChange = () => void heard.push(s.nextDue);
  s.schedule(slots.a, 9);
  s.schedule(slots.b, 4);
  s.dispatch(5);
  expect(heard).toEqual([9, 4, 9]);
});

test('what is pending can be put into another scheduler, order and all', () => {
  const names = ['a', 'b', 'c'] as const;
  const { scheduler: s, slots } = scheduler(names);
  s.advance(3);
  s.schedule(slots.c, 5);
  s.schedule(slots.a, 5);
  s.schedule(slots.b, 4);
  const other = scheduler(names);
  other.scheduler.schedule(other.slots.c, 1);
  other.scheduler.restorePending(s.now, s.pending());
  expect(other.scheduler.pending()).toEqual(s.pending());
  other.scheduler.dispatch(9);
  expect(other.log).toEqual(['b at 4', 'c at 5', 'a at 5']);
});
