/**
 * What the diagram says to a click: one sweep a bound gives, for every value, the fewest choices it violates and the least that
 * it weighs; values that pass every bound alone are then shown to pass all together by a witness, or by search.
 */
import type { Diagram } from './artefact';
import { chained, type Chains, type Side } from './chains';
import { countPaths } from './count';
import type { Answer, Engine, Least, Question, Valid, Weights } from './engine';
import { Limit } from './limit';
import { leftOut, type Bound, type Kept, type Model } from './model';
import { Paths, type Costs, type Live } from './paths';
import { lightest, type Limited } from './search';
import { isSame, Witnesses } from './witnesses';
import { Within, type Path } from './within';

/** The costs of one bound or of a blend, what a whole path may cost, and what a violated choice costs: more than all weights together. */
interface Sweep {
  readonly paths: Paths;
  readonly most: number;
  readonly penalty: number;
}

/** A bound by places on a path. */
interface Weighed {
  readonly sides: Int32Array;
  readonly weights: Float64Array;
  readonly most: number;
}

const NOTHING: Weights = [];
/** So many searches take longer than a sweep and the walks after it. */
const MANY = 8;

export class DiagramEngine implements Engine {
  private readonly chains: Chains;
  private readonly paths: Paths;
  private readonly bounds: readonly Weighed[];
  /** More than any difference of weights: what a violated choice costs, so that fewer violations always come first. */
  private readonly penalty: number;
  private readonly side: Int32Array; // by slot, of its literal
  private readonly spared: Uint8Array;
  /** The nodes that the first sweep of a click came by: all others are on no path that matters. */
  private live: Live | undefined;
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

  constructor(private readonly model: Model, diagram: Diagram) {
    const literals = model.slotLiteral;
    const weighed = model.budgets.flatMap(({ weights }) => weights.map(([literal]) => model.side(literal) >> 1));
    this.chains = chained(diagram, model.header.order.length, weighed);
    this.paths = new Paths(this.chains);
    this.penalty = [NOTHING, ...model.budgets.map(({ weights }) => weights)].reduce((most, weights) => Math.max(most, penaltyFor(this.costs(weights, 1, []))), 0);
    this.bounds = model.bounds.map((bound) => this.weighed(bound));
    this.left = model.bounds.map(({ budget, sign, most }) => most - (this.leastSum(budget.weights, sign, []) ?? most));
    this.featureOf = Int32Array.from(model.features.flatMap(({ values }, at) => values.map(() => at)));
    this.every = Array.from(literals, (_, slot) => slot);
    this.side = Int32Array.from(literals, (literal) => model.side(literal));
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
    this.live = paths.live;
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
    const penalty = penaltyFor(paths.cost);
    for (const literal of forbidden) this.add(paths.cost, literal, penalty);
    const cost = paths.runUp();
    return cost < penalty / 2 ? cost : null;
  }

  count(forbidden: readonly number[]): bigint {
    return countPaths(this.chains, this.costs(NOTHING, 1, forbidden), BigInt(this.model.header.solutions ?? 0));
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
    const { cost, most } = this.blendOf(this.model.bounds, this.left, this.priced(NOTHING, 1).cost);
    const blend = { paths: this.paths, most, penalty: penaltyFor(cost, most) };
    this.penalise(blend, choices);
    return blend;
  }

  private penalise({ paths, penalty }: Sweep, choices: readonly Kept[]): void {
    for (const choice of choices) for (const literal of leftOut(this.model, choice)) this.add(paths.cost, literal, penalty);
  }

  /** How large factors of bounds may be so that their sums stay exact. */
  private factorRoom(bounds: number): number {
    return Math.min(2 ** 20, Math.floor(2 ** 48 / (this.penalty * bounds)));
  }

  private priced(weights: Weights, sign: 1 | -1): Paths {
    const { paths } = this;
    paths.cost.fill(0);
    for (const [literal, weight] of weights) this.add(paths.cost, literal, sign * weight);
    return paths;
  }

