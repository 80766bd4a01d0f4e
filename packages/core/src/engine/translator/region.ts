/**
 * A region: the instructions that can be reached from a hot one, as a graph, and the order in which structured code
 * can hold them.
 *
 * Subroutines are put in at each place they are called from, for what follows a return is known then: so a node of the
 * graph is an instruction and the calls that led to it.
 */
import type { Next, Specialized, Step } from './specialize.js';

/** Instructions of a region at most. */
const MOST_INSTRUCTIONS = 200;
/** Calls put into one another. */
const MOST_CALLS = 6;
/** Instructions after which time is looked at again at the latest. */
const BETWEEN_GUARDS = 24;

/** The calls that an instruction is in. */
interface Calls {
  readonly returnTo: number;
  readonly outer: Calls | undefined;
  readonly depth: number;
  readonly key: string;
}

/** Where a path of an instruction leads. */
export interface Edge {
  readonly next: Next;
  /** The node it goes on with; undefined where it leaves the region. */
  readonly to: Node | undefined;
  /** Where the address is known only when the instruction runs: what it has to be for `to`. */
  readonly expected: number | undefined;
  /** It leaves before its instruction, which may be a trap. */
  readonly isUndone: boolean;
}

/** An instruction of a region. */
export class Node {
  readonly address: number;
  readonly steps: readonly Step[];
  /** One for each `next` in its steps. */
  readonly edges = new Map<Next, Edge>();
  /** Place in a walk that meets each node after all that lead to it, loops aside. */
  order = -1;
  /** The last node that every way to this one leads through. */
  dominator: Node | undefined;
  /** Nodes of which it is that one. */
  readonly dominated: Node[] = [];
  /** Ways that lead here from before. */
  entries = 0;
  /** Ways lead back to it from what it dominates. */
  isLoop = false;
  /** Time is looked at here. */
  isGuarded = false;
  /** Cycles from its beginning to that of the last instruction before time is looked at again. */
  toLastStart = 0;

  constructor(address: number, steps: readonly Step[]) {
    this.address = address;
    this.steps = steps;
  }

  /** It has a label of its own, for it is reached from more than one place. */
  get isMerge(): boolean {
    return this.entries > 1;
  }
}

export interface Region {
  readonly entry: Node;
  readonly nodes: readonly Node[];
  /** Addresses whose bytes were folded, with the bytes. */
  readonly folded: ReadonlyMap<number, number>;
  /** It may run an instruction again and again that changes nothing. */
  readonly mayTrap: boolean;
  /** Addresses that are fetched from memory. */
  readonly fetched: ReadonlySet<number>;
}

/**
 * The region of a hot address; undefined if the instruction there is none that can be translated.
 *
 * @param at the instruction at an address, if it can be translated
 */
export function formRegion(address: number, at: (address: number) => Specialized | undefined): Region | undefined {
  const nodes = new Map<string, Node>();
  const waiting: { readonly node: Node; readonly calls: Calls | undefined; readonly end: number }[] = [];
  const folded = new Map<number, number>();
  const fetched = new Set<number>();
  let mayTrap = false;
  const nodeAt = (place: number, calls: Calls | undefined): Node | undefined => {
    const key = `${place} ${calls?.key ?? ''}`;
    const found = nodes.get(key);
    if (found || nodes.size >= MOST_INSTRUCTIONS) return found;
    const instruction = at(place);
    if (!instruction) return undefined;
    const isEntry = nodes.size === 0;
    for (const { isStill, isUndoable, address: end } of nextsOf(instruction.steps)) {
      if (!isStill) continue;
      if (end.op !== 'constant' || isEntry) mayTrap = true;
      else if (!isUndoable) return undefined;
    }
    const node = new Node(place, instruction.steps);
    nodes.set(key, node);
    waiting.push({ node, calls, end: instruction.end });
    for (const [where, byte] of instruction.folded) folded.set(where, byte);
    for (const where of instruction.fetched) fetched.add(where);
    return node;
  };
  const entry = nodeAt(address, undefined);
  if (!entry) return undefined;
  for (let item = waiting.shift(); item; item = waiting.shift()) {
    const { node, calls, end } = item;
    for (const next of nextsOf(node.steps)) {
      const isUndone = node !== entry && next.isStill && next.address.op === 'constant';
      const edge = isUndone ? { ...LEAVING, next, isUndone } : edgeOf(next, calls, end, nodeAt);
      node.edges.set(next, edge);
    }
  }
  order(entry);
  const placed = [...nodes.values()].filter(({ order }) => order >= 0).sort((a, b) => a.order - b.order);
  findDominators(placed);
  findEntries(placed);
  placeGuards(entry, 0);
  return { entry, nodes: placed, folded, fetched, mayTrap };
}

const LEAVING = { to: undefined, expected: undefined, isUndone: false } as const;

