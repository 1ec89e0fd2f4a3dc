/** What Today reads: the day itself at once, the days after it when there is time. */
import type { ReadonlySignal } from '@preact/signals';
import { readAgenda, readVisits, stored, type Agenda, type VisitCard } from '../store/reads';
import { timeZone, today } from '../ui/clock';
import { addDays, startOfDay } from '../ui/dates';

/** Days ahead that are listed, and days ahead that a promise counts as due. */
const AHEAD = 14;
const PROMISES_AHEAD = 3;

const start = (daysAhead: number): string => startOfDay(addDays(today.value, daysAhead), timeZone.value).toISOString();

/** The visits of the day, and the promises that are due. */
export function storedToday(userId: string): ReadonlySignal<Agenda | undefined> {
  const [from, to, until] = [start(0), start(1), addDays(today.value, PROMISES_AHEAD)];
  return stored(`today ${from}`, (db) => readAgenda(db, from, to, until, userId));
}

/** The visits of the days after. */
export function storedLater(): ReadonlySignal<VisitCard[] | undefined> {
  const [from, to] = [start(1), start(AHEAD)];
  return stored(`later ${from}`, (db) => readVisits(db, from, to));
}
