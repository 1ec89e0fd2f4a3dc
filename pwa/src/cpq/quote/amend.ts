/** Amendments of a running subscription: reckoned from what was paid, not from the list; see `app/cpq/quote_amend.py`. */

import type { Step } from '../price/types.ts';
import { addMonths, day, iso, spanForward, wholeMonths } from './dates.ts';
import { type Deal, changeOf, named } from './deal.ts';
import { QuoteError } from './errors.ts';
import { Decimal, HUNDRED, ZERO, amount, inCurrency, number, plain, ratio, whole } from './figures.ts';
import { type Part, byDays, monthsOf } from './parts.ts';
import { makeStep } from './steps.ts';
import type { Entry, Paid, QuoteLine, RunningSubscription, TermData } from './types.ts';

/** A running subscription as an amendment sees it; `end` and `paidEnd` are the days after the last. */
export interface Running {
  id: string;
  paid: Decimal;
  paidQuantity: Decimal;
  paidFrom: number;
  paidEnd: number;
  /** Whole months of the paid period; 0 when it is not whole months. */
  paidMonths: number;
  end: number;
  changeOn: number;
}

/** The subscription that a line amends. */
export function runningOf(deal: Deal, line: QuoteLine, pointer: string): Running {
  const amends = line.amends!;
  const found = deal.subscriptions.get(amends.subscription_id);
  if (!found) throw new QuoteError(`${pointer}/amends/subscription_id`, 'the customer has no such running subscription');
  if (found.sku !== line.sku)
    throw new QuoteError(`${pointer}/sku`, `the running subscription is of ${found.sku}, not of ${line.sku}`);
  const end = endOf(found, `${pointer}/amends/subscription_id`);
  const [paid, place] = paidOf(deal, found, amends.paid, end, `${pointer}/amends`);
  const first = day(paid.from, `${place}/from`);
  const last = day(paid.to, `${place}/to`);
  if (last < first || last >= end)
    throw new QuoteError(`${place}/to`, `the paid period ends after it begins and by ${iso(end - 1)}, with the subscription`);
  const renews = amends.change === 'renew';
  const changeOn = line.starts_on ? day(line.starts_on, `${pointer}/starts_on`) : renews ? end : deal.on;
  if (renews && changeOn < end)
    throw new QuoteError(`${pointer}/starts_on`, `the subscription runs on; a renewal begins on ${iso(end)} or later`);
  if (!renews && (changeOn < first || changeOn > last + 1))
    throw new QuoteError(`${pointer}/starts_on`, `must be from ${iso(first)} to ${iso(last + 1)}, in the paid period`);
  checkQuantity(found, line, pointer);
  const paidQuantity = number(paid.quantity, `${place}/quantity`, ZERO);
  if (paidQuantity.isZero()) throw new QuoteError(`${place}/quantity`, 'must be above 0');
  return {
    id: found.id,
    paid: number(paid.amount, `${place}/amount`, ZERO),
    paidQuantity,
    paidFrom: first,
    paidEnd: last + 1,
    paidMonths: exactMonths(first, last + 1),
    end,
    changeOn,
  };
}

function checkQuantity(found: RunningSubscription, line: QuoteLine, pointer: string): void {
  const quantity = number(found.quantity, '', ZERO);
  const wanted = number(line.quantity, `${pointer}/quantity`, ZERO);
  if (line.amends!.change === 'reduce' && wanted.gt(quantity))
    throw new QuoteError(`${pointer}/quantity`, `only ${plain(quantity)} are running; no more can be given up`);
  if (line.amends!.change === 'end' && !wanted.eq(quantity))
    throw new QuoteError(
      `${pointer}/quantity`,
      `ending gives up all ${plain(quantity)} that are running; to keep some, reduce`,
    );
}

function endOf(found: RunningSubscription, pointer: string): number {
  if (found.ends_on) return day(found.ends_on, pointer) + 1;
  if (found.term_months) return addMonths(day(found.starts_on, pointer), whole(found.term_months, pointer, 1, 600));
  throw new QuoteError(pointer, 'the running subscription has no end; set the day on which it ends or its term');
}

/** What the line says was paid, or else the price of the subscription's whole term. */
function paidOf(deal: Deal, found: RunningSubscription, given: Paid | undefined, end: number, at: string): [Paid, string] {
  if (given) return [given, `${at}/paid`];
  if (!found.price) throw new QuoteError(`${at}/paid`, 'say what was paid, for how many and for which days');
  if (found.price.currency !== deal.currency)
    throw new QuoteError(`${at}/paid`, `was paid in ${found.price.currency}, the quote is in ${deal.currency}`);
  const quantity = plain(number(found.quantity, ''));
  return [{ amount: found.price.amount, from: found.starts_on, to: iso(end - 1), quantity }, at];
}

function exactMonths(first: number, end: number): number {
  const months = wholeMonths(first, end);
  return addMonths(first, months) === end ? months : 0;
}

/** The price of the running subscription and what is said to have been paid, each for one piece and month (or day). */
export function ratesOf(deal: Deal, run: Running): [Decimal, Decimal] {
  const found = deal.subscriptions.get(run.id)!;
  const first = day(found.starts_on, '');
  const pieces = number(found.quantity, '');
  if (!found.price || found.price.currency !== deal.currency || pieces.isZero() || first >= run.end) return [ZERO, ZERO];
  const months = exactMonths(first, run.end);
  const [known, paid] = months && run.paidMonths ? [months, run.paidMonths] : [run.end - first, run.paidEnd - run.paidFrom];
  return [ratio(number(found.price.amount, ''), 1, pieces.mul(known)), ratio(run.paid, 1, run.paidQuantity.mul(paid))];
}

