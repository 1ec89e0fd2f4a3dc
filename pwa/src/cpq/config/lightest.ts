/**
 * The lightest model of clauses by MaxSAT, or the best known when the limit is reached. `app/cpq/sat_lightest.py` says how and where it is
 * from: every weight is the price of a wish, a literal that should hold; the dear ones are asked for first; what cannot be had
 * together is paid for; and a wish dearer than the best model found is above what is paid must hold.
 */
import type { Weights } from './engine';
import { OutOfTime, within, type Limit } from './limit';
import type { Solver } from './solver';

/** Conflicts that making one core smaller, or one model better, may take; the size up to which cores are made minimal. */
const CORE_CONFLICTS = 1000;
const BETTER_CONFLICTS = 200;
const SMALL_CORE = 40;
/** A step from one stratum to the next divides the least weight asked for. */
const STEP = 4;
/** How much of the limit making the best model better may take besides. */
const BETTER_SHARE = 0.25;

type Holds = (literal: number) => boolean;

export interface Lightest {
  /** Of the best model found; null where none was. */
  readonly holds: Holds | null;
  /** What no model weighs less than. */
  readonly atLeast: number;
  readonly proven: boolean;
}

/** A lightest model, of those the first by what `ties` likes, in this order; clauses stay in the solver. */
export function lightestBy(solver: Solver, weights: Weights, limit: Limit, ties: () => readonly number[] = () => []): Lightest {
  const search = new Search(solver, weights, limit);
  try {
    if (!search.starts()) return { holds: null, atLeast: 0, proven: true };
    search.run();
    search.firstBy(ties());
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    search.better(limit.more(BETTER_SHARE));
    return { holds: search.best, atLeast: search.atLeast, proven: false };
  }
  return { holds: search.best, atLeast: search.atLeast, proven: true };
}

class Search {
  best: Holds | null = null;
  private readonly asked: ReadonlyMap<number, number>;
  private readonly wishes: Map<number, number>;
  private readonly free: number;
  private paid = 0;
  private cost = Infinity;
  /** The variables before any that the search makes. */
  private readonly named: readonly number[];

  constructor(private readonly solver: Solver, weights: Weights, private readonly limit: Limit) {
    ({ wishes: this.asked, free: this.free } = wishesOf(weights));
    this.wishes = new Map(this.asked);
    this.named = Array.from({ length: solver.variables }, (_, at) => at + 1);
  }

  get atLeast(): number {
    return this.free + this.paid;
  }

  starts(): boolean {
    for (const wish of this.asked.keys()) this.solver.prefer(wish);
    if (!this.solver.solve([], [], this.limit)) return false;
    this.took();
    return true;
  }

  /** Search until every model that is left is a lightest one. */
  run(): void {
    this.payForRivals();
    let least = Math.max(0, ...this.wishes.values());
    for (;;) {
      const wanted = this.byWeight([...this.wishes].filter(([, weight]) => weight >= least).map(([wish]) => wish));
      if (!this.solver.solve(wanted, [], this.limit)) {
        this.relax(this.smaller(this.solver.core));
        this.settle();
        continue;
      }
      this.took();
      const lighter = [...this.wishes.values()].filter((weight) => weight < least);
      if (lighter.length === 0) return;
      least = Math.min(Math.max(...lighter), Math.max(Math.floor(least / STEP), Math.min(...lighter)));
    }
  }

  firstBy(liked: readonly number[]): void {
    if (liked.length === 0) return;
    this.solver.solve([...this.wishes.keys()], liked, this.limit);
    this.best = this.solver.snapshot();
  }

  /** One wish more, and one more, for which only such are given up as weigh less together; the dearest first. */
  better(limit: Limit): void {
    const dearest = [...this.asked].sort(([a, one], [b, other]) => other - one || a - b);
    for (let before = NaN; this.best && this.cost !== before; ) {
      before = this.cost;
      for (const [wish, price] of dearest) if (!this.swapFor(wish, price, limit)) return;
    }
  }

  /** All else stays as in the best model, but for what the wish rules out: first what nobody wished for. False at the limit. */
  private swapFor(wish: number, price: number, limit: Limit): boolean {
    const best = this.best as Holds;
    const fixed = new Set(this.named.map((variable) => (best(variable) ? variable : -variable)).filter((literal) => literal !== -wish));
    for (let room = fixed.has(wish) ? 0 : price; room > 0; ) {
      if (limit.isOver) return false;
      const found = within(() => this.solver.solve([wish, ...fixed], [], limit.part(BETTER_CONFLICTS)));
      if (found) this.took();
      const rivals = found === false ? this.solver.core.filter((one) => fixed.has(one)) : [];
      const [first] = rivals.sort((a, b) => this.price(a) - this.price(b) || a - b);
      if (first === undefined) break;
      const cheapest = this.price(first);
      for (const one of cheapest > 0 ? [first] : rivals) if (this.price(one) === cheapest) fixed.delete(one);
      room -= cheapest;
    }
    return true;
  }

  private price(literal: number): number {
    return this.asked.get(literal) ?? 0;
  }

