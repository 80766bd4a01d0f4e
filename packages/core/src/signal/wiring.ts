/** Wires of a config joined into nets and channels. */
import { ConfigError, suggest } from '../errors.js';
import type { ArenaLayout } from '../state/arena.js';
import type { DeviceEnd, HostChannel } from './channel.js';
import { Net } from './net.js';
import type { PortPins } from './port.js';

/** What a name before the dot stands for. */
export interface WiredComponent {
  readonly lines: readonly string[];
  readonly ports: ReadonlyMap<string, PortPins>;
  readonly channels: ReadonlyMap<string, DeviceEnd>;
  /** Lines that only listen (a CPU's inputs). */
  readonly isCpu: boolean;
}

/** What a wire's end names. */
type Endpoint =
  | { readonly kind: 'line'; readonly key: string; readonly component: string; readonly line: string }
  | { readonly kind: 'pins'; readonly port: PortPins; readonly pins: readonly number[] }
  | { readonly kind: 'channel'; readonly end: DeviceEnd }
  | { readonly kind: 'host'; readonly name: string };

export interface Wiring {
  /** Net of each line, by `component.line`. */
  readonly lines: ReadonlyMap<string, Net>;
  readonly nets: readonly Net[];
  /** Ends of each net, by its name. */
  readonly members: ReadonlyMap<string, string[]>;
}

const KIND_NAMES = { line: 'a line', pins: 'pins of a port', channel: 'a channel', host: 'a channel' } as const;

/**
 * Join what the wires name.
 *
 * @throws ConfigError for unknown names and ends of different kinds
 */
export function wire(
  wires: readonly (readonly [string, string])[],
  components: ReadonlyMap<string, WiredComponent>,
  host: (name: string) => HostChannel,
  layout: ArenaLayout,
): Wiring {
  const groups = new Groups();
  const pinOf = new Map<string, { port: PortPins; pin: number }>();
  for (const [name, { lines }] of components) for (const line of lines) groups.add(`${name}.${line}`);
  // `cpu` is the main CPU, whatever its name.
  const mainCpu = [...components].find(([, { isCpu }]) => isCpu)?.[0];
  const aliases = new Map(mainCpu === undefined || components.has('cpu') ? [] : [['cpu', mainCpu]]);
  wires.forEach((pair, index) => {
    const [left, right] = pair.map((text, side) => endpoint(text, components, aliases, `wires[${index}][${side}]`)) as [
      Endpoint,
      Endpoint,
    ];
    const mismatch = (): never => {
      throw new ConfigError(
        'config/wire-kind',
        `'${pair[0]}' is ${KIND_NAMES[left.kind]}, '${pair[1]}' is ${KIND_NAMES[right.kind]}`,
        {
          path: `wires[${index}]`,
          mend: 'join lines with lines or single pins, pins with as many pins, channels with channels',
        },
      );
    };
    const leftIsChannel = left.kind === 'channel' || left.kind === 'host';
    const rightIsChannel = right.kind === 'channel' || right.kind === 'host';
    if (leftIsChannel || rightIsChannel) {
      if (!leftIsChannel || !rightIsChannel) mismatch();
      joinChannels(left as never, right as never, host, `wires[${index}]`);
      return;
    }
    const [leftKeys, rightKeys] = [left, right].map((end) => {
      if (end.kind === 'line') return [end.key];
      if (end.kind !== 'pins') return mismatch();
      return end.pins.map((pin) => {
        const key = `${end.port.name}[${pin}]`;
        pinOf.set(key, { port: end.port, pin });
        groups.add(key);
        return key;
      });
    }) as [string[], string[]];
    if (leftKeys.length !== rightKeys.length) {
      const [narrow, wide] = leftKeys.length < rightKeys.length ? [leftKeys, rightKeys] : [rightKeys, leftKeys];
      const last = wide[narrow.length - 1] as string;
      const slice = narrow.length === 1 ? last : (wide[0] as string).replace(']', `..${last.replace(/.*\[/, '')}`);
      throw new ConfigError('config/wire-width', `${leftKeys.length} against ${rightKeys.length} pins`, {
        path: `wires[${index}]`,
        mend: `name as many on both sides, such as '${slice}'`,
      });
    }
    for (const [position, key] of leftKeys.entries()) groups.join(key, rightKeys[position] as string);
  });

  const lines = new Map<string, Net>();
  const nets: Net[] = [];
  const members = new Map<string, string[]>();
  for (const keys of groups.all()) {
    const net = new Net(keys[0] as string, layout);
    nets.push(net);
    members.set(net.name, keys);
    for (const key of keys) {
      const pin = pinOf.get(key);
      if (pin) pin.port.join(pin.pin, net);
      else lines.set(key, net);
    }
  }
  return { lines, nets, members };
}

