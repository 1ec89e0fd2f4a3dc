/** What the screens read from IndexedDB. Only what a screen shows is read, and what was read is kept until rows change. */
import { effect, signal, type ReadonlySignal } from '@preact/signals';
import { database } from './state';
import { dataVersion } from './sync';
import type { Database } from './database';
import type {
  Account, Briefing, CustomerPromise, Goal, Instant, IsoDate, Person, Subscription, Ticket, Visit,
} from './rows';

interface Entry {
  value: ReadonlySignal<unknown>;
  stop: () => void;
}

const MOST_KEPT = 24;
const kept = new Map<string, Entry>();

/**
 * The result of a read, kept and renewed when rows change; `undefined` until the first answer.
 *
 * The same `key` must always mean the same read.
 */
export function stored<T>(key: string, read: (db: Database) => Promise<T>): ReadonlySignal<T | undefined> {
  const found = kept.get(key);
  if (found) {
    kept.delete(key);
    kept.set(key, found);
    return found.value as ReadonlySignal<T | undefined>;
  }
  const value = signal<T | undefined>(undefined);
  let turn = 0;
  const stop = effect(() => {
    const db = database.value;
    const version = dataVersion.value;
    const mine = ++turn;
    if (!db) return;
    void read(db).then(
      (result) => {
        if (mine === turn) value.value = result;
      },
      (error: unknown) => console.error(`Reading ${key} at version ${version} failed`, error),
    );
  });
  kept.set(key, { value, stop });
  for (const [oldest, entry] of kept) {
    if (kept.size <= MOST_KEPT) break;
    entry.stop();
    kept.delete(oldest);
  }
  return value;
}

/** Forget everything that was read: nothing of one person may be shown to the next. */
export function forgetReads(): void {
  for (const entry of kept.values()) entry.stop();
  kept.clear();
}

export interface VisitCard {
  visit: Visit;
  account: Account | undefined;
  attendees: Person[];
  briefing: Briefing | undefined;
}

export interface Agenda {
  visits: VisitCard[];
  promises: { promise: CustomerPromise; account: Account | undefined; person: Person | undefined }[];
}

/** Visits that start within [from, to) and are not cancelled, in order, with what their cards show; promises due by `until`. */
export async function readAgenda(
  db: Database, from: Instant, to: Instant, until: IsoDate, userId: string,
): Promise<Agenda> {
  const [visits, promises] = await Promise.all([
    db.getAllFromIndex('visit', 'starts_at', IDBKeyRange.bound(from, to, false, true)),
    db.getAllFromIndex('promise', 'due_on', IDBKeyRange.upperBound(until)),
  ]);
  const mine = promises.filter((one) => one.status === 'open' && (one.user_id ?? userId) === userId);
  return {
    visits: await Promise.all(
      visits.filter((visit) => visit.status !== 'cancelled').map((visit) => visitCard(db, visit)),
    ),
    promises: await Promise.all(
      mine.map(async (promise) => ({
        promise,
        account: await db.get('account', promise.account_id),
        person: promise.person_id ? await db.get('person', promise.person_id) : undefined,
      })),
    ),
  };
}

async function visitCard(db: Database, visit: Visit): Promise<VisitCard> {
  const [account, briefing, ...people] = await Promise.all([
    db.get('account', visit.account_id),
    briefingOfVisit(db, visit),
    ...(visit.attendee_ids ?? []).map((id) => db.get('person', id)),
  ]);
  return { visit, account, briefing, attendees: people.filter((person) => person !== undefined) };
}

/** The briefing made for this visit, else the account's own. */
async function briefingOfVisit(db: Database, visit: Visit): Promise<Briefing | undefined> {
  return (await db.getFromIndex('briefing', 'visit_id', visit.id)) ?? briefingOfAccount(db, visit.account_id);
}

async function briefingOfAccount(db: Database, accountId: string): Promise<Briefing | undefined> {
  const all = await db.getAllFromIndex('briefing', 'account_id', accountId);
  return all.find((one) => !one.visit_id);
}

export interface VisitPage extends VisitCard {
  people: Person[];
  lastMet: Visit | undefined;
}

/** A visit with its briefing; null when this phone has no such visit. */
export async function readVisit(db: Database, id: string): Promise<VisitPage | null> {
  const visit = await db.get('visit', id);
  if (!visit) return null;
  const [card, people, visits] = await Promise.all([
    visitCard(db, visit),
    db.getAllFromIndex('person', 'account_id', visit.account_id),
    db.getAllFromIndex('visit', 'account_id', visit.account_id),
  ]);
  return { ...card, people, lastMet: lastDone(visits, visit.starts_at) };
}

function lastDone(visits: Visit[], before: Instant): Visit | undefined {
  return visits
    .filter((one) => one.status === 'done' && one.starts_at < before)
    .sort((a, b) => b.starts_at.localeCompare(a.starts_at))[0];
}

export interface AccountPage {
  account: Account;
  people: Person[];
  subscriptions: Subscription[];
  tickets: Ticket[];
  visits: Visit[];
  promises: CustomerPromise[];
  goals: Goal[];
  briefing: Briefing | undefined;
}

/** An account with everything of it that is on this phone; null when it is not. */
export async function readAccount(db: Database, id: string): Promise<AccountPage | null> {
  const account = await db.get('account', id);
  if (!account) return null;
  const [people, subscriptions, tickets, visits, promises, goals, briefing] = await Promise.all([
    db.getAllFromIndex('person', 'account_id', id),
    db.getAllFromIndex('subscription', 'account_id', id),
    db.getAllFromIndex('ticket', 'account_id', id),
    db.getAllFromIndex('visit', 'account_id', id),
    db.getAllFromIndex('promise', 'account_id', id),
    db.getAllFromIndex('goal', 'account_id', id),
    briefingOfAccount(db, id),
  ]);
  return { account, people, subscriptions, tickets, visits, promises, goals, briefing };
}

/** Every account and person, for the search. */
export async function readDirectory(db: Database): Promise<{ accounts: Account[]; people: Person[] }> {
  const [accounts, people] = await Promise.all([db.getAll('account'), db.getAll('person')]);
  return { accounts, people };
}

/** How many rows of what are on this phone. */
export async function readCounts(db: Database): Promise<{ accounts: number; briefings: number; visits: number }> {
  const [accounts, briefings, visits] = await Promise.all([
    db.count('account'), db.count('briefing'), db.count('visit'),
  ]);
  return { accounts, briefings, visits };
}
