/**
 * What SAT answers where a model is above the gate. Every model that is found proves all of its values, so that a sweep of the
 * domains asks few questions. Every question has a limit (`limit.ts`): what is not decided by then is shown as possible and named as
 * unproven; of the lightest configuration the best known is the answer.
 */
import type { Answer, Engine, Least, Question, Valid, Weights } from './engine';
import { lightestBy } from './lightest';
import { Limit, within } from './limit';
import { leftOut, type Bound, type Kept, type Model } from './model';
import { Solver } from './solver';

/** How many models are remembered from one click to the next. */
const REMEMBERED = 256;
/** Conflicts after which a value has to wait until the others were looked at. */
const AT_ONCE = 200;

export class SatEngine implements Engine {
  private bounded: Solver | undefined;
  /** By slot, whether a configuration that was found has it; each still holds as long as the choices keep it. */
  private readonly found: Uint8Array[] = [];
  private oldest = 0;

  constructor(private readonly model: Model, private readonly limitOfOne: () => Limit = () => new Limit()) {}

  valid(choices: readonly Kept[]): Valid | null {
    const { model } = this;
    const limit = this.limitOfOne();
    const solver = (this.bounded ??= this.filled(model.bounds));
    const slots = new Uint8Array(model.slotLiteral.length);
    const out = choices.flatMap((choice) => model.slotsOf(choice.feature).filter((slot) => !choice.allowed.has(slot)));
    for (const one of this.found) if (!out.some((slot) => one[slot])) join(slots, one);
    const wanted = out.map((slot) => -(model.slotLiteral[slot] as number));
    if (!slots.includes(1) && within(() => this.finds(solver, wanted, slots, limit)) === false) return null;
    const implied = new Set(solver.implied(wanted));
    const single = new Map(choices.filter((choice) => choice.single).map(({ feature, allowed }) => [feature, allowed]));
    const open = model.features.flatMap((_, at) => [...(single.get(at) ?? model.slotsOf(at))]);
    const unproven = this.sweep(solver, wanted, open.filter((slot) => !implied.has(-(model.slotLiteral[slot] as number))), slots, limit);
    for (const choice of choices) if (choice.single) unproven.push(...this.seeInstead(solver, choice, choices, slots, limit));
    for (const slot of unproven) slots[slot] = 1;
    return { slots, unproven: unproven.sort((a, b) => a - b) };
  }

  /** See which of the values that are open can be had; those are returned that were not decided within the limit. */
  private sweep(solver: Solver, wanted: readonly number[], open: readonly number[], slots: Uint8Array, limit: Limit): number[] {
    const late: number[] = [];
    let left = open.filter((slot) => !slots[slot]);
    while (left.length > 0) {
      // What nobody has proved yet is tried first, so that a model proves much at once.
      const [literal, ...others] = left.map((slot) => this.model.slotLiteral[slot] as number) as [number, ...number[]];
      const found = within(() => this.finds(solver, [...wanted, literal], slots, limit.part(AT_ONCE), others));
      if (found === null) late.push(left[0] as number);
      else if (!found && wanted.length === 0) solver.add([-literal]);
      left = left.filter((slot, at) => at > 0 && !slots[slot]);
    }
    return late.filter((slot) => {
      if (slots[slot]) return false;
      return within(() => this.finds(solver, [...wanted, this.model.slotLiteral[slot] as number], slots, limit)) === null;
    });
  }

  /** The values that could replace a single choice; those are returned that were not decided within the limit. */
  private seeInstead(solver: Solver, { feature, allowed }: Kept, choices: readonly Kept[], slots: Uint8Array, limit: Limit): number[] {
    const others = choices.filter((choice) => choice.feature !== feature).flatMap((choice) => leftOut(this.model, choice));
    const wanted = others.map((literal) => -literal);
    const none = new Uint8Array(slots.length);
    return this.model.slotsOf(feature).filter((slot) => {
      if (allowed.has(slot)) return false;
      const found = within(() => this.finds(solver, [...wanted, this.model.slotLiteral[slot] as number], none, limit));
      if (found) slots[slot] = 1;
      return found === null;
    });
  }

  /** Look for a configuration; it speaks for each of its values. Throws OutOfTime. */
  private finds(solver: Solver, wanted: readonly number[], slots: Uint8Array, limit: Limit, liked: readonly number[] = []): boolean {
    if (!solver.solve(wanted, liked, limit)) return false;
    const one = new Uint8Array(slots.length);
    for (let slot = 0; slot < one.length; slot += 1) one[slot] = solver.holds(this.model.slotLiteral[slot] as number) ? 1 : 0;
    this.found[this.oldest] = one;
    this.oldest = (this.oldest + 1) % REMEMBERED;
    join(slots, one);
    return true;
  }

  begin(): Limit {
    return this.limitOfOne();
  }

  any(forbidden: readonly number[], bounds: readonly Bound[]): Answer {
    return this.lightest({ forbidden, weight: [], ties: [], bounds });
  }

  least(weights: Weights, sign: 1 | -1, forbidden: readonly number[], limit = this.limitOfOne()): Least | null {
    const weight = weights.map(([literal, one]) => [literal, sign * one] as const);
    const { holds, atLeast, proven } = lightestBy(this.filled([], forbidden), weight, limit);
    return !holds && proven ? null : { sum: atLeast, proven };
  }

  count(): null {
    return null;
  }

  lightest({ forbidden, weight, ties, bounds }: Question): Answer {
    const solver = this.filled(bounds, forbidden);
    return lightestBy(solver, weight, this.limitOfOne(), () => ties.flatMap((tie) => likes(solver, tie)));
  }

  private filled(bounds: readonly Bound[], forbidden: readonly number[] = []): Solver {
    const { clauses: { start, literals, rule }, header } = this.model;
    const solver = new Solver(header.variables);
    for (let at = 0; at < rule.length; at += 1) solver.add(literals.subarray(start[at], start[at + 1]));
    for (const { budget, sign, most } of bounds) addBound(solver, budget.weights.map(([literal, weight]) => [literal, sign * weight] as const), most);
    for (const literal of forbidden) solver.add([-literal]);
    return solver;
  }
}

function join(slots: Uint8Array, more: Uint8Array): void {
  for (let slot = 0; slot < slots.length; slot += 1) if (more[slot]) slots[slot] = 1;
}

/** Weights below 0 are those of the opposite literal: w·x = w + |w|·(not x). */
function positive(weights: Weights): { terms: [number, number][]; constant: number } {
  let constant = 0;
  const by = new Map<number, number>();
  for (const [literal, weight] of weights) {
    const own = weight < 0 ? -literal : literal;
    if (weight < 0) constant += weight;
    if (weight !== 0) by.set(own, (by.get(own) ?? 0) + Math.abs(weight));
  }
  return { terms: [...by], constant };
}

function addBound(solver: Solver, weights: Weights, most: number): void {
  const { terms, constant } = positive(weights);
  solver.addSum(terms, most - constant);
}

/** Literals to be tried in turn so that a row of small weights becomes least. */
function likes(solver: Solver, tie: Weights): number[] {
  const sizes = [...new Set([0, ...tie.map(([, weight]) => weight)])].sort((a, b) => a - b);
  return sizes.slice(0, -1).map((size) => {
    const heavier = tie.filter(([, weight]) => weight > size).map(([literal]) => literal);
    if (heavier.length === 1) return -(heavier[0] as number);
    const light = solver.variable();
    for (const literal of heavier) solver.add([-light, -literal]);
    return light;
  });
}
