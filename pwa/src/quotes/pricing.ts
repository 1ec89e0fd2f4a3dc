/** The price of what is on the screen, or why there is none. Pure work, remembered by what went in. */
import { assemble, priceQuote, QuoteError, type Context, type QuoteContent, type QuotePrice as Priced } from '../cpq/quote';
import type { ShownPrice } from '../store/mutations.gen';
import type { HeaderResult, Line, PricedLine, PriceResult, TaxAmount, Totals } from '../cpq/price';
import { productOf, type CatalogueDocument } from './document';
import { add, isZero, plain } from './money';

/** A priced quote: the price result and what only a quote has; and what each price line is, where a line has several. */
export type QuotePrice = Omit<Priced, keyof PriceResult> & PriceResult & { about: ReadonlyMap<string, Line> };
export type { HeaderResult, PricedLine, TaxAmount, Totals };

export type Pricing = { price: QuotePrice; problem: null } | { price: null; problem: { pointer: string; detail: string } };

/** Price `content`; what is wrong with it is told, not thrown. */
export function pricingOf(document: CatalogueDocument, content: QuoteContent, context: Context): Pricing {
  try {
    const price = priceQuote(document, content, context) as unknown as Omit<QuotePrice, 'about'>;
    return { price: { ...price, about: aboutParts(price, document, content, context) }, problem: null };
  } catch (error) {
    if (error instanceof QuoteError) return { price: null, problem: { pointer: error.pointer, detail: error.detail } };
    if (error instanceof Error && 'pointer' in error) return { price: null, problem: { pointer: String(error.pointer), detail: error.message } };
    throw error;
  }
}

/** Charge, period and quantity of each price line: asked for only where one line of the quote has several. */
function aboutParts({ parents }: Pick<QuotePrice, 'parents'>, document: CatalogueDocument, content: QuoteContent, context: Context): ReadonlyMap<string, Line> {
  const several = Object.entries(parents).some(([part, line]) => part !== line);
  return new Map(several ? assemble(document, content, context).lines.map((line) => [line.id, line]) : []);
}

/** What is wrong, with the name of the line that it is about: `Watch Plus: …`. */
export function problemWords({ pointer, detail }: { pointer: string; detail: string }, document: CatalogueDocument | undefined, content: QuoteContent | null): string {
  const line = content?.lines[Number(/^\/lines\/(\d+)/.exec(pointer)?.[1] ?? Number.NaN)];
  return line ? `${productOf(document, line.sku)?.name ?? line.sku}: ${detail}` : detail.charAt(0).toUpperCase() + detail.slice(1);
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

/** What is due first of a line: parts of a ramp that begin later are in no sum yet. */
export const dueFirst = (price: QuotePrice, line: string): PricedLine[] => linesOf(price, line).filter(({ id }) => !price.about.get(id)?.later);

/** What a line adds to the sum. */
export const netOf = (price: QuotePrice, line: string): string => dueFirst(price, line).reduce((sum, one) => add(sum, one.net), '0');

/** A set that has no price of its own: what is in it has. */
export const isSet = (price: QuotePrice, line: string): boolean =>
  linesOf(price, line).some(({ bundle, list }) => bundle !== undefined && isZero(list));

/** `From month 7: 3 each month, for 6 months` of a part of a line; empty where a line has but one. */
export function partWords(price: QuotePrice, { id }: PricedLine): string {
  const about = price.about.get(id);
  if (!about) return '';
  const start = Number(/\.m(\d+)/.exec(id)?.[1] ?? 0);
  const period = about.period ?? 'month';
  const each = about.charge === 'one_time' ? 'Once' : about.charge === 'usage' ? `By use, each ${period}` : `Each ${period}`;
  const times = about.periods && about.periods !== '1' ? `, for ${about.periods} ${period}s` : '';
  const words = `${plain(about.quantity)} ${each.charAt(0).toLowerCase()}${each.slice(1)}${times}`;
  const ramp = linesOf(price, price.parents[id] ?? id).some((one) => price.about.get(one.id)?.later);
  return start > 0 ? `From month ${start + 1}: ${words}` : ramp ? `To begin with: ${words}` : each + times;
}

/** What a mutation says of the price that the rep saw, line by line. */
export function shownOf(price: QuotePrice): ShownPrice {
  const lines = Object.fromEntries(price.lines.map(({ id, net }) => [id, net]));
  return { net: price.totals.net, gross: price.totals.gross, currency: price.currency, digest: price.digest, lines };
}
