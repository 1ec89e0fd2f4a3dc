/**
 * Cheapest paths through a decision diagram, for additive costs of its variables: two linear passes over typed arrays, and the
 * cheapest configuration through every literal is known. Buffers are made once a model and used again at every click.
 *
 * Costs are kept as what a path pays above the cheapest side of every level, so that levels an edge skips cost nothing extra.
 */
import type { Diagram } from './artefact';

/** An edge as a number: 2 · node + side; where the root lies below the top level, the way there is edge 0. */
type Edge = number;

/** Ids of nodes, children before parents. */
export type Live = Int32Array;

export class Paths {
  /** What each side of each level costs; fill before `run`. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Cheapest whole path with this side of this level; Infinity where there is none. */
  readonly throughLow: Float64Array;
  readonly throughHigh: Float64Array;
  /** The last path that was walked: the side taken at every level. */
  readonly taken: Uint8Array;
  /** The cheaper side of every level together, and what each side costs above it. */
  base = 0;
  readonly extraLow: Float64Array;
  readonly extraHigh: Float64Array;
  /** By node: the least that a path from there to true costs extra; Infinity where there is none. */
  readonly below: Float64Array;
  private readonly cheaper: Uint8Array;
  private readonly above: Float64Array;
  private readonly from: Int32Array;
  private readonly visited: Uint8Array;
  private readonly lives: Int32Array;
  private readonly edgeLow: Int32Array;
  private readonly edgeHigh: Int32Array;
  /** Row k, column l: the cheapest path over an edge that skips the levels l … l + 2^k − 1. */
  private readonly skips: Float64Array[];
  private readonly skipEdges: Int32Array[];

  constructor(readonly diagram: Diagram, readonly levels: number) {
    const floats = (size: number) => new Float64Array(size);
    const nodes = diagram.level.length;
    [this.low, this.high, this.throughLow, this.throughHigh] = [floats(levels), floats(levels), floats(levels), floats(levels)];
    [this.extraLow, this.extraHigh] = [floats(levels), floats(levels)];
    [this.below, this.above, this.from] = [floats(nodes), floats(nodes), new Int32Array(nodes)];
    [this.edgeLow, this.edgeHigh, this.taken] = [new Int32Array(levels), new Int32Array(levels), new Uint8Array(levels)];
    [this.visited, this.lives] = [new Uint8Array(nodes), new Int32Array(nodes)];
    this.cheaper = new Uint8Array(levels);
    const rows = levels > 0 ? 32 - Math.clz32(levels) : 0;
    this.skips = Array.from({ length: rows }, () => floats(levels));
    this.skipEdges = Array.from({ length: rows }, () => new Int32Array(levels));
  }

  /** Cheapest path of all, by the costs as they stand. Enough where single literals do not matter. */
  runUp(live?: Live): number {
    const { low, high, extraLow, extraHigh } = this;
    let base = 0;
    for (let at = 0; at < this.levels; at += 1) {
      const [a, b] = [low[at] as number, high[at] as number];
      const least = a < b ? a : b;
      this.cheaper[at] = b < a ? 1 : 0;
      extraLow[at] = a - least;
      extraHigh[at] = b - least;
      base += least;
    }
    this.base = base;
    const { level, low: lows, high: highs, root } = this.diagram;
    const { below } = this;
    if (live) below.fill(Infinity);
    below[0] = Infinity;
    below[1] = 0;
    const end = live ? live.length : root + 1;
    for (let place = live ? 0 : 2; place < end; place += 1) {
      const id = live ? (live[place] as number) : place;
      const at = level[id] as number;
      const a = (extraLow[at] as number) + (below[lows[id] as number] as number);
      const b = (extraHigh[at] as number) + (below[highs[id] as number] as number);
      below[id] = a < b ? a : b;
    }
    return base + (below[root] as number);
  }

  /**
   * Cheapest path through every literal, paths that cost more than `most` left out. Returns the cheapest of all. With `live`
   * only these nodes are looked at.
   */
  run(most: number, live?: Live): number {
    const best = this.runUp(live);
    this.forget();
    this.runDown(most - this.base, live);
    this.spreadSkips();
    return best;
  }

  /**
   * The nodes on paths of the last run that cost no more than `most`, children first: what other costs of the same paths have to look
   * at. With `among` they are known to be among these.
   */
  live(most: number, among?: Live): Live {
    const { above, below, visited, lives } = this;
    const end = among ? among.length : this.diagram.root + 1;
    const extra = most - this.base;
    let count = 0;
    for (let place = among ? 0 : 2; place < end; place += 1) {
      const id = among ? (among[place] as number) : place;
      if (visited[id] && (above[id] as number) + (below[id] as number) <= extra) lives[count++] = id;
    }
    return lives.slice(0, count);
  }

  private forget(): void {
    this.throughLow.fill(Infinity);
    this.throughHigh.fill(Infinity);
    this.above.fill(Infinity);
    for (const row of this.skips) row.fill(Infinity);
  }

