/** The terms of recurring lines: what they cost, what leaving costs, and the other terms beside; see `app/cpq/terms.py`. */

import type { Header, Line, PriceResult } from '../price/types.ts';
import { type Assembly, frame, priced } from './assembly.ts';
import { type Deal, changeOf, named } from './deal.ts';
import { Decimal, HUNDRED, ZERO, amount, inCurrency, number, plain, ratio, whole } from './figures.ts';
import { linesOf } from './lines.ts';
import { MOST_MONTHS, type Part, applies, termOf } from './parts.ts';
import type { LeaveAt, LeaveRule, LineTerm, QuoteLine, TermChoice, TermData } from './types.ts';

const AT_ONCE = 1000;
const GRID = [1, 3, 6, 12, 24, 36, 48, 60];

/** `value` is charged over `length` months from month `start`, evenly. */
interface Stretch {
  start: number;
  length: number;
  value: Decimal;
}

/** A term and what is charged over it. */
interface Course {
  term: TermData;
  months: number;
  stretches: Stretch[];
}

/** What is charged from month `first` up to month `end`; after what is known the last month's price goes on. */
function valueOf(course: Course, first: number, end: number): Decimal {
  let total = ZERO;
  let known = 0;
  for (const { start, length, value } of course.stretches) {
    const overlap = Math.min(end, start + length) - Math.max(first, start);
    if (overlap > 0) total = total.add(ratio(value, overlap, length));
    known = Math.max(known, start + length);
  }
  const beyond = end - Math.max(first, known);
  return beyond > 0 ? total.add(valueOf(course, known - 1, known).mul(beyond)) : total;
}

/** The terms of every line that is charged by the month or year for a term of its own, in the order of the quote. */
export function lineTerms(deal: Deal, assembly: Assembly, result: PriceResult): LineTerm[] {
  const lines = deal.content.lines.filter((line) => hasTerm(deal, line));
  if (!lines.length) return [];
  const others = othersOf(deal, lines);
  const own = stretchesOf(assembly.trace, result);
  return lines.flatMap((line) => {
    const term = termOf(deal, line, `/lines/${deal.lines.get(line.id)}`);
    const stretches = own.get(line.id);
    if (!term || !stretches) return [];
    const course = courseOf(term, stretches);
    const courses = alternatives(deal, line, term).map((other) => courseOf(other, others.get(`${line.id}~${other.id}`)!));
    return [lineTerm(deal, line, course, courses, gridOf([course, ...courses]))];
  });
}

function hasTerm(deal: Deal, line: QuoteLine): boolean {
  const charged = deal.entries.get(line.sku)!.some((entry) => entry.charge !== 'one_time');
  return charged && !line.ends_on && ['new', 'renew'].includes(changeOf(line));
}

const alternatives = (deal: Deal, line: QuoteLine, own: TermData): TermData[] =>
  [...deal.terms.values()].filter((term) => term.id !== own.id && applies(term, line.sku));

/** Each line priced with each other term it may have, a ramp as long as its own; percentages off the whole quote apply. */
function othersOf(deal: Deal, lines: QuoteLine[]): Map<string, Stretch[]> {
  const asked = lines.flatMap((line) => askedOf(deal, line));
  const found = new Map<string, Stretch[]>();
  if (!asked.length) return found;
  const header = (deal.content.discounts ?? [])
    .filter((given) => given.kind === 'percent')
    .map((given): Header => ({ id: given.id, kind: 'percent', value: given.value, reason: '' }));
  const shared = { ...frame(deal), taxes: [], floors: [], header };
  for (let first = 0; first < asked.length; first += AT_ONCE) {
    const some = asked.slice(first, first + AT_ONCE);
    const request = { ...shared, lines: some.map(([, , made]) => made) };
    const result = priced(deal, { request, trace: some.map(([, line, , part]) => [line, part]) });
    for (const [name, stretches] of stretchesOf(
      some.map(([key, , , part]) => [key, part]),
      result,
    ))
      found.set(name, [...(found.get(name) ?? []), ...stretches]);
  }
  return found;
}

