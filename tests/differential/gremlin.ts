/** A device that does whatever a machine must put up with: from within accesses, and at any time by events. */
import { type DevicePlugin, defineDevice, u8, u32, z } from '@backplane/core';
import type { Log } from './log.js';

export type GremlinLine = 'irq' | 'nmi' | 'so' | 'rdy' | 'reset';
export type StalledKind = 'read' | 'write' | 'idle';

/** Something it does. Cycles are those of its own clock. */
export type GremlinAction =
  | { readonly does: 'assert' | 'release'; readonly line: GremlinLine }
  /** Assert a line and release it later. */
  | { readonly does: 'hold'; readonly line: 'rdy' | 'reset'; readonly cycles: number }
  /** Move the deadline of one of its events. */
  | { readonly does: 'schedule'; readonly event: number; readonly cycles: number }
  | { readonly does: 'cancel'; readonly event: number }
  | { readonly does: 'stall'; readonly kinds: readonly StalledKind[]; readonly cycles: number }
  | { readonly does: 'bank'; readonly bank: number }
  /** Ask for an interrupt by the daisy chain, or no longer. */
  | { readonly does: 'request' | 'withdraw' }
  | { readonly does: 'send' | 'poll' | 'exit' };

/** Its part of a machine config. */
export interface GremlinConfig {
  /** What it does when read and written, by register. */
  readonly reads: readonly (readonly GremlinAction[])[];
  readonly writes: readonly (readonly GremlinAction[])[];
  /** What a register reads as, by register and by how often the device was read. */
  readonly values: readonly number[];
  /** When each event is first due, −1 for never, and what it does the first time, the second time … */
  readonly events: readonly { readonly first: number; readonly steps: readonly (readonly GremlinAction[])[] }[];
}

/** Its registers. */
export const GREMLIN_SIZE = 8;
/** Its events, beside those that end a `hold`. */
export const GREMLIN_EVENTS = 3;

const actions = z.array(z.array(z.looseObject({ does: z.string() })));

/**
 * The plugin, type `gremlin`.
 *
 * @param log takes each access and each event, with the time the device saw
 */
export const gremlin = (log: Log): DevicePlugin =>
  defineDevice({
    type: 'gremlin',
    version: 1,
    size: GREMLIN_SIZE,
    lines: ['irq', 'nmi', 'so', 'rdy', 'reset'],
    chain: ['link'],
    banks: ['window'],
    channels: ['serial'],
    config: z.object({
      reads: actions,
      writes: actions,
      values: z.array(z.int()),
      events: z.array(z.object({ first: z.int(), steps: actions })),
    }),
    state: () => ({ count: u32(), step0: u8(), step1: u8(), step2: u8(), received: u8() }),
    create({ config, state, lines, chain, banks, channels, clock, event, stall, exit: end }) {
      const { reads, writes, values, events } = config as unknown as GremlinConfig;
      const note = (text: string): void => log.add(`${clock.now()} ${text}`);

      const perform = (actions: readonly GremlinAction[]): void => {
        for (const action of actions) act(action);
      };
      const act = (action: GremlinAction): void => {
        switch (action.does) {
          case 'assert':
          case 'release':
            lines[action.line][action.does]();
            return;
          case 'hold':
            lines[action.line].assert();
            releases[action.line].after(action.cycles);
            return;
          case 'schedule':
            slots[action.event]?.after(action.cycles);
            return;
          case 'cancel':
            slots[action.event]?.cancel();
            return;
          case 'stall':
            stall(action.kinds, action.cycles);
            return;
          case 'bank':
            banks.window.select(action.bank);
            return;
          case 'request':
            chain.link.request();
            return;
          case 'withdraw':
            chain.link.cancel();
            return;
          case 'send':
            channels.serial.send(0x41 + (state.count & 15));
            return;
          case 'poll':
            channels.serial.poll();
            return;
          case 'exit':
            end(3);
        }
      };
      const releases = {
        rdy: event('release-rdy', () => lines.rdy.release()),
        reset: event('release-reset', () => lines.reset.release()),
      };
      const slots = (['step0', 'step1', 'step2'] as const).map((step, index) =>
        event(`event-${index}`, () => {
          note(`event ${index}`);
          const { steps } = events[index] ?? { steps: [] };
          if (steps.length === 0) return;
          const now = state[step] % steps.length;
          state[step] = now + 1;
          perform(steps[now] ?? []);
        }),
      );
      const byteAt = (offset: number): number => values[(state.count + offset) % values.length] ?? 0;
      return {
        reset() {
          note('reset');
          for (const line of Object.values(lines)) line.release();
          for (const release of Object.values(releases)) release.cancel();
          state.step0 = state.step1 = state.step2 = 0;
          slots.forEach((slot, index) => {
            const first = events[index]?.first ?? -1;
            if (first < 0) slot.cancel();
            else slot.after(first);
          });
        },
        acknowledge() {
          note('acknowledge');
          return byteAt(0);
        },
        peek: byteAt,
        read(offset) {
          note(`read ${offset}`);
          const value = byteAt(offset);
          state.count += 1;
          perform(reads[offset % reads.length] ?? []);
          return value;
        },
        write(offset, value) {
          note(`write ${offset} ${value}`);
          perform(writes[offset % writes.length] ?? []);
        },
        channels: {
          serial(byte) {
            note(`receive ${byte}`);
            state.received = byte;
          },
        },
      };
    },
  });
