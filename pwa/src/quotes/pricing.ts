/** The price of what is on the screen, or why there is none. Pure work, remembered by what went in. */
import { priceQuote, QuoteError, type Context, type QuoteContent, type QuotePrice as Priced } from '../cpq/quote';
import type { ShownPrice } from '../store/mutations.gen';
import type { HeaderResult, PricedLine, PriceResult, TaxAmount, Totals } from '../cpq/price';
import type { CatalogueDocument } from './document';

/** A priced quote: the price result and what only a quote has. */
export type QuotePrice = Omit<Priced, keyof PriceResult> & PriceResult;
export type { HeaderResult, PricedLine, TaxAmount, Totals };

export type Pricing = { price: QuotePrice; problem: null } | { price: null; problem: { pointer: string; detail: string } };

/** Price `content`; what is wrong with it is told, not thrown. */
export function pricingOf(document: CatalogueDocument, content: QuoteContent, context: Context): Pricing {
  try {
    return { price: priceQuote(document, content, context) as unknown as QuotePrice, problem: null };
  } catch (error) {
    if (error instanceof QuoteError) return { price: null, problem: { pointer: error.pointer, detail: error.detail } };
    if (error instanceof Error && 'pointer' in error) return { price: null, problem: { pointer: String(error.pointer), detail: error.message } };
    throw error;
  }
}

const MOST_KEPT = 400;
const known = new Map<string, Pricing>();

/** The same, remembered: screens ask for the same price many times, and options for their neighbours'. */
export function pricing(document: CatalogueDocument, content: QuoteContent, context: Context): Pricing {
  const key = JSON.stringify([document.id, document.version, content, context]);
  const found = known.get(key);
  if (found) return found;
  const fresh = pricingOf(document, content, context);
  known.set(key, fresh);
  if (known.size > MOST_KEPT) known.delete(known.keys().next().value as string);
  return fresh;
}

/** The price lines of a line of the quote: a one-time and a recurring charge, parts of a ramp, a partial period. */
export const linesOf = (price: QuotePrice, line: string): PricedLine[] =>
  price.lines.filter((one) => (price.parents[one.id] ?? one.id) === line);

/** What a mutation says of the price that the rep saw, line by line. */
export function shownOf(price: QuotePrice): ShownPrice {
  const lines = Object.fromEntries(price.lines.map(({ id, net }) => [id, net]));
  return { net: price.totals.net, gross: price.totals.gross, currency: price.currency, digest: price.digest, lines };
}
