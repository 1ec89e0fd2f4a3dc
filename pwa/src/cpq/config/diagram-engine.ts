/**
 * What the diagram says to a click: one sweep a bound gives, for every value, the fewest choices it violates and the least that
 * it weighs; values that pass every bound alone are then shown to pass all together by a witness, or by search.
 */
import type { Diagram } from './artefact';
import { countPaths } from './count';
import type { Answer, Engine, Question, Valid, Weights } from './engine';
import { leftOut, type Bound, type Kept, type Model } from './model';
import { Paths, type Live } from './paths';
import { lightest, type Costs, type Limited } from './search';

/** The costs of one bound, what a whole path may cost, and what a violated choice costs: more than all weights together. */
interface Sweep {
  readonly paths: Paths;
  readonly most: number;
  readonly penalty: number;
}

const NOTHING: Weights = [];
/** Blends that are tried before the search. */
const ROUNDS = 4;

export class DiagramEngine implements Engine {
  private readonly buffers: Paths[] = [];
  /** More than any difference of weights: what a violated choice costs, so that fewer violations always come first. */
  private readonly penalty: number;
  private readonly side: Uint8Array; // by slot, of its literal
  private readonly level: Int32Array;
  private readonly spared: Uint8Array;
  /** The nodes that the first sweep of a click came by: all others are on no path that matters. */
  private live: Live | undefined;
  /** What each bound had left at best when it was last looked at. */
  private left: readonly number[];
  private readonly broken: number[];
  /** How much of what was open each bound by itself settled of late. */
  private readonly helped: number[];
  private readonly seen: Uint8Array;
  private readonly slots: Uint8Array;
  private readonly every: readonly number[];
  private readonly featureOf: Int32Array; // by slot

  constructor(private readonly model: Model, private readonly diagram: Diagram) {
    this.penalty = Math.max(...model.budgets.map(({ weights }) => penaltyFor(weights)), penaltyFor(NOTHING));
    const literals = model.slotLiteral;
    this.broken = model.bounds.map(() => 0);
    this.helped = model.bounds.map(() => 1);
    this.left = model.bounds.map(({ budget, sign, most }) => most - (this.least(budget.weights, sign, []) ?? most));
    this.featureOf = Int32Array.from(model.features.flatMap(({ values }, at) => values.map(() => at)));
    this.every = Array.from(literals, (_, slot) => slot);
    this.side = Uint8Array.from(literals, (literal) => (literal > 0 ? 1 : 0));
    this.level = Int32Array.from(literals, (literal) => model.level(literal));
    [this.spared, this.seen, this.slots] = [new Uint8Array(literals.length), new Uint8Array(literals.length), new Uint8Array(literals.length)];
  }

  valid(choices: readonly Kept[]): Valid | null {
    const sweeps = this.sweeps(choices);
    this.spare(choices);
    this.seen.fill(0);
    if (sweeps.length < 2) {
      const [only] = sweeps as [Sweep];
      if (!(only.paths.run(only.most + only.penalty) <= only.most)) return null;
      this.witnessed(sweeps, only, this.every);
      return { slots: this.slots, unproven: [] };
    }
    // Budgets together: all as one, each by itself, then all as one again with more weight on what is broken; search is last.
    const first = this.blend(sweeps, choices, factorsFor(this.left, this.factorRoom(sweeps.length)));
    if (!(first.paths.run(first.most + first.penalty) <= first.most)) return null;
    this.live = first.paths.live();
    this.broken.fill(0);
    let open: readonly number[] = this.witnessed(sweeps, first, this.every);
    if (open.length > 0) open = this.bySingleBounds(sweeps, choices, open);
    if (open.length > 0) open = this.byBlends(sweeps, choices, open);
    if (!this.seen.includes(1) && !this.keepsAll(choices)) return null;
    return { slots: this.slots, unproven: this.searched(open, choices) };
  }

  lightest({ forbidden, weight, ties, bounds }: Question): Answer {
    return this.search(forbidden, [weight, ...packed(ties)], bounds, false);
  }

  any(forbidden: readonly number[], bounds: readonly Bound[]): Answer {
    return this.search(forbidden, [NOTHING], bounds, true);
  }

  least(weights: Weights, sign: 1 | -1, forbidden: readonly number[]): number | null {
    const paths = this.priced(this.model.bounds.length + 1, weights, sign);
    const penalty = penaltyFor(weights);
    for (const literal of forbidden) this.add(paths, literal, penalty);
    const cost = paths.runUp();
    return cost < penalty / 2 ? cost : null;
  }

