/**
 * Why a value is excluded, and the swap that takes it. `app/cpq/explain.py` says exactly which choices are given up and which rules
 * and budgets are at fault.
 */
import { decimalText } from './budgets';
import { CpqError, NeverPossible } from './errors';
import type { Weights } from './engine';
import { kept, leftOut, type Bound, type Kept, type Model } from './model';
import { rulesAtFault } from './rules';
import type { BudgetExcess, Choice, Explanation, Taken } from './types';

/** What to give up; perhaps not the fewest where that is not proven. */
interface GivenUp {
  readonly given: readonly Kept[];
  readonly proven: boolean;
}

/** A value that is asked for: what may not hold for it, and the choices that it has to get along with. */
interface Wanted {
  readonly feature: number;
  readonly forbidden: readonly number[];
  readonly all: readonly Kept[];
  readonly inQuestion: readonly Kept[];
}

export function explain(model: Model, choices: readonly Choice[], feature: string, value: string): Explanation {
  const wanted = wantedOf(model, choices, feature, value);
  const { given, proven } = giveUp(model, wanted, feature, value);
  if (given.length === 0) return { giveUp: [], rules: [], budgets: [] };
  const forbidden = [...wanted.forbidden, ...wanted.inQuestion.flatMap((one) => leftOut(model, one))];
  return { giveUp: given.map(({ choice }) => choice), ...atFault(model, forbidden), ...(!proven && { unproven: true as const }) };
}

/** Take a value; what contradicts it is given up. The choices that remain have a configuration, always. */
export function take(model: Model, choices: readonly Choice[], feature: string, value: string): Taken {
  const wanted = wantedOf(model, choices, feature, value);
  const { given, proven } = giveUp(model, wanted, feature, value);
  const stay = wanted.all.filter((one) => one.feature !== wanted.feature && !given.includes(one)).map(({ choice }) => choice);
  return { choices: [...stay, { feature, values: [value] }], givenUp: given.map(({ choice }) => choice), ...(!proven && { unproven: true as const }) };
}

function wantedOf(model: Model, choices: readonly Choice[], feature: string, value: string): Wanted {
  const all = kept(model, choices);
  const slot = model.slot(feature, value);
  const at = model.feature(feature);
  const forbidden = model.slotsOf(at).filter((one) => one !== slot).map((one) => model.slotLiteral[one] as number);
  const inQuestion = all.filter((one) => one.feature !== at || (!one.single && !one.allowed.has(slot)));
  return { feature: at, forbidden, all, inQuestion };
}

function giveUp(model: Model, { forbidden, inQuestion }: Wanted, feature: string, value: string): GivenUp {
  const found = fewestToGiveUp(model, inQuestion, forbidden);
  if (found) return found;
  const { rules, budgets } = atFault(model, forbidden);
  throw new NeverPossible(feature, value, rules, budgets);
}

/** The rules that exclude it; where they do not, the budgets. */
function atFault(model: Model, forbidden: readonly number[]): { rules: readonly string[]; budgets: readonly BudgetExcess[] } {
  const rules = rulesAtFault(model, forbidden);
  return rules ? { rules, budgets: [] } : { rules: [], budgets: budgetsAtFault(model, forbidden) };
}

/**
 * The fewest of the choices in question without which there is a configuration; of as many the newer ones. Null where there is none
 * even without all of them. Where the search was ended, choices that suffice, perhaps not the fewest.
 */
export function fewestToGiveUp(model: Model, inQuestion: readonly Kept[], forbidden: readonly number[]): GivenUp | null {
  const count = inQuestion.length;
  const out = inQuestion.map((one) => leftOut(model, one));
  const weight: Weights = inQuestion.flatMap((_, at) => {
    const cost = count * count + 1 + (count - at);
    return (out[at] as number[]).map((literal) => [literal, cost] as const);
  });
  const ties = out.map((literals): Weights => literals.map((literal) => [literal, 1]));
  const { holds, proven } = model.answers.lightest({ forbidden, weight, ties, bounds: model.bounds });
  if (!holds && !proven) throw new CpqError(`No configuration of ${model.header.product} was found in time.`);
  if (!holds) return null;
  const given = inQuestion.filter((_, at) => (out[at] as number[]).some(holds));
  // Nothing is fewer than none.
  return { given, proven: proven || given.length === 0 };
}

/** Bounds that cannot be kept, each by itself, or else the fewest that cannot be kept together. */
function budgetsAtFault(model: Model, forbidden: readonly number[]): BudgetExcess[] {
  const limit = model.answers.begin();
  const alone = model.bounds.flatMap((bound) => {
    const least = model.answers.least(bound.budget.weights, bound.sign, forbidden, limit);
    return least !== null && least.sum > bound.most ? [{ bound, by: least.sum - bound.most }] : [];
  });
  const faults = alone.length > 0 ? alone : together(model, forbidden).map((bound) => ({ bound, by: 0 }));
  const largest = new Map<string, { bound: Bound; by: number }>();
  for (const one of faults) {
    const before = largest.get(one.bound.budget.id);
    if (!before || before.by < one.by) largest.set(one.bound.budget.id, one);
  }
  return [...largest.values()].map(({ bound, by }) => ({ id: bound.budget.id, by: decimalText(by, bound.budget.scale) }));
}

function together(model: Model, forbidden: readonly number[]): readonly Bound[] {
  const impossible = (bounds: readonly Bound[]): boolean => {
    const { holds, proven } = model.answers.any(forbidden, bounds);
    return holds === null && proven;
  };
  let bounds = model.bounds;
  for (const bound of [...bounds].reverse()) {
    const others = bounds.filter((one) => one !== bound);
    if (impossible(others)) bounds = others;
  }
  return bounds;
}