function edgeOf(
  next: Next,
  calls: Calls | undefined,
  end: number,
  nodeAt: (address: number, calls: Calls | undefined) => Node | undefined,
): Edge {
  const none = { ...LEAVING, next };
  if (next.isStop) return none;
  if (next.address.op === 'constant') {
    const { value } = next.address;
    if (!next.isCall) return { ...none, to: nodeAt(value, calls) };
    const depth = (calls?.depth ?? 0) + 1;
    if (depth > MOST_CALLS) return none;
    return {
      ...none,
      to: nodeAt(value, { returnTo: end, outer: calls, depth, key: `${end} ${calls?.key ?? ''}` }),
    };
  }
  if (!calls) return none;
  const to = nodeAt(calls.returnTo, calls.outer);
  return to ? { ...none, to, expected: calls.returnTo } : none;
}

/** The ends of all paths. */
export function nextsOf(steps: readonly Step[]): Next[] {
  return steps.flatMap((step) => {
    if (step.op === 'next') return [step];
    return step.op === 'if' ? [...nextsOf(step.consequent), ...nextsOf(step.alternate)] : [];
  });
}

/** Number the nodes in reverse postorder. */
function order(entry: Node): void {
  const finished: Node[] = [];
  const seen = new Set([entry]);
  const stack = [{ node: entry, edges: [...entry.edges.values()], index: 0 }];
  while (stack.length > 0) {
    const top = stack.at(-1) as (typeof stack)[0];
    const edge = top.edges[top.index++];
    if (!edge) {
      finished.push(top.node);
      stack.pop();
    } else if (edge.to && !seen.has(edge.to)) {
      seen.add(edge.to);
      stack.push({ node: edge.to, edges: [...edge.to.edges.values()], index: 0 });
    }
  }
  finished.reverse().forEach((node, index) => {
    node.order = index;
  });
}

/** Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001). */
function findDominators(nodes: readonly Node[]): void {
  const before = new Map<Node, Node[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) for (const { to } of node.edges.values()) if (to) before.get(to)?.push(node);
  const [entry] = nodes as [Node];
  entry.dominator = entry;
  const common = (a: Node, b: Node): Node => {
    let [left, right] = [a, b];
    while (left !== right) {
      while (left.order > right.order) left = left.dominator as Node;
      while (right.order > left.order) right = right.dominator as Node;
    }
    return left;
  };
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (const node of nodes) {
      if (node === entry) continue;
      const known = (before.get(node) as Node[]).filter(({ dominator }) => dominator);
      const found = known.reduce(common);
      if (found !== node.dominator) {
        node.dominator = found;
        hasChanged = true;
      }
    }
  }
  entry.dominator = undefined;
  for (const node of nodes) node.dominator?.dominated.push(node);
}

const dominates = (above: Node, node: Node): boolean => {
  let at: Node | undefined = node;
  while (at && at.order > above.order) at = at.dominator;
  return at === above;
};

/** Loops, and the ways from before. A way back to what does not dominate it would be no loop: it leaves the region. */
function findEntries(nodes: readonly Node[]): void {
  for (const node of nodes) {
    for (const [next, edge] of node.edges) {
      const { to } = edge;
      if (!to) continue;
      if (to.order > node.order) to.entries += 1;
      else if (dominates(to, node)) to.isLoop = true;
      else node.edges.set(next, { ...edge, to: undefined, expected: undefined });
    }
  }
  const [entry] = nodes as [Node];
  entry.isGuarded = true;
  for (const node of nodes) if (node.isLoop || node.isMerge) node.isGuarded = true;
}

/** Look at time often enough; how far each look reaches. */
function placeGuards(node: Node, since: number): number {
  if (since >= BETWEEN_GUARDS) node.isGuarded = true;
  const count = node.isGuarded ? 1 : since + 1;
  const walk = (steps: readonly Step[], cycles: number): number => {
    let passed = cycles;
    let most = 0;
    for (const step of steps) {
      if (step.op === 'pass') passed += step.cycles;
      else if (step.op === 'cycle') passed += step.cycle.length;
      else if (step.op === 'if') {
        most = Math.max(most, walk(step.consequent, passed), walk(step.alternate, passed));
        passed += Math.max(longest(step.consequent), longest(step.alternate));
      } else if (step.op === 'next') {
        const to = node.edges.get(step)?.to;
        if (to && to.order > node.order && !to.isMerge && to.dominator === node) {
          const inner = placeGuards(to, count);
          if (!to.isGuarded) most = Math.max(most, passed + inner);
        }
      }
    }
    return most;
  };
  node.toLastStart = walk(node.steps, 0);
  for (const child of node.dominated) if (child.isMerge) placeGuards(child, 0);
  return node.toLastStart;
}

/** Cycles of the longest path through steps. */
function longest(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => {
    if (step.op === 'pass') return sum + step.cycles;
    if (step.op === 'cycle') return sum + step.cycle.length;
    return step.op === 'if' ? sum + Math.max(longest(step.consequent), longest(step.alternate)) : sum;
  }, 0);
}
