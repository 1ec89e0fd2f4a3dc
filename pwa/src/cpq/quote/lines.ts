/** The lines of a price request: each charge of each quote line, part by part; see `app/cpq/quote_lines.py`. */

import type { Line, Step } from '../price/types.ts';
import { type Running, amendedParts, leavingStep, paidForRenewal, paidSteps, runningOf } from './amend.ts';
import { type Deal, changeOf, named } from './deal.ts';
import { QuoteError } from './errors.ts';
import { type Decimal, ZERO, number, plain, ratio, rounded } from './figures.ts';
import { type Chosen, chosen, optionSteps, unitCost } from './options.ts';
import { type Part, monthsOf, partsOf, termOf } from './parts.ts';
import {
  FROM_PAID,
  adjustmentOf,
  clauseSteps,
  clausesOf,
  discountSteps,
  makeStep,
  renewalSteps,
  termStep,
} from './steps.ts';
import type { Entry, Product, QuoteLine, TermData } from './types.ts';

/** A price line with the part it stands for. */
export type Priced = [Line, Part];

const CHANGES = ['add', 'reduce', 'renew', 'end'];
const WORDS = { one_time: 'List price', month: 'List price a month', year: 'List price a year' };

/** What a quote line is when it is priced: found once, used by each of its parts. */
interface Item {
  deal: Deal;
  line: QuoteLine;
  product: Product;
  values: Chosen;
  pointer: string;
}

/** The price lines of one quote line; a ramp runs on for `horizon` months where its term is shorter. */
export function linesOf(deal: Deal, line: QuoteLine, index: number, horizon = 0): Priced[] {
  const pointer = `/lines/${index}`;
  const product = deal.products.get(line.sku);
  if (!product) throw new QuoteError(`${pointer}/sku`, `the catalogue has no product "${line.sku}"`);
  const entries = deal.entries.get(line.sku);
  if (!entries) throw new QuoteError(`${pointer}/sku`, `price book "${named(deal.book)}" has no price of ${line.sku}`);
  number(line.quantity, `${pointer}/quantity`, ZERO);
  const item: Item = { deal, line, product, values: chosen(product, line, pointer), pointer };
  if (line.amends && !CHANGES.includes(line.amends.change))
    throw new QuoteError(`${pointer}/amends/change`, `is one of ${CHANGES.join(', ')}`);
  const run = line.amends ? runningOf(deal, line, pointer) : null;
  if (run && FROM_PAID.includes(changeOf(line))) return amendment(item, run, entries);
  if (line.ramp?.length && entries.every((entry) => entry.charge === 'one_time'))
    throw new QuoteError(`${pointer}/ramp`, 'a ramp is for what is charged by the month or year');
  return entries.flatMap((entry, place) => {
    const term = entry.charge === 'one_time' ? null : termOf(deal, line, pointer);
    const suffix = place ? `.${entry.charge}` : '';
    return partsOf(line, entry, term, pointer, horizon, run?.changeOn ?? deal.on).map((part): Priced => {
      const made = priced(item, entry, term, part, suffix);
      return [{ ...made, steps: stepsOf(item, entry, term, part, run) }, part];
    });
  });
}

/** Whether a line counts: an optional one only when selected, a member of a bundle only with its bundle. */
export function taken(deal: Deal, line: QuoteLine): boolean {
  const above = [line];
  let top = line;
  while (!deal.counted.has(top.id) && (top.bundle ?? null) !== null) {
    const here = deal.lines.get(top.id)!;
    const parent = deal.lines.get(top.bundle!);
    if (parent === undefined || parent >= here)
      throw new QuoteError(`/lines/${here}/bundle`, 'names an earlier line of the quote');
    top = deal.content.lines[parent]!;
    above.push(top);
  }
  let counts = deal.counted.get(top.id) ?? true;
  for (const one of above.reverse()) {
    counts = counts && (!one.optional || Boolean(one.selected));
    deal.counted.set(one.id, counts);
  }
  return counts;
}

