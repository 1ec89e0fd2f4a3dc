/** What the screens read from IndexedDB. Only what a screen shows is read, and what was read is kept until rows change. */
import { effect, signal, type ReadonlySignal } from '@preact/signals';
import { database, phone } from './state';
import { dataVersion } from './sync';
import type { IDBPTransaction } from 'idb';
import type { Database, Schema } from './database';
import { briefingWith, visitWith } from './pushed';
import type {
  Account, Briefing, Colleague, CustomerPromise, Goal, Instant, IsoDate, Person, Pushed, Subscription, Ticket, Visit,
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
      (error: unknown) => {
        if (database.peek() === db) console.error(`Reading ${key} at version ${version} failed`, error);
      },
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
phone.forgotten.subscribe(() => {
  for (const entry of kept.values()) entry.stop();
  kept.clear();
});

export interface VisitCard {
  visit: Visit;
  account: Account | undefined;
  attendees: Person[];
  briefing: Briefing | undefined;
}

export interface DuePromise {
  promise: CustomerPromise;
  account: Account | undefined;
  person: Person | undefined;
}

export interface Agenda {
  visits: VisitCard[];
  promises: DuePromise[];
}

/** Stores that screens read, in one transaction a screen: what is shown together was true together. */
const SHOWN = ['account', 'person', 'visit', 'briefing', 'subscription', 'ticket', 'promise', 'goal', 'colleague', 'pushed', 'base'] as const;
type Reading = IDBPTransaction<Schema, (typeof SHOWN)[number][], 'readonly'>;

const reading = (db: Database): Reading => db.transaction([...SHOWN], 'readonly');

/** Visits of this user that start within [from, to) and are not cancelled, in order, with what their cards show; promises due by `until`. */
export async function readAgenda(
  db: Database, from: Instant, to: Instant, until: IsoDate, userId: string,
): Promise<Agenda> {
  const tx = reading(db);
  const [visits, promises] = await Promise.all([visitCards(tx, from, to, userId), promisesDue(tx, until, userId)]);
  return { visits, promises };
}

/** The same of the visits alone. */
export const readVisits = (db: Database, from: Instant, to: Instant, userId: string): Promise<VisitCard[]> =>
  visitCards(reading(db), from, to, userId);

async function visitCards(tx: Reading, from: Instant, to: Instant, userId: string): Promise<VisitCard[]> {
  const [visits, pushed] = await Promise.all([
    tx.objectStore('visit').index('starts_at').getAll(IDBKeyRange.bound(from, to, false, true)), tx.objectStore('pushed').getAll(),
  ]);
  const mine = visits.filter((visit) => visit.status !== 'cancelled' && (visit.user_id ?? userId) === userId);
  const cards = await Promise.all(mine.map((visit) => visitCard(tx, visit)));
  const others = pushed.filter(({ visit: { starts_at, status } }) => starts_at >= from && starts_at < to && status !== 'cancelled');
  if (others.length === 0) return cards;
  const only = await Promise.all(others.map(async (one) => ((await tx.objectStore('visit').getKey(one.id)) ? [] : [await pushedCard(tx, one)])));
  return [...cards, ...only.flat()].sort((a, b) => a.visit.starts_at.localeCompare(b.visit.starts_at));
}

/** A visit that a notice brought and no pull. */
async function pushedCard(tx: Reading, pushed: Pushed): Promise<VisitCard> {
  const card = await visitCard(tx, pushed.visit);
  return { ...card, account: card.account ?? pushed.account, briefing: briefingWith(pushed, card.briefing) };
}

async function promisesDue(tx: Reading, until: IsoDate, userId: string): Promise<DuePromise[]> {
  const promises = await tx.objectStore('promise').index('due_on').getAll(IDBKeyRange.upperBound(until));
  const mine = promises.filter((one) => one.status === 'open' && (one.user_id ?? userId) === userId);
  return Promise.all(
    mine.map(async (promise) => {
      const [account, person] = await Promise.all([
        tx.objectStore('account').get(promise.account_id),
        promise.person_id ? tx.objectStore('person').get(promise.person_id) : undefined,
      ]);
      return { promise, account, person };
    }),
  );
}

async function visitCard(tx: Reading, visit: Visit): Promise<VisitCard> {
  const [account, briefing, ...people] = await Promise.all([
    tx.objectStore('account').get(visit.account_id),
    briefingFor(tx, visit.account_id, visit.id),
    ...(visit.attendee_ids ?? []).map((id) => tx.objectStore('person').get(id)),
  ]);
  return { visit, account, briefing, attendees: people.filter((person) => person !== undefined) };
}

/** The briefing made for this visit, else the account's own. */
async function briefingFor(tx: Reading, accountId: string, visitId?: string): Promise<Briefing | undefined> {
  const all = await tx.objectStore('briefing').index('account_id').getAll(accountId);
  return (visitId && all.find((one) => one.visit_id === visitId)) || all.find((one) => !one.visit_id);
}

export interface VisitPage extends VisitCard {
  people: Person[];
  lastMet: Visit | undefined;
}

/** A visit with its briefing, as pulled or as a notice brought it since; null when this phone has no such visit. */
export async function readVisit(db: Database, id: string): Promise<VisitPage | null> {
  const tx = reading(db);
  const [row, pushed, own] = await Promise.all([
    tx.objectStore('visit').get(id), tx.objectStore('pushed').get(id), tx.objectStore('base').getKey(['visit', id]),
  ]);
  const visit = visitWith(own ? undefined : pushed, row) ?? pushed?.visit;
  if (!visit) return null;
  const [card, people, visits] = await Promise.all([
    visitCard(tx, visit),
    tx.objectStore('person').index('account_id').getAll(visit.account_id),
    tx.objectStore('visit').index('account_id').getAll(visit.account_id),
  ]);
  return {
    ...card, people, lastMet: lastDone(visits, visit.starts_at),
    account: card.account ?? pushed?.account, briefing: briefingWith(pushed, card.briefing),
  };
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
  /** who can be named here */
  colleagues: Colleague[];
}

/** An account with everything of it that is on this phone; null when it is not. */
export async function readAccount(db: Database, id: string): Promise<AccountPage | null> {
  const tx = reading(db);
  const [account, people, subscriptions, tickets, visits, promises, goals, briefing, colleagues] = await Promise.all([
    tx.objectStore('account').get(id),
    tx.objectStore('person').index('account_id').getAll(id),
    tx.objectStore('subscription').index('account_id').getAll(id),
    tx.objectStore('ticket').index('account_id').getAll(id),
    tx.objectStore('visit').index('account_id').getAll(id),
    tx.objectStore('promise').index('account_id').getAll(id),
    tx.objectStore('goal').index('account_id').getAll(id),
    briefingFor(tx, id),
    tx.objectStore('colleague').getAll(),
  ]);
  return account ? { account, people, subscriptions, tickets, visits, promises, goals, briefing, colleagues } : null;
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
