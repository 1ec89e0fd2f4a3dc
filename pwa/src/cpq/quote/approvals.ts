/** Who must approve a quote, and why; see `app/cpq/approvals.py`. */

import { PriceError } from '../price/errors.ts';
import { holds, readPredicate } from '../price/predicates.ts';
import type { Facts, PriceResult, PricedLine } from '../price/types.ts';
import type { Assembly } from './assembly.ts';
import { ratesOf, runningOf } from './amend.ts';
import { type Deal, RANKS, changeOf } from './deal.ts';
import { QuoteError } from './errors.ts';
import { Decimal, HUNDRED, ZERO, number, plain, ratio, rounded } from './figures.ts';
import { taken } from './lines.ts';
import { FROM_PAID } from './steps.ts';
import type { Approval } from './types.ts';

const TOTALS = ['net', 'tax', 'gross', 'list', 'discount', 'discount_percent', 'tcv', 'acv', 'mrr', 'margin_percent'] as const;

/** Approvals that are needed: discounts of lines, of the whole, what was paid, floors, rules of the catalogue. */
export const approvalsOf = (deal: Deal, assembly: Assembly, result: PriceResult): Approval[] => [
  ...discounts(deal, assembly, result),
  ...stated(deal),
  ...floors(deal, assembly, result),
  ...rules(deal, assembly, result),
];

/** The most percent the role may give; 0 for a role that the catalogue does not name. */
function mostOf(deal: Deal): Decimal {
  const row = deal.catalogue.authority?.find((each) => each.role === deal.context.role);
  return row ? number(row.max_discount_percent, '') : ZERO;
}

const rank = (role: string): number => RANKS.indexOf(role);

/** What the rep gives beyond the regular price: per quote line, and of the whole quote. */
function discounts(deal: Deal, assembly: Assembly, result: PriceResult): Approval[] {
  const rows = deal.catalogue.authority ?? [];
  if (!rows.length) return [];
  const most = mostOf(deal);
  const sums = new Map<string, [Decimal, Decimal]>();
  assembly.trace.forEach(([name, part], i) => {
    const line = result.lines[i]!;
    const regular = new Decimal(line.regular);
    if (!line.included || !regular.gt(0)) return;
    const [sum, given] = sums.get(name) ?? [ZERO, ZERO];
    const periods = part.periods || 1;
    sums.set(name, [sum.add(regular.mul(periods)), given.add(givenOf(line).mul(periods))]);
  });
  const found: Approval[] = [];
  let [all, off] = [ZERO, ZERO];
  for (const [name, [regular, given]] of sums) {
    all = all.add(regular);
    off = off.add(given);
    const title = deal.products.get(deal.content.lines[deal.lines.get(name)!]!.sku)!.name;
    if (beyond(regular, given, most)) found.push({ ...discountApproval(deal, title, regular, given, most), line: name });
  }
  if (beyond(all, off, most)) found.push(discountApproval(deal, 'The whole quote', all, off, most));
  return found;
}

/** How far the rep's own steps (additional and header) bring a line below its regular price. */
const givenOf = (line: PricedLine): Decimal =>
  line.waterfall
    .filter((row) => row.phase === 'additional' || row.phase === 'header')
    .reduce((sum, row) => sum.sub(row.amount), ZERO);

const beyond = (regular: Decimal, given: Decimal, most: Decimal): boolean =>
  regular.gt(0) && given.mul(HUNDRED).gt(most.mul(regular));

/** What a line says was paid, where that is further from the price of the running subscription than the role may give. */
function stated(deal: Deal): Approval[] {
  const most = mostOf(deal);
  if (!deal.catalogue.authority?.length || most.gte(HUNDRED)) return [];
  return deal.content.lines.flatMap((line, i) => {
    const change = changeOf(line);
    if (!FROM_PAID.includes(change) || !line.amends?.paid || !taken(deal, line)) return [];
    const [known, paid] = ratesOf(deal, runningOf(deal, line, `/lines/${i}`));
    const given = change === 'add' ? known.sub(paid) : paid.sub(known);
    const measure = known.isZero() ? paid : known;
    if (!beyond(measure, given, most)) return [];
    const title = deal.products.get(line.sku)!.name;
    const where = `${change === 'add' ? 'below' : 'above'} the price of the running subscription`;
    return [{ ...discountApproval(deal, title, measure, given, most, where), rule: 'paid', line: line.id }];
  });
}

