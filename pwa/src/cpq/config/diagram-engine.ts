/**
 * What the diagram says to a click: one sweep a bound gives, for every value, the fewest choices it violates and the least that
 * it weighs; values that pass every bound alone are then shown to pass all together by a witness, or by search.
 */
import type { Diagram } from './artefact';
import { countPaths } from './count';
import type { Answer, Engine, Question, Valid, Weights } from './engine';
import { leftOut, type Bound, type Kept, type Model } from './model';
import { Paths } from './paths';
import { lightest, type Costs } from './search';

/** The costs of one bound, and what a whole path may cost. */
interface Sweep {
  readonly paths: Paths;
  readonly most: number;
}

const NOTHING: Weights = [];

export class DiagramEngine implements Engine {
  private readonly buffers: Paths[] = [];
  /** More than any difference of weights: what a violated choice costs, so that fewer violations always come first. */
  private readonly penalty: number;
  private readonly side: Uint8Array; // by slot, of its literal
  private readonly level: Int32Array;
  private readonly spared: Uint8Array;
  private readonly seen: Uint8Array;
  private readonly slots: Uint8Array;

  constructor(private readonly model: Model, private readonly diagram: Diagram) {
    this.penalty = Math.max(...model.budgets.map(({ weights }) => penaltyFor(weights)), penaltyFor(NOTHING));
    const literals = model.slotLiteral;
    this.side = Uint8Array.from(literals, (literal) => (literal > 0 ? 1 : 0));
    this.level = Int32Array.from(literals, (literal) => model.level(literal));
    [this.spared, this.seen, this.slots] = [new Uint8Array(literals.length), new Uint8Array(literals.length), new Uint8Array(literals.length)];
  }

  valid(choices: readonly Kept[]): Valid | null {
    const sweeps = this.sweeps(choices);
    let consistent = true;
    for (const { paths, most } of sweeps) if (!(paths.run() <= most)) consistent = false;
    if (!consistent || (sweeps.length > 1 && !this.keepsAll(sweeps, choices))) return null;
    this.spare(choices);
    const { slots, spared, level, side, penalty } = this;
    slots.fill(1);
    for (const { paths, most } of sweeps) {
      const { throughLow, throughHigh } = paths;
      for (let slot = 0; slot < slots.length; slot += 1) {
        const cost = (side[slot] ? throughHigh : throughLow)[level[slot] as number] as number;
        if (!(cost <= most + (spared[slot] as number) * penalty)) slots[slot] = 0;
      }
    }
    const unproven = sweeps.length > 1 ? this.keepWitnessed(sweeps, choices) : [];
    return { slots, unproven };
  }

  lightest({ forbidden, weight, ties, bounds }: Question): Answer {
    return this.search(forbidden, [weight, ...packed(ties)], bounds, false);
  }

  any(forbidden: readonly number[], bounds: readonly Bound[]): Answer {
    return this.search(forbidden, [NOTHING], bounds, true);
  }

  least(weights: Weights, sign: 1 | -1, forbidden: readonly number[]): number | null {
    const paths = this.priced(this.model.bounds.length, weights, sign);
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
      ? bounds.map(({ budget, sign, most }, at) => ({ paths: this.priced(at, budget.weights, sign), most: Math.min(most, this.penalty / 4) }))
      : [{ paths: this.priced(0, NOTHING, 1), most: 0 }];
    for (const choice of choices) {
      for (const literal of leftOut(this.model, choice)) for (const { paths } of sweeps) this.add(paths, literal, this.penalty);
    }
    return sweeps;
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

  /** Whether some path keeps every choice and every bound. */
  private keepsAll(sweeps: readonly Sweep[], choices: readonly Kept[]): boolean {
    for (const { paths } of sweeps) {
      paths.walk();
      if (fits(sweeps, paths.taken, 0)) return true;
    }
    const { holds, proven } = this.any(choices.flatMap((choice) => leftOut(this.model, choice)), this.model.bounds);
    return holds !== null || !proven;
  }

  /** Of values that pass each bound alone, keep those that pass all together. Returns those that the search could not settle. */
  private keepWitnessed(sweeps: readonly Sweep[], choices: readonly Kept[]): number[] {
    const { slots, seen, spared, level, side } = this;
    const unproven: number[] = [];
    seen.fill(0);
    for (let slot = 0; slot < slots.length; slot += 1) {
      if (!slots[slot] || seen[slot]) continue;
      const over = (spared[slot] as number) * this.penalty;
      const through = sweeps.find(({ paths }) => {
        paths.walkThrough(level[slot] as number, side[slot] as number);
        return fits(sweeps, paths.taken, over);
      });
      if (through) {
        if (over === 0) this.see(through.paths.taken);
        continue;
      }
      const { holds, proven } = this.any(this.without(slot, choices), this.model.bounds);
      if (!holds && proven) slots[slot] = 0;
      else if (!holds) unproven.push(slot);
    }
    return unproven;
  }

  /** A path speaks for each of its values. */
  private see(taken: Uint8Array): void {
    const { seen, level, side } = this;
    for (let slot = 0; slot < seen.length; slot += 1) if (taken[level[slot] as number] === side[slot]) seen[slot] = 1;
  }

  /** What may not hold so that a slot does and the choices of other features are kept. */
  private without(slot: number, choices: readonly Kept[]): number[] {
    const { model } = this;
    const feature = model.features.findIndex((_, at) => slot < (model.slotStart[at + 1] as number));
    const others = choices.filter((choice) => choice.feature !== feature).flatMap((choice) => leftOut(model, choice));
    return [...others, ...model.slotsOf(feature).filter((one) => one !== slot).map((one) => model.slotLiteral[one] as number)];
  }

  // --- search ------------------------------------------------------------------------------------------------------

  private search(forbidden: readonly number[], weight: readonly Weights[], bounds: readonly Bound[], any: boolean): Answer {
    const { found, proven } = lightest(
      this.diagram, this.model.header.order.length,
      weight.map((row) => this.costs(row, 1, forbidden)),
      bounds.map(({ budget, sign, most }) => ({ ...this.costs(budget.weights, sign, forbidden), most })),
      any,
    );
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

/** More than twice what sums of these weights can differ from nothing. */
const penaltyFor = (weights: Weights): number => 2 ** Math.ceil(Math.log2(4 * weights.reduce((sum, [, weight]) => sum + Math.abs(weight), 1)));

const fits = (sweeps: readonly Sweep[], taken: Uint8Array, over: number): boolean =>
  sweeps.every(({ paths, most }) => costOf(paths, taken) <= most + over);

function costOf({ low, high }: Costs, taken: Uint8Array): number {
  let cost = 0;
  for (let level = 0; level < taken.length; level += 1) cost += (taken[level] ? high[level] : low[level]) as number;
  return cost;
}
