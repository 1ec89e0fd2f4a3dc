/** What each value of a feature would add to the price of a line: priced by the engine itself, all values in one request. */
import type { Context, QuoteContent, QuoteLine } from '../cpq/quote';
import { onlyValue, type Evaluated } from './configuring';
import type { CatalogueDocument, Feature } from './document';
import { subtract } from './money';
import { netOf, pricingOf } from './pricing';

/** By feature and value, the difference to the line as it stands, one piece of it. Empty where the line cannot be priced. */
export function optionPrices(
  document: CatalogueDocument, content: QuoteContent, context: Context, line: QuoteLine, now: Evaluated, features: readonly Feature[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const known = line.configuration ?? {};
  const { discount: _, ramp: __, amends: ___, optional: ____, choices: _____, bundle: ______, ...plain } = line;
  const variants = features.flatMap(({ id: feature }) => valuesOf(now, feature).map((value) => ({ feature, value })));
  const lines = [known, ...variants.map(({ feature, value }) => ({ ...known, [feature]: value }))]
    .map((configuration, place) => ({ ...plain, id: `v${place}`, quantity: '1', configuration }));
  const { price } = pricingOf(document, { ...content, discounts: [], lines }, context);
  const found = new Map<string, Map<string, string>>();
  if (!price) return found;
  const base = netOf(price, 'v0');
  variants.forEach(({ feature, value }, place) => {
    const values = found.get(feature) ?? new Map<string, string>();
    found.set(feature, values.set(value, subtract(netOf(price, `v${place + 1}`), base)));
  });
  return found;
}

function valuesOf(now: Evaluated, feature: string): string[] {
  const domain = now.byFeature.get(feature);
  const only = domain && onlyValue(domain);
  return (now.values.get(feature) ?? []).filter((value) => value !== only);
}
