/**
 * The lightest path of a decision diagram under several bounds at once (`app/cpq/budgets.py` says how, step by step): one pass up
 * for what is still to come at least, then depth first from the root, cut off by bounds, by the best so far and by dominance.
 *
 * A weight is a row of numbers that are added one by one and compared from the first on, so that ties can be decided by what
 * would not fit into one double.
 */
import type { Chains, Edge } from './chains';
import type { Costs } from './paths';

export const NODE_LIMIT = 50_000;

export interface Limited {
  readonly cost: Costs;
  /** What a path may cost at most. */
  readonly most: number;
}

export interface Found {
  /** The side taken at every level. */
  readonly taken: Uint8Array;
  /** The search came to its end: nothing is lighter. */
  readonly proven: boolean;
}

/** A column made ready: by step what it costs above the cheaper sides with all that follow, and the least of it from each node on. */
interface Column {
  readonly step: Float64Array;
  readonly below: Float64Array;
}

/** The lightest path within the limits; with `any` the first that is found. Null where none was found. */
export function lightest(chains: Chains, weight: readonly Costs[], limits: readonly Limited[], any = false): { found: Found | null; proven: boolean } {
  const search = new Search(chains, weight, limits, any);
  search.run();
  const proven = search.visits <= NODE_LIMIT;
  return { found: search.best ? { taken: search.best, proven } : null, proven };
}

class Search {
  best: Uint8Array | null = null;
  visits = 0;
  private readonly weights: Column[];
  private readonly sums: Column[];
  private readonly room: number[];
  private readonly width: number;
  /** By level, the side of lesser weight. */
  private readonly lighter: Uint8Array;
  /** The edges taken; weight and sums before each, a row an edge. */
  private readonly path: Edge[] = [];
  private readonly spent: Float64Array;
  private readonly bestWeight: Float64Array;
  private readonly before = new Map<number, Float64Array[]>();

  constructor(private readonly chains: Chains, weight: readonly Costs[], limits: readonly Limited[], private readonly any: boolean) {
    this.lighter = lighterSides(weight, chains.levels);
    this.weights = raised(chains, weight, this.lighter);
    this.sums = limits.flatMap(({ cost }) => raised(chains, [cost], lighterSides([cost], chains.levels)));
    this.room = limits.map(({ cost, most }) => most - cheaperSides(cost));
    this.width = this.weights.length + this.sums.length;
    this.spent = new Float64Array((chains.levels + 1) * this.width);
    this.bestWeight = new Float64Array(this.weights.length).fill(Infinity);
  }

  run(): void {
    this.spend(0, this.chains.entry);
    this.visit(this.chains.root);
  }

  /** True: stop searching. */
  private visit(node: number): boolean {
    this.visits += 1;
    if (this.visits > NODE_LIMIT) return true;
    if (!this.hasRoom(node) || !this.isLighter(node)) return false;
    if (node === 1) return this.keep();
    if (this.wasHere(node)) return false;
    const first = 2 * node + (this.highFirst(node) ? 1 : 0);
    return this.go(first) || this.go(first ^ 1);
  }

  private go(edge: Edge): boolean {
    this.spend(this.path.length + 1, this.chains.step[edge]!);
    this.path.push(edge);
    const ended = this.visit(this.chains.target[edge]!);
    this.path.pop();
    return ended;
  }

  /** Add the steps to what was spent one row before. */
  private spend(row: number, step: number): void {
    const { spent, width, weights, sums } = this;
    const to = row * width;
    for (let at = 0; at < width; at += 1) {
      const column = at < weights.length ? weights[at]! : sums[at - weights.length]!;
      spent[to + at] = (row > 0 ? spent[to - width + at]! : 0) + column.step[step]!;
    }
  }

  private get now(): number {
    return this.path.length * this.width;
  }