  count(forbidden: readonly number[]): bigint {
    return countPaths(this.diagram, this.model.header.order.length, this.costs(NOTHING, 1, forbidden), BigInt(this.model.header.solutions ?? 0));
  }

  // --- one sweep a bound -------------------------------------------------------------------------------------------

  private sweeps(choices: readonly Kept[]): Sweep[] {
    const { bounds } = this.model;
    const sweeps = bounds.length > 0
      ? bounds.map(({ budget, sign, most }, at) => ({ paths: this.priced(at, budget.weights, sign), most: Math.min(most, this.penalty / 4), penalty: this.penalty }))
      : [{ paths: this.priced(0, NOTHING, 1), most: 0, penalty: this.penalty }];
    for (const sweep of sweeps) this.penalise(sweep, choices);
    return sweeps;
  }

  /** All bounds as one, by factors: what breaks it breaks a bound. */
  private blend(sweeps: readonly Sweep[], choices: readonly Kept[], factors: readonly number[]): Sweep {
    const { bounds } = this.model;
    const weights = blended(bounds, factors);
    const most = sweeps.reduce((sum, sweep, at) => sum + sweep.most * (factors[at] as number), 0);
    const blend = { paths: this.priced(bounds.length, weights, 1), most, penalty: penaltyFor(weights, most) };
    this.penalise(blend, choices);
    return blend;
  }

  /** Each bound by itself, ties decided by all others: exact for the one, and likely to suit the rest. Returns what stays open. */
  private bySingleBounds(sweeps: readonly Sweep[], choices: readonly Kept[], open: readonly number[]): readonly number[] {
    const { bounds } = this.model;
    this.left = sweeps.map(({ paths, most }) => most - paths.runUp(this.live));
    const others = blended(bounds, factorsFor(this.left, Math.min(2 ** 8, this.factorRoom(sweeps.length))));
    const scale = penaltyFor(others);
    const helpfulFirst = bounds.map((_, at) => at).sort((a, b) => (this.helped[b] as number) - (this.helped[a] as number));
    return helpfulFirst.reduce((rest, at) => {
      if (rest.length === 0) return rest;
      const { budget, sign } = bounds[at] as Bound;
      const most = (sweeps[at] as Sweep).most * scale;
      const weights = [...budget.weights.map(([literal, weight]) => [literal, weight * sign * scale] as const), ...others];
      const single = { paths: this.priced(bounds.length, weights, 1), most: most + scale / 2, penalty: penaltyFor(weights, Math.abs(most) + scale) };
      this.penalise(single, choices);
      single.paths.run(single.most + single.penalty, this.live);
      const left = this.witnessed(sweeps, single, rest);
      this.helped[at] = ((this.helped[at] as number) + 1 - left.length / rest.length) / 2;
      return left;
    }, open);
  }

  /** Some more blends, each with more weight on the bounds that were broken before. Returns what stays open. */
  private byBlends(sweeps: readonly Sweep[], choices: readonly Kept[], open: readonly number[]): readonly number[] {
    const room = this.factorRoom(sweeps.length);
    let factors = factorsFor(this.left, Math.min(room, 2 ** 10));
    let rest = open;
    for (let round = 0; round < ROUNDS && rest.length > 0; round += 1) {
      const blend = this.blend(sweeps, choices, factors);
      blend.paths.run(blend.most + blend.penalty, this.live);
      this.broken.fill(0);
      rest = this.witnessed(sweeps, blend, rest);
      const often = rest.length / 2;
      factors = factors.map((factor, at) => Math.min(room, (this.broken[at] as number) > often ? factor * 3 : Math.max(1, Math.round(factor / 2))));
    }
    return rest;
  }

  private penalise({ paths, penalty }: Sweep, choices: readonly Kept[]): void {
    for (const choice of choices) for (const literal of leftOut(this.model, choice)) this.add(paths, literal, penalty);
  }

  /** How large factors of bounds may be so that their sums stay exact. */
  private factorRoom(bounds: number): number {
    return Math.min(2 ** 20, Math.floor(2 ** 48 / (this.penalty * bounds)));
  }

  private priced(buffer: number, weights: Weights, sign: 1 | -1): Paths {
    const paths = (this.buffers[buffer] ??= new Paths(this.diagram, this.model.header.order.length));
    paths.low.fill(0);
    paths.high.fill(0);
    for (const [literal, weight] of weights) this.add(paths, literal, sign * weight);
    return paths;
  }

