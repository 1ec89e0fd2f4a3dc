/**
 * Whether some path of a decision diagram keeps several bounds at once: one pass up for the least that is still to come of each bound,
 * then depth first, cut off by the bounds and by dominance (`app/cpq/budgets.py`, with all weights 0). Paths that begin in a given way
 * need no pass of their own.
 */
import type { Chains, Edge, Side } from './chains';
import type { Live } from './paths';
import { NODE_LIMIT, type Limited } from './search';

export interface Path {
  /** The side taken at every level; null where none was found. */
  readonly taken: Uint8Array | null;
  /** The search came to its end. */
  readonly proven: boolean;
}

/** Visits after which a beginning is given up: without a wrong turn it takes a fraction of them. */
const FEW = 400;

export class Within {
  private readonly bounds: number;
  private readonly width: number;
  /** By side, one number a column: what it costs, and what that is above the cheaper side. */
  private readonly cost: Float64Array;
  private readonly extra: Float64Array;
  private readonly shut: Uint8Array; // by side
  /** By step, one number a column: what it costs extra with all that follow. */
  private readonly stepCost: Float64Array;
  /** By node, one number a column: the least to come. */
  private readonly below: Float64Array;
  private readonly most: Float64Array;
  private readonly room: Float64Array;
  /** The edges taken, and what was spent before each. */
  private readonly path: Edge[] = [];
  private readonly spent: Float64Array;
  private readonly taken: Uint8Array;
  private readonly failed = new Map<number, Float64Array[]>();
  private live: Live = new Int32Array(0);
  private visits = 0;
  private mostVisits = 0;

  /** For these bounds; one column more is their blend, which says what to try first, and columns of zeros fill up the last four. */
  constructor(private readonly chains: Chains, limits: readonly Limited[]) {
    this.bounds = limits.length;
    this.width = 4 * Math.ceil((this.bounds + 1) / 4);
    const { levels, level, side } = chains;
    const rows = (count: number) => new Float64Array(count * this.width);
    [this.cost, this.extra, this.stepCost] = [rows(2 * levels), rows(2 * levels), rows(side.length)];
    [this.below, this.most, this.room, this.spent] = [rows(level.length), rows(1), rows(1), rows(levels + 1)];
    [this.shut, this.taken] = [new Uint8Array(2 * levels), new Uint8Array(levels)];
    limits.forEach((limit, column) => this.fill(column, limit));
  }

  /** Make ready for the questions of a click: over these nodes, by other sides than are shut. Returns what each bound has left at best. */
  prepare(blend: (left: readonly number[]) => Limited, shut: readonly Side[], live: Live): number[] {
    this.live = live;
    this.shut.fill(0);
    for (const side of shut) this.shut[side] = 1;
    this.raise(0, this.bounds);
    this.pass(0);
    const { entry, root } = this.chains;
    const left = Array.from({ length: this.bounds }, (_, column) =>
      this.room[column]! - this.stepCost[entry * this.width + column]! - this.below[root * this.width + column]!);
    this.fill(this.bounds, blend(left));
    this.raise(this.bounds, this.width);
    this.pass(this.bounds);
    return left;
  }

  /** Some path within all bounds that begins with these edges from the root and goes on by sides that are open. Ask before `find`, which passes anew. */
  begunWith(edges: readonly Edge[]): Uint8Array | null {
    const { spent, extra, width, path } = this;
    const { side, rest, step, target, entry, root } = this.chains;
    this.begin();
    const row = edges.length * width;
    spent.fill(0, row, row + width);
    for (const first of [entry, ...edges.map((edge) => step[edge]!)]) {
      for (let at = first; at > 0; at = rest[at]!) {
        const own = side[at]! * width;
        for (let column = 0; column < width; column += 1) spent[row + column] = spent[row + column]! + extra[own + column]!;
      }
    }
    path.push(...edges);
    return this.from(edges.length > 0 ? target[edges.at(-1)!]! : root, FEW);
  }

  /** Some path within all bounds that takes none of the sides shut, `also` shut and `open` open again for this question. */
  find(open: readonly Side[] = [], also: readonly Side[] = []): Path {
    const before = this.shut.slice();
    for (const side of open) this.shut[side] = 0;
    for (const side of also) this.shut[side] = 1;
    this.raise(0, this.width);
    this.pass(0);
    const { entry, root } = this.chains;
    this.begin();
    this.spent.set(this.stepCost.subarray(entry * this.width, (entry + 1) * this.width));
    const taken = this.from(root, NODE_LIMIT);
    this.shut.set(before);
    return { taken, proven: taken !== null || this.visits <= NODE_LIMIT };
  }

  private begin(): void {
    this.failed.clear();
    this.visits = 0;
    this.path.length = 0;
  }

  private from(node: number, mostVisits: number): Uint8Array | null {
    this.mostVisits = mostVisits;
    if (!this.hasRoom(node) || !this.visit(node)) return null;
    this.walk();
    return this.taken;
  }

  private fill(column: number, { cost, most }: Limited): void {
    for (let side = 0; side < cost.length; side += 1) this.cost[side * this.width + column] = cost[side]!;
    this.most[column] = most;
  }

