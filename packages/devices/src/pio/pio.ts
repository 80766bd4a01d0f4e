/**
 * Z80 PIO, parallel input/output: two ports with handshake lines.
 *
 *     offset  read                 write
 *     0       port A data
 *     1       port B data
 *     2       (nothing)            port A control
 *     3       (nothing)            port B control
 *
 * So bit 0 is B/A and bit 1 is C/D; where a board has them otherwise, map the registers one by one with `offset`.
 *
 *     mode           data            READY                       STROBE
 *     0 output       to the pins     high: there is data         its rising edge: taken
 *     1 input        from the pins   high: the register is free  low: here is data
 *     2 both ways    A only          ARDY output, BRDY input     ASTB output, BSTB input
 *     3 control      pin by pin      low                         ignored
 *
 * Lines: asserted is low. What nobody drives is high.
 *
 * Source: Zilog, Z80 CPU Peripherals User Manual UM0081 (UM008101-0601), "Parallel Input/Output".
 */
import { type DeviceLine, defineDevice } from '@backplane/core';
import { fieldsOfParts, partOf } from '../parts.js';
import { Mode, type Port, port, portFields } from './port.js';

const PORTS = ['portA', 'portB'] as const;

export const pio = defineDevice({
  type: 'pio',
  version: 1,
  description: 'Z80 PIO: two parallel ports',
  size: 4,
  lines: ['ardy', 'astb', 'brdy', 'bstb'],
  ports: { pa: 8, pb: 8 },
  // "Port A has higher priority than port B" (UM0081, "Interrupt control logic").
  chain: PORTS,
  state: () => fieldsOfParts(PORTS, portFields),
  create({ state, lines, ports, chain, event }) {
    const a = port(partOf(state, 'portA', portFields), chain.portA);
    const b = port(partOf(state, 'portB', portFields), chain.portB);
    const both = [
      { ...a, pins: ports.pa, ready: handshake('ready-a', lines.ardy, a) },
      { ...b, pins: ports.pb, ready: handshake('ready-b', lines.brdy, b) },
    ] as const;
    const [portA, portB] = both;
    const isBidirectional = () => a.state.mode === Mode.Bidirectional;

    /** READY: "if already active, it is forced low for one and one-half Φ periods" (UM0081, "Input mode"). */
    function handshake(name: string, line: DeviceLine, { state: own }: Port) {
      const rise = event(name, () => line.release());
      return {
        raise() {
          const { ready } = own;
          // Before the line moves: who is at its other end may strobe at once.
          own.ready = 1;
          if (ready) {
            line.assert();
            rise.after(2);
          } else line.release();
        },
        drop() {
          own.ready = 0;
          rise.cancel();
          line.assert();
        },
      };
    }

    function drive({ state: { mode, output, inputs }, pins }: (typeof both)[number]): void {
      if (mode === Mode.Output) pins.drive(output, 0xff);
      else if (mode === Mode.Control) pins.drive(output, ~inputs & 0xff);
      // Data is "allowed on the port data bus when ASTB is active", that is low.
      else pins.drive(output, mode === Mode.Bidirectional && lines.astb.asserted ? 0xff : 0);
    }

    function read(offset: number): number | undefined {
      const { state: own, pins } = both[offset] ?? portA;
      if (offset > 1) return undefined;
      if (own.mode === Mode.Output) return own.output;
      if (own.mode === Mode.Control) return (pins.pins & own.inputs) | (own.output & ~own.inputs);
      return own.input;
    }

    /** STROBE ends: data was taken, or is there. */
    function strobed({ ready, request }: (typeof both)[number]): void {
      ready.drop();
      request();
    }

    /** "Data is loaded into the PIO when this signal is active" (UM0081, "Pin functions"): all the time it is low. */
    function takeInput(): void {
      if (a.state.mode === Mode.Input && lines.astb.asserted) a.state.input = ports.pa.pins;
      if (isBidirectional() && lines.bstb.asserted) a.state.input = ports.pa.pins;
      if (b.state.mode === Mode.Input && lines.bstb.asserted) b.state.input = ports.pb.pins;
    }

    return {
      reset() {
        for (const each of both) {
          each.reset();
          each.ready.drop();
          drive(each);
        }
      },
      read(offset) {
        const value = read(offset);
        if (offset === 0 && isBidirectional()) portB.ready.raise();
        else if (both[offset]?.state.mode === Mode.Input) both[offset].ready.raise();
        return value;
      },
      peek: read,
      write(offset, value) {
        const own = both[offset & 1] as (typeof both)[number];
        if (offset < 2) {
          own.state.output = value;
          drive(own);
          if (own.state.mode === Mode.Output || own.state.mode === Mode.Bidirectional) own.ready.raise();
        } else if (own.writeControl(value)) {
          // Mode 2 has the handshake lines of port B for its input.
          if (own === portA || !isBidirectional()) own.ready.drop();
          if (own === portA && b.state.mode === Mode.Control) portB.ready.drop();
          drive(own);
        }
        own.look(own.pins.pins);
      },
      acknowledge(link) {
        const { state: own, acknowledged } = link === 'portA' ? a : b;
        acknowledged();
        return own.vector;
      },
      lines: {
        astb(low) {
          drive(portA);
          takeInput();
          if (!low && a.state.mode !== Mode.Control) strobed(portA);
        },
        bstb(low) {
          takeInput();
          // The input half of mode 2 has the interrupt logic of port B, and its vector.
          if (!low && (isBidirectional() || b.state.mode !== Mode.Control)) strobed(portB);
        },
      },
      ports: {
        pa(pins) {
          takeInput();
          a.look(pins);
        },
        pb(pins) {
          takeInput();
          b.look(pins);
        },
      },
    };
  },
});
