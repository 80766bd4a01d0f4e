/**
 * A region: the instructions that can be reached from a hot one, as a graph, and the order in which structured code
 * can hold them.
 *
 * Subroutines are put in at each place they are called from, for what follows a return is known then: so a node of the
 * graph is an instruction and the calls that led to it.
 */
import type { Next, Specialized, Step } from './specialize.js';

/** Instructions of a region at most. */
const MOST_INSTRUCTIONS = 400;
/** How many instructions a way goes on from where jumps led to, and from where it leaves a loop or jumps elsewhere. */
const FAR = 100;
const NEAR = 24;
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
  /**
   * Cycles from its beginning to that of the last instruction before time is looked at again, and what that one is
   * delayed at most.
   */
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
 * Code that hardly ever runs is not worth its translation. What is known of that are the addresses that jumps led to:
 * a way goes on for so long from the last of them, and not for long where it leaves a loop or jumps elsewhere.
 *
 * @param at the instruction at an address, if it can be translated
 * @param isJumpedTo whether jumps led to an address of late
 */
export function formRegion(
  address: number,
  at: (address: number) => Specialized | undefined,
  isJumpedTo: (address: number) => boolean,
): Region | undefined {
  const places = new Map<string, Place>();
  const folded = new Map<number, number>();
  const fetched = new Set<number>();
  let mayTrap = false;
  const placeOf = (goal: Goal, reach: number): void => {
    const known = places.get(goal.key);
    if (known) known.reach = Math.max(known.reach, reach);
    if (known || reach <= 0 || places.size >= MOST_INSTRUCTIONS) return;
    const instruction = at(goal.address);
    if (!instruction) return;
    const isEntry = places.size === 0;
    for (const { isStill, isUndoable, address: end } of nextsOf(instruction.steps)) {
      if (!isStill) continue;
      if (end.op !== 'constant' || isEntry) mayTrap = true;
      else if (!isUndoable) return;
    }
    places.set(goal.key, {
      node: new Node(goal.address, instruction.steps),
      goal,
      end: instruction.end,
      reach,
      isDone: false,
      goals: new Map(),
    });
    for (const [where, byte] of instruction.folded) folded.set(where, byte);
    for (const where of instruction.fetched) fetched.add(where);
  };
  placeOf({ address, calls: undefined, key: keyOf(address, undefined) }, FAR);
  const [entry] = places.values();
  if (!entry) return undefined;
  for (let place: Place | undefined = entry; place; place = nearest(places)) {
    place.isDone = true;
    const { node, goal, end, goals } = place;
    const nexts = nextsOf(node.steps);
    for (const next of nexts) {
      const isUndone = place !== entry && next.isStill && next.address.op === 'constant';
      if (!isUndone) goals.set(next, goalOf(next, goal.calls, end));
    }
    const found = [...goals.values()].filter((goal) => goal !== undefined);
    const isLoopsEnd = found.some(({ key }) => places.has(key));
    for (const goal of found) {
      let reach = place.reach - 1;
      if (isJumpedTo(goal.address)) reach = FAR;
      else if (isLoopsEnd || goal.address !== end) reach = Math.min(reach, NEAR);
      placeOf(goal, reach);
    }
  }
  for (const { node, goals } of places.values()) {
    for (const next of nextsOf(node.steps)) {
      const goal = goals.get(next);
      const to = goal && places.get(goal.key)?.node;
      const isUndone = !goals.has(next);
      node.edges.set(next, {
        next,
        to,
        expected: to && next.address.op !== 'constant' ? goal.address : undefined,
        isUndone,
      });
    }
  }
  order(entry.node);
  const placed = [...places.values()].flatMap(({ node }) => (node.order >= 0 ? [node] : []));
  placed.sort((a, b) => a.order - b.order);
  do findDominators(placed);
  while (cutWaysInto(placed));
  findEntries(placed);
  placeGuards(entry.node, 0);
  return { entry: entry.node, nodes: placed, folded, fetched, mayTrap };
}

/** Where a path leads: an address, and the calls it is in there. */
interface Goal {
  readonly address: number;
  readonly calls: Calls | undefined;
  readonly key: string;
}

