/** What each value of a feature moves the price of a line by when it is taken, with all that it takes along: priced by the engine itself. */
import { CpqError, domains, type Model } from '../cpq/config';
import type { Context, QuoteContent } from '../cpq/quote';
import { knownOf, onlyValue, taken, type Evaluated } from './configuring';
import type { CatalogueDocument, Feature } from './document';
import { isZero, per, signed, subtract } from './money';
import { dueFirst, pricingOf, type QuotePrice } from './pricing';

/** By feature and value: `+ SEK 1,310.00`; empty where the price stays. */
export type OptionPrices = ReadonlyMap<string, ReadonlyMap<string, string>>;

interface Asked {
  document: CatalogueDocument;
  content: QuoteContent;
  context: Context;
  /** the id of the line */
  line: string;
  model: Model;
  now: Evaluated;
}

/**
 * The values of `features` one after the other; after each, all that is found so far. Nothing where the quote has no price, and of
 * a model that is searched: what a value takes along is not known there without a search for each.
 */
export function* optionPrices(asked: Asked, features: readonly Feature[]): Generator<OptionPrices> {
  const { document, content, context, model, now } = asked;
  const { price } = pricingOf(document, content, context);
  if (!price || model.engine === 'sat') return;
  const found = new Map<string, ReadonlyMap<string, string>>();
  for (const { id } of features) {
    const values = new Map<string, string>();
    for (const value of valuesOf(now, id)) {
      const move = moveTo(asked, price, id, value);
      if (move !== null) values.set(value, move);
      found.set(id, new Map(values)); // another map: cards that got the same one are not drawn again
      yield found;
    }
  }
}

function valuesOf(now: Evaluated, feature: string): string[] {
  const domain = now.byFeature.get(feature);
  const only = domain && onlyValue(domain);
  return (now.values.get(feature) ?? []).filter((value) => value !== only);
}

/** Null where the value cannot be had, or has no price. */
function moveTo({ document, content, context, line, model, now }: Asked, before: QuotePrice, feature: string, value: string): string | null {
  try {
    const configuration = knownOf(domains(model, taken(model, now.choices, feature, value).choices));
    const lines = content.lines.map((one) => (one.id === line ? { ...one, configuration } : one));
    const { price } = pricingOf(document, { ...content, lines }, context);
    return price && moveWords(before, price, line);
  } catch (error) {
    if (error instanceof CpqError) return null;
    throw error;
  }
}

function moveWords(before: QuotePrice, after: QuotePrice, line: string): string {
  const was = new Map(dueFirst(before, line).map(({ id, net }) => [id, net]));
  const parts = dueFirst(after, line);
  return parts.flatMap(({ id, net }) => {
    const by = subtract(net, was.get(id) ?? '0');
    const about = parts.length > 1 ? after.about.get(id) : undefined;
    return isZero(by) ? [] : [`${signed(by, after.currency)}${about?.charge === 'recurring' ? per(about.period) : ''}`];
  }).join(' · ');
}
