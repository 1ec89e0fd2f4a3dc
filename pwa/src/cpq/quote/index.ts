/** From a quote to its price: pure, offline, and the same answer as the server's `app/cpq/quote.py`. */

import type { Approval, CatalogueDocument, Context, Finding, LineTerm, QuoteClause, QuoteContent } from './types.ts';

export { canonical, digest, publicPrice, quoteNumber, sha256Of, versionHash } from './canonical.ts';
export { QuoteError } from './errors.ts';
export type * from './types.ts';

/** A PriceResult and what only a quote has. `parents`: which quote line each price line belongs to. */
export interface QuotePrice {
  currency: string;
  lines: Record<string, unknown>[];
  header: Record<string, unknown>[];
  taxes: Record<string, unknown>[];
  totals: Record<string, unknown>;
  floors: Record<string, unknown>[];
  parents: Record<string, string>;
  terms: LineTerm[];
  approvals: Approval[];
  findings: Finding[];
  clauses: QuoteClause[];
  digest: string;
}

/** The id of the price book that holds for a currency, a region (ISO 3166 alpha-2) and a day. */
export function priceBook(_catalogue: CatalogueDocument, _currency: string, _region: string, _on: string): string {
  throw new Error('not yet');
}

/** The PriceRequest of a quote: every price, option, agreement, term, clause and discount as a step with its reason. */
export function assemble(_catalogue: CatalogueDocument, _content: QuoteContent, _context: Context): Record<string, unknown> {
  throw new Error('not yet');
}

/** The price of a quote, the terms beside each other, who must approve, what is worth a look, and the digest. */
export function priceQuote(_catalogue: CatalogueDocument, _content: QuoteContent, _context: Context): QuotePrice {
  throw new Error('not yet');
}
