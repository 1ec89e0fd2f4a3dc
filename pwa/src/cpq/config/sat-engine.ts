/**
 * What SAT answers where a model is above the gate. Every model that is found proves all of its values, so that a sweep of the
 * domains asks few questions. The lightest configuration is found by its cores (Narodytska, Bacchus, "Maximum Satisfiability Using
 * Core-Guided MaxSAT Resolution", 2014), ties by trying what is liked better first.
 */
import type { Answer, Engine, Question, Valid, Weights } from './engine';
import { leftOut, type Bound, type Kept, type Model } from './model';
import { Solver } from './solver';

/** How many models are remembered from one click to the next. */
const REMEMBERED = 256;

export class SatEngine implements Engine {
  private bounded: Solver | undefined;
  /** By slot, whether a configuration that was found has it; each still holds as long as the choices keep it. */
  private readonly found: Uint8Array[] = [];
  private oldest = 0;

  constructor(private readonly model: Model) {}

  valid(choices: readonly Kept[]): Valid | null {
    const { model } = this;
    const solver = (this.bounded ??= this.filled(model.bounds));
    const slots = new Uint8Array(model.slotLiteral.length);
    const out = choices.flatMap((choice) => model.slotsOf(choice.feature).filter((slot) => !choice.allowed.has(slot)));
    for (const one of this.found) if (!out.some((slot) => one[slot])) join(slots, one);
    const wanted = out.map((slot) => -(model.slotLiteral[slot] as number));
    if (!slots.includes(1) && !this.finds(solver, wanted, slots)) return null;
    const implied = new Set(solver.implied(wanted));
    const single = new Set(choices.filter((choice) => choice.single).map(({ feature }) => feature));
    const open = model.features.flatMap((_, at) => (single.has(at) ? [] : model.slotsOf(at)));
    let left = open.filter((slot) => !slots[slot] && !implied.has(-(model.slotLiteral[slot] as number)));
    while (left.length > 0) {
      // What nobody has proved yet is tried first, so that a model proves much at once.
      const [literal, ...others] = left.map((slot) => model.slotLiteral[slot] as number) as [number, ...number[]];
      const found = this.finds(solver, [...wanted, literal], slots, others);
      if (!found && wanted.length === 0) solver.add([-literal]);
      left = left.filter((slot, at) => at > 0 && !slots[slot]);
    }
    for (const choice of choices) if (choice.single) this.seeInstead(solver, choice, choices, slots);
    return { slots, unproven: [] };
  }

  /** The values that could replace a single choice. */
  private seeInstead(solver: Solver, { feature, allowed }: Kept, choices: readonly Kept[], slots: Uint8Array): void {
    const others = choices.filter((choice) => choice.feature !== feature).flatMap((choice) => leftOut(this.model, choice));
    const wanted = others.map((literal) => -literal);
    const none = new Uint8Array(slots.length);
    for (const slot of this.model.slotsOf(feature)) {
      if (!allowed.has(slot) && this.finds(solver, [...wanted, this.model.slotLiteral[slot] as number], none)) slots[slot] = 1;
    }
  }

  /** Look for a configuration; it speaks for each of its values. */
  private finds(solver: Solver, wanted: readonly number[], slots: Uint8Array, liked: readonly number[] = []): boolean {
    if (!solver.solve(wanted, liked)) return false;
    const one = new Uint8Array(slots.length);
    for (let slot = 0; slot < one.length; slot += 1) one[slot] = solver.holds(this.model.slotLiteral[slot] as number) ? 1 : 0;
    this.found[this.oldest] = one;
    this.oldest = (this.oldest + 1) % REMEMBERED;
    join(slots, one);
    return true;
  }

  any(forbidden: readonly number[], bounds: readonly Bound[]): Answer {
    return this.lightest({ forbidden, weight: [], ties: [], bounds });
  }

