/** The clauses of a quote as they are shown: text, service level, credit, and what each costs. */

import type { PriceResult } from '../price/types.ts';
import { type Deal, changeOf } from './deal.ts';
import { type Decimal, ZERO, amount } from './figures.ts';
import { FROM_PAID, clausesOf, namedClause } from './steps.ts';
import type { ClauseData, QuoteClause } from './types.ts';

/** Clauses of the whole quote, then those of each line; one with a price is a clause of each line it is priced on. */
export function quoteClauses(deal: Deal, parents: Record<string, string>, result: PriceResult): QuoteClause[] {
  const found: QuoteClause[] = [];
  (deal.content.clauses ?? []).forEach((name, i) => {
    const clause = namedClause(deal, name, `/clauses/${i}`);
    if (!clause.price) found.push(shown(clause));
  });
  deal.content.lines.forEach((line, i) => {
    if (FROM_PAID.includes(changeOf(line))) return;
    for (const clause of clausesOf(deal, line, `/lines/${i}`)) {
      const own: QuoteClause = { ...shown(clause), line: line.id };
      if (clause.price) own.amount = amount(added(result, parents, line.id, clause.id), deal.currency, deal.mode);
      found.push(own);
    }
  });
  return found;
}

function shown(clause: ClauseData): QuoteClause {
  const names = ['id', 'title', 'text', 'service_level', 'credit'] as const;
  const given = names.filter((name) => (clause[name] ?? null) !== null).map((name) => [name, clause[name]]);
  return Object.fromEntries(given) as QuoteClause;
}

/** What the clause's step adds on the first price line of the quote line. */
function added(result: PriceResult, parents: Record<string, string>, line: string, clause: string): Decimal {
  for (const priced of result.lines) {
    if (parents[priced.id] !== line) continue;
    const rows = priced.waterfall.filter((row) => row.step === `clause.${clause}`);
    if (rows.length) return rows.reduce((sum, row) => sum.add(row.amount), ZERO);
  }
  return ZERO;
}