  private add(costs: Costs, literal: number, cost: number): void {
    const side = this.model.side(literal);
    costs[side] = costs[side]! + cost;
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
    for (const slot of open) {
      const cost = paths.through[this.side[slot] as number] as number;
      this.slots[slot] = cost <= most + (this.spared[slot] as number) * penalty ? 1 : 0;
    }
  }

  /** As `settle`; valid where the path keeps each bound, and then it speaks for all of its values. Returns those that stay open. */
  private witnessed(by: Sweep, open: readonly number[]): number[] {
    const { slots, seen, spared, side } = this;
    const { taken } = by.paths;
    this.settle(by, open);
    const left: number[] = [];
    for (const slot of open) {
      if (!slots[slot] || seen[slot]) continue;
      by.paths.walkThrough(side[slot] as number);
      if (this.fits(taken)) this.note(taken, !spared[slot]);
      else left.push(slot);
    }
    return left.filter((slot) => !seen[slot]);
  }

  /** Whether a path keeps every bound. */
  private fits(taken: Uint8Array): boolean {
    for (const { sides, weights, most } of this.bounds) {
      let sum = 0;
      for (let at = 0; at < sides.length; at += 1) if (takes(taken, sides[at]!)) sum += weights[at]!;
      if (sum > most) return false;
    }
    return true;
  }