  /** Costs above the cheaper side that is open, and the room that the cheaper sides leave. */
  private raise(first: number, end: number): void {
    const { cost, extra, shut, width, stepCost } = this;
    const { levels, side, rest } = this.chains;
    for (let column = first; column < end; column += 1) this.room[column] = this.most[column]!;
    for (let level = 0; level < levels; level += 1) {
      const [low, high] = [2 * level * width, (2 * level + 1) * width];
      const [noLow, noHigh] = [shut[2 * level], shut[2 * level + 1]];
      for (let column = first; column < end; column += 1) {
        const [a, b] = [cost[low + column]!, cost[high + column]!];
        const least = noLow ? (noHigh ? Infinity : b) : noHigh || a < b ? a : b;
        extra[low + column] = a - least;
        extra[high + column] = b - least;
        this.room[column] = this.room[column]! - least;
      }
    }
    for (let four = first - (first % 4); four < width; four += 4) {
      for (let step = 1; step < side.length; step += 1) {
        const [own, by, next] = [step * width + four, side[step]! * width + four, rest[step]! * width + four];
        const gate = shut[side[step]!] ? Infinity : 0;
        stepCost[own] = gate + extra[by]! + stepCost[next]!;
        stepCost[own + 1] = gate + extra[by + 1]! + stepCost[next + 1]!;
        stepCost[own + 2] = gate + extra[by + 2]! + stepCost[next + 2]!;
        stepCost[own + 3] = gate + extra[by + 3]! + stepCost[next + 3]!;
      }
    }
  }

  /** The columns from the four on that `first` is among. Four at once without a loop: three times as fast as one by one. */
  private pass(first: number): void {
    const { below, width } = this;
    below.fill(Infinity);
    below.fill(0, width, 2 * width);
    for (let four = first - (first % 4); four < width; four += 4) this.passFour(four);
  }

  private passFour(four: number): void {
    const { stepCost, below, live, width } = this;
    const { step, target } = this.chains;
    for (let place = 0; place < live.length; place += 1) {
      const id = live[place]!;
      const a = step[2 * id]! * width + four;
      const b = step[2 * id + 1]! * width + four;
      const left = target[2 * id]! * width + four;
      const right = target[2 * id + 1]! * width + four;
      const own = id * width + four;
      const a0 = stepCost[a]! + below[left]!;
      const b0 = stepCost[b]! + below[right]!;
      const a1 = stepCost[a + 1]! + below[left + 1]!;
      const b1 = stepCost[b + 1]! + below[right + 1]!;
      const a2 = stepCost[a + 2]! + below[left + 2]!;
      const b2 = stepCost[b + 2]! + below[right + 2]!;
      const a3 = stepCost[a + 3]! + below[left + 3]!;
      const b3 = stepCost[b + 3]! + below[right + 3]!;
      below[own] = a0 < b0 ? a0 : b0;
      below[own + 1] = a1 < b1 ? a1 : b1;
      below[own + 2] = a2 < b2 ? a2 : b2;
      below[own + 3] = a3 < b3 ? a3 : b3;
    }
  }

  /** Whether a path goes on from here; what is to come was found to fit each bound. After so many visits: no. */
  private visit(node: number): boolean {
    this.visits += 1;
    if (this.visits > this.mostVisits) return false;
    if (node === 1) return true;
    if (this.isHopeless(node)) return false;
    const first = this.order(node);
    if (this.goes(first) || this.goes(first ^ 1)) return true;
    this.fail(node);
    return false;
  }

  private goes(edge: Edge): boolean {
    const { spent, stepCost, width, path } = this;
    const [from, by] = [path.length * width, this.chains.step[edge]! * width];
    const to = from + width;
    for (let column = 0; column < width; column += 1) spent[to + column] = spent[from + column]! + stepCost[by + column]!;
    path.push(edge);
    const next = this.chains.target[edge]!;
    if (this.hasRoom(next) && this.visit(next)) return true;
    path.pop();
    return false;
  }

  private hasRoom(node: number): boolean {
    const { spent, below, room, width } = this;
    const [from, own] = [this.path.length * width, node * width];
    for (let column = 0; column < width; column += 1) {
      if (!(spent[from + column]! + below[own + column]! <= room[column]!)) return false;
    }
    return true;
  }

  /** The edge to try first, by the blend. */
  private order(node: number): Edge {
    const { stepCost, below, bounds, width } = this;
    const { step, target } = this.chains;
    const a = stepCost[step[2 * node]! * width + bounds]! + below[target[2 * node]! * width + bounds]!;
    const b = stepCost[step[2 * node + 1]! * width + bounds]! + below[target[2 * node + 1]! * width + bounds]!;
    return 2 * node + (b < a ? 1 : 0);
  }

  /** Whether no more was spent when this node was seen to lead nowhere. */
  private isHopeless(node: number): boolean {
    const earlier = this.failed.get(node);
    if (!earlier) return false;
    const from = this.path.length * this.width;
    return earlier.some((one) => one.every((spent, column) => spent <= this.spent[from + column]!));
  }

  private fail(node: number): void {
    const earlier = this.failed.get(node);
    const from = this.path.length * this.width;
    const now = this.spent.slice(from, from + this.bounds);
    if (earlier) earlier.push(now);
    else this.failed.set(node, [now]);
  }

  /** The path that was found, by sides; a level that it skips has a side that is open. */
  private walk(): void {
    const { side, rest, step, entry } = this.chains;
    for (let level = 0; level < this.taken.length; level += 1) this.taken[level] = this.shut[2 * level]!;
    const take = (first: number): void => {
      for (let at = first; at > 0; at = rest[at]!) this.taken[side[at]! >> 1] = side[at]! & 1;
    };
    take(entry);
    for (const edge of this.path) take(step[edge]!);
  }
}