/** A price line without its steps. */
function priced({ deal, line, product, values, pointer }: Item, entry: Entry, term: TermData | null, part: Part, suffix: string): Line {
  const quantity = part.ramp?.quantity || line.quantity;
  const made: Line = {
    id: `${line.id}${suffix}${part.suffix}`,
    sku: line.sku,
    name: product.name,
    charge: part.periods ? entry.charge : 'one_time', // a piece of a period is paid once
    quantity,
    tax_class: product.tax_class || 'standard',
    facts: factsOf(deal, line, product, entry, term, quantity, values),
  };
  if (part.later) made.later = true;
  if (part.periods) {
    made.period = entry.period || 'month';
    made.periods = String(part.periods);
  }
  if ((line.bundle ?? null) !== null) made.bundle = line.bundle!;
  const counts = taken(deal, line);
  if (line.optional || !counts) {
    made.optional = true;
    made.selected = counts;
  }
  if (entry.charge === 'usage') made.usage = usageOf(line, entry, quantity, part, pointer);
  const cost = unitCost(entry, values);
  // The cost of usage is of each unit used: fewer are used in a piece of a period.
  if (cost) made.cost = plain(rounded(entry.charge === 'usage' ? cost : shared(cost, part), 12, 'half_even'));
  return made;
}

const shared = (value: Decimal, part: Part): Decimal => (part.share ? ratio(value, ...part.share) : value);

/** What `when` may ask of a line. */
function factsOf(
  deal: Deal,
  line: QuoteLine,
  product: Product,
  entry: Entry,
  term: TermData | null,
  quantity: string,
  values: Chosen,
): Record<string, string> {
  const facts: Record<string, string> = { sku: line.sku, charge: entry.charge, quantity, change: changeOf(line) };
  if (product.family) facts['family'] = product.family;
  if (product.kind) facts['kind'] = product.kind;
  if (term) {
    facts['term'] = term.id;
    facts['term_months'] = String(term.months);
  }
  const bundle = deal.lines.get(line.bundle ?? '');
  if (bundle !== undefined) facts['bundle'] = deal.content.lines[bundle]!.sku;
  for (const [feature, value] of values) facts[`feature.${feature.id}`] = value;
  return facts;
}

/** The line's stated usage for one period, or else the expected usage of each unit; the share of a partial period. */
function usageOf(line: QuoteLine, entry: Entry, quantity: string, part: Part, at: string): { quantity?: string; amount?: string } {
  const share = (value: Decimal): string => plain(rounded(shared(value, part), 12, 'half_even'));
  const given = line.usage ?? {};
  if ((given.amount ?? null) !== null) return { amount: share(number(given.amount, `${at}/usage/amount`, ZERO)) };
  if ((given.quantity ?? null) !== null) return { quantity: share(number(given.quantity, `${at}/usage/quantity`, ZERO)) };
  return { quantity: share(number(entry.expected || '0', '').mul(number(quantity, ''))) };
}

/** The steps of a new or renewed line's part, phase by phase. */
function stepsOf({ deal, line, values, pointer }: Item, entry: Entry, term: TermData | null, part: Part, run: Running | null): Step[] {
  const steps = [listStep(deal, line, entry, part, pointer), ...optionSteps(entry, values)];
  if (entry.charge !== 'one_time') steps.push(...termStep(deal, term));
  steps.push(...clauseSteps(deal, clausesOf(deal, line, pointer)));
  if (run && entry.charge === 'recurring')
    steps.push(...renewalSteps(deal, paidForRenewal(run, part.ramp?.quantity || line.quantity, entry, pointer)));
  if (part.share && entry.charge !== 'usage') steps.push(shareStep(part));
  return [...steps, ...discountSteps(line, part.ramp, part.reason, pointer)];
}