function discountApproval(
  deal: Deal,
  title: string,
  regular: Decimal,
  given: Decimal,
  most: Decimal,
  where = 'below the regular price',
): Approval {
  const rows = [...deal.catalogue.authority!].sort((a, b) =>
    number(a.max_discount_percent, '').cmp(number(b.max_discount_percent, '')),
  );
  const fit = rows.find((row) => !beyond(regular, given, number(row.max_discount_percent, ''))) ?? rows.at(-1)!;
  const percent = plain(rounded(ratio(given, HUNDRED, regular), 2));
  const who = `${/^[aeiou]/.test(deal.context.role) ? 'an' : 'a'} ${deal.context.role}`;
  const reason = `${title}: ${percent} % ${where}; ${who} may give ${plain(most)} %`;
  return { rule: 'discount', role: fit.role, reason };
}

/** A margin below a floor is approved by the highest role, unless that one quotes. */
function floors(deal: Deal, assembly: Assembly, result: PriceResult): Approval[] {
  const roles = deal.catalogue.authority?.length ? deal.catalogue.authority.map((row) => row.role) : RANKS;
  const role = roles.reduce((best, each) => (rank(each) > rank(best) ? each : best));
  if (rank(deal.context.role) >= rank(role)) return [];
  const found = new Map<string, Approval>();
  for (const broken of result.floors) {
    const at = result.lines.findIndex((line) => line.id === broken.line);
    if (!result.lines[at]!.included) continue;
    const line = assembly.trace[at]![0];
    const key = JSON.stringify([broken.id, line]);
    const words = broken.reason || `The margin is to be ${broken.minimum} % or more.`;
    const reason = broken.margin ? `${words} This line has ${broken.margin} %.` : words;
    if (!found.has(key)) found.set(key, { rule: broken.id, role, reason, line });
  }
  return [...found.values()];
}

/** The catalogue's rules: asked of the whole quote, and if it is not true of that, of each line with its facts. */
function rules(deal: Deal, assembly: Assembly, result: PriceResult): Approval[] {
  const facts = factsOf(assembly, result);
  const whole = new Map(Object.entries(facts));
  const ofLine = assembly.request.lines.map((line) => new Map(Object.entries({ ...line.facts, ...facts })));
  const found: Approval[] = [];
  for (const rule of deal.catalogue.approvals ?? []) {
    if (rank(deal.context.role) >= rank(rule.role)) continue;
    const when = checked(rule.when, rule.id);
    const made: Approval = { rule: rule.id, role: rule.role, reason: rule.reason };
    if (holds(when, whole)) {
      found.push(made);
      continue;
    }
    const named = new Set<string>();
    assembly.trace.forEach(([name], i) => {
      if (!result.lines[i]!.included || named.has(name)) return;
      if (!holds(when, ofLine[i]!)) return;
      named.add(name);
      found.push({ ...made, line: name });
    });
  }
  return found;
}

function checked(when: unknown, id: string) {
  try {
    return readPredicate(when, '');
  } catch (error) {
    if (error instanceof PriceError) throw new QuoteError('/catalogue', `approval rule "${id}": ${error.detail}`);
    throw error;
  }
}

/** What a rule may ask of the quote: the deal's facts, its totals, and how many lines it has. */
function factsOf(assembly: Assembly, result: PriceResult): Facts {
  const facts: Record<string, string | boolean> = { ...assembly.request.facts };
  for (const name of TOTALS) {
    const total = result.totals[name] ?? null;
    if (total !== null) facts[name] = total;
  }
  facts['one_time'] = result.totals.one_time.net;
  facts['lines'] = String(new Set(assembly.trace.map(([name]) => name)).size);
  return facts;
}
