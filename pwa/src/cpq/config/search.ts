/**
 * The lightest path of a decision diagram under several bounds at once (`app/cpq/budgets.py` says how, step by step): one pass up
 * for what is still to come at least, then depth first from the root, cut off by bounds, by the best so far and by dominance.
 *
 * A weight is a row of numbers that are added one by one and compared from the first on, so that ties can be decided by what
 * would not fit into one double.
 */
import type { Diagram } from './artefact';

export const NODE_LIMIT = 50_000;

/** Costs of both sides of every level, one column a number of the weight or a bound; Infinity: the side is forbidden. */
export interface Costs {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export interface Limited extends Costs {
  /** What a path may cost at most. */
  readonly most: number;
}

export interface Found {
  /** The side taken at every level. */
  readonly taken: Uint8Array;
  /** The search came to its end: nothing is lighter. */
  readonly proven: boolean;
}

/** A column made ready: extra costs above the cheaper side, and the least of them from each node on. */
interface Column {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly below: Float64Array;
}

/** The lightest path within the limits; with `any` the first that is found. Null where none was found. */
export function lightest(
  diagram: Diagram, levels: number, weight: readonly Costs[], limits: readonly Limited[], any = false,
): { found: Found | null; proven: boolean } {
  const search = new Search(diagram, levels, weight, limits, any);
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
  /** Weight and sums so far, a row a level. */
  private readonly spent: Float64Array;
  private readonly bestWeight: Float64Array;
  private readonly taken: Uint8Array;
  private readonly before = new Map<number, Float64Array[]>();

  constructor(private readonly diagram: Diagram, private readonly levels: number, weight: readonly Costs[], limits: readonly Limited[], private readonly any: boolean) {
    this.weights = raised(diagram, levels, weight);
    this.sums = limits.map((costs) => raised(diagram, levels, [costs])[0] as Column);
    this.room = limits.map(({ low, high, most }) => most - cheaperSides(low, high));
    this.width = this.weights.length + this.sums.length;
    this.spent = new Float64Array((levels + 1) * this.width);
    this.bestWeight = new Float64Array(this.weights.length).fill(Infinity);
    this.taken = new Uint8Array(levels);
  }

  run(): void {
    this.visit(0, this.diagram.root);
  }

  /** True: stop searching. */
  private visit(level: number, node: number): boolean {
    this.visits += 1;
    if (this.visits > NODE_LIMIT) return true;
    if (!this.hasRoom(level, node) || !this.isLighter(level, node)) return false;
    if (level === this.levels) return this.keep(level);
    if (this.wasHere(level, node)) return false;
    const here = this.diagram.level[node] === level;
    const low = here ? (this.diagram.low[node] as number) : node;
    const high = here ? (this.diagram.high[node] as number) : node;
    const first = this.highFirst(level, low, high) ? 1 : 0;
    return this.step(level, first, first ? high : low) || this.step(level, 1 - first, first ? low : high);
  }

  private step(level: number, side: number, child: number): boolean {
    const { spent, width, weights } = this;
    const [from, to] = [level * width, (level + 1) * width];
    for (let at = 0; at < width; at += 1) {
      const column = (at < weights.length ? weights[at] : this.sums[at - weights.length]) as Column;
      spent[to + at] = (spent[from + at] as number) + ((side ? column.high : column.low)[level] as number);
    }
    this.taken[level] = side;
    return this.visit(level + 1, child);
  }

  private keep(level: number): boolean {
    this.best = this.taken.slice();
    for (let at = 0; at < this.weights.length; at += 1) this.bestWeight[at] = this.spent[level * this.width + at] as number;
    return this.any;
  }

  private hasRoom(level: number, node: number): boolean {
    const from = level * this.width + this.weights.length;
    for (let at = 0; at < this.sums.length; at += 1) {
      const least = (this.spent[from + at] as number) + ((this.sums[at] as Column).below[node] as number);
      if (!(least <= (this.room[at] as number))) return false;
    }
    return true;
  }

  private isLighter(level: number, node: number): boolean {
    const from = level * this.width;
    for (let at = 0; at < this.weights.length; at += 1) {
      const least = (this.spent[from + at] as number) + ((this.weights[at] as Column).below[node] as number);
      if (least === Infinity) return false;
      if (least !== this.bestWeight[at]) return least < (this.bestWeight[at] as number);
    }
    return false;
  }

  private highFirst(level: number, low: number, high: number): boolean {
    for (const column of this.weights) {
      const a = (column.low[level] as number) + (column.below[low] as number);
      const b = (column.high[level] as number) + (column.below[high] as number);
      if (a !== b) return b < a;
    }
    return false;
  }

  /** Whether this place was seen before with no more spent in anything; notes this visit otherwise. */
  private wasHere(level: number, node: number): boolean {
    const key = level * this.diagram.level.length + node;
    const now = this.spent.slice(level * this.width, (level + 1) * this.width);
    const earlier = this.before.get(key);
    if (!earlier) {
      this.before.set(key, [now]);
      return false;
    }
    if (earlier.some((one) => this.isNoGreater(one, now))) return true;
    earlier.push(now);
    return false;
  }

  private isNoGreater(one: Float64Array, other: Float64Array): boolean {
    const numbers = this.weights.length;
    for (let at = numbers; at < this.width; at += 1) if ((one[at] as number) > (other[at] as number)) return false;
    for (let at = 0; at < numbers; at += 1) if (one[at] !== other[at]) return (one[at] as number) < (other[at] as number);
    return true;
  }
}

function cheaperSides(low: Float64Array, high: Float64Array): number {
  let sum = 0;
  for (let level = 0; level < low.length; level += 1) sum += Math.min(low[level] as number, high[level] as number);
  return sum;
}

/** What each side costs above the lighter one of its level, compared as a row, and the least row from each node on. */
function raised({ level, low, high, root }: Diagram, levels: number, row: readonly Costs[]): Column[] {
  const columns = row.map(() => ({ low: new Float64Array(levels), high: new Float64Array(levels), below: new Float64Array(level.length) }));
  for (let at = 0; at < levels; at += 1) {
    const differing = row.find((one) => one.low[at] !== one.high[at]);
    const highIsLess = differing !== undefined && (differing.high[at] as number) < (differing.low[at] as number);
    row.forEach((one, place) => {
      const column = columns[place] as Column;
      const [a, b] = [one.low[at] as number, one.high[at] as number];
      const least = highIsLess ? b : a;
      column.low[at] = above(a, least);
      column.high[at] = above(b, least);
    });
  }
  for (const { below } of columns) {
    below[0] = Infinity;
    below[1] = 0;
  }
  for (let id = 2; id <= root; id += 1) {
    const at = level[id] as number;
    const [left, right] = [low[id] as number, high[id] as number];
    let side = 0;
    for (const column of columns) {
      const a = (column.low[at] as number) + (column.below[left] as number);
      const b = (column.high[at] as number) + (column.below[right] as number);
      if (a === b) continue;
      side = b < a ? 1 : 0;
      break;
    }
    for (const column of columns) {
      column.below[id] = side ? (column.high[at] as number) + (column.below[right] as number) : (column.low[at] as number) + (column.below[left] as number);
    }
  }
  return columns;
}

/** One cost above another; what is forbidden stays so. */
const above = (cost: number, least: number): number => (cost === Infinity ? Infinity : cost - least);
