/** From a quote to its price: pure, offline, and the same answer as the server's `app/cpq/quote.py`. */

import type { PriceRequest, PriceResult } from '../price/types.ts';
import { approvalsOf } from './approvals.ts';
import { assembled, priced } from './assembly.ts';
import { digest } from './canonical.ts';
import { quoteClauses } from './clauses.ts';
import { makeDeal, resolveBook } from './deal.ts';
import { findingsOf } from './relations.ts';
import { lineTerms } from './terms.ts';
import type { Approval, CatalogueDocument, Context, Finding, LineTerm, QuoteClause, QuoteContent } from './types.ts';

export { canonical, digest, publicPrice, quoteNumber, sha256Of, versionHash } from './canonical.ts';
export { QuoteError } from './errors.ts';
export type * from './types.ts';

/** A PriceResult and what only a quote has. `parents`: which quote line each price line belongs to. */
export interface QuotePrice extends PriceResult {
  parents: Record<string, string>;
  terms: LineTerm[];
  approvals: Approval[];
  findings: Finding[];
  clauses: QuoteClause[];
  digest: string;
}

/** The id of the price book that holds for a currency, a region (ISO 3166 alpha-2) and a day. */
export const priceBook = (catalogue: CatalogueDocument, currency: string, region: string, on: string): string =>
  resolveBook(catalogue, currency, region, on).id;

/** The PriceRequest of a quote: every price, option, agreement, term, clause and discount as a step with its reason. */
export const assemble = (catalogue: CatalogueDocument, content: QuoteContent, context: Context): PriceRequest =>
  assembled(makeDeal(catalogue, content, context)).request;

/** The price of a quote, the terms beside each other, who must approve, what is worth a look, and the digest. */
export function priceQuote(catalogue: CatalogueDocument, content: QuoteContent, context: Context): QuotePrice {
  const deal = makeDeal(catalogue, content, context);
  const assembly = assembled(deal);
  const result = priced(deal, assembly);
  const parents = Object.fromEntries(result.lines.map((line, i) => [line.id, assembly.trace[i]![0]]));
  const price = {
    ...result,
    parents,
    terms: lineTerms(deal, assembly, result),
    approvals: approvalsOf(deal, assembly, result),
    findings: findingsOf(deal, assembly),
    clauses: quoteClauses(deal, parents, result),
  };
  return { ...price, digest: digest(price) };
}
