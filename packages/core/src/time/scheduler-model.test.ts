import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Arena, ArenaLayout } from '../state/arena.js';
import { Scheduler } from './scheduler.js';

const SLOTS = 4;
const slot = fc.nat(SLOTS - 1);

/** What a handler does when its event comes: schedule another one (or its own) some time later, or cancel it. */
const reaction = fc.option(fc.record({ slot, delay: fc.option(fc.integer({ min: 1, max: 5 })) }));
const step = fc.oneof(
  fc.record({ op: fc.constant('schedule' as const), slot, time: fc.nat(60) }),
  fc.record({ op: fc.constant('cancel' as const), slot }),
  fc.record({ op: fc.constant('dispatch' as const), time: fc.nat(60) }),
);

/** The same as a sorted list of entries. */
class Model {
  now = 0;
  readonly log: string[] = [];
  #list: { slot: number; time: number }[] = [];

  schedule(event: number, time: number): void {
    this.#list = [...this.#list.filter((entry) => entry.slot !== event), { slot: event, time }];
  }

  cancel(event: number): void {
    this.#list = this.#list.filter((entry) => entry.slot !== event);
  }

  dispatch(time: number, handle: (event: number) => void): void {
    for (;;) {
      // Sorting is stable: of one time, who was scheduled first comes first.
      const [next] = [...this.#list].sort((a, b) => a.time - b.time);
      if (!next || next.time > time) break;
      this.cancel(next.slot);
      this.now = Math.max(this.now, next.time);
      this.log.push(`${next.slot} at ${this.now}`);
      handle(next.slot);
    }
    this.now = Math.max(this.now, time);
  }

  get nextDue(): number {
    return Math.min(...this.#list.map((entry) => entry.time));
  }
}

test('a scheduler does what a sorted list does', () => {
  fc.assert(
    fc.property(
      fc.array(reaction, { minLength: SLOTS, maxLength: SLOTS }),
      fc.array(step, { maxLength: 40 }),
      (reactions, steps) => {
        const layout = new ArenaLayout();
        const scheduler = new Scheduler(layout, SLOTS);
        scheduler.attach(new Arena(layout));
        const log: string[] = [];
        const model = new Model();
        reactions.forEach((react, index) => {
          scheduler.declare(`${index}`, () => {
            log.push(`${index} at ${scheduler.now}`);
            if (react) {
              const { slot: other, delay } = react;
              scheduler.schedule(other, delay === null ? Number.POSITIVE_INFINITY : scheduler.now + delay);
            }
          });
        });
        const handle = (index: number): void => {
          const react = reactions[index];
          if (!react) return;
          if (react.delay === null) model.cancel(react.slot);
          else model.schedule(react.slot, model.now + react.delay);
        };
        for (const action of steps) {
          if (action.op === 'schedule') {
            scheduler.schedule(action.slot, action.time);
            model.schedule(action.slot, action.time);
          } else if (action.op === 'cancel') {
            scheduler.schedule(action.slot, Number.POSITIVE_INFINITY);
            model.cancel(action.slot);
          } else {
            scheduler.dispatch(action.time);
            model.dispatch(action.time, handle);
          }
          expect(scheduler.nextDue).toBe(model.nextDue);
        }
        expect(log).toEqual(model.log);
        expect(scheduler.now).toBe(model.now);
      },
    ),
    { numRuns: 1000 },
  );
});
