/**
 * A decision diagram without the nodes that leave no choice. Most nodes lead to true by one side only (once one value of a feature
 * holds, the others do not); here they are *steps* on an edge from one node that branches to the next, and steps that several edges have
 * in common are there once. A pass adds up the steps first and then looks at a third of the nodes.
 */
import type { Diagram } from './artefact';

/** A side of a level: `2 · level`, and one more where the variable holds. */
export type Side = number;

/** The edges of node n are 2n (low) and 2n + 1 (high). */
export type Edge = number;

/** Node ids: 0 false, 1 true, then children before parents. An edge leads to false only where the root is false. */
export interface Chains {
  readonly levels: number;
  readonly root: number;
  /** By node; false and true lie below all levels. */
  readonly level: Int32Array;
  /** By edge: the node it leads to, and its steps: the number of the first, which knows of the next. */
  readonly target: Int32Array;
  readonly step: Int32Array;
  /** By step: the side that it takes, the level that comes next, and the step from there on (0: none). Later steps have lesser numbers. */
  readonly side: Int32Array;
  readonly end: Int32Array;
  readonly rest: Int32Array;
  /** The steps from the first node of the diagram to the root, and how many levels lie above that node. */
  readonly entry: number;
  readonly top: number;
}

/** From a level on: steps to a node. */
interface Way {
  readonly level: number;
  readonly step: number;
  readonly target: number;
}

/** The same paths. No edge skips a weighed level, so that at skipped ones nothing speaks for either side but what is asked. */
export function chained(diagram: Diagram, levels: number, weighed: Iterable<number>): Chains {
  return new Chaining(diagram, levels, [...new Set(weighed)].sort((a, b) => a - b)).chains();
}

class Chaining {
  private readonly level: number[];
  private readonly target = [0, 0, 0, 0];
  private readonly step = [0, 0, 0, 0];
  private readonly side = [0];
  private readonly end = [0];
  private readonly rest = [0];
  private readonly steps = new Map<number, number>();
  private readonly ways: Way[];
  private readonly spelled = new Map<number, Way>();
  /** Weighed levels above each level. */
  private readonly before: Int32Array;

  constructor(private readonly diagram: Diagram, private readonly levels: number, private readonly weighed: readonly number[]) {
    this.level = [levels, levels];
    this.ways = [0, 1].map((target) => ({ level: levels, step: 0, target }));
    this.before = new Int32Array(levels + 1);
    for (const level of weighed) this.before.fill((this.before[level] as number) + 1, level + 1);
  }

  chains(): Chains {
    const { level, low, high, root } = this.diagram;
    for (let id = 2; id <= root; id += 1) {
      const at = level[id] as number;
      const [left, right] = [low[id] as number, high[id] as number];
      if (left === 0) this.ways.push(this.by(2 * at + 1, this.entered(right, at + 1)));
      else if (right === 0) this.ways.push(this.by(2 * at, this.entered(left, at + 1)));
      else this.ways.push(this.branching(at, this.entered(left, at + 1), this.entered(right, at + 1)));
    }
    const first = root > 0 ? this.entered(root, 0) : (this.ways[0] as Way);
    const numbers = (all: readonly number[]): Int32Array => Int32Array.from(all);
    return {
      levels: this.levels, root: first.target, level: numbers(this.level), target: numbers(this.target), step: numbers(this.step),
      side: numbers(this.side), end: numbers(this.end), rest: numbers(this.rest), entry: first.step, top: first.level,
    };
  }

  private branching(level: number, left: Way, right: Way): Way {
    const ways = [this.by(2 * level, left), this.by(2 * level + 1, right)];
    this.target.push(...ways.map(({ target }) => target));
    this.step.push(...ways.map(({ step }) => step));
    this.level.push(level);
    return { level, step: 0, target: this.level.length - 1 };
  }

  private by(side: Side, { level, step, target }: Way): Way {
    // A step is taken at the level that comes next: where there is one it says which level that is.
    const key = step > 0 ? -(step * 2 * this.levels + side) : side * (this.levels + 1) + level;
    let own = this.steps.get(key);
    if (own === undefined) {
      own = this.side.length;
      this.side.push(side);
      this.end.push(level);
      this.rest.push(step);
      this.steps.set(key, own);
    }
    return { level: side >> 1, step: own, target };
  }

  /** The way to a node that is entered at this level: by the weighed levels between. */
  private entered(id: number, level: number): Way {
    let way = this.ways[id] as Way;
    const first = this.before[level] as number;
    for (let at = (this.before[way.level] as number) - 1; at >= first; at -= 1) {
      const key = id * this.weighed.length + at;
      const known = this.spelled.get(key);
      way = known ?? this.branching(this.weighed[at] as number, way, way);
      if (!known) this.spelled.set(key, way);
    }
    return way;
  }
}