  private runDown(most: number, live?: Live): void {
    const { level, low: lows, high: highs, root } = this.diagram;
    const { above, below, from, extraLow, extraHigh, throughLow, throughHigh, edgeLow, edgeHigh } = this;
    this.visited.fill(0);
    above[root] = 0;
    if ((level[root] as number) > 0) this.skip(0, level[root] as number, below[root] as number, 0);
    const { visited } = this;
    const first = live ? 0 : 2;
    for (let place = live ? live.length - 1 : root; place >= first; place -= 1) {
      const id = live ? (live[place] as number) : place;
      const here = above[id] as number;
      if (!(here + (below[id] as number) <= most)) continue;
      visited[id] = 1;
      const at = level[id] as number;
      const [left, right] = [lows[id] as number, highs[id] as number];
      const a = here + (extraLow[at] as number);
      const b = here + (extraHigh[at] as number);
      if (left !== 0) {
        if (a < (above[left] as number)) {
          above[left] = a;
          from[left] = 2 * id;
        }
        const whole = a + (below[left] as number);
        if (whole < (throughLow[at] as number)) {
          throughLow[at] = whole;
          edgeLow[at] = 2 * id;
        }
        if ((level[left] as number) > at + 1) this.skip(at + 1, level[left] as number, whole, 2 * id);
      }
      if (right !== 0) {
        if (b < (above[right] as number)) {
          above[right] = b;
          from[right] = 2 * id + 1;
        }
        const whole = b + (below[right] as number);
        if (whole < (throughHigh[at] as number)) {
          throughHigh[at] = whole;
          edgeHigh[at] = 2 * id + 1;
        }
        if ((level[right] as number) > at + 1) this.skip(at + 1, level[right] as number, whole, 2 * id + 1);
      }
    }
  }

  /** An edge over the levels first … end − 1, on a path of this cost. */
  private skip(first: number, end: number, whole: number, edge: Edge): void {
    const row = 31 - Math.clz32(end - first);
    const [costs, edges] = [this.skips[row] as Float64Array, this.skipEdges[row] as Int32Array];
    const last = end - (1 << row);
    if (whole < (costs[first] as number)) {
      costs[first] = whole;
      edges[first] = edge;
    }
    if (whole < (costs[last] as number)) {
      costs[last] = whole;
      edges[last] = edge;
    }
  }

  /** From spans of levels to single ones, and from "either" to both sides. */
  private spreadSkips(): void {
    for (let row = this.skips.length - 1; row > 0; row -= 1) {
      const [costs, edges] = [this.skips[row] as Float64Array, this.skipEdges[row] as Int32Array];
      const [halves, halfEdges] = [this.skips[row - 1] as Float64Array, this.skipEdges[row - 1] as Int32Array];
      const half = 1 << (row - 1);
      for (let at = 0; at + 2 * half <= this.levels; at += 1) {
        const whole = costs[at] as number;
        if (whole === Infinity) continue;
        for (let place = at; place <= at + half; place += half) {
          if (whole < (halves[place] as number)) {
            halves[place] = whole;
            halfEdges[place] = edges[at] as number;
          }
        }
      }
    }
    const { base, throughLow, throughHigh, edgeLow, edgeHigh } = this;
    const [costs, edges] = [this.skips[0], this.skipEdges[0]];
    if (!costs || !edges) return;
    for (let at = 0; at < this.levels; at += 1) {
      const a = (costs[at] as number) + (this.extraLow[at] as number);
      const b = (costs[at] as number) + (this.extraHigh[at] as number);
      if (a < (throughLow[at] as number)) {
        throughLow[at] = a;
        edgeLow[at] = edges[at] as number;
      }
      if (b < (throughHigh[at] as number)) {
        throughHigh[at] = b;
        edgeHigh[at] = edges[at] as number;
      }
      throughLow[at] = (throughLow[at] as number) + base;
      throughHigh[at] = (throughHigh[at] as number) + base;
    }
  }

  /** Walk the cheapest path with this side of this level into `taken`; after `run`, where there is such a path. */
  walkThrough(level: number, side: number): void {
    const edge = (side ? this.edgeHigh[level] : this.edgeLow[level]) as Edge;
    const { low: lows, high: highs, root } = this.diagram;
    this.takeCheaperSides();
    let node = edge >> 1;
    if (edge > 1) {
      this.taken[this.diagram.level[node] as number] = edge & 1;
      for (; node !== root; node = (this.from[node] as number) >> 1) {
        const up = this.from[node] as Edge;
        this.taken[this.diagram.level[up >> 1] as number] = up & 1;
      }
    }
    this.walkDown(edge > 1 ? ((edge & 1 ? highs : lows)[edge >> 1] as number) : root);
    this.taken[level] = side;
  }

  /** Walk the cheapest path of all into `taken`; after `runUp`, where there is one. Of equals the low side. */
  walk(): void {
    this.takeCheaperSides();
    this.walkDown(this.diagram.root);
  }

  private takeCheaperSides(): void {
    this.taken.set(this.cheaper);
  }

  private walkDown(start: number): void {
    const { level, low: lows, high: highs } = this.diagram;
    for (let node = start; node > 1; ) {
      const at = level[node] as number;
      const a = (this.extraLow[at] as number) + (this.below[lows[node] as number] as number);
      const b = (this.extraHigh[at] as number) + (this.below[highs[node] as number] as number);
      const side = b < a ? 1 : 0;
      this.taken[at] = side;
      node = (side ? highs : lows)[node] as number;
    }
  }
}