function endpoint(
  text: string,
  components: ReadonlyMap<string, WiredComponent>,
  aliases: ReadonlyMap<string, string>,
  path: string,
): Endpoint {
  const match = /^([\w-]+)\.([\w-]+)(?:\[(\d+)(?:\.\.(\d+))?\])?$/.exec(text);
  if (!match)
    throw new ConfigError('config/wire', `'${text}' names no end of a wire`, {
      path,
      mend: "write 'timer.irq', 'via.pa[0..3]' or 'host.console'",
    });
  const [, named, name, first, last] = match as unknown as [
    string,
    string,
    string,
    string | undefined,
    string | undefined,
  ];
  const owner = aliases.get(named) ?? named;
  if (owner === 'host' && first === undefined) return { kind: 'host', name };
  const component = components.get(owner);
  if (!component) {
    if (owner === 'host') throw hasNoPins(text, 'a channel', path);
    throw new ConfigError('config/unknown-component', `no CPU or device '${owner}'`, {
      path,
      mend: suggest(owner, [...components.keys(), ...aliases.keys(), 'host']),
    });
  }
  if (component.lines.includes(name) && first === undefined)
    return { kind: 'line', key: `${owner}.${name}`, component: owner, line: name };
  const channel = component.channels.get(name);
  if (channel && first === undefined) return { kind: 'channel', end: channel };
  const port = component.ports.get(name);
  if (!port) {
    if (component.lines.includes(name)) throw hasNoPins(text, 'a line', path);
    if (channel) throw hasNoPins(text, 'a channel', path);
    throw new ConfigError('config/unknown-pin', `'${owner}' has no line, port or channel '${name}'`, {
      path,
      mend: suggest(name, [...component.lines, ...component.ports.keys(), ...component.channels.keys()]),
    });
  }
  const from = Number(first ?? 0);
  const to = first === undefined ? port.width - 1 : Number(last ?? first);
  if (from >= port.width || to >= port.width) {
    throw new ConfigError('config/unknown-pin', `'${owner}.${name}' has ${port.width} pins`, {
      path,
      mend: `name pins 0 to ${port.width - 1}`,
    });
  }
  const step = to >= from ? 1 : -1;
  const pins = Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => from + index * step);
  return { kind: 'pins', port, pins };
}

const hasNoPins = (text: string, what: string, path: string): ConfigError => {
  const whole = text.replace(/\[.*/, '');
  return new ConfigError('config/unknown-pin', `'${whole}' is ${what}, it has no pins`, {
    path,
    mend: `write '${whole}'`,
  });
};

function joinChannels(
  left: Extract<Endpoint, { kind: 'channel' | 'host' }>,
  right: Extract<Endpoint, { kind: 'channel' | 'host' }>,
  host: (name: string) => HostChannel,
  path: string,
): void {
  if (left.kind === 'host' && right.kind === 'host') {
    throw new ConfigError('config/wire-kind', 'both ends are at the host', {
      path,
      mend: "join a device's channel with it",
    });
  }
  const ends = [left, right].map((end) => (end.kind === 'host' ? host(end.name) : end.end));
  for (const [index, end] of ends.entries()) {
    const taken = 'peer' in end ? end.peer : end.device;
    if (taken)
      throw new ConfigError('config/wire-taken', `'${end.name}' is joined twice`, {
        path,
        mend: 'a channel has two ends; join each once',
      });
    const other = ends[1 - index] as DeviceEnd | HostChannel;
    if ('peer' in end) end.peer = other;
    else end.device = other;
  }
}

/** Sets of keys that are joined. */
class Groups {
  readonly #parent = new Map<string, string>();

  add(key: string): void {
    if (!this.#parent.has(key)) this.#parent.set(key, key);
  }

  #root(key: string): string {
    let root = key;
    for (let parent = this.#parent.get(root); parent !== root; parent = this.#parent.get(root)) root = parent as string;
    // The next search is shorter.
    this.#parent.set(key, root);
    return root;
  }

  join(a: string, b: string): void {
    this.#parent.set(this.#root(b), this.#root(a));
  }

  all(): string[][] {
    const byRoot = new Map<string, string[]>();
    for (const key of this.#parent.keys()) {
      const root = this.#root(key);
      const group = byRoot.get(root);
      if (group) group.push(key);
      else byRoot.set(root, [key]);
    }
    return [...byRoot.values()];
  }
}