/** A line with each other term: key, line id, price line and part. */
function askedOf(deal: Deal, line: QuoteLine): [string, string, Line, Part][] {
  const index = deal.lines.get(line.id)!;
  const own = termOf(deal, line, `/lines/${index}`);
  if (!own) return [];
  const horizon = whole(own.months, '', 1, MOST_MONTHS);
  return alternatives(deal, line, own).flatMap(({ id }) =>
    linesOf(deal, { ...line, term: id }, index, horizon)
      .filter(([, part]) => part.start !== undefined)
      .map(([made, part]): [string, string, Line, Part] => {
        const { optional: _o, selected: _s, bundle: _b, cost: _c, ...kept } = made;
        return [`${line.id}~${id}`, line.id, { ...kept, id: `${id}~${made.id}` }, part];
      }),
  );
}

function stretchesOf(trace: [string, Part][], result: PriceResult): Map<string, Stretch[]> {
  const found = new Map<string, Stretch[]>();
  trace.forEach(([name, part], i) => {
    if (part.start === undefined) return;
    const value = new Decimal(result.lines[i]!.net).mul(part.periods || 1);
    found.set(name, [...(found.get(name) ?? []), { start: part.start, length: part.length, value }]);
  });
  return found;
}

const courseOf = (term: TermData, stretches: Stretch[]): Course => ({
  term,
  months: whole(term.months, '', 1, MOST_MONTHS),
  stretches,
});

/** The months at which leaving is compared: 1, 3, 6 and whole years, and the end of each term. */
function gridOf(courses: Course[]): number[] {
  const ends = courses.map((course) => course.months);
  const most = Math.max(...ends);
  return [...new Set([...ends, ...GRID.filter((month) => month <= most)])].sort((a, b) => a - b);
}

function lineTerm(deal: Deal, line: QuoteLine, course: Course, courses: Course[], months: number[]): LineTerm {
  const year = course.months >= 12 ? valueOf(course, 0, 12) : ratio(valueOf(course, 0, course.months), 12, course.months);
  return {
    line: line.id,
    ...choiceOf(deal, course, months),
    notice_months: whole(course.term.notice_months || 0, '', 0, 600),
    yearly: amount(year, deal.currency, deal.mode),
    compared: courses.map((other) => choiceOf(deal, other, months)),
  };
}

function choiceOf(deal: Deal, course: Course, months: number[]): TermChoice {
  const shown = (value: Decimal): string => amount(value, deal.currency, deal.mode);
  const at = months.map((month): LeaveAt => {
    const paid = shown(valueOf(course, 0, month));
    const leave = shown(leavePrice(deal, course, month));
    return { month, paid, leave, total: shown(new Decimal(paid).add(leave)) };
  });
  return {
    term: course.term.id,
    name: named(course.term),
    months: course.months,
    monthly: shown(valueOf(course, 0, 1)),
    total: shown(valueOf(course, 0, course.months)),
    leave: leaveRule(deal, course.term),
    at,
  };
}

/** What leaving after `month` months costs: never more than what is left of the term, unless the amount is fixed. */
function leavePrice(deal: Deal, course: Course, month: number): Decimal {
  const rule = course.term.leave ?? { type: 'none' };
  if (month >= course.months || rule.type === 'none') return ZERO;
  if (rule.type === 'months')
    return valueOf(course, month, Math.min(course.months, month + whole(rule.count, '', 0, 600)));
  if (rule.type === 'percent') return ratio(valueOf(course, month, course.months), number(rule.percent, ''), HUNDRED);
  return number(inCurrency(rule.amount, deal.currency, '/currency'), '');
}

/** The rule of leaving, in words. */
function leaveRule(deal: Deal, term: TermData): LeaveRule {
  const rule = term.leave ?? { type: 'none' };
  const notice = whole(term.notice_months || 0, '', 0, 600);
  const tail = notice ? ` Notice: ${inMonths(notice)}.` : '';
  if (rule.type === 'none') return { type: 'none', text: `Leaving costs nothing.${tail}` };
  if (rule.type === 'months') {
    const count = whole(rule.count, '', 0, 600);
    const text = `Leaving early costs the price of ${inMonths(count)}, at most what is left.${tail}`;
    return { type: 'months', value: String(count), text };
  }
  if (rule.type === 'percent') {
    const value = plain(number(rule.percent, ''));
    return { type: 'percent', value, text: `Leaving early costs ${value} % of what is left.${tail}` };
  }
  const value = amount(number(inCurrency(rule.amount, deal.currency, '/currency'), ''), deal.currency);
  return { type: 'amount', value, text: `Leaving early costs ${value} ${deal.currency}.${tail}` };
}

const inMonths = (count: number): string => (count === 1 ? '1 month' : `${count} months`);
