/** What was paid for a running subscription, as far as its row says. */
import type { Paid } from '../cpq/quote';
import { addMonths, day, iso } from '../cpq/quote/dates';
import type { IsoDate, Subscription } from '../store/rows';

const MOST_TERMS = 1200;

/** What was paid for the period that runs on `on`: the price is for a whole term, and terms follow each other from the start. */
export function paidFor(one: Subscription, on: IsoDate): Paid | null {
  const { price, starts_on, ends_on, term_months: months, quantity = 1 } = one;
  if (!price || !starts_on || (!months && !ends_on)) return null;
  const paid = (from: IsoDate, to: IsoDate): Paid => ({ amount: price.amount, from, to: ends_on && ends_on < to ? ends_on : to, quantity: String(quantity) });
  if (!months) return paid(starts_on, ends_on as IsoDate);
  const [start, now] = [day(starts_on, ''), day(on, '')];
  let term = 0;
  while (term < MOST_TERMS && addMonths(start, (term + 1) * months) <= now) term += 1;
  return paid(iso(addMonths(start, term * months)), iso(addMonths(start, (term + 1) * months) - 1));
}
