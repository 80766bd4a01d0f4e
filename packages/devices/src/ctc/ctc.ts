/**
 * Z80 CTC, counter/timer circuit: four channels.
 *
 *     offset  read                    write
 *     0–3     down-counter of the     control word (bit 0 = 1), or the time constant after one that says so;
 *             channel                 to channel 0 also the interrupt vector (bit 0 = 0)
 *
 *     CLK/TRG n ──> counter ┐
 *     Φ ──> prescaler ──────┴──> down-counter ──> ZC/TO n, interrupt
 *
 * Its clock is Φ. Lines: asserted is low. What nobody drives is high; ZC/TO is low but for its pulses. Channel 3 has no
 * ZC/TO pin.
 *
 * Source: Zilog, Z80 CPU Peripherals User Manual UM0081 (UM008101-0601), "Counter/Timer Channels".
 */
import { defineDevice, u8 } from '@backplane/core';
import { fieldsOfParts, partOf } from '../parts.js';
import { Control, channel, channelFields } from './channel.js';

const CHANNELS = ['channel0', 'channel1', 'channel2', 'channel3'] as const;

export const ctc = defineDevice({
  type: 'ctc',
  version: 1,
  description: 'Z80 CTC: four counters and timers',
  size: 4,
  lines: ['trg0', 'trg1', 'trg2', 'trg3', 'zc0', 'zc1', 'zc2'],
  // "Channel 0 having highest and channel 3 the lowest priority" (UM0081, p. 7).
  chain: CHANNELS,
  state: () => ({ vector: u8(), ...fieldsOfParts(CHANNELS, channelFields) }),
  create({ state, lines, chain, clock, event }) {
    const outputs = [lines.zc0, lines.zc1, lines.zc2];
    const channels = CHANNELS.map((name, index) => {
      const own = channel(partOf(state, name, channelFields), clock);
      const link = chain[name];
      const output = outputs[index];
      const zero = event(`zero-${index}`, () => {
        own.settle();
        if (own.state.control & Control.Interrupt) link.request();
        if (output?.connected) {
          output.release();
          fall?.after(1);
        }
        arm();
      });
      // Up with one edge of Φ, down with the next falling one: others see it for a cycle.
      const fall = output && event(`fall-${index}`, () => output.assert());

      /** Have events only for what others can see. */
      function arm(): void {
        if (!own.isRunningTimer()) return;
        if (own.state.control & Control.Interrupt || output?.connected) zero.after(own.remaining());
        else zero.cancel();
      }

      return {
        count: own.count,
        reset() {
          own.reset();
          zero.cancel();
          fall?.cancel();
          output?.assert();
          link.cancel();
          link.finish();
        },
        write(value: number) {
          own.settle();
          if (own.state.awaitsConstant) own.writeConstant(value);
          else if (value & Control.IsControl) {
            const wasTimer = own.isRunningTimer();
            own.writeControl(value);
            if (wasTimer || !own.state.active) zero.cancel();
            // INT is low for "any channel that has been programmed to enable interrupts" (UM0081, "Pin functions").
            if (!(value & Control.Interrupt)) link.cancel();
          } else if (index === 0) state.vector = value & 0xf8;
          arm();
        },
        trigger(low: boolean) {
          if (low === ((own.state.control & Control.RisingEdge) !== 0)) return;
          const waited = own.state.awaitsTrigger === 1;
          // The counter steps with the next rising edge of Φ (UM0081, p. 16).
          if (own.trigger()) zero.after(1);
          // A running timer has its event: it may be due in this very cycle, and not have come yet.
          else if (waited) arm();
        },
      };
    });
    const [first, second, third, fourth] = channels as [Part, Part, Part, Part];
    type Part = (typeof channels)[number];

    return {
      reset() {
        for (const { reset } of channels) reset();
      },
      read: (offset) => channels[offset]?.count(),
      peek: (offset) => channels[offset]?.count(),
      write: (offset, value) => channels[offset]?.write(value),
      // Bits 2 and 1 name the channel (UM0081, p. 8).
      acknowledge: (link) => state.vector | (CHANNELS.indexOf(link) << 1),
      lines: { trg0: first.trigger, trg1: second.trigger, trg2: third.trigger, trg3: fourth.trigger },
    };
  },
});
