/** One product being configured: the model, what was chosen, and what follows from it. Pure but for the loading of models. */
import {
  budgetRanges, completion, CpqError, domains, explain, loadModel, NeverPossible, take,
  type BudgetRange, type Choice, type Domains, type Explanation, type FeatureDomain, type Model, type Objective,
} from '../cpq/config';
import { signal, type Signal } from '@preact/signals';
import type { QuoteLine } from '../cpq/quote';
import type { KeptCatalogue } from '../store/database';
import { phone } from '../store/state';
import { valueName, type Feature, type Product } from './document';
import type { Working } from './reads';

export type Loading = { model: Model; problem?: undefined } | { model?: undefined; problem: string } | null;

const models = new Map<string, Signal<Loading>>();
phone.forgotten.subscribe(() => models.clear());

/** The compiled model of a product; null while it is being read. */
export function modelOf(kept: KeptCatalogue, sku: string): Signal<Loading> {
  const key = `${kept.hash} ${sku}`;
  const found = models.get(key);
  if (found) return found;
  const bytes = kept.models[sku];
  const loading = signal<Loading>(bytes ? null : { problem: `${sku} has no compiled model in this catalogue.` });
  models.set(key, loading);
  if (bytes) {
    loadModel(bytes).then(
      (model) => (loading.value = { model }),
      (error: unknown) => (loading.value = { problem: error instanceof Error ? error.message : String(error) }),
    );
  }
  return loading;
}

/** The choices of a line as the engine takes them: what questions narrowed first, then what was chosen, in the order made. */
export const choicesOf = (line: QuoteLine, narrowed: Working['narrowed']): Choice[] => {
  const chosen = (line.choices ?? []).map(({ feature, value }) => ({ feature, values: [value] }));
  return [...(narrowed?.[line.id] ?? []).filter(({ feature }) => !chosen.some((one) => one.feature === feature)), ...chosen];
};

/** The same, apart again: what is stored in the line, and what stays narrowed. */
export function apart(choices: readonly Choice[]): { choices: { feature: string; value: string }[]; narrowed: { feature: string; values: string[] }[] } {
  return {
    choices: choices.flatMap(({ feature, values }) => (values.length === 1 ? [{ feature, value: values[0] as string }] : [])),
    narrowed: choices.flatMap(({ feature, values }) => (values.length > 1 ? [{ feature, values: [...values] }] : [])),
  };
}

/** What is known of the configuration: chosen, or the only value left. Whole once one value is left of every feature. */
export function knownOf(state: Domains): Record<string, string> {
  return Object.fromEntries(state.features.flatMap((one) => {
    const value = onlyValue(one);
    return value === undefined ? [] : [[one.feature, value]];
  }));
}

export const onlyValue = ({ chosen, forced, valid }: FeatureDomain): string | undefined =>
  (chosen?.length === 1 ? chosen[0] : undefined) ?? forced ?? (valid.length === 1 ? valid[0] : undefined);

export interface Evaluated {
  choices: readonly Choice[];
  state: Domains;
  byFeature: ReadonlyMap<string, FeatureDomain>;
  /** every value of each feature, possible or not */
  values: ReadonlyMap<string, readonly string[]>;
  budgets: readonly BudgetRange[];
}

export function evaluated(model: Model, choices: readonly Choice[]): Evaluated {
  const state = domains(model, choices);
  const values = new Map(model.features.map(({ id, values }) => [id, values.map((one) => one.id)]));
  return { choices, state, values, byFeature: new Map(state.features.map((one) => [one.feature, one])), budgets: budgetRanges(model, choices) };
}

/** Why a value is excluded, in few words and in full. */
export interface Reason {
  /** `Needs cabinet B, 600 mm: swap 1` */
  short: string;
  explanation: Explanation | null;
  /** no configuration at all has it */
  never: boolean;
  /** rules at fault, in the catalogue's words */
  rules: { id: string; text: string }[];
  /** what would be given up, as names */
  give: string[];
}