/** The rest of the paid period in days, then whole periods (and a piece) to the end of the subscription. */
export function amendedParts(run: Running, entry: Entry): Part[] {
  const parts: Part[] = [];
  if (run.changeOn < run.paidEnd) {
    const share: [number, number] = [run.paidEnd - run.changeOn, run.paidEnd - run.paidFrom];
    const reason = `From ${iso(run.changeOn)} to ${iso(run.paidEnd - 1)}: ${share[0]} of ${share[1]} days`;
    parts.push({ suffix: '.paid', periods: 0, share, reason, length: 0 });
  }
  if (run.paidEnd < run.end) parts.push(...byDays(spanForward(run.paidEnd, run.end, monthsOf(entry)), '.rest', true));
  return parts;
}

/** What was paid, its share for the pieces of this line, and one period of it; negative when pieces are given up. */
export function paidSteps(deal: Deal, line: QuoteLine, run: Running, entry: Entry, part: Part, pointer: string): Step[] {
  const credit = changeOf(line) !== 'add';
  const source: [string, string, string] = ['subscription', run.id, 'Running subscription'];
  const dates = `${iso(run.paidFrom)} to ${iso(run.paidEnd - 1)}`;
  const words = `${credit ? 'Given back: paid' : 'Paid'} for ${plain(run.paidQuantity)}, ${dates}`;
  const fee = { type: 'flat_fee', amount: amount(credit ? run.paid.neg() : run.paid, deal.currency) };
  const steps = [makeStep('paid', 'list', 'line', fee, words, source)];
  const pieces = number(line.quantity, `${pointer}/quantity`, ZERO);
  if (!pieces.eq(run.paidQuantity)) {
    const share = { type: 'proration', numerator: plain(pieces), denominator: plain(run.paidQuantity) };
    const reason = `${counted(plain(pieces), 'piece')} at the price paid for ${plain(run.paidQuantity)}`;
    steps.push(makeStep('share', 'list', 'line', share, reason, source));
  }
  return part.suffix === '.paid' ? steps : [...steps, ...onePeriod(run, entry, pointer)];
}

const counted = (count: string, thing: string): string => (count === '1' ? `1 ${thing}` : `${count} ${thing}s`);

function onePeriod(run: Running, entry: Entry, pointer: string): Step[] {
  const months = run.paidMonths;
  const period = monthsOf(entry);
  if (!months)
    throw new QuoteError(
      `${pointer}/amends/paid/to`,
      'the subscription goes on after it: the paid period must be whole months',
    );
  if (months === period) return [];
  const share = { type: 'proration', numerator: String(period), denominator: String(months) };
  const source: [string, string, string] = ['subscription', run.id, 'Running subscription'];
  return [makeStep('period', 'list', 'line', share, `${period} of the ${counted(String(months), 'month')} paid`, source)];
}

/** What was paid for the quantity that is renewed (of a ramp, in this part) and one period of the new price. */
export function paidForRenewal(run: Running, quantity: string, entry: Entry, pointer: string): Decimal {
  if (!run.paidMonths) throw new QuoteError(`${pointer}/amends/paid/to`, 'the paid period must be whole months');
  const pieces = number(quantity, `${pointer}/quantity`, ZERO);
  return ratio(run.paid, pieces.mul(monthsOf(entry)), run.paidQuantity.mul(run.paidMonths));
}

/** What was paid or is still to be paid from the day `first` to the end, at the price paid. */
function left(run: Running, first: number): Decimal {
  let value = ZERO;
  if (first < run.paidEnd) value = ratio(run.paid, run.paidEnd - first, run.paidEnd - run.paidFrom);
  const start = Math.max(first, run.paidEnd);
  if (start < run.end) {
    const span = spanForward(start, run.end, 1);
    value = value.add(ratio(run.paid, span.whole, run.paidMonths));
    if (span.partial) value = value.add(ratio(run.paid, span.partial.days, span.partial.of * run.paidMonths));
  }
  return value;
}

/** The price of ending before the term does, by the term's rule; null when leaving costs nothing. */
export function leavingStep(deal: Deal, run: Running, term: TermData | null, pointer: string): Step | null {
  const rule = term?.leave ?? { type: 'none' };
  if (!term || rule.type === 'none' || run.changeOn >= run.end) return null;
  if (!run.paidMonths && (rule.type === 'months' || run.paidEnd < run.end))
    throw new QuoteError(
      `${pointer}/amends/paid/to`,
      'the paid period must be whole months to reckon what leaving costs',
    );
  const rest = left(run, run.changeOn);
  let value: Decimal;
  let words = 'a fixed amount';
  if (rule.type === 'amount') value = number(inCurrency(rule.amount, deal.currency, '/currency'), '');
  else if (rule.type === 'percent') {
    const percent = number(rule.percent, '');
    value = ratio(rest, percent, HUNDRED);
    words = `${plain(percent)} % of ${amount(rest, deal.currency, deal.mode)} left`;
  } else {
    const count = whole(rule.count, '', 0, 600);
    value = Decimal.min(rest, ratio(run.paid, count, run.paidMonths));
    words = value.lt(rest) ? `the price of ${counted(String(count), 'month')}` : 'what is left of the term';
  }
  const fee = { type: 'flat_fee', amount: amount(value, deal.currency, deal.mode) };
  const reason = `Leaving early (${named(term)}): ${words}`;
  return makeStep('leaving', 'list', 'line', fee, reason, ['term', term.id, named(term)]);
}
