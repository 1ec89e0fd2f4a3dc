/** What all lines of a quote share: the catalogue by key, the price book that holds, the day, and who is asking. */

import { day } from './dates.ts';
import { QuoteError } from './errors.ts';
import { knownCurrency } from './figures.ts';
import { CONTENT, check } from './shape.ts';
import type {
  CatalogueDocument,
  Change,
  ClauseData,
  Context,
  Entry,
  PriceBook,
  Product,
  QuoteContent,
  QuoteLine,
  RunningSubscription,
  TermData,
} from './types.ts';

export const RANKS = ['rep', 'manager', 'administrator'];

/**
 * A quote and everything its price depends on, found by key. `lines`: line id → its place in the content; `counted`: line
 * id → whether it counts, as far as it was asked.
 */
export interface Deal {
  catalogue: CatalogueDocument;
  content: QuoteContent;
  context: Context;
  book: PriceBook;
  on: number;
  mode: string;
  currency: string;
  products: Map<string, Product>;
  entries: Map<string, Entry[]>;
  terms: Map<string, TermData>;
  clauses: Map<string, ClauseData>;
  subscriptions: Map<string, RunningSubscription>;
  lines: Map<string, number>;
  counted: Map<string, boolean>;
}

const byId = <T extends { id: string }>(items: readonly T[] | undefined): Map<string, T> =>
  new Map(items?.map((item) => [item.id, item]));

/** Check the form of a quote and find what it speaks of. */
export function makeDeal(catalogue: CatalogueDocument, content: QuoteContent, context: Context): Deal {
  check(content, CONTENT);
  if (content.catalogue !== catalogue.id || content.catalogue_version !== catalogue.version) {
    const wanted = `${content.catalogue} ${content.catalogue_version}`;
    const here = `${catalogue.id} ${catalogue.version}`;
    throw new QuoteError('/catalogue', `the quote is of ${wanted}, the catalogue at hand is ${here}`);
  }
  const on = day(content.on, '/on');
  const book = namedBook(catalogue, content, on);
  const entries = new Map<string, Entry[]>();
  for (const entry of book.entries) entries.set(entry.sku, [...(entries.get(entry.sku) ?? []), entry]);
  for (const { sku, bundle } of catalogue.products) // a set without a price of its own costs what is in it
    if (bundle?.length && !entries.has(sku)) entries.set(sku, [{ sku, charge: 'one_time', amount: '0', cost: '0' }]);
  checkClauses(content);
  const rounding = catalogue.policy?.['rounding'] as { mode?: string } | undefined;
  return {
    catalogue,
    content,
    context,
    book,
    on,
    mode: rounding?.mode ?? 'half_up',
    currency: content.currency,
    products: new Map(catalogue.products.map((product) => [product.sku, product])),
    entries,
    terms: byId(catalogue.terms),
    clauses: byId(catalogue.clauses),
    subscriptions: byId(context.subscriptions),
    lines: places(content),
    counted: new Map(),
  };
}

/** A name, or the id of what has none. */
export const named = (item: { id: string; name?: string }): string => item.name || item.id;

/** Whether a day lies in `valid_from` to `valid_to` (both inclusive, both optional). */
export function valid(item: { valid_from?: string | null; valid_to?: string | null }, on: number): boolean {
  return (!item.valid_from || day(item.valid_from, '') <= on) && (!item.valid_to || on <= day(item.valid_to, ''));
}

/** What a line does to a running subscription; `new` when it amends none. */
export const changeOf = (line: QuoteLine): Change => line.amends?.change ?? 'new';

const began = (book: PriceBook): string => book.valid_from || '';
const last = (books: PriceBook[], before: (a: PriceBook, b: PriceBook) => boolean): PriceBook =>
  books.reduce((best, book) => (before(best, book) ? book : best));

/** The price book for a currency, a region and a day: one that names the region first, then the one that began last. */
export function resolveBook(catalogue: CatalogueDocument, currency: string, region: string, onDay: string): PriceBook {
  const on = day(onDay, '/on');
  knownCurrency(currency, '/currency');
  const all = catalogue.price_books ?? [];
  const inCurrency = all.filter((book) => book.currency === currency);
  if (!inCurrency.length) {
    const listed = [...new Set(all.map((book) => book.currency))].sort().join(', ') || 'none';
    throw new QuoteError('/currency', `no price book is in ${currency}; choose one of ${listed}`);
  }
  const here = inCurrency.filter((book) => !book.regions?.length || book.regions.includes(region));
  if (!here.length) throw new QuoteError('/region', `no price book in ${currency} is for region ${region}`);
  const current = here.filter((book) => valid(book, on));
  if (!current.length) throw outOfDate(last(here, (a, b) => began(b) > began(a)), on, '/on');
  const own = (book: PriceBook): number => Number(Boolean(book.regions?.length));
  return last(current, (a, b) => own(b) > own(a) || (own(b) === own(a) && began(b) > began(a)));
}

function namedBook(catalogue: CatalogueDocument, content: QuoteContent, on: number): PriceBook {
  knownCurrency(content.currency, '/currency');
  const book = catalogue.price_books?.find((item) => item.id === content.price_book);
  if (!book) throw new QuoteError('/price_book', `the catalogue has no price book "${content.price_book}"`);
  if (book.currency !== content.currency)
    throw new QuoteError('/currency', `price book "${named(book)}" is in ${book.currency}, the quote in ${content.currency}`);
  if (book.regions?.length && !book.regions.includes(content.region))
    throw new QuoteError('/region', `price book "${named(book)}" is for ${book.regions.join(', ')}, not for ${content.region}`);
  if (!valid(book, on)) throw outOfDate(book, on, '/price_book');
  return book;
}

function outOfDate(book: PriceBook, on: number, pointer: string): QuoteError {
  if (book.valid_from && on < day(book.valid_from, ''))
    return new QuoteError(pointer, `price book "${named(book)}" is not valid before ${book.valid_from}`);
  return new QuoteError(pointer, `price book "${named(book)}" ended on ${book.valid_to}; choose one that holds`);
}

/** A clause that is named twice would be paid twice. */
function checkClauses(content: QuoteContent): void {
  const check = (names: readonly string[] | undefined, pointer: string): void =>
    names?.forEach((name, i) => {
      if (names.indexOf(name) < i) throw new QuoteError(`${pointer}/${i}`, `clause "${name}" is here twice`);
    });
  check(content.clauses, '/clauses');
  content.lines.forEach((line, i) => check(line.clauses, `/lines/${i}/clauses`));
}

function places(content: QuoteContent): Map<string, number> {
  const found = new Map<string, number>();
  content.lines.forEach((line, i) => {
    if (!line.id || found.has(line.id))
      throw new QuoteError(`/lines/${i}/id`, `each line has its own id; "${line.id}" is here twice or empty`);
    found.set(line.id, i);
  });
  return found;
}