/** An instruction of a region that is being formed. */
interface Place {
  readonly node: Node;
  readonly goal: Goal;
  /** Address behind the instruction. */
  readonly end: number;
  /** How many instructions further ways are followed from here. */
  reach: number;
  isDone: boolean;
  readonly goals: Map<Next, Goal | undefined>;
}

/** The place from which ways lead furthest. */
function nearest(places: ReadonlyMap<string, Place>): Place | undefined {
  let best: Place | undefined;
  for (const place of places.values()) if (!place.isDone && place.reach > (best?.reach ?? 0)) best = place;
  return best;
}

const keyOf = (address: number, calls: Calls | undefined): string => `${address} ${calls?.key ?? ''}`;

function goalOf(next: Next, calls: Calls | undefined, end: number): Goal | undefined {
  if (next.isStop) return undefined;
  const goal = (address: number, inner: Calls | undefined): Goal => ({
    address,
    calls: inner,
    key: keyOf(address, inner),
  });
  if (next.address.op !== 'constant') return calls && goal(calls.returnTo, calls.outer);
  const { value } = next.address;
  if (!next.isCall) return goal(value, calls);
  const depth = (calls?.depth ?? 0) + 1;
  if (depth > MOST_CALLS) return undefined;
  return goal(value, { returnTo: end, outer: calls, depth, key: `${end} ${calls?.key ?? ''}` });
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
  for (const node of nodes) {
    node.dominator = undefined;
    node.dominated.length = 0;
  }
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

/** A way back to what does not dominate it would be no loop: it leaves the region. Whether there was any. */
function cutWaysInto(nodes: readonly Node[]): boolean {
  let hasCut = false;
  for (const node of nodes) {
    for (const [next, edge] of node.edges) {
      const { to } = edge;
      if (!to || to.order > node.order || dominates(to, node)) continue;
      node.edges.set(next, { ...edge, to: undefined, expected: undefined });
      hasCut = true;
    }
  }
  return hasCut;
}

/** Loops, and the ways from before. */
function findEntries(nodes: readonly Node[]): void {
  for (const node of nodes) {
    for (const { to } of node.edges.values()) {
      if (!to) continue;
      if (to.order > node.order) to.entries += 1;
      else to.isLoop = true;
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
  const walk = (steps: readonly Step[], cycles: number, delays: number): number => {
    let passed = cycles;
    let waited = delays;
    let most = 0;
    for (const step of steps) {
      if (step.op === 'if') {
        most = Math.max(most, walk(step.consequent, passed, waited), walk(step.alternate, passed, waited));
      } else if (step.op === 'next') {
        const to = node.edges.get(step)?.to;
        if (to && to.order > node.order && !to.isMerge && to.dominator === node) {
          const inner = placeGuards(to, count);
          if (!to.isGuarded) most = Math.max(most, passed + inner);
        }
        most = Math.max(most, waited);
      }
      const { cycles: more, delays: wait } = longest([step]);
      passed += more;
      waited += wait;
    }
    return most;
  };
  node.toLastStart = walk(node.steps, 0, 0);
  for (const child of node.dominated) if (child.isMerge) placeGuards(child, 0);
  return node.toLastStart;
}

/** Cycles of the longest path through steps, and how many of them are delays. */
function longest(steps: readonly Step[]): { readonly cycles: number; readonly delays: number } {
  let cycles = 0;
  let delays = 0;
  for (const step of steps) {
    if (step.op === 'pass') cycles += step.cycles;
    else if (step.op === 'wait') {
      cycles += step.delay.longest;
      delays += step.delay.longest;
    } else if (step.op === 'cycle') {
      cycles += step.cycle.length + step.longestDelay;
      delays += step.longestDelay;
    } else if (step.op === 'if') {
      const arms = [longest(step.consequent), longest(step.alternate)];
      cycles += Math.max(...arms.map((arm) => arm.cycles));
      delays += Math.max(...arms.map((arm) => arm.delays));
    }
  }
  return { cycles, delays };
}
