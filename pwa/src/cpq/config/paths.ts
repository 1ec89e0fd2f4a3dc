/**
 * Cheapest paths through a decision diagram, for additive costs of its variables: two linear passes over typed arrays, and the
 * cheapest configuration through every literal is known. Buffers are made once a model and used again at every click.
 *
 * Costs are kept as what a path pays above the cheapest side of every level, so that levels an edge skips cost nothing extra.
 */
import type { Chains, Edge, Side } from './chains';

/** Costs by side of a level; Infinity: the side is forbidden. */
export type Costs = Float64Array;

/** Ids of nodes, children before parents. */
export type Live = Int32Array;

/** The way to the root, as an edge. */
const ENTRY: Edge = 0;

export class Paths {
  /** What each side costs; fill before `run`. */
  readonly cost: Costs;
  /** By side, the cheapest whole path that takes it; Infinity where there is none. */
  readonly through: Float64Array;
  /** The last path that was walked: the side taken at every level, 0 or 1. */
  readonly taken: Uint8Array;
  /** Nodes on paths that the last run did not leave out. */
  live: Live = new Int32Array(0);
  /** The cheaper side of every level together, and what each side costs above it. */
  private base = 0;
  private readonly extra: Float64Array;
  private readonly cheaper: Uint8Array;
  /** By step, what it costs with all that follow. */
  private readonly stepCost: Float64Array;
  /** By node: the least that a path to there, and from there to true, costs extra; Infinity where there is none. */
  private readonly above: Float64Array;
  private readonly below: Float64Array;
  /** By node, the edge on the cheapest path to it. */
  private readonly from: Int32Array;
  private readonly lives: Int32Array;
  /** By step and by side, the cheapest path's edge that takes it; by step that path's cost. */
  private readonly stepEdge: Int32Array;
  private readonly throughStep: Float64Array;
  private readonly edge: Int32Array;
  /** Row k, column l: the cheapest path over an edge that skips the levels l … l + 2^k − 1. */
  private readonly skips: Float64Array[];
  private readonly skipEdges: Int32Array[];

  constructor(private readonly chains: Chains) {
    const { levels, level, side } = chains;
    const floats = (size: number) => new Float64Array(size);
    const [sides, nodes, steps] = [2 * levels, level.length, side.length];
    [this.cost, this.through, this.extra, this.edge] = [floats(sides), floats(sides), floats(sides), new Int32Array(sides)];
    [this.stepCost, this.throughStep, this.stepEdge] = [floats(steps), floats(steps), new Int32Array(steps)];
    [this.below, this.above, this.from, this.lives] = [floats(nodes), floats(nodes), new Int32Array(nodes), new Int32Array(nodes)];
    [this.taken, this.cheaper] = [new Uint8Array(levels), new Uint8Array(levels)];
    const rows = levels > 0 ? 32 - Math.clz32(levels) : 0;
    this.skips = Array.from({ length: rows }, () => floats(levels));
    this.skipEdges = Array.from({ length: rows }, () => new Int32Array(levels));
  }

  /** Cheapest path of all, by the costs as they stand. Enough where single literals do not matter. */
  runUp(among?: Live): number {
    this.weigh();
    const { below, stepCost } = this;
    const { target, step, root, entry } = this.chains;
    if (among) below.fill(Infinity);
    below[0] = Infinity;
    below[1] = 0;
    const end = among ? among.length : root + 1;
    for (let place = among ? 0 : 2; place < end; place += 1) {
      const id = among ? among[place]! : place;
      const a = stepCost[step[2 * id]!]! + below[target[2 * id]!]!;
      const b = stepCost[step[2 * id + 1]!]! + below[target[2 * id + 1]!]!;
      below[id] = a < b ? a : b;
    }
    return this.base + stepCost[entry]! + below[root]!;
  }

  /** What levels and steps cost. */
  private weigh(): void {
    const { cost, extra, cheaper, stepCost } = this;
    this.base = 0;
    for (let at = 0; at < cheaper.length; at += 1) {
      const [a, b] = [cost[2 * at]!, cost[2 * at + 1]!];
      const least = a < b ? a : b;
      cheaper[at] = b < a ? 1 : 0;
      extra[2 * at] = a - least;
      extra[2 * at + 1] = b - least;
      this.base += least;
    }
    const { side, rest } = this.chains;
    for (let at = 1; at < side.length; at += 1) stepCost[at] = extra[side[at]!]! + stepCost[rest[at]!]!;
  }

  /**
   * Cheapest path through every literal, paths that cost more than `most` left out. Returns the cheapest of all. With `among`
   * only these nodes are looked at.
   */
  run(most: number, among?: Live): number {
    const best = this.runUp(among);
    this.through.fill(Infinity);
    this.throughStep.fill(Infinity);
    this.above.fill(Infinity);
    for (const row of this.skips) row.fill(Infinity);
    this.runDown(most - this.base, among);
    this.spreadSteps();
    this.spreadSkips();
    return best;
  }