  /** Settle what is left by search, feature by feature: often none of its values can be had. Returns the slots that it could not settle. */
  private searched(asked: readonly number[], choices: readonly Kept[]): number[] {
    const search = this.prepared(choices);
    const open = this.begun(search, asked.length > MANY ? this.sweptAgain(asked, choices) : asked);
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
        const had = slots.find((slot) => takes(taken, this.side[slot]!)) as number;
        this.note(taken, !this.spared[had]);
        slots = slots.filter((slot) => slot !== had && !this.seen[slot]);
      }
    }
    return unproven.sort((a, b) => a - b);
  }

  /** The search within all bounds, made ready for these choices over the nodes of the click. */
  private prepared(choices: readonly Kept[]): Within {
    const { bounds } = this.model;
    const search = (this.within ??= new Within(this.chains, bounds.map((bound) => this.limit(bound, []))));
    const shut = choices.flatMap((choice) => leftOut(this.model, choice)).map((literal) => this.model.side(literal));
    this.left = search.prepare((left) => this.blendOf(bounds, left, this.costs(NOTHING, 1, [])), shut, this.live as Live);
    return search;
  }

  /** The bounds as one again, by what each is now known to have left. Returns the slots that stay open. */
  private sweptAgain(asked: readonly number[], choices: readonly Kept[]): readonly number[] {
    const again = this.blend(choices);
    again.paths.run(again.most + again.penalty, this.live);
    return this.witnessed(again, asked);
  }

  /** Cheapest paths that break a bound only after the value that is asked for, led otherwise from there. Returns the slots that stay open. */
  private begun(search: Within, asked: readonly number[]): number[] {
    for (const slot of asked) {
      if (this.seen[slot]) continue;
      const side = this.side[slot] as number;
      const taken = search.begunWith(this.paths.edgesTo(side));
      if (!taken) continue;
      taken[side >> 1] = side & 1;
      this.note(taken, !this.spared[slot]);
      this.seen[slot] = 1;
    }
    return asked.filter((slot) => !this.seen[slot]);
  }

  private keepsAll(search: Within): boolean {
    const { taken, proven } = search.find();
    if (taken) this.note(taken, true);
    return (this.keeps ||= !proven);
  }

  /** A path through one of these slots of a feature that keeps the choices of other features. */
  private through(search: Within, feature: number, slots: readonly number[], choices: readonly Kept[]): Path {
    const sides = (some: readonly number[]): Side[] => some.map((slot) => this.side[slot]!);
    const own = choices.find((choice) => choice.feature === feature);
    const all = this.model.slotsOf(feature);
    const reopened = own ? sides(all.filter((slot) => !own.allowed.has(slot))) : [];
    return search.find(reopened, sides(all.filter((slot) => !slots.includes(slot))));
  }

  private weighed({ budget, sign, most }: Bound): Weighed {
    return {
      sides: Int32Array.from(budget.weights, ([literal]) => this.model.side(literal)),
      weights: Float64Array.from(budget.weights, ([, weight]) => sign * weight),
      most,
    };
  }

  /** A path that was found; one that keeps all choices speaks for each of its values. */
  private note(taken: Uint8Array, keeps: boolean): void {
    const { seen, side } = this;
    const slots = this.memory.add((slot) => takes(taken, side[slot]!));
    if (!keeps) return;
    this.keeps = true;
    for (let at = 0; at < slots.length; at += 1) seen[slots[at]!] = 1;
  }

  // --- search ------------------------------------------------------------------------------------------------------

  private search(forbidden: readonly number[], weight: readonly Weights[], bounds: readonly Bound[], any: boolean): Answer {
    const left = bounds.length < 2 ? [] : bounds.map(({ budget, sign, most }) => most - (this.leastSum(budget.weights, sign, forbidden) ?? most));
    return this.found(weight.map((row) => this.costs(row, 1, forbidden)), this.limits(forbidden, bounds, left), any);
  }

  /** The bounds, and all of them as one more, which cuts a search off where each alone does not. */
  private limits(forbidden: readonly number[], bounds: readonly Bound[], left: readonly number[]): Limited[] {
    const limits = bounds.map((bound) => this.limit(bound, forbidden));
    return bounds.length < 2 ? limits : [...limits, this.blendOf(bounds, left, this.costs(NOTHING, 1, forbidden))];
  }

  private limit({ budget, sign, most }: Bound, forbidden: readonly number[]): Limited {
    return { cost: this.costs(budget.weights, sign, forbidden), most };
  }

  /** All bounds as one, upon the costs given. */
  private blendOf(bounds: readonly Bound[], left: readonly number[], cost: Costs): Limited {
    const factors = factorsFor(left, this.factorRoom(bounds.length));
    let most = 0;
    bounds.forEach((bound, at) => {
      const factor = factors[at] as number;
      most += factor * bound.most;
      for (const [literal, weight] of bound.budget.weights) this.add(cost, literal, factor * bound.sign * weight);
    });
    return { cost, most };
  }

  private found(weight: readonly Costs[], limits: readonly Limited[], any: boolean): Answer {
    const rows = any && limits.length > 0 ? limits.slice(-1).map(({ cost }) => cost) : weight;
    const { found, proven } = lightest(this.chains, rows, limits, any);
    if (!found) return { holds: null, proven };
    return { holds: (literal) => takes(found.taken, this.model.side(literal)), proven };
  }

  private costs(weights: Weights, sign: 1 | -1, forbidden: readonly number[]): Costs {
    const costs = new Float64Array(2 * this.chains.levels);
    for (const [literal, weight] of weights) this.add(costs, literal, sign * weight);
    for (const literal of forbidden) this.add(costs, literal, Infinity);
    return costs;
  }
}

/** Whether a path takes a side, by the side that it takes at every level. */
const takes = (taken: Uint8Array, side: Side): boolean => taken[side >> 1] === (side & 1);

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
const penaltyFor = (costs: Costs, most = 0): number =>
  2 ** Math.ceil(Math.log2(4 * costs.reduce((sum, cost) => sum + Math.abs(cost), 1 + Math.abs(most))));

/** How much bounds count among each other: the less one has left, the more. Whole numbers, so that sums stay exact. */
function factorsFor(left: readonly number[], room: number): number[] {
  const least = Math.min(...left.map((one) => Math.max(one, 0))) + 1;
  return left.map((one) => (room < 1 ? 0 : Math.max(1, Math.round((room * least) / (Math.max(one, 0) + 1)))));
}