  /** The solver has a model; it is kept when it is the lightest so far. */
  private took(): void {
    let cost = 0;
    for (const [wish, weight] of this.asked) if (!this.solver.holds(wish)) cost += weight;
    if (cost >= this.cost) return;
    this.cost = cost;
    this.best = this.solver.snapshot();
    this.settle();
  }

  /** A wish that no model as light as the best can miss must hold. */
  private settle(): void {
    for (const [wish, weight] of [...this.wishes]) {
      if (weight <= this.cost - this.paid) continue;
      this.solver.add([wish]);
      this.wishes.delete(wish);
    }
  }

  /** Wishes of which at most one can hold: all but one are paid for. */
  private payForRivals(): void {
    const rivals = this.rivals();
    const used = new Set<number>();
    const of = (wish: number): ReadonlySet<number> => rivals.get(wish) as Set<number>;
    for (const wish of this.byWeight(rivals.keys())) {
      if (used.has(wish)) continue;
      const group = [wish];
      for (const other of [...of(wish)].sort((a, b) => of(a).size - of(b).size || a - b)) {
        if (!used.has(other) && group.every((one) => of(one).has(other))) group.push(other);
      }
      for (const one of group) used.add(one);
      this.payAllButOne(group);
    }
    this.settle();
  }

  private rivals(): Map<number, Set<number>> {
    const rivals = new Map([...this.wishes.keys()].map((wish) => [wish, new Set<number>()] as const));
    for (const [wish, own] of rivals) {
      if (this.limit.isOver) throw new OutOfTime();
      for (const literal of this.solver.follows(wish)) {
        const other = rivals.get(-literal);
        if (!other || -literal === wish) continue;
        own.add(-literal);
        other.add(wish);
      }
    }
    return rivals;
  }

  private payAllButOne(all: readonly number[]): void {
    for (let group = all; group.length > 1; group = group.filter((wish) => this.wishes.has(wish))) {
      const weight = Math.min(...group.map((wish) => this.weight(wish)));
      this.pay(group, weight, group.length - 1);
      const one = this.solver.variable();
      this.solver.add([-one, ...group]);
      this.wishes.set(one, weight);
    }
  }

  /** Not all of the core can hold: pay for one that does not, and wish that no second one fails. */
  private relax(core: readonly number[]): void {
    const weight = Math.min(...core.map((wish) => this.weight(wish)));
    this.pay(core, weight, 1);
    this.solver.add(core.map((wish) => -wish));
    let failed = -(core[core.length - 1] as number); // implied when some wish after the one looked at fails
    for (let at = core.length - 2; at >= 0; at -= 1) {
      const wish = core[at] as number;
      const alone = this.solver.variable();
      this.solver.add([-alone, wish, -failed]);
      this.solver.add([alone, -wish]);
      this.solver.add([alone, failed]);
      this.wishes.set(alone, weight);
      if (at === 0) return;
      const some = this.solver.variable();
      this.solver.add([some, wish]);
      this.solver.add([some, -failed]);
      failed = some;
    }
  }

  private pay(wishes: readonly number[], weight: number, times: number): void {
    this.paid += weight * times;
    for (const wish of wishes) {
      const left = this.weight(wish) - weight;
      if (left > 0) this.wishes.set(wish, left);
      else this.wishes.delete(wish);
    }
  }

  /** A core without what it can easily do without, the lightest first: a large one costs more later. */
  private smaller(found: readonly number[]): readonly number[] {
    let core = found;
    for (let before = Infinity; core.length > 1 && core.length < before; ) {
      before = core.length;
      core = this.coreOf(this.byWeight(core).reverse()) ?? core;
    }
    if (core.length > SMALL_CORE) return core;
    for (const wish of this.byWeight(core).reverse()) {
      if (core.length > 1 && core.includes(wish)) core = this.coreOf(core.filter((one) => one !== wish)) ?? core;
    }
    return core;
  }

  private coreOf(wishes: readonly number[]): readonly number[] | null {
    if (this.limit.isOver) throw new OutOfTime();
    return within(() => this.solver.solve(wishes, [], this.limit.part(CORE_CONFLICTS))) === false ? this.solver.core : null;
  }

  private weight(wish: number): number {
    return this.wishes.get(wish) as number;
  }

  private byWeight(wishes: Iterable<number>): number[] {
    return [...wishes].sort((a, b) => this.weight(b) - this.weight(a) || a - b);
  }
}

/** Literals that should hold with what it costs when they do not; and what all weigh when all of these hold. */
function wishesOf(weights: Weights): { wishes: Map<number, number>; free: number } {
  const by = new Map<number, number>();
  for (const [literal, weight] of weights) by.set(literal, (by.get(literal) ?? 0) + weight);
  const wishes = new Map<number, number>();
  let free = 0;
  for (const [literal, weight] of by) {
    if (literal < 0 && by.has(-literal)) continue;
    const other = by.get(-literal) ?? 0;
    free += Math.min(weight, other);
    if (weight !== other) wishes.set(weight > other ? -literal : literal, Math.abs(weight - other));
  }
  return { wishes, free };
}
