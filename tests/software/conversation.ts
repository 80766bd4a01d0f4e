import type { Machine } from '@backplane/core';
import * as fc from 'fast-check';
import { buildMachine, loadMachine } from '../../packages/runner/src/load-machine.js';

/**
 * A ready-made machine with the given file as its image `rom`.
 *
 * @returns makes the machine anew, powered on
 */
export async function machineWithRom(name: string, rom: string): Promise<() => Machine> {
  const loaded = await loadMachine(name, { image: [`rom=${rom}`] });
  return () => buildMachine(loaded);
}

/** More than any conversation here takes: a guest that does not come to rest ends a test. */
const ENOUGH_CYCLES = 1_000_000_000;

export interface Conversation {
  /** What the guest has put out, without carriage returns. */
  readonly text: string;
  /** When it had waited for input in vain. */
  readonly cycles: number;
}

/**
 * Type pieces until the guest, the last one read, waits for more.
 *
 * @param slice cycles after which the next piece is written, if the guest has not come to wait for it before
 */
export function converse(machine: Machine, pieces: readonly string[], slice = ENOUGH_CYCLES): Conversation {
  const channel = machine.channel('console');
  let output = '';
  machine.on('output', ({ bytes }) => {
    output += String.fromCharCode(...bytes);
  });
  channel.waits = true;
  for (const rest = [...pieces]; ; ) {
    const { reason } = machine.run(slice);
    if (reason === 'input' && channel.ended) break;
    if (!['input', 'cycles'].includes(reason) || machine.cycles > ENOUGH_CYCLES) {
      throw new Error(`the run ended with '${reason}' after:\n${output}`);
    }
    const piece = rest.shift();
    if (piece === undefined) channel.end();
    else channel.write(piece);
  }
  return { text: output.replaceAll('\r', ''), cycles: machine.cycles };
}

/** A text cut into pieces, with the cycles after which the next one is written. */
export const cuts = (text: string) =>
  fc.record({
    pieces: fc
      .uniqueArray(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: text.length })
      .map((places) => [0, ...places.sort((a, b) => a - b), text.length])
      .map((places) => places.slice(1).map((end, index) => text.slice(places[index], end))),
    slice: fc.oneof(fc.integer({ min: 1_000, max: 100_000 }), fc.constant(ENOUGH_CYCLES)),
  });
