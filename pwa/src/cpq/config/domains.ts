/** What is still possible, and the JSON of an evaluation. `app/cpq/domains.py` says what every member means. */
import { rangesOf } from './budgets';
import { CpqError } from './errors';
import { fewestToGiveUp } from './explain';
import { kept, leftOut, type Kept, type Model } from './model';
import type { Choice, Domains, Evaluation, Feature, FeatureDomain } from './types';

/** The choices that count, those of them that are in effect, and what is valid with them (null: there is no configuration at all). */
interface State {
  readonly all: readonly Kept[];
  readonly effective: readonly Kept[];
  readonly slots: Uint8Array | null;
  readonly unproven: readonly number[];
}

function stateOf(model: Model, choices: readonly Choice[]): State {
  const all = kept(model, choices);
  const valid = model.answers.valid(all);
  if (valid) return { all, effective: all, ...valid };
  const effective = effectiveInTime(model, all);
  const rest = effective ? model.answers.valid(effective) : null;
  return { all, effective: effective ?? [], slots: rest?.slots ?? null, unproven: rest?.unproven ?? [] };
}

/** Choices without those that have to be given up; null where there is no configuration at all. */
export function effectiveOf(model: Model, all: readonly Kept[]): readonly Kept[] | null {
  // What contradicts nothing is known sooner than that nothing lighter can be given up.
  if (model.engine === 'diagram' && model.answers.valid(all)) return all;
  const conflicts = fewestToGiveUp(model, all, []);
  return conflicts && all.filter((choice) => !conflicts.given.includes(choice));
}

/** As `effectiveOf`; null also where the search ended before it knew any configuration. */
export function effectiveInTime(model: Model, all: readonly Kept[]): readonly Kept[] | null {
  try {
    return effectiveOf(model, all);
  } catch (error) {
    if (error instanceof CpqError) return null;
    throw error;
  }
}

export function domains(model: Model, choices: readonly Choice[]): Domains {
  return domainsOf(model, stateOf(model, choices));
}

function domainsOf(model: Model, state: State): Domains {
  const { all, effective, slots, unproven } = state;
  const consistent = slots !== null && effective.length === all.length;
  const choiceOf = new Map(all.map((one) => [one.feature, one]));
  const inEffect = new Map(effective.map((one) => [one.feature, one]));
  let complete = consistent;
  const features = model.features.map((feature, at): FeatureDomain => {
    const valid = validOf(model, feature, at, slots);
    const chosen = choiceOf.get(at)?.choice.values;
    const fixed = inEffect.get(at)?.single ?? false;
    if (!fixed && valid.length !== 1) complete = false;
    return { feature: feature.id, valid, ...(chosen && { chosen }), ...(!fixed && valid.length === 1 && { forced: valid[0] as string }) };
  });
  const count = once(() => countOf(model, all));
  const exact = once(() => areWaysExact(model, all));
  return {
    engine: model.engine, features, consistent, complete,
    conflicts: slots ? all.filter((one) => inEffect.get(one.feature) !== one).map(({ choice }) => choice.feature) : all.map(({ choice }) => choice.feature),
    unproven: unproven.map((slot) => nameOf(model, slot)),
    get ways() {
      return count();
    },
    get waysExact() {
      return exact();
    },
  };
}

const countOf = (model: Model, all: readonly Kept[]): bigint | null => model.answers.count(all.flatMap((choice) => leftOut(model, choice)));

function validOf(model: Model, feature: Feature, at: number, slots: Uint8Array | null): string[] {
  const start = model.slotStart[at] as number;
  return slots ? feature.values.filter((_, place) => slots[start + place]).map(({ id }) => id) : [];
}

function nameOf(model: Model, slot: number): { feature: string; value: string } {
  const at = model.features.findIndex((_, place) => slot < (model.slotStart[place + 1] as number));
  const feature = model.features[at] as Feature;
  return { feature: feature.id, value: feature.values[slot - (model.slotStart[at] as number)]?.id as string };
}

/** How many configurations of the rules keep the choices, budgets not counted; null by SAT. */
export function ways(model: Model, choices: readonly Choice[]): bigint | null {
  return countOf(model, kept(model, choices));
}

/** Whether no configuration of the rules that keeps the choices breaks a budget. */
function areWaysExact(model: Model, all: readonly Kept[]): boolean {
  if (model.engine === 'sat') return model.bounds.length === 0;
  const forbidden = all.flatMap((choice) => leftOut(model, choice));
  return model.bounds.every(({ budget, sign, most }) => {
    const least = model.answers.least(budget.weights, sign === 1 ? -1 : 1, forbidden);
    return least === null || -least.sum <= most;
  });
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

export function evaluate(model: Model, choices: readonly Choice[]): Evaluation {
  const state = stateOf(model, choices);
  const found = domainsOf(model, state);
  const ranges = rangesOf(model, state.slots ? state.effective : null, found);
  return {
    engine: found.engine,
    consistent: found.consistent,
    complete: found.complete,
    ways: found.ways === null ? null : String(found.ways),
    ways_exact: found.waysExact,
    features: Object.fromEntries(
      found.features.map(({ feature, valid, chosen, forced }) => [
        feature,
        { valid: [...valid], ...(chosen && { chosen: chosen.length === 1 ? (chosen[0] as string) : [...chosen] }), ...(forced !== undefined && { forced }) },
      ]),
    ),
    budgets: Object.fromEntries(
      ranges.map(({ id, min, max, limit, unit, atLeast, unproven }) =>
        [id, { min, max, limit, unit, ...(atLeast !== undefined && { at_least: atLeast }), ...(unproven && { unproven }) }]),
    ),
    ...(found.conflicts.length > 0 && { conflicts: [...found.conflicts] }),
    ...(found.unproven.length > 0 && { unproven: grouped(found.unproven) }),
  };
}

function grouped(pairs: readonly { feature: string; value: string }[]): Record<string, string[]> {
  const by: Record<string, string[]> = {};
  for (const { feature, value } of pairs) (by[feature] ??= []).push(value);
  return by;
}