  least(weights: Weights, sign: 1 | -1, forbidden: readonly number[]): number | null {
    const weight = weights.map(([literal, one]) => [literal, sign * one] as const);
    const { holds } = this.lightest({ forbidden, weight, ties: [], bounds: [] });
    return holds && weight.reduce((sum, [literal, one]) => sum + (holds(literal) ? one : 0), 0);
  }

  count(): null {
    return null;
  }

  lightest({ forbidden, weight, ties, bounds }: Question): Answer {
    const solver = this.filled(bounds);
    for (const literal of forbidden) solver.add([-literal]);
    const holding = lightestBy(solver, weight);
    if (!holding) return { holds: null, proven: true };
    if (ties.length > 0) solver.solve(holding, ties.flatMap((tie) => likes(solver, tie)));
    return { holds: (literal) => solver.holds(literal), proven: true };
  }

  private filled(bounds: readonly Bound[]): Solver {
    const { clauses: { start, literals, rule }, header } = this.model;
    const solver = new Solver(header.variables);
    for (let at = 0; at < rule.length; at += 1) solver.add(literals.subarray(start[at], start[at + 1]));
    for (const { budget, sign, most } of bounds) addBound(solver, budget.weights.map(([literal, weight]) => [literal, sign * weight] as const), most);
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

/** Literals under which every model is a lightest one; null where there is none. Afterwards the solver knows such a model. */
function lightestBy(solver: Solver, weights: Weights): number[] | null {
  const soft = new Map(positive(weights).terms.map(([literal, weight]) => [-literal, weight]));
  for (;;) {
    let least = Math.max(0, ...soft.values());
    for (;;) {
      const wanted = [...soft].filter(([, weight]) => weight >= least).map(([literal]) => literal);
      if (!solver.solve(wanted)) break;
      if (wanted.length === soft.size) return wanted;
      const lighter = [...soft.values()].filter((weight) => weight < least);
      least = Math.min(Math.max(...lighter), Math.max(least / 4, Math.min(...lighter)));
    }
    if (solver.core.length === 0) return null;
    relax(solver, soft, minimal(solver, solver.core));
  }
}

/** Cores up to this size are made minimal, one literal after the other. */
const SMALL_CORE = 40;

/** A core without what it can do without: large ones cost much more later than it costs to make them small. */
function minimal(solver: Solver, found: readonly number[]): readonly number[] {
  let core = found;
  for (let before = Infinity; core.length > 1 && core.length < before; ) {
    before = core.length;
    if (!solver.solve([...core].reverse())) core = solver.core;
  }
  if (core.length > SMALL_CORE) return core;
  for (const literal of [...core]) {
    if (core.length === 1 || !core.includes(literal)) continue;
    const rest = core.filter((one) => one !== literal);
    if (!solver.solve(rest)) core = solver.core;
  }
  return core;
}

/** Not all literals of the core can hold: pay its least weight for one that does not, and ask that no second one fails. */
function relax(solver: Solver, soft: Map<number, number>, core: readonly number[]): void {
  const weight = Math.min(...core.map((literal) => soft.get(literal) as number));
  for (const literal of core) {
    const left = (soft.get(literal) as number) - weight;
    if (left > 0) soft.set(literal, left);
    else soft.delete(literal);
  }
  solver.add(core.map((literal) => -literal));
  for (let at = 0, rest = 0; at < core.length - 1; at += 1) {
    // rest: some literal after this one fails; both: this one fails and some after it
    const here = core[core.length - 1 - at] as number;
    const next = core[core.length - 2 - at] as number;
    const some = at === 0 ? -here : solver.variable();
    if (at > 0) {
      solver.add([some, here]);
      solver.add([some, -rest]);
    }
    rest = some;
    const alone = solver.variable();
    solver.add([-alone, next, -rest]);
    solver.add([alone, -next]);
    solver.add([alone, rest]);
    soft.set(alone, (soft.get(alone) ?? 0) + weight);
  }
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