  private keep(): boolean {
    const { side, rest, step, entry } = this.chains;
    const taken = this.lighter.slice();
    for (const first of [entry, ...this.path.map((edge) => step[edge]!)]) {
      for (let at = first; at > 0; at = rest[at]!) taken[side[at]! >> 1] = side[at]! & 1;
    }
    this.best = taken;
    this.bestWeight.set(this.spent.subarray(this.now, this.now + this.weights.length));
    return this.any;
  }

  private hasRoom(node: number): boolean {
    const from = this.now + this.weights.length;
    for (let at = 0; at < this.sums.length; at += 1) {
      if (!(this.spent[from + at]! + this.sums[at]!.below[node]! <= this.room[at]!)) return false;
    }
    return true;
  }

  private isLighter(node: number): boolean {
    const from = this.now;
    for (let at = 0; at < this.weights.length; at += 1) {
      const least = this.spent[from + at]! + this.weights[at]!.below[node]!;
      if (least === Infinity) return false;
      if (least !== this.bestWeight[at]) return least < this.bestWeight[at]!;
    }
    return false;
  }

  private highFirst(node: number): boolean {
    const { step, target } = this.chains;
    for (const column of this.weights) {
      const a = column.step[step[2 * node]!]! + column.below[target[2 * node]!]!;
      const b = column.step[step[2 * node + 1]!]! + column.below[target[2 * node + 1]!]!;
      if (a !== b) return b < a;
    }
    return false;
  }

  /** Whether this node was seen before with no more spent in anything; notes this visit otherwise. */
  private wasHere(node: number): boolean {
    const now = this.spent.slice(this.now, this.now + this.width);
    const earlier = this.before.get(node);
    if (!earlier) {
      this.before.set(node, [now]);
      return false;
    }
    if (earlier.some((one) => this.isNoGreater(one, now))) return true;
    earlier.push(now);
    return false;
  }

  private isNoGreater(one: Float64Array, other: Float64Array): boolean {
    const numbers = this.weights.length;
    for (let at = numbers; at < this.width; at += 1) if (one[at]! > other[at]!) return false;
    for (let at = 0; at < numbers; at += 1) if (one[at] !== other[at]) return one[at]! < other[at]!;
    return true;
  }
}

function cheaperSides(cost: Costs): number {
  let sum = 0;
  for (let low = 0; low < cost.length; low += 2) sum += Math.min(cost[low]!, cost[low + 1]!);
  return sum;
}

/** By level, 1 where the high side is the lighter one, compared as a row. */
function lighterSides(row: readonly Costs[], levels: number): Uint8Array {
  return Uint8Array.from({ length: levels }, (_, at) => {
    const differing = row.find((cost) => cost[2 * at] !== cost[2 * at + 1]);
    return differing && differing[2 * at + 1]! < differing[2 * at]! ? 1 : 0;
  });
}

/** What steps cost above the lighter sides, and the least row from each node on. */
function raised({ level, side, rest, step, target, root }: Chains, row: readonly Costs[], lighter: Uint8Array): Column[] {
  const columns = row.map((cost): Column => {
    const steps = new Float64Array(side.length);
    for (let at = 1; at < side.length; at += 1) {
      const own = side[at]!;
      steps[at] = above(cost[own]!, cost[(own & ~1) + lighter[own >> 1]!]!) + steps[rest[at]!]!;
    }
    const below = new Float64Array(level.length);
    below[0] = Infinity;
    return { step: steps, below };
  });
  for (let id = 2; id <= root; id += 1) {
    const [low, high, left, right] = [step[2 * id]!, step[2 * id + 1]!, target[2 * id]!, target[2 * id + 1]!];
    let byHigh = false;
    for (const { step: own, below } of columns) {
      const a = own[low]! + below[left]!;
      const b = own[high]! + below[right]!;
      if (a === b) continue;
      byHigh = b < a;
      break;
    }
    for (const { step: own, below } of columns) below[id] = byHigh ? own[high]! + below[right]! : own[low]! + below[left]!;
  }
  return columns;
}

/** One cost above another; what is forbidden stays so. */
const above = (cost: number, least: number): number => (cost === Infinity ? Infinity : cost - least);
