/**
 * Whether some path of a decision diagram keeps several bounds at once: one pass up for the least that is still to come of each bound,
 * then depth first from the root, cut off by the bounds and by dominance (`app/cpq/budgets.py`, with all weights 0). What the pass found
 * is kept for all questions of a click: a question about one feature changes only the nodes at its levels and above.
 */
import type { Diagram } from './artefact';
import type { Live } from './paths';
import { NODE_LIMIT, type Limited } from './search';

/** A side of a level. */
export type Side = readonly [level: number, side: number];

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
  /** By level and side, one number a column: what it costs, and what that is above the cheaper side. */
  private readonly cost: Float64Array;
  private readonly extra: Float64Array;
  private readonly shut: Uint8Array; // by level and side
  /** By node, one number a column: the least to come, with the sides that are shut for all questions, and for this one. */
  private readonly common: Float64Array;
  private readonly below: Float64Array;
  private readonly most: Float64Array;
  private readonly room: Float64Array;
  /** What was spent before each level. */
  private readonly spent: Float64Array;
  private readonly taken: Uint8Array;
  private readonly failed = new Map<number, Float64Array[]>();
  private live: Live = new Int32Array(0);
  private keeping: Live = new Int32Array(0);
  private visits = 0;
  /** The first place of `keeping` from which on `below` may differ from `common`; ALL: anywhere. */
  private changedFrom = ALL;

  /** For these bounds; one column more is their blend, which says what to try first, and columns of zeros fill up the last four. */
  constructor(private readonly diagram: Diagram, private readonly levels: number, limits: readonly Limited[]) {
    this.bounds = limits.length;
    this.width = 4 * Math.ceil((this.bounds + 1) / 4);
    const nodes = diagram.level.length;
    [this.cost, this.extra] = [new Float64Array(2 * levels * this.width), new Float64Array(2 * levels * this.width)];
    [this.common, this.below] = [new Float64Array(nodes * this.width), new Float64Array(nodes * this.width)];
    [this.most, this.room] = [new Float64Array(this.width), new Float64Array(this.width)];
    this.spent = new Float64Array((levels + 1) * this.width);
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
    for (const [level, side] of shut) this.shut[2 * level + side] = 1;
    this.clear(this.common);
    this.raise(0, this.bounds);
    this.pass(this.common, keeping, 0, 0);
    const left = Array.from({ length: this.bounds }, (_, column) => (this.room[column] as number) - (this.common[this.diagram.root * this.width + column] as number));
    this.fill(this.bounds, blend(left));
    this.raise(this.bounds, this.width);
    this.pass(this.common, keeping, 0, this.bounds);
    this.changedFrom = ALL;
    return left;
  }

  /** Some path within all bounds that takes none of the sides shut, `also` shut and `open` open again for this question. */
  find(open: readonly Side[] = [], also: readonly Side[] = []): Path {
    const before = this.shut.slice();
    for (const [level, side] of open) this.shut[2 * level + side] = 0;
    for (const [level, side] of also) this.shut[2 * level + side] = 1;
    this.raise(0, this.width);
    if (open.length === 0) this.passAgain(also);
    else this.passAll();
    this.failed.clear();
    this.visits = 0;
    this.spent.fill(0, 0, this.width);
    const found = this.hasRoom(0, this.diagram.root) && this.visit(0, this.diagram.root);
    this.shut.set(before);
    return { taken: found ? this.taken : null, proven: found || this.visits <= NODE_LIMIT };
  }

  /** The common pass, and again the nodes at the levels of these sides and above. */
  private passAgain(also: readonly Side[]): void {
    const deepest = also.reduce((most, [level]) => Math.max(most, level), -1);
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
      const own = (keeping[place] as number) * width;
      for (let column = 0; column < width; column += 1) below[own + column] = common[own + column] as number;
    }
  }

  private clear(below: Float64Array): void {
    below.fill(Infinity);
    below.fill(0, this.width, 2 * this.width);
  }

  private fill(column: number, { low, high, most }: Limited): void {
    for (let level = 0; level < this.levels; level += 1) {
      this.cost[2 * level * this.width + column] = low[level] as number;
      this.cost[(2 * level + 1) * this.width + column] = high[level] as number;
    }
    this.most[column] = most;
  }

  /** Costs above the cheaper side that is open, and the room that the cheaper sides leave. */
  private raise(first: number, end: number): void {
    const { cost, extra, shut, width } = this;
    for (let column = first; column < end; column += 1) this.room[column] = this.most[column] as number;
    for (let level = 0; level < this.levels; level += 1) {
      const [low, high] = [2 * level * width, (2 * level + 1) * width];
      for (let column = first; column < end; column += 1) {
        const a = shut[2 * level] ? Infinity : (cost[low + column] as number);
        const b = shut[2 * level + 1] ? Infinity : (cost[high + column] as number);
        const least = a < b ? a : b;
        extra[low + column] = a === Infinity ? a : a - least;
        extra[high + column] = b === Infinity ? b : b - least;
        this.room[column] = (this.room[column] as number) - least;
      }
    }
  }

  /** The place among the nodes that keep all choices of the first that is not below this level. */
  private firstAt(level: number): number {
    const { keeping } = this;
    let [low, high] = [0, keeping.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.diagram.level[keeping[middle] as number] as number) <= level) high = middle;
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
    const { extra, width } = this;
    const { level, low, high } = this.diagram;
    for (let place = from; place < live.length; place += 1) {
      const id = live[place]!;
      const a = 2 * level[id]! * width + four;
      const b = a + width;
      const own = id * width + four;
      const left = low[id]! * width + four;
      const right = high[id]! * width + four;
      const a0 = extra[a]! + below[left]!;
      const b0 = extra[b]! + below[right]!;
      const a1 = extra[a + 1]! + below[left + 1]!;
      const b1 = extra[b + 1]! + below[right + 1]!;
      const a2 = extra[a + 2]! + below[left + 2]!;
      const b2 = extra[b + 2]! + below[right + 2]!;
      const a3 = extra[a + 3]! + below[left + 3]!;
      const b3 = extra[b + 3]! + below[right + 3]!;
      below[own] = a0 < b0 ? a0 : b0;
      below[own + 1] = a1 < b1 ? a1 : b1;
      below[own + 2] = a2 < b2 ? a2 : b2;
      below[own + 3] = a3 < b3 ? a3 : b3;
    }
  }

  /** Whether a path goes on from here; what is to come was found to fit each bound. After NODE_LIMIT visits: no. */
  private visit(level: number, node: number): boolean {
    this.visits += 1;
    if (this.visits > NODE_LIMIT) return false;
    let at = level;
    const own = this.diagram.level[node] as number;
    for (; at < own; at += 1) {
      const side = this.freeSide(at);
      if (side < 0) break;
      this.step(at, side);
    }
    if (at === this.levels) return true;
    const here = at === own;
    if (here && this.isHopeless(at, node)) return false;
    const [low, high] = here ? [this.diagram.low[node] as number, this.diagram.high[node] as number] : [node, node];
    const first = this.order(at, low, high);
    const found = this.tried(at, first, first ? high : low) || this.tried(at, 1 - first, first ? low : high);
    if (!found && here) this.fail(at, node);
    return found;
  }

  private tried(level: number, side: number, child: number): boolean {
    if (child === 0 || this.shut[2 * level + side]) return false;
    this.step(level, side);
    return this.hasRoom(level + 1, child) && this.visit(level + 1, child);
  }

  private step(level: number, side: number): void {
    const { spent, extra, width } = this;
    const [from, to, by] = [level * width, (level + 1) * width, (2 * level + side) * width];
    for (let column = 0; column < width; column += 1) spent[to + column] = (spent[from + column] as number) + (extra[by + column] as number);
    this.taken[level] = side;
  }

  /** A side of a skipped level that costs nothing in any column, thus is as good as the other; −1 where there is none. */
  private freeSide(level: number): number {
    const { extra, width } = this;
    for (let side = 0; side < 2; side += 1) {
      const by = (2 * level + side) * width;
      let free = true;
      for (let column = 0; column < width; column += 1) free &&= extra[by + column] === 0;
      if (free) return side;
    }
    return -1;
  }

  private hasRoom(level: number, node: number): boolean {
    const { spent, below, room, width } = this;
    const [from, own] = [level * width, node * width];
    for (let column = 0; column < width; column += 1) {
      if (!((spent[from + column] as number) + (below[own + column] as number) <= (room[column] as number))) return false;
    }
    return true;
  }

  /** The side to try first, by the blend. */
  private order(level: number, low: number, high: number): number {
    const { extra, below, bounds, width } = this;
    const a = (extra[2 * level * width + bounds] as number) + (below[low * width + bounds] as number);
    const b = (extra[(2 * level + 1) * width + bounds] as number) + (below[high * width + bounds] as number);
    return b < a ? 1 : 0;
  }

  /** Whether no more was spent when this node was seen to lead nowhere. */
  private isHopeless(level: number, node: number): boolean {
    const earlier = this.failed.get(node);
    if (!earlier) return false;
    const from = level * this.width;
    return earlier.some((one) => one.every((spent, column) => spent <= (this.spent[from + column] as number)));
  }

  private fail(level: number, node: number): void {
    const earlier = this.failed.get(node);
    const now = this.spent.slice(level * this.width, level * this.width + this.bounds);
    if (earlier) earlier.push(now);
    else this.failed.set(node, [now]);
  }
}