export function reasonFor(model: Model, product: Product, choices: readonly Choice[], feature: string, value: string): Reason {
  try {
    const explanation = explain(model, choices, feature, value);
    const swap = take(model, choices, feature, value);
    const after = domains(model, swap.choices);
    const give = swap.givenUp.map((one) => nameOf(product, one.feature));
    return { short: shortOf(product, feature, swap.givenUp, after, explanation), explanation, never: false, rules: rulesOf(model, explanation.rules), give };
  } catch (error) {
    if (!(error instanceof CpqError)) throw error;
    if (!(error instanceof NeverPossible)) return { short: 'Not found out in the time there was', explanation: null, never: false, rules: [], give: [] };
    return { short: 'In no configuration', explanation: null, never: true, rules: rulesOf(model, error.rules), give: [] };
  }
}

function shortOf(product: Product, wanted: string, givenUp: readonly Choice[], after: Domains, { budgets, unproven }: Explanation): string {
  const [first] = givenUp;
  const swap = `swap ${givenUp.length}${unproven && givenUp.length > 1 ? ' or fewer' : ''}`;
  if (!first) return budgets.length ? 'Too much for a limit' : 'Excluded by a rule';
  const feature = featureOf(product, first.feature);
  const left = after.features.find((one) => one.feature === first.feature);
  const only = left && onlyValue(left);
  const was = first.values.map((one) => valueName(feature, one)).join(' or ');
  const more = givenUp.length > 1 ? ` and ${givenUp.length - 1} more` : '';
  // An answer had narrowed this very feature.
  if (first.feature === wanted) return `You answered ${lower(was)}${more}: ${swap}`;
  if (givenUp.length === 1 && only !== undefined) return `Needs ${lower(feature?.name ?? first.feature)} ${lower(valueName(feature, only))}: ${swap}`;
  return `Not with ${lower(feature?.name ?? first.feature)} ${lower(was)}${more}: ${swap}`;
}

/** Within a sentence: abbreviations and proper names keep their capitals. */
const lower = (name: string): string => (/^[A-ZÅÄÖ][a-zåäö]/.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name);

export const featureOf = (product: Product, id: string): Feature | undefined => product.features?.find((one) => one.id === id);
export const nameOf = (product: Product, feature: string): string => featureOf(product, feature)?.name ?? feature;

function rulesOf(model: Model, ids: readonly string[]): { id: string; text: string }[] {
  const texts = new Map(model.rules.map(({ id, text }) => [id, text]));
  return [...new Set(ids)].map((id) => ({ id, text: texts.get(id) ?? '' }));
}

/** Take a value, swapping what is in its way. */
export const taken = take;

/** An answer narrows a feature to several values: as little as possible is given up for it. */
export function narrowed(model: Model, choices: readonly Choice[], { feature, values }: Choice): { choices: readonly Choice[]; givenUp: readonly Choice[] } {
  if (values.length === 1) return take(model, choices, feature, values[0] as string);
  const rest = choices.filter((one) => one.feature !== feature);
  const plainly = [...rest, { feature, values }];
  if (domains(model, plainly).consistent) return { choices: plainly, givenUp: [] };
  const tries = values.flatMap((value) => {
    try {
      return [take(model, rest, feature, value)];
    } catch (error) {
      if (error instanceof NeverPossible) return [];
      throw error;
    }
  });
  const best = tries.sort((a, b) => a.givenUp.length - b.givenUp.length)[0];
  if (!best) throw new NeverPossible(feature, values.join(', '), []);
  return { givenUp: best.givenUp, choices: best.choices.map((one) => (one.feature === feature ? { feature, values } : one)) };
}

/** All open features decided by `objective`: the choices that make the configuration whole; `proven` where nothing is better. */
export function finished(model: Model, choices: readonly Choice[], objective: Objective): { choices: Choice[]; proven: boolean } {
  const { configuration, proven } = completion(model, choices, objective);
  const single = new Map(choices.filter(({ values }) => values.length === 1).map((one) => [one.feature, one]));
  const rest = Object.entries(configuration).filter(([feature]) => !single.has(feature)).map(([feature, value]) => ({ feature, values: [value] }));
  return { choices: [...single.values(), ...rest], proven };
}

const MANY = 1_000_000_000n;
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** `2,310`, and of what nobody counts `3.4 × 10¹⁸`. */
export function waysWords(ways: bigint): string {
  const digits = ways.toString();
  if (ways < MANY) return digits.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  const power = [...String(digits.length - 1)].map((one) => SUPERSCRIPTS[Number(one)]).join('');
  return `${digits[0]}.${digits[1]} × 10${power}`;
}
