/**
 * What the diagram says to a click: one sweep a bound gives, for every value, the fewest choices it violates and the least that
 * it weighs; values that pass every bound alone are then shown to pass all together by a witness, or by search.
 */
import type { Diagram } from './artefact';
import { countPaths } from './count';
import type { Answer, Engine, Least, Question, Valid, Weights } from './engine';
import { Limit } from './limit';
import { leftOut, type Bound, type Kept, type Model } from './model';
import { Paths, type Live } from './paths';
import { lightest, type Costs, type Limited } from './search';
import { isSame, Witnesses } from './witnesses';
import { Within, type Path, type Side } from './within';

/** The costs of one bound or of a blend, what a whole path may cost, and what a violated choice costs: more than all weights together. */
interface Sweep {
  readonly paths: Paths;
  readonly most: number;
  readonly penalty: number;
}

/** A bound by places on a path. */
interface Weighed {
  readonly levels: Int32Array;
  readonly sides: Uint8Array;
  readonly weights: Float64Array;
  readonly most: number;
}

const NOTHING: Weights = [];

export class DiagramEngine implements Engine {
  private readonly paths: Paths;
  private readonly bounds: readonly Weighed[];
  /** More than any difference of weights: what a violated choice costs, so that fewer violations always come first. */
  private readonly penalty: number;
  private readonly side: Uint8Array; // by slot, of its literal
  private readonly level: Int32Array;
  private readonly spared: Uint8Array;
  /** The nodes that the first sweep of a click came by: all others are on no path that matters. */
  private live: Live | undefined;
  /** Those of them on paths that keep every choice. */
  private keeping: Live = new Int32Array(0);
  /** What each bound had left at best when it was last looked at. */
  private left: readonly number[];
  /** Slots known to be possible, and known to be impossible, in the click that is being answered. */
  private readonly seen: Uint8Array;
  private readonly ruledOut: Uint8Array;
  /** Whether a configuration is known that keeps every choice. */
  private keeps = false;
  private readonly memory: Witnesses;
  private within: Within | undefined;
  /** The choices that `live` belongs to: with these and more, all that matters lies on its nodes. */
  private liveFor: readonly Kept[] | null = null;
  private readonly slots: Uint8Array;
  private readonly every: readonly number[];
  private readonly featureOf: Int32Array; // by slot

  constructor(private readonly model: Model, private readonly diagram: Diagram) {
    this.penalty = Math.max(...model.budgets.map(({ weights }) => penaltyFor(weights)), penaltyFor(NOTHING));
    const literals = model.slotLiteral;
    this.paths = new Paths(diagram, model.header.order.length);
    this.bounds = model.bounds.map((bound) => this.weighed(bound));
    this.left = model.bounds.map(({ budget, sign, most }) => most - (this.leastSum(budget.weights, sign, []) ?? most));
    this.featureOf = Int32Array.from(model.features.flatMap(({ values }, at) => values.map(() => at)));
    this.every = Array.from(literals, (_, slot) => slot);
    this.side = Uint8Array.from(literals, (literal) => (literal > 0 ? 1 : 0));
    this.level = Int32Array.from(literals, (literal) => model.level(literal));
    const bytes = () => new Uint8Array(literals.length);
    [this.spared, this.seen, this.ruledOut, this.slots] = [bytes(), bytes(), bytes(), bytes()];
    this.memory = new Witnesses(model.slotStart);
  }

  valid(choices: readonly Kept[]): Valid | null {
    this.spare(choices);
    this.seen.fill(0);
    if (this.bounds.length < 2) {
      const only = this.sweep(choices);
      if (!(only.paths.run(only.most + only.penalty) <= only.most)) return null;
      this.settle(only, this.every);
      return { slots: this.slots, unproven: [] };
    }
    const open = this.recalled(choices);
    return open.length === 0 && this.keeps ? { slots: this.slots, unproven: [] } : this.together(choices, open);
  }

  /** What earlier clicks settle; returns the slots that stay open. */
  private recalled(choices: readonly Kept[]): readonly number[] {
    const { memory, seen, ruledOut, slots } = this;
    this.keeps = memory.see(choices, seen);
    ruledOut.fill(0);
    memory.recallImpossible(choices, ruledOut);
    slots.set(seen);
    return this.every.filter((slot) => !seen[slot] && !ruledOut[slot]);
  }

  /** Budgets together: all as one, and search for what that leaves open. */
  private together(choices: readonly Kept[], asked: readonly number[]): Valid | null {
    const first = this.blend(choices);
    if (!(this.firstRun(first, choices) <= first.most)) return null;
    const open = this.witnessed(first, asked);
    const unproven = open.length > 0 || !this.keeps ? this.searched(open, choices) : [];
    if (!this.keeps) return null;
    this.memory.noteClick(choices, this.slots);
    return { slots: this.slots, unproven };
  }

