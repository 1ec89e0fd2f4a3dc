/** Quotes on the phone: the same worked examples as the server's, reckoned by hand; see `why` of each. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import canonicalCases from '../../fixtures/vectors/quote-canonical.json';
import catalogue from '../../fixtures/vectors/quote-catalogue.json';
import approvals from '../../fixtures/vectors/quote-approvals.json';
import prices from '../../fixtures/vectors/quote-prices.json';
import refusals from '../../fixtures/vectors/quote-refusals.json';
import subscriptions from '../../fixtures/vectors/quote-subscriptions.json';
import terms from '../../fixtures/vectors/quote-terms.json';
import {
  type CatalogueDocument,
  type Context,
  type QuoteContent,
  QuoteError,
  canonical,
  digest,
  priceBook,
  priceQuote,
  publicPrice,
  quoteNumber,
  versionHash,
} from '../src/cpq/quote/index.ts';
import { addMonths, day, iso } from '../src/cpq/quote/dates.ts';
import { sha256 } from '../src/cpq/quote/sha256.ts';

interface Case {
  name: string;
  why: string[];
  content: unknown;
  context: unknown;
  expect: unknown;
}
const works = catalogue as unknown as CatalogueDocument;
const price = (given: Case) => priceQuote(works, given.content as QuoteContent, given.context as Context);

/** The price with its lines by id, and their waterfalls as step and amount, and as labels. */
function view(given: Case): unknown {
  try {
    const found = price(given);
    const lines = found.lines.map((line) => {
      const rows = line.waterfall.filter((row) => row.phase !== 'header');
      return [line.id, { ...line, steps: rows.map((row) => [row.step, row.amount]), labels: rows.map((row) => row.label) }];
    });
    return { ...found, lines: Object.fromEntries(lines) };
  } catch (error) {
    if (error instanceof QuoteError) return { error: { pointer: error.pointer, detail: error.detail } };
    throw error;
  }
}

describe.each(Object.entries({ prices, subscriptions, terms, approvals, refusals }))('%s', (_, cases) => {
  test.each((cases as Case[]).map((given): [string, Case] => [given.name, given]))('%s', (_name, given) => {
    expect(given.why.length).toBeGreaterThan(0);
    expect(view(given)).toMatchObject(given.expect as object);
  });
});

describe('one spelling of a document', () => {
  test.each(canonicalCases.canonical.map((given): [string, typeof given] => [given.name, given]))('%s', (_name, given) => {
    expect(canonical(given.value)).toBe(given.text);
    expect(versionHash(given.value)).toBe(given.sha256);
  });
  test.each([1.5, { a: [0.5] }, 2 ** 53, Number.NaN])('a number with a fraction has none: %j', (value) => {
    expect(() => canonical(value)).toThrow('decimal strings');
  });
  test('a surrogate without its partner is escaped', () => {
    expect(canonical({ t: '\ud83d' })).toBe('{"t":"\\ud83d"}');
  });
  test('SHA-256 of every length around a block', () => {
    for (let length = 0; length < 200; length += 1) {
      const text = 'aé€😀'.repeat(length).slice(0, length);
      expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
    }
    const long = 'x'.repeat(100_000);
    expect(sha256(long)).toBe(createHash('sha256').update(long).digest('hex'));
  });
});

test.each(canonicalCases.numbers)('the number of a quote is made of its id: $number', ({ id, number }) => {
  expect(quoteNumber(id)).toBe(number);
});

test.each(['', 'no', 'ffffffff-ffff-7000-8000-00abcdef0123'])('what is no UUID has no number: %s', (id) => {
  expect(() => quoteNumber(id)).toThrow('is not a UUID of version 7');
});

test('the digest is that of what the customer may see', () => {
  const found = price(prices[0] as Case);
  const shown = publicPrice(found);
  expect(digest(shown as never)).toBe(found.digest);
  expect(JSON.stringify(shown)).not.toMatch(/cost|margin_percent|approvals|floors/);
});

test.each([
  ['EUR', 'DE', '2026-12-31', 'eur'],
  ['EUR', 'SE', '2026-01-01', 'eur-se'],
  ['EUR', 'SE', '2025-12-31', 'eur-2025'],
])('the price book for %s in %s on %s', (currency, region, on, book) => {
  expect(priceBook(works, currency, region, on)).toBe(book);
});

test.each([
  ['SEK', 'SE', '2026-03-17', '/currency', 'no price book is in SEK; choose one of EUR, JPY, KWD'],
  ['JPY', 'SE', '2027-01-01', '/region', 'no price book in JPY is for region SE'],
  ['EUR', 'DE', '2027-01-01', '/on', 'price book "Euro 2026" ended on 2026-12-31; choose one that holds'],
])('no price book for %s in %s on %s', (currency, region, on, pointer, detail) => {
  expect(() => priceBook(works, currency, region, on)).toThrow(new QuoteError(pointer, detail));
});

test.each([
  ['2026-01-31', 1, '2026-02-28'],
  ['2028-01-31', 1, '2028-02-29'],
  ['2026-01-31', 2, '2026-03-31'],
  ['2026-03-31', -1, '2026-02-28'],
  ['2028-02-29', 12, '2029-02-28'],
])('%s and %i months is %s', (start, months, expected) => {
  expect(iso(addMonths(day(start, ''), months))).toBe(expected);
});