  private runDown(most: number, among?: Live): void {
    const { above, below, lives } = this;
    const { root, entry } = this.chains;
    above[root] = this.stepCost[entry]!;
    if (entry > 0) this.noteStep(entry, above[root] + below[root]!, ENTRY);
    if (this.chains.top > 0) this.skip(0, this.chains.top, above[root] + below[root]!, ENTRY);
    let begin = lives.length;
    const first = among ? 0 : 2;
    for (let place = among ? among.length - 1 : root; place >= first; place -= 1) {
      const id = among ? among[place]! : place;
      const here = above[id]!;
      if (!(here + below[id]! <= most)) continue;
      lives[--begin] = id;
      this.goDown(2 * id, here);
      this.goDown(2 * id + 1, here);
    }
    this.live = lives.slice(begin);
  }

  private goDown(edge: Edge, here: number): void {
    const { above, below } = this;
    const step = this.chains.step[edge]!;
    const to = this.chains.target[edge]!;
    const there = here + this.stepCost[step]!;
    if (there < above[to]!) {
      above[to] = there;
      this.from[to] = edge;
    }
    this.noteStep(step, there + below[to]!, edge);
  }

  private noteStep(step: number, whole: number, edge: Edge): void {
    if (whole < this.throughStep[step]!) {
      this.throughStep[step] = whole;
      this.stepEdge[step] = edge;
    }
  }

  /** From steps to those that follow, to the sides that they take and the levels that they skip. */
  private spreadSteps(): void {
    const { throughStep, stepEdge, through, edge } = this;
    const { side, end, rest } = this.chains;
    for (let at = side.length - 1; at > 0; at -= 1) {
      const whole = throughStep[at]!;
      if (whole === Infinity) continue;
      const own = side[at]!;
      if (whole < through[own]!) {
        through[own] = whole;
        edge[own] = stepEdge[at]!;
      }
      const next = (own >> 1) + 1;
      if (end[at]! > next) this.skip(next, end[at]!, whole, stepEdge[at]!);
      if (rest[at]! > 0) this.noteStep(rest[at]!, whole, stepEdge[at]!);
    }
  }

  /** An edge over the levels first … end − 1, on a path of this cost. */
  private skip(first: number, end: number, whole: number, edge: Edge): void {
    const row = 31 - Math.clz32(end - first);
    const [costs, edges] = [this.skips[row]!, this.skipEdges[row]!];
    const last = end - (1 << row);
    for (let at = first; ; at = last) {
      if (whole < costs[at]!) {
        costs[at] = whole;
        edges[at] = edge;
      }
      if (at === last) return;
    }
  }

  /** From spans of levels to single ones, and from "either" to both sides. */
  private spreadSkips(): void {
    for (let row = this.skips.length - 1; row > 0; row -= 1) {
      const [costs, edges] = [this.skips[row]!, this.skipEdges[row]!];
      const half = 1 << (row - 1);
      for (let at = 0; at + 2 * half <= this.cheaper.length; at += 1) {
        if (costs[at]! < Infinity) this.skip(at, at + half, costs[at]!, edges[at]!);
        if (costs[at]! < Infinity) this.skip(at + half, at + 2 * half, costs[at]!, edges[at]!);
      }
    }
    const { base, through, extra, edge } = this;
    const [costs, edges] = [this.skips[0], this.skipEdges[0]];
    if (!costs || !edges) return;
    for (let side = 0; side < through.length; side += 1) {
      const whole = costs[side >> 1]! + extra[side]!;
      if (whole < through[side]!) {
        through[side] = whole;
        edge[side] = edges[side >> 1]!;
      }
      through[side] = through[side]! + base;
    }
  }

  /** Walk the cheapest path with this side into `taken`; after `run`, where there is such a path. */
  walkThrough(side: Side): void {
    const { target, root } = this.chains;
    const edge = this.edge[side]!;
    this.taken.set(this.cheaper);
    this.takeSteps(this.chains.entry);
    for (let up = edge; up !== ENTRY; up = this.before(up)) this.take(up);
    this.walkDown(edge === ENTRY ? root : target[edge]!);
    this.taken[side >> 1] = side & 1;
  }

  /** The edges of that path from the root to where it takes the side. */
  edgesTo(side: Side): Edge[] {
    const edges: Edge[] = [];
    for (let up = this.edge[side]!; up !== ENTRY; up = this.before(up)) edges.push(up);
    return edges.reverse();
  }

  private before(edge: Edge): Edge {
    const node = edge >> 1;
    return node === this.chains.root ? ENTRY : this.from[node]!;
  }

  private take(edge: Edge): void {
    this.takeSteps(this.chains.step[edge]!);
  }

  private takeSteps(first: number): void {
    const { side, rest } = this.chains;
    for (let at = first; at > 0; at = rest[at]!) this.taken[side[at]! >> 1] = side[at]! & 1;
  }

  private walkDown(start: number): void {
    const { below, stepCost } = this;
    const { target, step } = this.chains;
    for (let node = start; node > 1; ) {
      const a = stepCost[step[2 * node]!]! + below[target[2 * node]!]!;
      const b = stepCost[step[2 * node + 1]!]! + below[target[2 * node + 1]!]!;
      const edge = 2 * node + (b < a ? 1 : 0);
      this.take(edge);
      node = target[edge]!;
    }
  }
}
