/** How long a charge runs: the parts of a line that are priced one by one; see `app/cpq/quote_parts.py`. */

import { type Partial, type Span, day, iso, spanBack } from './dates.ts';
import { type Deal, named } from './deal.ts';
import { QuoteError } from './errors.ts';
import { Decimal, HUNDRED, ZERO, number, plain, whole } from './figures.ts';
import type { Entry, QuoteLine, RampPart, TermData } from './types.ts';

export const MONTHS = { month: 1, year: 12 };
export const MOST_MONTHS = 600;
const MOST_UNITS = new Decimal('1000000000');

/** One priced stretch: `periods` whole periods, or (0) a `share` of one that is charged once. `start`, `length`: months. */
export interface Part {
  suffix: string;
  periods: number | null;
  share?: [number, number];
  reason: string;
  start?: number;
  length: number;
  ramp?: RampPart | undefined;
  later?: boolean;
}

/** The line's term, or the first of the catalogue that is for its product; null when there is none. */
export function termOf(deal: Deal, line: QuoteLine, pointer: string): TermData | null {
  if ((line.term ?? null) === null) return [...deal.terms.values()].find((term) => applies(term, line.sku)) ?? null;
  const term = deal.terms.get(line.term!);
  if (!term) throw new QuoteError(`${pointer}/term`, `the catalogue has no term "${line.term}"`);
  if (!applies(term, line.sku)) throw new QuoteError(`${pointer}/term`, `term "${named(term)}" is not for ${line.sku}`);
  return term;
}

/** Whether a term or clause is for a product: it names it, or names none. */
export const applies = (item: { applies_to?: string[] }, sku: string): boolean =>
  !item.applies_to?.length || item.applies_to.includes(sku);

export const monthsOf = (entry: Entry): number => MONTHS[entry.period || 'month'];

/**
 * The parts of a new or renewed line's charge, in order of time; a ramp goes on to `horizon` when its term is shorter. A line
 * that ends on a day begins on its own first day, or else on the day `begins`.
 */
export function partsOf(line: QuoteLine, entry: Entry, term: TermData | null, pointer: string, horizon: number, begins: number): Part[] {
  if (entry.charge === 'one_time') return [{ suffix: '', periods: null, reason: '', length: 0 }];
  const months = monthsOf(entry);
  if (line.ends_on) {
    if (line.ramp?.length)
      throw new QuoteError(`${pointer}/ramp`, 'a ramp needs a term of its own; leave out the day on which it ends');
    return byDays(daysOf(line, months, begins, pointer));
  }
  const length = term ? whole(term.months, '', 1, MOST_MONTHS) : months;
  if (!line.ramp?.length) return byMonths(0, length, months, '');
  return rampOf(line.ramp, Math.max(length, horizon), pointer).flatMap((step) => rampParts(...step, months));
}

function daysOf(line: QuoteLine, months: number, begins: number, pointer: string): Span {
  const first = line.starts_on ? day(line.starts_on, `${pointer}/starts_on`) : begins;
  const last = day(line.ends_on, `${pointer}/ends_on`);
  if (last < first) throw new QuoteError(`${pointer}/ends_on`, `the line would end before it starts on ${iso(first)}`);
  if (last - first > 31 * MOST_MONTHS)
    throw new QuoteError(`${pointer}/ends_on`, `is more than ${MOST_MONTHS} months after the start`);
  return spanBack(first, last + 1, months);
}

/** The piece of a period, then the whole periods (the other way round when `later`). */
export function byDays(span: Span, name = '', later = false): Part[] {
  const parts: Part[] = [];
  if (span.partial) {
    const share: [number, number] = [span.partial.days, span.partial.of];
    const suffix = span.whole ? `${name}.partial` : name;
    parts.push({ suffix, periods: 0, share, reason: daysInWords(span.partial), length: 0, later: later && span.whole > 0 });
  }
  if (span.whole) parts.splice(later ? 0 : parts.length, 0, { suffix: name, periods: span.whole, reason: '', length: 0 });
  return parts;
}

/** `From 2026-03-10 to 2026-03-31: 22 of 31 days`. */
export const daysInWords = (partial: Partial): string =>
  `From ${iso(partial.first)} to ${iso(partial.last)}: ${partial.days} of ${partial.of} days`;

function byMonths(start: number, length: number, months: number, suffix: string, ramp?: RampPart): Part[] {
  const periods = Math.floor(length / months);
  const rest = length % months;
  const parts: Part[] = [];
  if (periods) parts.push({ suffix, periods, reason: '', start, length: periods * months, ramp, later: start > 0 });
  if (rest) {
    const first = start + periods * months;
    const reason = `${rest} of ${months} months`;
    const name = periods ? `${suffix}.partial` : suffix;
    parts.push({ suffix: name, periods: 0, share: [rest, months], reason, start: first, length: rest, ramp, later: first > 0 });
  }
  return parts;
}

/** The steps of a ramp with first month and length; they begin at 0 and rise. */
function rampOf(steps: RampPart[], length: number, pointer: string): [RampPart, number, number][] {
  const starts = steps.map((step, i) => whole(step.from_month, `${pointer}/ramp/${i}/from_month`, 0, length - 1));
  if (starts[0] !== 0) throw new QuoteError(`${pointer}/ramp/0/from_month`, 'the first step of a ramp begins in month 0');
  steps.forEach((step, i) => checkStep(step, `${pointer}/ramp/${i}`));
  starts.forEach((start, i) => {
    if (i && start <= starts[i - 1]!)
      throw new QuoteError(`${pointer}/ramp/${i}/from_month`, 'each step of a ramp begins after the one before');
  });
  return steps.map((step, i) => [step, starts[i]!, (starts[i + 1] ?? length) - starts[i]!]);
}

function checkStep(step: RampPart, pointer: string): void {
  for (const [name, most] of [['quantity', MOST_UNITS], ['discount_percent', HUNDRED]] as const) {
    const given = step[name];
    if (given && number(given, `${pointer}/${name}`, ZERO).gt(most))
      throw new QuoteError(`${pointer}/${name}`, `must not be above ${plain(most)}`);
  }
}

function rampParts(ramp: RampPart, start: number, length: number, months: number): Part[] {
  const words = `Months ${start + 1} to ${start + length}`;
  return byMonths(start, length, months, start ? `.m${start}` : '', ramp).map((part) => ({
    ...part,
    reason: part.reason ? `${words}: ${part.reason}` : words,
  }));
}
