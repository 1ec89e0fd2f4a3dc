/**
 * Whether some path of a decision diagram keeps several bounds at once: one pass up for the least that is still to come of each bound,
 * then depth first from the root, cut off by the bounds and by dominance (`app/cpq/budgets.py`, with all weights 0). What the pass found
 * is kept for all questions of a click: a question about one feature changes only the nodes at its levels and above.
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

const ALL = -1;

export class Within {
  private readonly bounds: number;
  private readonly width: number;
  /** By side, one number a column: what it costs, and what that is above the cheaper side. */
  private readonly cost: Float64Array;
  private readonly extra: Float64Array;
  private readonly shut: Uint8Array; // by side
  /** By step, one number a column: what it costs extra with all that follow. */
  private readonly stepCost: Float64Array;
  /** By node, one number a column: the least to come, with the sides that are shut for all questions, and for this one. */
  private readonly common: Float64Array;
  private readonly below: Float64Array;
  private readonly most: Float64Array;
  private readonly room: Float64Array;
  /** The edges taken, and what was spent before each. */
  private readonly path: Edge[] = [];
  private readonly spent: Float64Array;
  private readonly taken: Uint8Array;
  private readonly failed = new Map<number, Float64Array[]>();
  private live: Live = new Int32Array(0);
  private keeping: Live = new Int32Array(0);
  private visits = 0;
  /** The first place of `keeping` from which on `below` may differ from `common`; ALL: anywhere. */
  private changedFrom = ALL;

  /** For these bounds; one column more is their blend, which says what to try first, and columns of zeros fill up the last four. */
  constructor(private readonly chains: Chains, limits: readonly Limited[]) {
    this.bounds = limits.length;
    this.width = 4 * Math.ceil((this.bounds + 1) / 4);
    const { levels, level, side } = chains;
    const rows = (count: number) => new Float64Array(count * this.width);
    [this.cost, this.extra, this.stepCost] = [rows(2 * levels), rows(2 * levels), rows(side.length)];
    [this.common, this.below] = [rows(level.length), rows(level.length)];
    [this.most, this.room, this.spent] = [rows(1), rows(1), rows(levels + 1)];
    [this.shut, this.taken] = [new Uint8Array(2 * levels), new Uint8Array(levels)];
    limits.forEach((limit, column) => this.fill(column, limit));
  }

  /**
   * Make ready for the questions of a click: over these nodes, and those of them on paths without the sides that are shut. Returns what each
   * bound has left at best.
   */
  prepare(blend: (left: readonly number[]) => Limited, shut: readonly Side[], live: Live, keeping: Live): number[] {
    [this.live, this.keeping] = [live, keeping];
    this.shut.fill(0);
    for (const side of shut) this.shut[side] = 1;
    this.clear(this.common);
    this.raise(0, this.bounds);
    this.pass(this.common, keeping, 0, 0);
    const { entry, root } = this.chains;
    const left = Array.from({ length: this.bounds }, (_, column) =>
      this.room[column]! - this.stepCost[entry * this.width + column]! - this.common[root * this.width + column]!);
    this.fill(this.bounds, blend(left));
    this.raise(this.bounds, this.width);
    this.pass(this.common, keeping, 0, this.bounds);
    this.changedFrom = ALL;
    return left;
  }

  /** Some path within all bounds that takes none of the sides shut, `also` shut and `open` open again for this question. */
  find(open: readonly Side[] = [], also: readonly Side[] = []): Path {
    const before = this.shut.slice();
    for (const side of open) this.shut[side] = 0;
    for (const side of also) this.shut[side] = 1;
    this.raise(0, this.width);
    if (open.length === 0) this.passAgain(also);
    else this.passAll();
    this.failed.clear();
    this.visits = 0;
    this.path.length = 0;
    this.spent.set(this.stepCost.subarray(this.chains.entry * this.width, (this.chains.entry + 1) * this.width));
    const found = this.hasRoom(this.chains.root) && this.visit(this.chains.root);
    if (found) this.walk();
    this.shut.set(before);
    return { taken: found ? this.taken : null, proven: found || this.visits <= NODE_LIMIT };
  }

  /** The common pass, and again the nodes at the levels of these sides and above. */
  private passAgain(also: readonly Side[]): void {
    const deepest = also.reduce((most, side) => Math.max(most, side >> 1), -1);
    const from = this.firstAt(deepest);
    this.restore(from);
    this.pass(this.below, this.keeping, from, 0);
    this.changedFrom = from;
  }

  private passAll(): void {
    this.clear(this.below);
    this.pass(this.below, this.live, 0, 0);
    this.changedFrom = ALL;
  }

  /** What the question before this one left, as the common pass has it, but for places from `end` on, which are passed again. */
  private restore(end: number): void {
    const { below, common, keeping, width } = this;
    if (this.changedFrom === ALL) {
      below.set(common);
      return;
    }
    for (let place = this.changedFrom; place < end; place += 1) {
      const own = keeping[place]! * width;
      for (let column = 0; column < width; column += 1) below[own + column] = common[own + column]!;
    }
  }

  private clear(below: Float64Array): void {
    below.fill(Infinity);
    below.fill(0, this.width, 2 * this.width);
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
      for (let column = first; column < end; column += 1) {
        const a = shut[2 * level] ? Infinity : cost[low + column]!;
        const b = shut[2 * level + 1] ? Infinity : cost[high + column]!;
        const least = a < b ? a : b;
        extra[low + column] = a === Infinity ? a : a - least;
        extra[high + column] = b === Infinity ? b : b - least;
        this.room[column] = this.room[column]! - least;
      }
    }
    for (let four = first - (first % 4); four < width; four += 4) {
      for (let step = 1; step < side.length; step += 1) {
        const [own, by, next] = [step * width + four, side[step]! * width + four, rest[step]! * width + four];
        stepCost[own] = extra[by]! + stepCost[next]!;
        stepCost[own + 1] = extra[by + 1]! + stepCost[next + 1]!;
        stepCost[own + 2] = extra[by + 2]! + stepCost[next + 2]!;
        stepCost[own + 3] = extra[by + 3]! + stepCost[next + 3]!;
      }
    }
  }

  /** The place among the nodes that keep all choices of the first that is not below this level. */
  private firstAt(level: number): number {
    const { keeping } = this;
    let [low, high] = [0, keeping.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.chains.level[keeping[middle]!]! <= level) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The columns from the four on that `first` is among. Four at once without a loop: three times as fast as one by one. */
  private pass(below: Float64Array, live: Live, from: number, first: number): void {
    const { width } = this;
    for (let four = first - (first % 4); four < width; four += 4) this.passFour(below, live, from, four);
  }

  private passFour(below: Float64Array, live: Live, from: number, four: number): void {
    const { stepCost, width } = this;
    const { step, target } = this.chains;
    for (let place = from; place < live.length; place += 1) {
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

  /** Whether a path goes on from here; what is to come was found to fit each bound. After NODE_LIMIT visits: no. */
  private visit(node: number): boolean {
    this.visits += 1;
    if (this.visits > NODE_LIMIT) return false;
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
