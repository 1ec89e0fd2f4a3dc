/**
 * Days and months without a time zone, by the rules of `app/cpq/quote_dates.py`: a month is added by moving the month and
 * keeping the day, or the month's last day where it is shorter; several months at once, never one by one.
 */

import { QuoteError } from './errors.ts';

const DAY = 86_400_000;
const utc = (year: number, month: number, day: number): number => Date.UTC(year, month, day) / DAY;
const parts = (number: number): [number, number, number] => {
  const at = new Date(number * DAY);
  return [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
};

/** The number of an ISO day. QuoteError for what is no day of the years 1900 to 2999. */
export function day(text: unknown, pointer: string): number {
  const match = typeof text === 'string' ? /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) : null;
  if (match) {
    const [year, month, date] = match.slice(1).map(Number) as [number, number, number];
    const found = year >= 1900 && year <= 2999 ? utc(year, month - 1, date) : Number.NaN;
    if (iso(found) === text) return found;
  }
  throw new QuoteError(pointer, 'write a day as 2026-12-31');
}

/** The ISO day of a day number. */
export function iso(number: number): string {
  return Number.isNaN(number) ? '' : new Date(number * DAY).toISOString().slice(0, 10);
}

/** The day `months` later (earlier when negative); the last day of the month where it is shorter. */
export function addMonths(number: number, months: number): number {
  const [year, month, date] = parts(number);
  return Math.min(utc(year, month + months, 1) + date - 1, utc(year, month + months + 1, 0));
}

/** Whole months from the day `first` up to the day before `end`: the most that do not pass `end`. */
export function wholeMonths(first: number, end: number): number {
  const [year, month] = parts(first);
  const [endYear, endMonth] = parts(end);
  const months = (endYear - year) * 12 + endMonth - month;
  return addMonths(first, months) <= end ? months : months - 1;
}

/** Days `first` to `last` of a period that has `of` days. */
export interface Partial {
  first: number;
  last: number;
  days: number;
  of: number;
}
/** A stretch of time in periods: whole ones, and a part of one before or after them. */
export interface Span {
  whole: number;
  partial: Partial | null;
}

/** Periods of `months` counted back from `end` (the day after the last one): the part is the first period. */
export function spanBack(first: number, end: number, months: number): Span {
  let whole = 0;
  while (addMonths(end, -(whole + 1) * months) >= first) whole += 1;
  const boundary = addMonths(end, -whole * months);
  if (boundary === first) return { whole, partial: null };
  const before = addMonths(end, -(whole + 1) * months);
  return { whole, partial: { first, last: boundary - 1, days: boundary - first, of: boundary - before } };
}

/** Periods of `months` counted from `first`; the part is the last period. */
export function spanForward(first: number, end: number, months: number): Span {
  const whole = Math.floor(wholeMonths(first, end) / months);
  const boundary = addMonths(first, whole * months);
  if (boundary === end) return { whole, partial: null };
  const after = addMonths(first, (whole + 1) * months);
  return { whole, partial: { first: boundary, last: end - 1, days: end - boundary, of: after - boundary } };
}
