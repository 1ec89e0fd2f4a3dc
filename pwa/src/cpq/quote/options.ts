/** What was chosen on a line, and what each chosen value adds to the list price and to the cost. */

import type { Step } from '../price/types.ts';
import { named } from './deal.ts';
import { QuoteError } from './errors.ts';
import { Decimal, ZERO, number, own, plain } from './figures.ts';
import type { Entry, Feature, Product, QuoteLine } from './types.ts';

export type Chosen = [Feature, string][];

/** Feature and value, in the product's order: the complete configuration, or else the choices made so far. */
export function chosen(product: Product, line: QuoteLine, pointer: string): Chosen {
  const features = new Map(product.features?.map((feature) => [feature.id, feature]));
  const values = new Map<string, string>();
  line.choices?.forEach((choice, i) => {
    checkValue(features, product, choice.feature, choice.value, `${pointer}/choices/${i}`);
    values.set(choice.feature, choice.value);
  });
  for (const [feature, value] of Object.entries(line.configuration ?? {})) {
    checkValue(features, product, feature, value, `${pointer}/configuration/${feature}`);
    values.set(feature, value);
  }
  const found: Chosen = [];
  for (const [name, feature] of features) if (values.has(name)) found.push([feature, values.get(name)!]);
  return found;
}

function checkValue(features: Map<string, Feature>, product: Product, name: string, value: string, pointer: string): void {
  const feature = features.get(name);
  if (!feature) throw new QuoteError(pointer, `${product.sku} has no feature "${name}"`);
  if (!hasValue(feature, value)) throw new QuoteError(pointer, `"${name}" of ${product.sku} has no value "${value}"`);
}

function hasValue(feature: Feature, value: string): boolean {
  const kind = feature.type ?? 'choice';
  if (kind === 'boolean') return value === 'yes' || value === 'no';
  if (kind === 'choice') return Boolean(feature.values?.some((item) => item.id === value));
  if (!/^(?:0|-?[1-9][0-9]{0,13})$/.test(value)) return false;
  const [least, most, step] = [feature.min, feature.max, feature.step].map((bound) => Number(bound ?? 1)) as [number, number, number];
  return least <= Number(value) && Number(value) <= most && (Number(value) - least) % step === 0;
}

/** One list-price step for each chosen value that has a price. */
export function optionSteps(entry: Entry, values: Chosen): Step[] {
  const steps: Step[] = [];
  for (const [feature, value] of values) {
    const [price, reason] = priceOf(feature, value, own(entry.options, feature.id));
    if (!price.isZero())
      steps.push({
        id: `option.${feature.id}`,
        phase: 'list',
        scope: 'unit',
        adjustment: { type: 'per_unit', amount: plain(price) },
        reason,
        source: { type: 'option', id: `${feature.id}=${value}`, name: reason },
      });
  }
  return steps;
}

/** The entry's cost and those of the chosen values, for one unit; null when the entry has no cost. */
export function unitCost(entry: Entry, values: Chosen): Decimal | null {
  if (entry.cost === undefined || entry.cost === null) return null;
  let total = number(entry.cost, '');
  for (const [feature, value] of values) total = total.add(priceOf(feature, value, own(entry.option_costs, feature.id))[0]);
  return total;
}

const valueName = (feature: Feature, value: string): string =>
  named(feature.values?.find((item) => item.id === value) ?? { id: value });

/** The price of a value for one unit, and its words. */
function priceOf(feature: Feature, value: string, prices: unknown): [Decimal, string] {
  const kind = feature.type ?? 'choice';
  const table = prices as object | undefined;
  if (kind === 'integer') return priceOfCount(feature, value, table);
  let words = `${named(feature)}: ${valueName(feature, value)}`;
  if (kind === 'boolean') words = value === 'yes' ? named(feature) : `${named(feature)}: no`;
  return [number(own(table, value) ?? '0', ''), words];
}

/** `{each, included}`: nothing is given back for fewer than included. `{value: amount}` prices single values. */
function priceOfCount(feature: Feature, value: string, prices: object | undefined): [Decimal, string] {
  let words = `${named(feature)}: ${value}${feature.unit ? ` ${feature.unit}` : ''}`;
  const each = own(prices, 'each');
  if (each === undefined) return [number(own(prices, value) ?? '0', ''), words];
  const included = number(own(prices, 'included') ?? 0, '');
  const above = Decimal.max(ZERO, new Decimal(value).sub(included));
  if (!included.isZero()) words += `, ${plain(included)} included`;
  return [number(each, '').mul(above), words];
}
