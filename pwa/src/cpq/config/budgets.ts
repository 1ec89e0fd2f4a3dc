/** Additive budgets: what they range over, and what they are limited to. `app/cpq/budgets.py` says what every member means. */
import { domains, effectiveInTime } from './domains';
import type { Weights } from './engine';
import { kept, leftOut, type Kept, type Model } from './model';
import type { Budget, BudgetRange, Choice, Domains } from './types';

export function budgetRanges(model: Model, choices: readonly Choice[]): BudgetRange[] {
  return rangesOf(model, effectiveInTime(model, kept(model, choices)), domains(model, choices));
}

/** Ranges over the configurations of the rules that keep the effective choices (null: there is no configuration). */
export function rangesOf(model: Model, effective: readonly Kept[] | null, found: Domains): BudgetRange[] {
  const forbidden = effective?.flatMap((choice) => leftOut(model, choice)) ?? [];
  const limit = model.answers.begin();
  return model.budgets.map((budget) => {
    const use = useOf(model, budget);
    const least = effective && model.answers.least(use, 1, forbidden, limit);
    const most = effective && model.answers.least(use, -1, forbidden, limit);
    const atLeast = limitOf(budget, 'min', found, effective, model);
    return {
      id: budget.id,
      unit: budget.unit,
      min: least === null ? null : decimalText(budget.base + least.sum, budget.scale),
      max: most === null ? null : decimalText(budget.base - most.sum, budget.scale),
      limit: limitOf(budget, 'max', found, effective, model),
      ...(atLeast !== null && { atLeast }),
      ...((least?.proven === false || most?.proven === false) && { unproven: true as const }),
    };
  });
}

/** The weights of a budget with the limits that features give added back. */
function useOf(model: Model, budget: Budget): Weights {
  const limits = Object.values(budget.limit_of ?? {}).flatMap(({ feature, values }) =>
    Object.entries(values).map(([value, limit]) => [model.slotLiteral[model.slot(feature, value)] as number, limit] as const));
  return limits.length > 0 ? [...budget.weights, ...limits] : budget.weights;
}

/** The greatest maximum or least minimum that is still possible; null where there is none. */
function limitOf(budget: Budget, side: 'max' | 'min', found: Domains, effective: readonly Kept[] | null, model: Model): string | null {
  const fixed = budget[side] === undefined ? null : decimalText(budget[side], budget.scale);
  const given = budget.limit_of?.[side];
  if (!given) return fixed;
  const at = model.feature(given.feature);
  const own = effective?.find(({ feature, single }) => feature === at && single)?.choice.values;
  const limits = (own ?? found.features[at]?.valid ?? []).flatMap((value) => given.values[value] ?? []);
  if (limits.length === 0) return fixed;
  return decimalText(side === 'max' ? Math.max(...limits) : Math.min(...limits), budget.scale);
}

/** `value · 10^−scale` without trailing zeros and without a negative zero: 31500 at scale 3 is "31.5". */
export function decimalText(value: number, scale: number): string {
  const digits = String(Math.abs(value)).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const part = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${value < 0 ? '-' : ''}${whole}${part && `.${part}`}`;
}