  /** The first sweep of a click finds the nodes that matter to it, among those that mattered to fewer of its choices. */
  private firstRun({ paths, most, penalty }: Sweep, choices: readonly Kept[]): number {
    const fewer = this.liveFor?.every((one) => isSame(one, choices.find(({ feature }) => feature === one.feature)));
    const among = fewer ? this.live : undefined;
    const least = paths.run(most + penalty, among);
    this.live = paths.live(most + penalty, among);
    this.keeping = paths.live(most, this.live);
    this.liveFor = choices;
    return least;
  }

  lightest({ forbidden, weight, ties, bounds }: Question): Answer {
    return this.search(forbidden, [weight, ...packed(ties)], bounds, false);
  }

  any(forbidden: readonly number[], bounds: readonly Bound[]): Answer {
    return this.search(forbidden, [NOTHING], bounds, true);
  }

  /** The limits of a diagram are nodes. */
  begin(): Limit {
    return new Limit(Infinity, Infinity);
  }

  least(weights: Weights, sign: 1 | -1, forbidden: readonly number[]): Least | null {
    const sum = this.leastSum(weights, sign, forbidden);
    return sum === null ? null : { sum, proven: true };
  }

  private leastSum(weights: Weights, sign: 1 | -1, forbidden: readonly number[]): number | null {
    const paths = this.priced(weights, sign);
    const penalty = penaltyFor(weights);
    for (const literal of forbidden) this.add(paths, literal, penalty);
    const cost = paths.runUp();
    return cost < penalty / 2 ? cost : null;
  }

  count(forbidden: readonly number[]): bigint {
    return countPaths(this.diagram, this.model.header.order.length, this.costs(NOTHING, 1, forbidden), BigInt(this.model.header.solutions ?? 0));
  }

  // --- sweeps ------------------------------------------------------------------------------------------------------

  /** The one bound, or none. */
  private sweep(choices: readonly Kept[]): Sweep {
    const [bound] = this.model.bounds;
    const paths = bound ? this.priced(bound.budget.weights, bound.sign) : this.priced(NOTHING, 1);
    const sweep = { paths, most: bound ? Math.min(bound.most, this.penalty / 4) : 0, penalty: this.penalty };
    this.penalise(sweep, choices);
    return sweep;
  }

  /** All bounds as one, the tighter ones with more weight: what breaks it breaks a bound. */
  private blend(choices: readonly Kept[]): Sweep {
    const { bounds } = this.model;
    const factors = factorsFor(this.left, this.factorRoom(bounds.length));
    const weights = blended(bounds, factors);
    const most = this.bounds.reduce((sum, bound, at) => sum + bound.most * (factors[at] as number), 0);
    const blend = { paths: this.priced(weights, 1), most, penalty: penaltyFor(weights, most) };
    this.penalise(blend, choices);
    return blend;
  }

  private penalise({ paths, penalty }: Sweep, choices: readonly Kept[]): void {
    for (const choice of choices) for (const literal of leftOut(this.model, choice)) this.add(paths, literal, penalty);
  }

  /** How large factors of bounds may be so that their sums stay exact. */
  private factorRoom(bounds: number): number {
    return Math.min(2 ** 20, Math.floor(2 ** 48 / (this.penalty * bounds)));
  }