  private add({ low, high }: Costs, literal: number, cost: number): void {
    const costs = literal > 0 ? high : low;
    const level = this.model.level(literal);
    costs[level] = (costs[level] as number) + cost;
  }

  /** By slot, how many choices a path through it may violate: a single one of its own feature. */
  private spare(choices: readonly Kept[]): void {
    this.spared.fill(0);
    for (const { feature, allowed, single } of choices) {
      if (single) for (const slot of this.model.slotsOf(feature)) this.spared[slot] = allowed.has(slot) ? 0 : 1;
    }
  }

  // --- all bounds together -----------------------------------------------------------------------------------------

  /** Whether some path keeps every choice and every bound, where none is known that does. */
  private keepsAll(choices: readonly Kept[]): boolean {
    const { holds, proven } = this.anyLive(choices.flatMap((choice) => leftOut(this.model, choice)));
    return holds !== null || !proven;
  }

  /**
   * Settle slots by the cheapest paths through them: not valid where that costs too much, valid where it keeps all bounds, and then
   * it speaks for all of its values. Returns those that stay open.
   */
  private witnessed(sweeps: readonly Sweep[], by: Sweep, open: readonly number[]): number[] {
    const { slots, seen, spared, level, side } = this;
    const { throughLow, throughHigh, taken } = by.paths;
    const left: number[] = [];
    for (const slot of open) {
      if (seen[slot]) {
        slots[slot] = 1;
        continue;
      }
      const spare = spared[slot] as number;
      const at = level[slot] as number;
      slots[slot] = ((side[slot] ? throughHigh : throughLow)[at] as number) <= by.most + spare * by.penalty ? 1 : 0;
      if (!slots[slot] || sweeps.length < 2) continue;
      by.paths.walkThrough(at, side[slot] as number);
      if (!this.fits(sweeps, taken, spare * this.penalty)) left.push(slot);
      else if (spare === 0) this.see(taken);
    }
    return left;
  }

  /** Whether a path keeps every bound; notes those that it breaks. */
  private fits(sweeps: readonly Sweep[], taken: Uint8Array, over: number): boolean {
    let all = true;
    for (let at = 0; at < sweeps.length; at += 1) {
      const { paths, most } = sweeps[at] as Sweep;
      if (costOf(paths, taken) <= most + over) continue;
      this.broken[at] = (this.broken[at] as number) + 1;
      all = false;
    }
    return all;
  }

  /** Settle what is left by search, feature by feature: often none of its values can be had. Returns the slots that it could not settle. */
  private searched(open: readonly number[], choices: readonly Kept[]): number[] {
    const unproven: number[] = [];
    const byFeature = new Map<number, number[]>();
    for (const slot of open) {
      const feature = this.featureOf[slot] as number;
      byFeature.set(feature, [...(byFeature.get(feature) ?? []), slot]);
    }
    for (const [feature, all] of byFeature) {
      let slots = all.filter((slot) => !this.seen[slot]);
      while (slots.length > 0) {
        const { holds, proven } = this.anyLive(this.without(feature, slots, choices));
        if (!holds) {
          if (!proven) unproven.push(...slots);
          else for (const slot of slots) this.slots[slot] = 0;
          break;
        }
        const had = slots.find((slot) => holds(this.model.slotLiteral[slot] as number)) as number;
        if (!this.spared[had]) this.seeHolding(holds); // it keeps all choices, thus speaks for each of its values
        slots = slots.filter((slot) => slot !== had && !this.seen[slot]);
      }
    }
    return unproven.sort((a, b) => a - b);
  }

  private seeHolding(holds: (literal: number) => boolean): void {
    for (const slot of this.every) if (holds(this.model.slotLiteral[slot] as number)) this.seen[slot] = 1;
  }

  /** A path speaks for each of its values. */
  private see(taken: Uint8Array): void {
    const { seen, level, side } = this;
    for (let slot = 0; slot < seen.length; slot += 1) if (taken[level[slot] as number] === side[slot]) seen[slot] = 1;
  }

  /** What may not hold so that one of these slots of a feature does and the choices of other features are kept. */
  private without(feature: number, slots: readonly number[], choices: readonly Kept[]): number[] {
    const { model } = this;
    const others = choices.filter((choice) => choice.feature !== feature).flatMap((choice) => leftOut(model, choice));
    return [...others, ...model.slotsOf(feature).filter((one) => !slots.includes(one)).map((one) => model.slotLiteral[one] as number)];
  }

