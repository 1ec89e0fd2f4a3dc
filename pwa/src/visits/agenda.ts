/** What Today reads: the day itself at once, the days after it when there is time. */
import type { ReadonlySignal } from '@preact/signals';
import type { Database } from '../store/database';
import { readAgenda, readVisit, readVisits, stored, type Agenda, type VisitCard } from '../store/reads';
import type { Account, Message } from '../store/rows';
import { timeZone, today } from '../ui/clock';
import { readWritten } from './written';
import type { VisitRows } from './visit';
import { addDays, startOfDay } from '../ui/dates';

/** Days ahead that are listed, and days ahead that a promise counts as due. */
const AHEAD = 14;
const PROMISES_AHEAD = 3;

const start = (daysAhead: number): string => startOfDay(addDays(today.value, daysAhead), timeZone.value).toISOString();

export interface Mention {
  message: Message;
  account: Account | undefined;
}

export interface TodayRows extends Agenda {
  /** messages for this rep, the newest first */
  mentions: Mention[];
}

async function readMentions(db: Database, userId: string): Promise<Mention[]> {
  const messages = await db.getAllFromIndex('message', 'mentions', userId);
  const newest = messages.sort((a, b) => b.written_at.localeCompare(a.written_at));
  return Promise.all(newest.map(async (message) => ({ message, account: await db.get('account', message.account_id) })));
}

/** The visits of the day, the promises that are due, and what was written to the rep. */
export function storedToday(userId: string): ReadonlySignal<TodayRows | undefined> {
  const [from, to, until] = [start(0), start(1), addDays(today.value, PROMISES_AHEAD)];
  return stored(`today ${from}`, async (db) => {
    const [agenda, mentions] = await Promise.all([readAgenda(db, from, to, until, userId), readMentions(db, userId)]);
    return { ...agenda, mentions };
  });
}

/** The visits of the days after. */
export function storedLater(userId: string): ReadonlySignal<VisitCard[] | undefined> {
  const [from, to] = [start(1), start(AHEAD)];
  return stored(`later ${from}`, (db) => readVisits(db, from, to, userId));
}

/** A visit's page with what was written at it, kept: Today reads ahead what a tap will ask for. Null when there is no such visit. */
export const storedVisit = (id: string): ReadonlySignal<VisitRows | null | undefined> =>
  stored(`visit ${id}`, async (db) => {
    const page = await readVisit(db, id);
    return page && { ...page, written: await readWritten(db, page.visit.account_id, id) };
  });