  private priced(weights: Weights, sign: 1 | -1): Paths {
    const { paths } = this;
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

  /** Settle slots by the cheapest paths through them: not valid where that costs too much. */
  private settle({ paths, most, penalty }: Sweep, open: readonly number[]): void {
    const { throughLow, throughHigh } = paths;
    for (const slot of open) {
      const cost = (this.side[slot] ? throughHigh : throughLow)[this.level[slot] as number] as number;
      this.slots[slot] = cost <= most + (this.spared[slot] as number) * penalty ? 1 : 0;
    }
  }

  /** As `settle`; valid where the path keeps each bound, and then it speaks for all of its values. Returns those that stay open. */
  private witnessed(by: Sweep, open: readonly number[]): number[] {
    const { slots, seen, spared, level, side } = this;
    const { taken } = by.paths;
    this.settle(by, open);
    const left: number[] = [];
    for (const slot of open) {
      if (!slots[slot] || seen[slot]) continue;
      by.paths.walkThrough(level[slot] as number, side[slot] as number);
      if (this.fits(taken)) this.note(taken, !spared[slot]);
      else left.push(slot);
    }
    return left.filter((slot) => !seen[slot]);
  }

  /** Whether a path keeps every bound. */
  private fits(taken: Uint8Array): boolean {
    for (const { levels, sides, weights, most } of this.bounds) {
      let sum = 0;
      for (let at = 0; at < levels.length; at += 1) if (taken[levels[at] as number] === sides[at]) sum += weights[at] as number;
      if (sum > most) return false;
    }
    return true;
  }

  /** Settle what is left by search, feature by feature: often none of its values can be had. Returns the slots that it could not settle. */
  private searched(open: readonly number[], choices: readonly Kept[]): number[] {
    const search = this.prepared(choices);
    if (!this.keeps && !this.keepsAll(search)) return [];
    const unproven: number[] = [];
    const byFeature = new Map<number, number[]>();
    for (const slot of open) {
      const feature = this.featureOf[slot] as number;
      byFeature.set(feature, [...(byFeature.get(feature) ?? []), slot]);
    }
    for (const [feature, all] of byFeature) {
      let slots = all.filter((slot) => !this.seen[slot]);
      while (slots.length > 0) {
        const { taken, proven } = this.through(search, feature, slots, choices);
        if (!taken) {
          if (!proven) unproven.push(...slots);
          else for (const slot of slots) this.slots[slot] = 0;
          break;
        }
        const had = slots.find((slot) => taken[this.level[slot] as number] === this.side[slot]) as number;
        this.note(taken, !this.spared[had]);
        slots = slots.filter((slot) => slot !== had && !this.seen[slot]);
      }
    }
    return unproven.sort((a, b) => a - b);
  }

  /** The search within all bounds, made ready for these choices over the nodes of the click. */
  private prepared(choices: readonly Kept[]): Within {
    const { bounds, header } = this.model;
    const search = (this.within ??= new Within(this.diagram, header.order.length, bounds.map((bound) => this.limit(bound, []))));
    const shut = choices.flatMap((choice) => leftOut(this.model, choice)).map((literal) => this.sideOf(literal));
    this.left = search.prepare((left) => this.blendOf(bounds, left, []), shut, this.live as Live, this.keeping);
    return search;
  }

  private keepsAll(search: Within): boolean {
    const { taken, proven } = search.find();
    if (taken) this.note(taken, true);
    return (this.keeps ||= !proven);
  }

  /** A path through one of these slots of a feature that keeps the choices of other features. */
  private through(search: Within, feature: number, slots: readonly number[], choices: readonly Kept[]): Path {
    const sides = (some: readonly number[]): Side[] => some.map((slot) => this.sideOf(this.model.slotLiteral[slot] as number));
    const own = choices.find((choice) => choice.feature === feature);
    const all = this.model.slotsOf(feature);
    const reopened = own ? sides(all.filter((slot) => !own.allowed.has(slot))) : [];
    return search.find(reopened, sides(all.filter((slot) => !slots.includes(slot))));
  }

  private weighed({ budget, sign, most }: Bound): Weighed {
    return {
      levels: Int32Array.from(budget.weights, ([literal]) => this.model.level(literal)),
      sides: Uint8Array.from(budget.weights, ([literal]) => (literal > 0 ? 1 : 0)),
      weights: Float64Array.from(budget.weights, ([, weight]) => sign * weight),
      most,
    };
  }

  private sideOf(literal: number): Side {
    return [this.model.level(literal), literal > 0 ? 1 : 0];
  }

  /** A path that was found; one that keeps all choices speaks for each of its values. */
  private note(taken: Uint8Array, keeps: boolean): void {
    const { seen, level, side } = this;
    this.memory.add((slot) => taken[level[slot] as number] === side[slot]);
    if (!keeps) return;
    this.keeps = true;
    for (let slot = 0; slot < seen.length; slot += 1) if (taken[level[slot] as number] === side[slot]) seen[slot] = 1;
  }

  // --- search ------------------------------------------------------------------------------------------------------

  private search(forbidden: readonly number[], weight: readonly Weights[], bounds: readonly Bound[], any: boolean): Answer {
    const left = bounds.length < 2 ? [] : bounds.map(({ budget, sign, most }) => most - (this.leastSum(budget.weights, sign, forbidden) ?? most));
    return this.found(weight.map((row) => this.costs(row, 1, forbidden)), this.limits(forbidden, bounds, left), any);
  }

  /** The bounds, and all of them as one more, which cuts a search off where each alone does not. */
  private limits(forbidden: readonly number[], bounds: readonly Bound[], left: readonly number[]): Limited[] {
    const limits = bounds.map((bound) => this.limit(bound, forbidden));
    return bounds.length < 2 ? limits : [...limits, this.blendOf(bounds, left, forbidden)];
  }

  private limit({ budget, sign, most }: Bound, forbidden: readonly number[]): Limited {
    return { ...this.costs(budget.weights, sign, forbidden), most };
  }

  private blendOf(bounds: readonly Bound[], left: readonly number[], forbidden: readonly number[]): Limited {
    const factors = factorsFor(left, this.factorRoom(bounds.length));
    const most = bounds.reduce((sum, bound, at) => sum + bound.most * (factors[at] as number), 0);
    return { ...this.costs(blended(bounds, factors), 1, forbidden), most };
  }

  private found(weight: readonly Costs[], limits: readonly Limited[], any: boolean): Answer {
    const rows = any && limits.length > 0 ? limits.slice(-1) : weight;
    const { found, proven } = lightest(this.diagram, this.model.header.order.length, rows, limits, any);
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