function shareStep(part: Part): Step {
  const [numerator, denominator] = part.share!.map(String);
  return makeStep('share', 'proration', 'line', { type: 'proration', numerator, denominator }, part.reason, null);
}

/** The price of the price book; for usage with the usage that it is reckoned for. */
function listStep(deal: Deal, line: QuoteLine, entry: Entry, part: Part, pointer: string): Step {
  const source: [string, string, string] = ['price_book', deal.book.id, named(deal.book)];
  let words = WORDS[entry.charge === 'one_time' ? 'one_time' : entry.period || 'month'];
  if (entry.charge === 'usage') words = usageWords(line, entry, part, pointer);
  if (entry.adjustment) return makeStep('list', 'list', 'line', adjustmentOf(deal, entry.adjustment), words, source);
  return makeStep('list', 'list', 'unit', { type: 'per_unit', amount: entry.amount || '0' }, words, source);
}

function usageWords(line: QuoteLine, entry: Entry, part: Part, pointer: string): string {
  const used = usageOf(line, entry, part.ramp?.quantity || line.quantity, part, pointer);
  const stated = (line.usage?.quantity ?? line.usage?.amount ?? null) !== null ? 'stated' : 'expected';
  const unit = entry.unit && used.quantity !== undefined ? ` ${entry.unit}` : '';
  const when = part.share ? part.reason : `a ${entry.period || 'month'}`;
  return `Usage, ${used.quantity ?? used.amount}${unit} ${stated} ${when}`;
}

/** The cost of an added piece: of the periods in the paid stretch, by its days; none when those are not whole months. */
function addedCost({ values }: Item, run: Running, entry: Entry, part: Part): { cost?: string } {
  let cost = unitCost(entry, values);
  const paid = part.suffix === '.paid';
  if (!cost || (paid && !run.paidMonths)) return {};
  if (paid) cost = ratio(cost, run.paidMonths, monthsOf(entry));
  return { cost: plain(rounded(shared(cost, part), 12, 'half_even')) };
}

/** What is added to, or given up of, a running subscription; for `end` also the price of leaving. */
function amendment(item: Item, run: Running, entries: Entry[]): Priced[] {
  const { deal, line, pointer } = item;
  const change = changeOf(line);
  const entry = entries.find((each) => each.charge === 'recurring');
  if (!entry)
    throw new QuoteError(
      `${pointer}/amends`,
      `${line.sku} is not charged by the month or year: there is nothing to amend`,
    );
  if (change !== 'add' && line.discount)
    throw new QuoteError(`${pointer}/discount`, 'what is given back is what was paid: it takes no discount');
  for (const name of ['ramp', 'clauses'] as const)
    if (line[name]?.length)
      throw new QuoteError(`${pointer}/${name}`, 'an amendment keeps what was agreed; add a line of its own for this');
  const term = line.term ? termOf(deal, line, pointer) : null;
  const found = amendedParts(run, entry).map((given, place): Priced => {
    const part = place ? given : { ...given, suffix: '' };
    const made = priced(item, entry, term, part, '');
    delete made.cost;
    if (change === 'add') Object.assign(made, addedCost(item, run, entry, given));
    const steps = paidSteps(deal, line, run, entry, given, pointer);
    if (part.share) steps.push(shareStep(part));
    return [{ ...made, steps: [...steps, ...discountSteps(line, undefined, '', pointer)] }, part];
  });
  const leaving = change === 'end' ? leavingStep(deal, run, term, pointer) : null;
  if (leaving) {
    const part: Part = { suffix: found.length ? '.leaving' : '', periods: null, reason: '', length: 0 };
    const { cost: _, ...free } = entry;
    found.push([{ ...priced(item, { ...free, charge: 'one_time' }, term, part, ''), quantity: '1', steps: [leaving] }, part]);
  }
  if (!found.length) throw new QuoteError(`${pointer}/starts_on`, 'the subscription ends before the change begins');
  return found;
}