  // --- search ------------------------------------------------------------------------------------------------------

  /** Some configuration over the nodes of the last click, within all bounds. */
  private anyLive(forbidden: readonly number[]): Answer {
    const { bounds } = this.model;
    return this.found([], this.limits(forbidden, bounds, factorsFor(this.left, this.factorRoom(bounds.length))), true, this.live ?? null);
  }

  private search(forbidden: readonly number[], weight: readonly Weights[], bounds: readonly Bound[], any: boolean): Answer {
    const left = bounds.length < 2 ? [] : bounds.map(({ budget, sign, most }) => most - (this.least(budget.weights, sign, forbidden) ?? most));
    const limits = this.limits(forbidden, bounds, factorsFor(left, this.factorRoom(bounds.length)));
    return this.found(weight.map((row) => this.costs(row, 1, forbidden)), limits, any, null);
  }

  /** The bounds, and all of them as one more, which cuts a search off where each alone does not. */
  private limits(forbidden: readonly number[], bounds: readonly Bound[], factors: readonly number[]): Limited[] {
    const limits = bounds.map(({ budget, sign, most }) => ({ ...this.costs(budget.weights, sign, forbidden), most }));
    if (bounds.length < 2) return limits;
    const most = bounds.reduce((sum, bound, at) => sum + bound.most * (factors[at] as number), 0);
    return [...limits, { ...this.costs(blended(bounds, factors), 1, forbidden), most }];
  }

  private found(weight: readonly Costs[], limits: readonly Limited[], any: boolean, live: Live | null): Answer {
    const rows = any && limits.length > 0 ? limits.slice(-1) : weight;
    const { found, proven } = lightest(this.diagram, this.model.header.order.length, rows, limits, any, live);
    if (!found) return { holds: null, proven };
    return { holds: (literal) => (found.taken[this.model.level(literal)] === 1) === literal > 0, proven };
  }

  private costs(weights: Weights, sign: 1 | -1, forbidden: readonly number[]): Costs {
    const levels = this.model.header.order.length;
    const costs = { low: new Float64Array(levels), high: new Float64Array(levels) };
    for (const [literal, weight] of weights) this.add(costs, literal, sign * weight);
    for (const literal of forbidden) this.add(costs, literal, Infinity);
    return costs;
  }
}

/** Sums of a column stay below this. */
const ROOM = 2 ** 50;

/** Ties that decide one after the other as few columns, each with room for several. */
function packed(ties: readonly Weights[]): Weights[] {
  const columns: Weights[] = [];
  let column: (readonly [number, number])[] = [];
  let factor = ROOM;
  for (const tie of ties) {
    const size = 1 + tie.reduce((most, [, weight]) => Math.max(most, weight), 0);
    if (factor < size) {
      columns.push(column);
      [column, factor] = [[], ROOM];
    }
    factor = Math.floor(factor / size);
    const scale = factor;
    column.push(...tie.filter(([, weight]) => weight > 0).map(([literal, weight]) => [literal, weight * scale] as const));
  }
  return [...columns, column];
}

/** More than twice what sums of these weights can differ from nothing, or from `most`. */
const penaltyFor = (weights: Weights, most = 0): number =>
  2 ** Math.ceil(Math.log2(4 * weights.reduce((sum, [, weight]) => sum + Math.abs(weight), 1 + Math.abs(most))));

/** How much bounds count among each other: the less one has left, the more. Whole numbers, so that sums stay exact. */
function factorsFor(left: readonly number[], room: number): number[] {
  const least = Math.min(...left.map((one) => Math.max(one, 0))) + 1;
  return left.map((one) => (room < 1 ? 0 : Math.max(1, Math.round((room * least) / (Math.max(one, 0) + 1)))));
}

const blended = (bounds: readonly Bound[], factors: readonly number[]): Weights =>
  bounds.flatMap(({ budget, sign }, at) => budget.weights.map(([literal, weight]) => [literal, weight * sign * (factors[at] as number)] as const));

function costOf({ low, high }: Costs, taken: Uint8Array): number {
  let cost = 0;
  for (let level = 0; level < taken.length; level += 1) cost += (taken[level] ? high[level] : low[level]) as number;
  return cost;
}
